/* SPDX-License-Identifier: MIT */
/* virtual: simulated threads, their clock, and what they block in. With and without WEFT_SIM. */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/sched/self.h"
#include "tests/unit/virtual_support.h"

TestSuite(virtual, .timeout = 30);

/* ---- threads and the seed ---- */

struct letters {
    char text[64];
    size_t length;
};

static struct letters letters;

static void write_letters(void *letter)
{
    for (int i = 0; i < 10; i++) {
        letters.text[letters.length++] = *(const char *)letter;
        sys->now();
    }
}

static uint64_t run_letters(struct weft__virtual_config config)
{
    weft__thread threads[3];

    letters = (struct letters){0};
    begin(&config);
    for (int i = 0; i < 3; i++)
        start(&threads[i], write_letters, (void *)(uintptr_t) & "abc"[i]);
    for (int i = 0; i < 3; i++)
        sys->thread_join(threads[i]);
    return finish();
}

Test(virtual, threads_interleave_and_the_same_seed_replays_them)
{
    unsigned different = 0;
    char first[64];

    for (uint64_t seed = 0; seed < 50; seed++) {
        uint64_t hash = run_letters((struct weft__virtual_config){.seed = seed});
        struct letters before = letters;
        /* On stacks at other addresses, which must make no difference. */
        void *shift = mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        uint64_t again = run_letters((struct weft__virtual_config){.seed = seed});
        munmap(shift, 1 << 20);

        cr_assert_eq(hash, again);
        cr_assert_str_eq(before.text, letters.text);
        if (seed == 0)
            memcpy(first, letters.text, sizeof(first));
        different += strcmp(first, letters.text) != 0;
    }

    cr_expect_geq(different, 45, "only %u of 50 seeds differ", different);
}

static void write_line(void *file, const char *line)
{
    fprintf(file, "%s\n", line);
}

/* The trace of a run, to be freed. */
static char *trace_letters(uint64_t seed)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    struct weft__virtual_config config = {.seed = seed, .trace = write_line, .arg = file};

    run_letters(config);
    fclose(file);
    return text;
}

Test(virtual, the_same_seed_gives_the_same_trace_byte_for_byte)
{
    char *one = trace_letters(7);
    char *two = trace_letters(7);
    char *other = trace_letters(8);

    cr_expect_str_eq(one, two);
    cr_expect_str_neq(one, other);
    cr_expect_not_null(strstr(one, ":foreign now"), "%s", one);
    free(one);
    free(two);
    free(other);
}

Test(virtual, the_clock_jumps_an_hour_in_no_time)
{
    struct weft__virtual_config config = {.seed = 1};
    _Atomic(uint32_t) word = 0;
    begin(&config);
    int64_t before = sys->now();

    bool woken = sys->wait(&word, 0, before + 3600 * WEFT__SECOND);

    cr_expect_not(woken);
    cr_expect_geq(sys->now(), before + 3600 * WEFT__SECOND);
    cr_expect_lt(weft__virtual_steps(sim), 10);
    finish();
}

Test(virtual, still_time_passes_only_when_nobody_can_run)
{
    struct weft__virtual_config config = {.seed = 1, .still = true};
    _Atomic(uint32_t) word = 0;
    begin(&config);
    int64_t before = sys->now();

    for (int i = 0; i < 100; i++)
        cr_expect_eq(sys->now(), before);
    bool woken = sys->wait(&word, 0, before + 3600 * WEFT__SECOND);

    cr_expect_not(woken);
    cr_expect_eq(sys->now(), before + 3600 * WEFT__SECOND);
    finish();
}

static void keep_worker(void *worker)
{
    weft__self_set(worker);
    for (int i = 0; i < 20; i++) {
        sys->now();
        if (weft__self() != worker)
            weft__die("another context's worker");
    }
}

Test(virtual, every_thread_has_its_own_worker_and_errno)
{
    struct weft__virtual_config config = {.seed = 3};
    weft__thread threads[2];
    int workers[2];
    begin(&config);
    errno = 1234;

    for (int i = 0; i < 2; i++)
        start(&threads[i], keep_worker, &workers[i]);
    for (int i = 0; i < 2; i++)
        sys->thread_join(threads[i]);

    cr_expect_null(weft__self());
    cr_expect_eq(errno, 1234);
    cr_expect_eq(sys->thread_self(), 1);
    finish();
}

/* ---- blocking ---- */

static _Atomic(uint32_t) ball;

/* Two players hit the ball in turn; every miss of a wake-up would end in a deadlock. */
static void play(void *side)
{
    uint32_t mine = *(const uint32_t *)side;

    for (uint32_t round = 0; round < 20; round++) {
        uint32_t seen;
        /* acquire, release: whose turn it is, and all that the other did before. */
        while ((seen = weft__load_acquire(&ball)) % 2 != mine)
            sys->wait(&ball, seen, WEFT__NEVER);
        weft__store_release(&ball, seen + 1);
        sys->wake_all(&ball);
    }
}

Test(virtual, no_wake_up_is_lost)
{
    static const uint32_t sides[2] = {0, 1};

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct weft__virtual_config config = weft__virtual_swarm(seed);
        weft__thread threads[2];
        weft__store_relaxed(&ball, 0); /* relaxed: one thread */
        begin(&config);

        for (int i = 0; i < 2; i++)
            start(&threads[i], play, (void *)(uintptr_t)&sides[i]);
        for (int i = 0; i < 2; i++)
            sys->thread_join(threads[i]);

        cr_assert_eq(weft__load_relaxed(&ball), 40);
        finish();
    }
}

static void copy_report(void *text, const char *report)
{
    snprintf(text, 1024, "%s", report);
}

static void wait_for_ever(void *word)
{
    while (weft__load_acquire((_Atomic(uint32_t) *)word) == 0) /* acquire: as a lock would */
        sys->wait(word, 0, WEFT__NEVER);
}

Test(virtual, a_deadlock_is_reported_with_its_seed_and_who_waits_for_what)
{
    char report[1024] = "";
    struct weft__virtual_config config = {.seed = 77, .stuck = copy_report, .arg = report};
    _Atomic(uint32_t) word = 0;
    weft__thread thread;
    begin(&config);

    start(&thread, wait_for_ever, &word);
    sys->thread_join(thread);

    cr_expect_not_null(strstr(report, "deadlock with seed 77 "), "%s", report);
    cr_expect_not_null(strstr(report, "1:foreign blocked in \"wait\""), "%s", report);
    cr_expect_not_null(strstr(report, "0:main blocked in \"thread join\""), "%s", report);
    finish();
}

Test(virtual, what_never_ends_is_reported_at_the_limit_of_steps_or_time)
{
    char report[1024] = "";
    struct weft__virtual_config steps = {.step_limit = 1000, .stuck = copy_report, .arg = report};
    struct weft__virtual_config time = {.time_limit = MS, .stuck = copy_report, .arg = report};

    begin(&steps);
    while (!report[0])
        sys->now();
    cr_expect_not_null(strstr(report, "limit reached"), "%s", report);
    finish();
    report[0] = '\0';
    begin(&time);
    while (!report[0])
        sys->now();

    cr_expect_not_null(strstr(report, "limit reached"), "%s", report);
    finish();
}

#ifdef WEFT_SIM
static struct weft__spin guard;
static unsigned guarded;

static void count_guarded(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10; i++) {
        weft__spin_lock(&guard);
        unsigned seen = guarded;
        sys->now();
        guarded = seen + 1;
        weft__spin_unlock(&guard);
    }
}

Test(virtual, a_spin_loop_lets_the_holder_run)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct weft__virtual_config config = weft__virtual_swarm(seed);
        weft__thread threads[3];
        weft__spin_init(&guard);
        guarded = 0;
        begin(&config);

        for (int i = 0; i < 3; i++)
            start(&threads[i], count_guarded, NULL);
        for (int i = 0; i < 3; i++)
            sys->thread_join(threads[i]);

        cr_assert_eq(guarded, 30, "seed %u", (unsigned)seed);
        finish();
    }
}
#endif

Test(virtual, the_nth_thread_and_the_nth_driver_fail_to_start)
{
    struct weft__virtual_config config = {.start_fails = 1, .open_fails = 2};
    struct weft__driver *one, *two = NULL;
    weft__thread thread;
    begin(&config);

    int rc = weft__virtual_thread(&thread, wait_for_ever, NULL);
    one = open_driver();

    cr_expect_eq(rc, -EAGAIN);
    cr_expect_eq(class->open(&two, 1, 2), -ENOMEM);
    cr_expect_null(two);
    close_driver(one);
    finish();
}

/* ---- parking, kicks ---- */

Test(virtual, a_wake_before_the_park_ends_it_and_only_it)
{
    struct weft__virtual_config config = {.seed = 5};
    begin(&config);
    struct weft__driver *d = open_driver();
    int64_t before = sys->now();
    weft__spin_lock(&d->completion_lock);

    class->wake(d);
    class->park(d, before + WEFT__SECOND);
    int64_t between = sys->now();
    class->park(d, before + WEFT__SECOND);
    int64_t after = sys->now();

    weft__spin_unlock(&d->completion_lock);
    cr_expect_lt(between, before + MS);
    cr_expect_geq(after, before + WEFT__SECOND);
    close_driver(d);
    finish();
}

struct stuck_worker {
    struct weft__driver *driver;
    struct request request;
    weft__thread thread;
    _Atomic(uint32_t) burns;
    int64_t burnt_until;
};

static void submit_and_burn(void *arg)
{
    struct stuck_worker *w = arg;

    w->driver = open_driver();
    submit(w->driver, &w->request);
    weft__store_release(&w->burns, 1); /* release: w is filled in */
    sys->wake_all(&w->burns);
    weft__virtual_burn(50 * MS);
    w->burnt_until = sys->now();
    while (class->in_flight(w->driver) > 0)
        reap(w->driver, true, 16);
    close_driver(w->driver);
}

Test(virtual, a_stuck_worker_is_kicked_and_somebody_else_reaps)
{
    struct weft__virtual_config config = {.seed = 9};
    struct stuck_worker w = {.request.op = {.code = WEFT__OP_POLL, .flags = POLLOUT}};
    int fd[2];
    begin(&config);
    weft__virtual_pair(fd);
    w.request.op.fd = fd[0];
    start(&w.thread, submit_and_burn, &w);
    while (!weft__load_acquire(&w.burns)) /* acquire: pairs with the release above */
        sys->wait(&w.burns, 0, WEFT__NEVER);
    int64_t begun = sys->now();

    bool owed = class->owes(w.driver);
    sys->kick(w.thread);
    while (!class->ready(w.driver))
        sys->now();
    reap(w.driver, false, 16);
    int64_t reaped = sys->now();

    cr_expect(owed);
    cr_expect(w.request.done);
    cr_expect_lt(reaped - begun, 10 * MS);
    sys->thread_join(w.thread);
    cr_expect_geq(w.burnt_until - begun, 45 * MS, "the kick did not end its work");
    finish();
    cr_expect_eq(total[WEFT__VIRTUAL_KICKED], 1);
}

static void attach_and_await(void *arg)
{
    struct stuck_worker *w = arg;

    class->attach(w->driver);
    while (!w->request.done)
        reap(w->driver, true, 16);
    class->detach(w->driver);
}

Test(virtual, an_operation_in_flight_moves_to_another_thread)
{
    struct weft__virtual_config config = {.seed = 11};
    char byte = 0;
    struct stuck_worker w = {.request.op = {.code = WEFT__OP_RECV, .buffer = &byte, .length = 1}};
    int fd[2];
    begin(&config);
    weft__virtual_pair(fd);
    w.request.op.fd = fd[0];
    w.driver = open_driver();
    submit(w.driver, &w.request);
    class->flush(w.driver);
    class->detach(w.driver);

    start(&w.thread, attach_and_await, &w);
    cr_expect_eq(weft__virtual_send(fd[1], "x", 1), 1);
    sys->thread_join(w.thread);

    cr_expect_eq(w.request.result, 1);
    cr_expect_eq(byte, 'x');
    class->close(w.driver);
    finish();
    cr_expect_eq(total[WEFT__VIRTUAL_MOVED], 1);
}
