/* SPDX-License-Identifier: MIT */
/* barrier: the conformance items on Barrier, and what its header says beside them. */
#include "tests/support/serial.h"

TestSuite(barrier, .timeout = 60);

enum { PARTIES = 5 };

static weft_barrier_t barrier;
static int order[16], numbers[16];
static _Atomic(int) passed, broken;

static void begin(int parties)
{
    CHECK_INT(weft_barrier_init(&barrier, parties), 0);
    passed = broken = 0;
}

/* Waits once, and notes what came of it. */
WEFT_CORO(waits)
{
    int rc = weft_barrier_wait(&barrier);

    if (rc >= 0) {
        int i = passed++;
        order[i] = (int)(intptr_t)arg;
        numbers[i] = rc;
    }
    broken += rc == WEFT_EBROKENBARRIER;
    return rc < 0 ? rc : 0;
}

static void is_as_new(void)
{
    CHECK_INT(weft_barrier_n_waiting(&barrier), 0);
    CHECK(!weft_barrier_broken(&barrier));
}

static void is_quiet(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    (void)context;
    (void)arg;
}

/* ---- C266: it fills ---- */

CASE(barrier, is_for_one_at_least)
{
    begin(3);
    CHECK_INT(weft_barrier_init(&barrier, 0), -EINVAL);
    CHECK_INT(weft_barrier_init(&barrier, -4), -EINVAL);
    CHECK_INT(weft_barrier_parties(&barrier), 3); /* nothing was changed */
    CHECK_INT(weft_barrier_wait(&barrier), -EPERM);
    is_as_new();
}

WEFT_CORO(fills_task_by_task)
{
    weft_task_t *task[3];

    for (intptr_t i = 0; i < 3; i++) {
        CHECK_INT(weft_barrier_n_waiting(&barrier), i);
        CHECK_INT(passed, 0);
        task[i] = start(&waits, (void *)i);
    }
    CHECK_INT(passed, 1); /* the last one does not wait */
    CHECK_INT(weft_barrier_n_waiting(&barrier), 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(numbers[i], order[i]);
    is_as_new();
    return 0;
}

CASE(barrier, C266_all_go_on_when_the_last_one_comes_and_each_has_its_number)
{
    begin(3);
    CHECK_INT(run_serial(&fills_task_by_task, NULL), 0);
    CHECK_INT(passed, 3);
}

WEFT_CORO(fills_alone)
{
    CHECK_INT(weft_barrier_wait(&barrier), 0);
    CHECK_INT(weft_barrier_wait(&barrier), 0);
    CHECK(weft_cancel(weft_current_task()));
    CHECK_INT(weft_barrier_wait(&barrier), 0); /* no wait, so no cancellation */
    CHECK_INT(weft_sleep(0), -ECANCELED);
    is_as_new();
    return 0;
}

CASE(barrier, C266_one_for_one_keeps_nobody)
{
    begin(1);
    CHECK_INT(run(&fills_alone, NULL), 0);
}

static _Atomic(int) rounds[PARTIES][PARTIES];

WEFT_CORO(waits_in_each_round)
{
    for (int round = 0; round < PARTIES; round++) {
        int number = weft_barrier_wait(&barrier);
        if (!CHECK(number >= 0 && number < PARTIES))
            return number;
        CHECK_INT(rounds[round][number]++, 0);
        for (int i = 0; i < round; i++) {
            for (int k = 0; k < PARTIES; k++)
                CHECK_INT(rounds[i][k], 1); /* those before are over */
        }
    }
    return 0;
}

WEFT_CORO(has_five_wait_in_each_round)
{
    weft_task_t *task[PARTIES];

    for (int i = 0; i < PARTIES; i++)
        task[i] = weft_create_task(weft_coro(&waits_in_each_round, NULL));
    for (int i = 0; i < PARTIES; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    for (int i = 0; i < PARTIES; i++) {
        for (int k = 0; k < PARTIES; k++)
            CHECK_INT(rounds[i][k]--, 1);
    }
    is_as_new();
    return 0;
}

CASE(barrier, C266_rounds_do_not_mix)
{
    begin(PARTIES);
    BOTH(&has_five_wait_in_each_round, NULL);
}

/* ---- C266: it drains ---- */

/* Three pass, and two more come before they have gone on. */
static void drain_while_others_come(weft_task_t *task[5])
{
    for (intptr_t i = 0; i < 2; i++)
        task[i] = start(&waits, (void *)i);
    task[2] = weft_create_task(weft_coro(&waits, (void *)2));
    task[3] = weft_create_task(weft_coro(&waits, (void *)3));
    task[4] = weft_create_task(weft_coro(&waits, (void *)4));
    turn(); /* the last three have made their first step, the first two go on next */
    CHECK_INT(passed, 1);
    CHECK_INT(weft_barrier_n_waiting(&barrier), 0);
}

WEFT_CORO(comes_while_it_drains)
{
    weft_task_t *task[5], *last;

    drain_while_others_come(task);
    turn();
    CHECK_INT(passed, 3);
    CHECK_INT(weft_barrier_n_waiting(&barrier), 2); /* let in by the last one out */
    last = start(&waits, (void *)5);
    for (int i = 0; i < 5; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    for (int i = 0; i < 6; i++)
        CHECK_INT(numbers[i], order[i] % 3);
    return weft_join(last, NULL);
}

CASE(barrier, C266_who_comes_while_it_drains_waits_for_the_next_time)
{
    begin(3);
    CHECK_INT(run_serial(&comes_while_it_drains, NULL), 0);
    CHECK_INT(passed, 6);
    is_as_new();
}

WEFT_CORO(cancels_while_it_drains)
{
    weft_task_t *task[5];

    drain_while_others_come(task);
    CHECK(weft_cancel(task[0])); /* was to go on */
    CHECK(weft_cancel(task[3])); /* outside */
    CHECK_INT(weft_join(task[0], NULL), -ECANCELED);
    CHECK_INT(weft_join(task[3], NULL), -ECANCELED);
    CHECK_INT(weft_join(task[1], NULL), 0);
    CHECK_INT(weft_join(task[2], NULL), 0);
    CHECK_INT(weft_barrier_n_waiting(&barrier), 1);
    CHECK(weft_cancel(task[4]));
    CHECK_INT(weft_join(task[4], NULL), -ECANCELED);
    CHECK_INT(passed, 2);
    is_as_new();
    return 0;
}

CASE(barrier, C266_who_is_cancelled_while_it_drains_keeps_nobody)
{
    begin(3);
    CHECK_INT(run_serial(&cancels_while_it_drains, NULL), 0);
}

WEFT_CORO(cancels_one_of_those_who_came)
{
    weft_task_t *task[4];

    task[0] = start(&waits, NULL);
    task[1] = start(&waits, NULL);
    CHECK_INT(weft_barrier_n_waiting(&barrier), 2);
    CHECK(weft_cancel(task[0]));
    CHECK_INT(weft_join(task[0], NULL), -ECANCELED);
    CHECK_INT(weft_barrier_n_waiting(&barrier), 1);
    task[2] = start(&waits, NULL);
    CHECK_INT(weft_barrier_n_waiting(&barrier), 2);
    task[3] = start(&waits, NULL);
    for (int i = 1; i < 4; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    CHECK_INT(numbers[0], 2); /* each has its own, though one left */
    CHECK_INT(numbers[1], 0);
    CHECK_INT(numbers[2], 1);
    is_as_new();
    return 0;
}

CASE(barrier, C266_who_is_cancelled_has_not_come)
{
    begin(3);
    CHECK_INT(run_serial(&cancels_one_of_those_who_came, NULL), 0);
}

/* Cancelled, and not gone on yet, when the last one comes. */
WEFT_CORO(comes_right_after_a_cancel)
{
    weft_task_t *task[2];

    task[0] = start(&waits, NULL);
    task[1] = start(&waits, NULL);
    CHECK(weft_cancel(task[0]));
    CHECK_INT(weft_barrier_n_waiting(&barrier), 2);
    CHECK(weft_barrier_wait(&barrier) >= 0);
    CHECK_INT(weft_join(task[0], NULL), -ECANCELED);
    CHECK_INT(weft_join(task[1], NULL), 0);
    is_as_new();
    return 0;
}

CASE(barrier, C266_all_have_come_though_one_was_cancelled_and_has_not_gone_on)
{
    begin(3);
    CHECK_INT(run_serial(&comes_right_after_a_cancel, NULL), 0);
    CHECK_INT(passed, 1);
}

WEFT_CORO(leaves_some_there)
{
    weft_unref(start(&waits, NULL));
    weft_unref(start(&waits, NULL));
    if (arg) /* they are to go on, and never do, if they have not yet */
        CHECK(weft_barrier_wait(&barrier) >= 0);
    weft_loop_stop(weft_get_running_loop());
    return weft_sleep(WEFT_NONE);
}

static void end_a_loop(void *arg)
{
    weft_loop_t *loop = NULL;

    begin(3);
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    weft_loop_set_exception_handler(loop, is_quiet, NULL);
    weft_unref(weft_loop_create_task(loop, weft_coro(&leaves_some_there, arg)));
    CHECK_INT(weft_loop_run_forever(loop), 0);
    CHECK_INT(weft_loop_close(loop), 0);
    weft_loop_unref(loop);
    is_as_new();
    passed = 0;
    CHECK_INT(run_serial(&fills_task_by_task, NULL), 0);
}

CASE(barrier, is_as_new_when_the_loop_of_those_who_wait_has_ended)
{
    end_a_loop(NULL);
    end_a_loop(&barrier);
}

/* ---- C268: reset ---- */

WEFT_CORO(resets_while_some_wait)
{
    weft_task_t *task[2];

    weft_barrier_reset(&barrier);
    is_as_new();
    for (int i = 0; i < 2; i++)
        task[i] = start(&waits, NULL);
    weft_barrier_reset(&barrier);
    CHECK(!weft_barrier_broken(&barrier));
    CHECK_INT(weft_barrier_n_waiting(&barrier), 0);
    for (int i = 0; i < 2; i++)
        CHECK_INT(weft_join(task[i], NULL), WEFT_EBROKENBARRIER);
    is_as_new();
    for (int i = 0; i < 2; i++)
        task[i] = start(&waits, NULL);
    CHECK_INT(weft_barrier_wait(&barrier), 2);
    for (int i = 0; i < 2; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

CASE(barrier, C268_reset_ends_the_waits_and_the_barrier_is_as_new)
{
    begin(3);
    CHECK_INT(run_serial(&resets_while_some_wait, NULL), 0);
    CHECK_INT(broken, 2);
    is_as_new();
}

WEFT_CORO(resets_while_it_drains)
{
    weft_task_t *task[5];

    drain_while_others_come(task);
    weft_barrier_reset(&barrier);
    CHECK_INT(weft_join(task[0], NULL), WEFT_EBROKENBARRIER);
    CHECK_INT(weft_join(task[1], NULL), WEFT_EBROKENBARRIER);
    CHECK_INT(weft_join(task[2], NULL), 0); /* had gone on */
    CHECK_INT(weft_barrier_n_waiting(&barrier), 2);
    CHECK_INT(weft_barrier_wait(&barrier), 2);
    CHECK_INT(weft_join(task[3], NULL), 0);
    return weft_join(task[4], NULL);
}

CASE(barrier, C268_reset_while_it_drains_is_for_those_inside_not_for_those_outside)
{
    begin(3);
    CHECK_INT(run_serial(&resets_while_it_drains, NULL), 0);
    CHECK_INT(broken, 2);
    is_as_new();
}

WEFT_CORO(comes_while_it_resets)
{
    weft_task_t *task[2], *next;

    for (int i = 0; i < 2; i++)
        task[i] = start(&waits, NULL);
    next = weft_create_task(weft_coro(&waits, NULL));
    weft_barrier_reset(&barrier);
    for (int i = 0; i < 2; i++)
        CHECK_INT(weft_join(task[i], NULL), WEFT_EBROKENBARRIER);
    CHECK_INT(weft_barrier_n_waiting(&barrier), 1);
    CHECK(weft_cancel(next));
    CHECK_INT(weft_join(next, NULL), -ECANCELED);
    return 0;
}

CASE(barrier, C268_who_comes_after_the_reset_is_not_broken)
{
    begin(3);
    CHECK_INT(run_serial(&comes_while_it_resets, NULL), 0);
    is_as_new();
}

/* ---- C268: abort ---- */

WEFT_CORO(aborts_while_it_drains)
{
    weft_task_t *task[5];

    drain_while_others_come(task);
    weft_barrier_abort(&barrier);
    CHECK(weft_barrier_broken(&barrier));
    for (int i = 0; i < 5; i++)
        CHECK_INT(weft_join(task[i], NULL), i == 2 ? 0 : WEFT_EBROKENBARRIER);
    CHECK_INT(weft_barrier_wait(&barrier), WEFT_EBROKENBARRIER);
    CHECK(weft_barrier_broken(&barrier));
    weft_barrier_reset(&barrier);
    is_as_new();
    return 0;
}

CASE(barrier, C268_abort_ends_all_waits_until_a_reset)
{
    begin(3);
    CHECK_INT(run_serial(&aborts_while_it_drains, NULL), 0);
    CHECK_INT(broken, 4);
}

WEFT_CORO(aborts_and_resets_at_once)
{
    weft_task_t *task[2];

    for (int i = 0; i < 2; i++)
        task[i] = start(&waits, NULL);
    weft_barrier_abort(&barrier);
    weft_barrier_reset(&barrier);
    CHECK(!weft_barrier_broken(&barrier));
    for (int i = 0; i < 2; i++)
        CHECK_INT(weft_join(task[i], NULL), WEFT_EBROKENBARRIER);
    is_as_new();
    return 0;
}

CASE(barrier, C268_a_reset_right_after_the_abort_saves_nobody)
{
    begin(3);
    CHECK_INT(run_serial(&aborts_and_resets_at_once, NULL), 0);
}

/* ---- beside asyncio's ---- */

static void *aborts_outside(void *arg)
{
    while (weft_barrier_n_waiting(arg) < 2)
        sched_yield();
    weft_barrier_abort(arg);
    return NULL;
}

WEFT_CORO(is_aborted_by_a_thread)
{
    pthread_t thread;
    weft_task_t *task = weft_create_task(weft_coro(&waits, NULL));

    CHECK_INT(pthread_create(&thread, NULL, aborts_outside, &barrier), 0);
    CHECK_INT(weft_barrier_wait(&barrier), WEFT_EBROKENBARRIER);
    pthread_join(thread, NULL);
    return weft_join(task, NULL);
}

/* Real: a thread of its own. */
CASE_REAL(barrier, another_thread_may_abort)
{
    static weft_barrier_t made = WEFT_BARRIER_INIT(3);

    barrier = made;
    CHECK_INT(run(&is_aborted_by_a_thread, NULL), WEFT_EBROKENBARRIER);
}
