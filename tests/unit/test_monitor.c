/* SPDX-License-Identifier: MIT */
#include "runtime/sched/monitor.h"
#include "tests/unit/loop_support.h"

TestSuite(monitor, .timeout = 30);

/* relaxed, as everywhere here: one thread of the operating system. */

enum { WORLDS = 10, BURN_MS = 50, SOON_MS = 15 };

static int64_t began, happened;
static unsigned where; /* it happened: the worker */

static void it_happens(void *arg)
{
    (void)arg;
    happened = sys->now();
    where = weft__self()->id;
}

static void set_up(uint64_t seed)
{
    struct weft__virtual_config world = {.seed = seed, .time_limit = 100000 * WEFT__SECOND};

    open_loop_in(&world, 2, WEFT_ORDER_DEFAULT);
    began = happened = 0;
}

/* It happened while the worker burnt, and elsewhere. */
static bool in_time(void)
{
    return happened > 0 && happened - began < SOON_MS * MS;
}

WEFT_CORO(burns_with_a_timer)
{
    began = sys->now();
    int rc = weft_loop_call_later(loop, 2 * MS, it_happens, NULL, NULL);

    weft__virtual_burn(BURN_MS * MS);
    return rc;
}

Test(monitor, a_due_timer_of_a_stuck_worker_is_fired_by_another)
{
    for (uint64_t seed = 0; seed < WORLDS; seed++) {
        set_up(seed);

        int rc = run_main(&burns_with_a_timer, NULL);

        cr_assert_eq(rc, 0);
        cr_assert(in_time(), "seed %d: %d us", (int)seed, (int)((happened - began) / 1000));
        close_loop();
    }
}

WEFT_CORO(happens)
{
    it_happens(NULL);
    return 0;
}

WEFT_CORO(burns_with_a_child)
{
    began = sys->now();
    weft_task_t *child = weft_create_task(weft_coro(&happens, NULL));

    weft__virtual_burn(BURN_MS * MS);
    return weft_join(child, NULL);
}

Test(monitor, an_entry_in_the_deque_of_a_stuck_worker_is_run_by_another)
{
    for (uint64_t seed = 0; seed < WORLDS; seed++) {
        set_up(seed);

        int rc = run_main(&burns_with_a_child, NULL);

        cr_assert_eq(rc, 0);
        cr_assert(in_time(), "seed %d: %d us", (int)seed, (int)((happened - began) / 1000));
        close_loop();
    }
}

/* An operation that nobody awaits. */
static void it_completes(struct weft__operation *op, int result, bool more)
{
    (void)more;
    *(int *)op->argument = result;
    it_happens(NULL);
}

WEFT_CORO(burns_with_an_operation)
{
    static int received, fd[2];
    char byte = 0;
    struct weft__operation op = {.code = WEFT__OP_RECV,
                                 .buffer = &byte,
                                 .length = 1,
                                 .complete = it_completes,
                                 .argument = &received};

    received = 0;
    if (weft__virtual_pair(fd) < 0 || weft__virtual_send(fd[1], "x", 1) != 1)
        return -EIO;
    op.fd = fd[0];
    began = sys->now();
    weft__operation_start(&op);
    weft__virtual_burn(BURN_MS * MS);
    while (!happened) {
        if (weft_sleep(0) < 0)
            return -ECANCELED;
    }
    weft__virtual_close(fd[0]);
    weft__virtual_close(fd[1]);
    return received == 1 ? 0 : -EIO;
}

Test(monitor, a_stuck_worker_is_kicked_to_submit_and_its_completion_reaped_by_another)
{
    for (uint64_t seed = 0; seed < WORLDS; seed++) {
        set_up(seed);

        int rc = run_main(&burns_with_an_operation, NULL);
        uint64_t reaped = weft__load_relaxed(&loop->workers[0].counters.helper_reaps) +
                          weft__load_relaxed(&loop->workers[1].counters.helper_reaps);

        cr_assert_eq(rc, 0);
        cr_assert(in_time(), "seed %d: %d us", (int)seed, (int)((happened - began) / 1000));
        cr_assert_geq(weft__load_relaxed(&loop->kicks), 1);
        cr_assert_eq(reaped, 1);
        close_loop();
    }
}

WEFT_CORO(burns_then_looks)
{
    struct weft__worker *worker = weft__self();
    bool *seen = arg;

    seen[0] = weft__load_relaxed(&worker->budget) > 0;
    weft__virtual_burn(BURN_MS * MS);
    seen[1] = weft__load_relaxed(&worker->budget) == 0;
    weft__worker_turn(worker);
    seen[2] = weft__load_relaxed(&worker->budget) > 0 && !weft__load_relaxed(&worker->stuck);
    return 0;
}

Test(monitor, a_stuck_worker_loses_its_budget_until_its_next_turn)
{
    for (uint64_t seed = 0; seed < WORLDS; seed++) {
        bool seen[3] = {false};
        set_up(seed);

        run_main(&burns_then_looks, seen);

        cr_assert(seen[0] && seen[1] && seen[2], "seed %d", (int)seed);
        cr_assert_eq(weft__load_relaxed(&loop->kicks), 0, "it held nothing back");
        close_loop();
    }
}

WEFT_CORO(sleeps_an_hour)
{
    return weft_sleep(3600 * WEFT__SECOND);
}

Test(monitor, when_all_are_parked_it_sleeps_as_well)
{
    set_up(1);

    int rc = run_main(&sleeps_an_hour, NULL);

    cr_expect_eq(rc, 0);
    /* A look a millisecond would be millions. */
    cr_expect_lt(weft__virtual_steps(sim), 200000);
    close_loop();
}

WEFT_CORO(sleeps_then_burns)
{
    int rc = weft_sleep(60 * WEFT__SECOND);

    return rc < 0 ? rc : burns_with_a_timer__body(NULL, NULL);
}

Test(monitor, it_is_awake_again_when_a_worker_comes_out)
{
    for (uint64_t seed = 0; seed < WORLDS; seed++) {
        set_up(seed);

        int rc = run_main(&sleeps_then_burns, NULL);

        cr_assert_eq(rc, 0);
        cr_assert(in_time(), "seed %d: %d us", (int)seed, (int)((happened - began) / 1000));
        close_loop();
    }
}

Test(monitor, a_loop_with_one_worker_has_none)
{
    open_loop(1);

    int rc = run_main(&happens, NULL);

    cr_expect_eq(rc, 0);
    cr_expect_eq(loop->monitor, 0);
    close_loop();
}
