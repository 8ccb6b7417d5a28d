/* SPDX-License-Identifier: MIT */
/* stacks: when there are no more of them, tasks end with -ENOMEM, unrun, and the others go on. */
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/base/base.h"
#include "tests/fault/inject.h"
#include "tests/support/workers.h"

TestSuite(stacks, .timeout = 60);

enum { TASKS = 20 };

struct crowd {
    unsigned enough_for; /* so many stacks */
    weft_future_t *gate;
    weft_task_t *task[TASKS];
    atomic_bool begun[TASKS], ended[TASKS];
    uint32_t stack_size;
    unsigned refused;
};

struct member {
    struct crowd *crowd;
    unsigned i;
};

WEFT_CORO(waits_at_gate)
{
    const struct member *m = arg;

    atomic_store(&m->crowd->begun[m->i], true);
    int rc = weft_await(m->crowd->gate, NULL);
    atomic_store(&m->crowd->ended[m->i], true);
    return rc;
}

WEFT_CORO(succeeds)
{
    return 0;
}

static void create_all(struct crowd *c)
{
    for (unsigned i = 0; i < TASKS; i++)
        c->task[i] = weft_create_task(
            weft_coro_copy(&waits_at_gate, (&(struct member){c, i}), sizeof(struct member)),
            .stack_size = c->stack_size);
}

/* Until each has begun or is over. */
static void wait_for_all(struct crowd *c)
{
    for (unsigned i = 0; i < TASKS; i++) {
        while (!atomic_load(&c->begun[i]) && !weft_done(c->task[i]))
            CHECK_INT(weft_sleep(0), 0);
    }
}

static void join_all(struct crowd *c)
{
    c->refused = 0;
    CHECK_INT(weft_set_result(c->gate, NULL), 0);
    for (unsigned i = 0; i < TASKS; i++) {
        int rc = weft_join(c->task[i], NULL);
        CHECK(rc == 0 || rc == -ENOMEM);
        CHECK_INT(atomic_load(&c->begun[i]), rc == 0);
        CHECK_INT(atomic_load(&c->ended[i]), rc == 0);
        c->refused += rc < 0;
    }
    weft_unref(c->gate);
}

WEFT_CORO(with_refused_stacks)
{
    struct crowd *c = arg;

    c->gate = weft_create_future(NULL);
    create_all(c);
    inject_arm(c->enough_for + 1, INJECT_FROM_THEN_ON, INJECT_MAPPINGS, 0);
    wait_for_all(c);
    inject_disarm();
    join_all(c);
    return weft_join(weft_create_task(weft_coro(&succeeds, NULL)), NULL);
}

CASE(stacks, those_that_are_refused_end_tasks_unrun)
{
    for (unsigned k = 0; k < TASKS; k += 3) {
        struct crowd crowd = {.enough_for = k};

        CHECK_INT(run(&with_refused_stacks, &crowd), 0);

        CHECK(crowd.refused > 0 || workers > 1); /* others may begin before it is armed */
    }
}

#if !defined(WEFT__ASAN) && !defined(WEFT__TSAN) /* whose shadow needs more than any limit */
static rlim_t mapped_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;

    if (file && fscanf(file, "%lu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

WEFT_CORO(with_little_address_space)
{
    struct crowd *c = arg;
    struct rlimit before, little;

    c->gate = weft_create_future(NULL);
    create_all(c);
    CHECK_INT(getrlimit(RLIMIT_AS, &before), 0);
    little = (struct rlimit){mapped_bytes() + (32 << 20), before.rlim_max};
    CHECK_INT(setrlimit(RLIMIT_AS, &little), 0);
    wait_for_all(c);
    CHECK_INT(setrlimit(RLIMIT_AS, &before), 0);
    join_all(c);
    return weft_join(weft_create_task(weft_coro(&succeeds, NULL), .stack_size = 8 << 20), NULL);
}

CASE(stacks, a_limit_of_the_address_space_ends_some_and_leaves_the_others)
{
    struct crowd crowd = {.stack_size = 8 << 20};

    CHECK_INT(run(&with_little_address_space, &crowd), 0);

    CHECK(crowd.refused > 0 || workers > 1);
    CHECK(crowd.refused < TASKS);
}
#endif
