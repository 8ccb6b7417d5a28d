/* SPDX-License-Identifier: MIT */
#include "runtime/sched/idle.h"
#include "tests/unit/loop_support.h"

TestSuite(idle, .timeout = 30);

static unsigned parked(void)
{
    /* relaxed, as everywhere here: one thread. */
    return (unsigned)(weft__load_relaxed(&loop->idle.word) & WEFT__IDLE_PARKED);
}

static unsigned searchers(void)
{
    return (unsigned)(weft__load_relaxed(&loop->idle.word) >> 16);
}

static bool has_token(unsigned id)
{
    return weft__load_relaxed(&loop->workers[id].token) != 0;
}

static void park(unsigned id)
{
    weft__idle_search_begin(loop);
    weft__idle_park(loop, &loop->workers[id]);
}

/* What a worker does that was sent for and finds something. */
static bool unpark(unsigned id)
{
    return weft__idle_unpark(loop, &loop->workers[id]);
}

static void park_all(void)
{
    open_loop(4);
    for (unsigned id = 0; id < 4; id++)
        park(id);
}

Test(idle, word_and_list_agree_after_every_step)
{
    open_loop(4);

    for (unsigned id = 0; id < 4; id++) {
        weft__idle_search_begin(loop);
        cr_expect(searchers() == 1 && parked() == id && loop->idle.sleepers == id);
        weft__idle_park(loop, &loop->workers[id]);
        cr_expect(searchers() == 0 && parked() == id + 1 && loop->idle.sleepers == id + 1);
    }
    for (unsigned id = 0; id < 4; id++) {
        unpark(id);
        cr_expect(searchers() == 1 && parked() == 3 - id && loop->idle.sleepers == 3 - id);
        weft__idle_search_end(loop, false);
        cr_expect(searchers() == 0 && parked() == 3 - id);
    }
    close_loop();
}

Test(idle, wake_one_wakes_who_slept_last_and_counts_it_as_searching)
{
    park_all();
    be(0);

    weft__idle_wake_one(loop);

    cr_expect(has_token(3) && !has_token(0) && !has_token(1) && !has_token(2));
    cr_expect(searchers() == 1 && parked() == 3 && loop->idle.sleepers == 3);
    cr_expect_eq(weft__load_relaxed(&loop->workers[0].counters.wakes), 1);
    unpark(3);
    close_loop();
}

Test(idle, wake_one_wakes_nobody_while_somebody_searches)
{
    park_all();
    weft__idle_wake_one(loop);

    weft__idle_wake_one(loop);

    cr_expect(!has_token(0) && !has_token(1) && !has_token(2));
    cr_expect_eq(parked(), 3);
    cr_expect_not(weft__idle_wanted(&loop->idle));
    close_loop();
}

Test(idle, a_wake_is_wanted_only_if_somebody_sleeps_and_nobody_searches)
{
    open_loop(2);

    bool nobody = weft__idle_wanted(&loop->idle);
    park(0);
    bool sleeper = weft__idle_wanted(&loop->idle);
    weft__idle_search_begin(loop);
    bool searcher = weft__idle_wanted(&loop->idle);

    cr_expect(!nobody && sleeper && !searcher);
    close_loop();
}

Test(idle, wake_worker_wakes_just_that_one_even_while_others_search)
{
    park_all();
    weft__idle_wake_one(loop);

    weft__idle_wake_worker(loop, &loop->workers[1]);
    weft__idle_wake_worker(loop, &loop->workers[1]);

    cr_expect(has_token(1) && !has_token(0) && !has_token(2));
    cr_expect(searchers() == 2 && parked() == 2, "the second call found it awake");
    close_loop();
}

Test(idle, wake_all_leaves_nobody_asleep)
{
    park_all();

    weft__idle_wake_all(loop);

    cr_expect(has_token(0) && has_token(1) && has_token(2) && has_token(3));
    cr_expect(searchers() == 4 && parked() == 0 && loop->idle.sleepers == 0);
    close_loop();
}

Test(idle, who_was_sent_for_takes_the_token_and_is_a_searcher_already)
{
    park_all();
    weft__idle_wake_worker(loop, &loop->workers[2]);

    bool sent_for = unpark(2);

    cr_expect(sent_for);
    cr_expect_not(has_token(2));
    cr_expect(searchers() == 1 && parked() == 3);
    close_loop();
}

Test(idle, who_wakes_by_itself_takes_itself_off_the_list)
{
    park_all();

    bool sent_for = unpark(1);
    weft__idle_wake_one(loop); /* it searches: nobody is woken */

    cr_expect_not(sent_for);
    cr_expect(searchers() == 1 && parked() == 3 && loop->idle.sleepers == 3);
    cr_expect(loop->idle.sleeper[0] == 0 && loop->idle.sleeper[1] == 2 &&
              loop->idle.sleeper[2] == 3);
    cr_expect_not(has_token(1) || has_token(3));
    close_loop();
}

Test(idle, the_last_searcher_that_found_something_wakes_the_next)
{
    park_all();
    weft__idle_wake_one(loop);
    weft__idle_wake_worker(loop, &loop->workers[0]);

    weft__idle_search_end(loop, true);
    bool early = has_token(2);
    weft__idle_search_end(loop, true);

    cr_expect_not(early, "another one searched still");
    cr_expect(has_token(2));
    close_loop();
}

Test(idle, a_searcher_that_found_nothing_wakes_nobody)
{
    park_all();
    weft__idle_wake_one(loop);

    weft__idle_search_end(loop, false);

    cr_expect_not(has_token(2));
    cr_expect(searchers() == 0 && parked() == 3);
    close_loop();
}

Test(idle, a_throttled_wake_is_sent_at_once_as_long_as_none_was_in_vain)
{
    park_all();
    struct weft__worker *self = be(0);

    self->wake_cycles = weft__cpu_cycles();
    weft__idle_wake_throttled(loop, self);

    cr_expect(has_token(3));
    close_loop();
}

Test(idle, a_throttled_wake_waits_its_time_after_some_were_in_vain)
{
    const uint64_t pause = (uint64_t)13000 << 8;
    park_all();
    struct weft__worker *self = be(0);
    weft__store_relaxed(&loop->idle.level, 8);
    self->wake_cycles = weft__cpu_cycles();
    uint64_t begun = self->wake_cycles;

    weft__idle_wake_throttled(loop, self);
    bool woken = has_token(3);
    bool in_time = weft__cpu_cycles() - begun < pause;
    self->wake_cycles = weft__cpu_cycles() - pause - 1;
    weft__idle_wake_throttled(loop, self);

    cr_expect(!woken || !in_time);
    cr_expect(has_token(3));
    cr_expect_geq(self->wake_cycles, begun, "noted, for the next one");
    close_loop();
}

/* ---- while nothing happens nobody does anything ---- */

static weft_future_t *end;
static uint64_t steps_of_a_sleep, steps_of_an_hour;

/* By all, while this thread sleeps. */
static uint64_t steps_in(int64_t ns)
{
    _Atomic(uint32_t) word = 0;
    uint64_t before = weft__virtual_steps(sim);

    sys->wait(&word, 0, sys->now() + ns);
    return weft__virtual_steps(sim) - before;
}

static void watches(void *arg)
{
    (void)arg;
    steps_in(20 * WEFT__SECOND); /* the monitor falls asleep, threads of the pool end */
    steps_of_a_sleep = steps_in(MS);
    steps_of_an_hour = steps_in(3600 * WEFT__SECOND);
    weft_set_result(end, NULL);
}

static void received(struct weft__operation *op, int result, bool more)
{
    (void)more;
    *(int *)op->argument = result;
}

static int returns(void *arg, void **result)
{
    (void)arg;
    (void)result;
    return 0;
}

WEFT_CORO(sleeps)
{
    return weft_sleep(MS);
}

/* Some tasks, timers and a thread of the pool, all of which end. */
static int be_busy(void)
{
    weft_task_t *task[100];
    int rc = 0;

    for (int i = 0; i < 100; i++)
        task[i] = weft_create_task(weft_coro(&sleeps, NULL));
    for (int i = 0; i < 100; i++)
        rc |= weft_join(task[i], NULL);
    return rc | weft_to_thread(returns, NULL, NULL);
}

static int wait_for_the_watcher(void)
{
    weft__thread thread;

    end = weft_create_future(NULL);
    start(&thread, watches, NULL);
    int rc = weft_join(end, NULL);
    sys->thread_join(thread);
    return rc;
}

/* Meanwhile the kernel has an operation to which nothing comes. */
WEFT_CORO(waits)
{
    char byte;
    int fd[2], bytes = 0, rc = be_busy();
    struct weft__operation op = {.code = WEFT__OP_RECV,
                                 .buffer = &byte,
                                 .length = 1,
                                 .complete = received,
                                 .argument = &bytes};

    if (rc < 0 || weft__virtual_pair(fd) < 0)
        return -EIO;
    op.fd = fd[0];
    weft__operation_start(&op);
    rc = wait_for_the_watcher();
    weft__virtual_send(fd[1], "x", 1);
    while (rc == 0 && bytes == 0)
        rc = weft_sleep(MS);
    weft__virtual_close(fd[0]);
    weft__virtual_close(fd[1]);
    return rc < 0 || bytes != 1 ? -EIO : 0;
}

Test(idle, in_a_loop_that_waits_nobody_takes_a_step_for_an_hour)
{
    for (unsigned workers = 1; workers <= 4; workers *= 2) {
        open_loop(workers);

        int rc = run_main(&waits, NULL);

        cr_expect_eq(rc, 0);
        cr_expect_gt(steps_of_a_sleep, 0);
        cr_expect_eq(steps_of_an_hour, steps_of_a_sleep, "%u workers: %d steps, not %d", workers,
                     (int)steps_of_an_hour, (int)steps_of_a_sleep);
        close_loop();
    }
}
