/* SPDX-License-Identifier: MIT */
/*
 * A steal storm: one worker makes the work, the others take it. Each task runs exactly once, and
 * the sum of what they return is exact.
 *
 * A producer spawns batches from nothing to thousands. Some batches it joins in the order of
 * creation (which races thieves for each child), some in reverse, some it leaves to counters, and
 * some it watches without giving up its worker: those only thieves can have run. Children return at
 * once, yield, sleep for an instant and so come back on another worker, or spawn and join children
 * of their own.
 *
 * Usage: steal [--seed N] [--seconds S] [--workers N]
 */
#include <sched.h>
#include <unistd.h>

#include "watchdog.h"
#include "runtime/base/base.h"
#include "weft.h"

#ifdef WEFT__TSAN
enum { MOST = 256 }; /* a task is a fiber to the sanitizer: few at once */
#else
enum { MOST = 4096 };
#endif
enum { PRODUCER_SLOT };
enum { JOIN, REVERSE, COUNT, WATCH }; /* what the producer does meanwhile */

struct item {
    _Atomic(uint32_t) runs;
    bool yields;
    uint64_t value;
};

static struct item items[MOST];
static weft_task_t *tasks[MOST];
static _Atomic(uint64_t) ended, sum, total, migrations, grandchildren;
static uint64_t batches, watched, steals;

static void run_once(struct item *item)
{
    STRESS_CHECK(atomic_fetch_add(&item->runs, 1) == 0);
}

/* Yields or sleeps, and says whether it came back on another thread. */
static void wander(void)
{
    pid_t here = gettid();

    STRESS_CHECK(weft_sleep(stress_random(4) ? 0 : WEFT_US(stress_random(30))) == 0);
    if (gettid() != here)
        atomic_fetch_add(&migrations, 1);
}

WEFT_CORO(grandchild)
{
    uint64_t n = (uint64_t)(uintptr_t)arg;

    if (n % 3 == 0)
        wander();
    *result = (void *)(uintptr_t)(n + 1);
    return 0;
}

static void have_children(uint64_t value)
{
    void *first = NULL, *second = NULL;
    weft_task_t *a = weft_create_task(weft_coro(&grandchild, (void *)(uintptr_t)value));
    weft_task_t *b = weft_create_task(weft_coro(&grandchild, (void *)(uintptr_t)(value + 1)));

    STRESS_CHECK(weft_join(b, &second) == 0 && (uint64_t)(uintptr_t)second == value + 2);
    STRESS_CHECK(weft_join(a, &first) == 0 && (uint64_t)(uintptr_t)first == value + 1);
    atomic_fetch_add(&grandchildren, 2);
}

WEFT_CORO(child)
{
    struct item *item = arg;

    run_once(item);
    if (item->yields) {
        for (uint64_t k = stress_random(4); k > 0; k--)
            wander();
        if (stress_random(4) == 0)
            have_children(item->value);
    }
    atomic_fetch_add(&sum, item->value);
    *result = (void *)(uintptr_t)item->value;
    atomic_fetch_add(&ended, 1);
    return 0;
}

static void join(size_t i)
{
    void *value = NULL;

    STRESS_CHECK(weft_join(tasks[i], &value) == 0);
    STRESS_CHECK((uint64_t)(uintptr_t)value == items[i].value);
}

static void wait_for_all(size_t n, bool give_way)
{
    while (atomic_load(&ended) < n) {
        if (give_way)
            STRESS_CHECK(weft_sleep(0) == 0);
        else
            sched_yield(); /* the thread's, not the task's: this worker does nothing else */
    }
}

static size_t batch_size(void)
{
    switch (stress_random(4)) {
    case 0:
        return stress_random(3);
    case 1:
        return stress_random(MOST + 1);
    default:
        return stress_random(MOST / 32);
    }
}

static uint64_t spawn(size_t n, int way)
{
    bool yields = stress_random(2);
    uint64_t expected = 0;

    atomic_store(&ended, 0);
    atomic_store(&sum, 0);
    for (size_t i = 0; i < n; i++) {
        atomic_store(&items[i].runs, 0);
        items[i].yields = yields;
        items[i].value = stress_random(1000000);
        expected += items[i].value;
    }
    for (size_t i = 0; i < n; i++)
        tasks[i] = weft_create_task(weft_coro(&child, &items[i]), .detached = way >= COUNT);
    return expected;
}

static void run_batch(size_t n, int way)
{
    uint64_t expected = spawn(n, way);

    watchdog_begin(PRODUCER_SLOT);
    for (size_t i = 0; way == JOIN && i < n; i++)
        join(i);
    for (size_t i = n; way == REVERSE && i > 0; i--)
        join(i - 1);
    if (way >= COUNT)
        wait_for_all(n, way == COUNT);
    if (way == WATCH)
        watched += n;
    watchdog_end(PRODUCER_SLOT);
    STRESS_CHECK(atomic_load(&ended) == n);
    STRESS_CHECK(atomic_load(&sum) == expected);
    for (size_t i = 0; i < n; i++)
        STRESS_CHECK(atomic_load(&items[i].runs) == 1);
    atomic_fetch_add(&total, n);
    batches++;
}

WEFT_CORO(producer)
{
    weft_stats_t stats = {.size = sizeof stats};
    uint64_t watched_before = watched;

    while (stress_now() < stress_end)
        run_batch(batch_size(), (int)stress_random(stress_workers > 1 ? 4 : 3));
    if (stress_workers > 1)
        run_batch(2, WATCH);
    STRESS_CHECK(weft_loop_stats(NULL, &stats) == 0);
    STRESS_CHECK(stats.steals >= watched - watched_before); /* each of those was taken from us */
    STRESS_CHECK(stress_workers > 1 || stats.steals == 0);
    steals += stats.steals;
    return 0;
}

static void run(void)
{
    STRESS_CHECK(weft_run(weft_coro(&producer, NULL), NULL, .workers = stress_workers,
                          .order = WEFT_ORDER_FREE) == 0);
}

int main(int argc, char **argv)
{
    stress_begin(argc, argv);
    watchdog_start();
    stress_with_workers(run);
    watchdog_stop();
    printf("steal: ok, %" PRIu64 " tasks in %" PRIu64 " batches, %" PRIu64 " watched, %" PRIu64
           " steals, %" PRIu64 " migrations, %" PRIu64 " grandchildren\n",
           atomic_load(&total), batches, watched, steals, atomic_load(&migrations),
           atomic_load(&grandchildren));
    return 0;
}
