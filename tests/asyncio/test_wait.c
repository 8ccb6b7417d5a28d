/* SPDX-License-Identifier: MIT */
/* wait: the conformance items on asyncio.wait. */
#include "tests/support/serial.h"

TestSuite(wait, .timeout = 60);

WEFT_CORO(yields_and_returns)
{
    *result = arg;
    return weft_sleep(0);
}

WEFT_CORO(fails)
{
    int rc = weft_sleep(0);
    return rc < 0 ? rc : -EIO;
}

WEFT_CORO(sleeps_for_ever)
{
    return weft_sleep(WEFT_NONE);
}

static weft_task_t *task_of(const weft_corofn_t *fn)
{
    return weft_create_task(weft_coro(fn, NULL));
}

static void end(weft_task_t *task)
{
    weft_cancel(task);
    int rc = weft_join(task, NULL);
    CHECK(rc == 0 || rc == -ECANCELED || rc == -EIO);
}

/* ---- C070 ---- */

WEFT_CORO(waits_for_all)
{
    weft_task_t *a = task_of(&yields_and_returns), *b = task_of(&yields_and_returns);
    weft_awaitable_t *aws[] = {a, b};

    for (int i = 0; i < 2; i++) { /* again, when they are done */
        size_t done = 7;
        CHECK_INT(weft_wait(aws, 2, WEFT_NONE, WEFT_ALL_COMPLETED, &done), 0);
        CHECK_INT(done, 2);
        CHECK(aws[0] == a && aws[1] == b);
        CHECK(weft_done(a) && weft_done(b));
    }
    end(a);
    end(b);
    return 0;
}

CASE(wait, C070_gives_all_when_all_are_done_and_again_at_once)
{
    BOTH(&waits_for_all, NULL);
}

/* ---- C071 ---- */

WEFT_CORO(waits_for_duplicates)
{
    weft_future_t *f = weft_create_future(NULL), *g = weft_create_future(NULL);
    weft_awaitable_t *aws[] = {g, f, g, f, f};
    size_t done = 7;

    weft_set_result(f, NULL);
    CHECK_INT(weft_wait(aws, 5, 0, WEFT_ALL_COMPLETED, &done), 0);
    CHECK_INT(done, 3);
    CHECK(aws[0] == f && aws[1] == f && aws[2] == f && aws[3] == g && aws[4] == g);
    weft_set_result(g, NULL);
    CHECK_INT(weft_wait(aws, 5, WEFT_NONE, WEFT_ALL_COMPLETED, &done), 0);
    CHECK_INT(done, 5);
    weft_unref(f);
    weft_unref(g);
    return 0;
}

CASE(wait, C071_counts_what_is_given_twice_once)
{
    BOTH(&waits_for_duplicates, NULL);
}

/* ---- C073 ---- */

static weft_loop_t *other_loop;

WEFT_CORO(gives_wrong_arguments)
{
    weft_coro_t *coro = weft_coro(&fails, NULL);
    weft_future_t *f = weft_create_future(NULL), *foreign = weft_create_future(other_loop);
    weft_awaitable_t *aws[] = {f, coro}, *far[] = {f, foreign}, *none[] = {f, NULL};
    size_t done = 7;

    for (int i = 0; i < 2; i++)
        CHECK_INT(weft_wait(aws, 2, WEFT_NONE, WEFT_ALL_COMPLETED, &done), -EPROTOTYPE);
    CHECK_INT(weft_wait(none, 2, WEFT_NONE, WEFT_ALL_COMPLETED, &done), -EPROTOTYPE);
    CHECK_INT(weft_wait(far, 2, WEFT_NONE, WEFT_ALL_COMPLETED, &done), -EXDEV);
    CHECK_INT(weft_wait(aws, 0, WEFT_NONE, WEFT_ALL_COMPLETED, &done), -EINVAL);
    CHECK_INT(weft_wait(NULL, 1, WEFT_NONE, WEFT_ALL_COMPLETED, &done), -EINVAL);
    CHECK_INT(weft_wait(aws, 1, WEFT_NONE, 3, &done), -EINVAL);
    CHECK_INT(weft_wait(aws, 1, WEFT_NONE, -1, &done), -EINVAL);
    CHECK_INT(weft_wait(aws, 1, WEFT_NONE, WEFT_ALL_COMPLETED, NULL), -EINVAL);
    CHECK_INT(done, 7);
    CHECK(aws[0] == f && aws[1] == coro && weft_iscoroutine(coro));
    weft_coro_close(coro);
    weft_unref(f);
    weft_unref(foreign);
    return 0;
}

CASE(wait, C073_refuses_wrong_arguments_and_changes_nothing)
{
    weft_awaitable_t *aws[] = {NULL};
    size_t done;

    CHECK_INT(weft_new_event_loop(&other_loop, .workers = workers), 0);
    BOTH(&gives_wrong_arguments, NULL);
    CHECK_INT(weft_wait(aws, 1, WEFT_NONE, WEFT_ALL_COMPLETED, &done), -EPERM);
    weft_loop_unref(other_loop);
}

/* ---- C074, C075 ---- */

WEFT_CORO(waits_for_the_first)
{
    weft_task_t *slow = task_of(&sleeps_for_ever), *quick = task_of(&yields_and_returns);
    weft_awaitable_t *aws[] = {slow, quick};
    size_t done = 7;

    CHECK_INT(weft_wait(aws, 2, WEFT_NONE, WEFT_FIRST_COMPLETED, &done), 0);
    CHECK_INT(done, 1);
    CHECK(aws[0] == quick && aws[1] == slow);
    CHECK(!weft_done(slow) && weft_cancelling(slow) == 0);
    end(slow);
    end(quick);
    return 0;
}

CASE(wait, C074_returns_at_the_first_and_the_others_run_on)
{
    BOTH(&waits_for_the_first, NULL);
}

WEFT_CORO(completes_two)
{
    weft_future_t **f = arg;

    weft_set_result(f[2], NULL);
    weft_set_result(f[0], NULL);
    return 0;
}

WEFT_CORO(waits_for_two_at_once)
{
    weft_future_t *f[3];
    size_t done = 7;

    for (int i = 0; i < 3; i++)
        f[i] = weft_create_future(NULL);
    weft_awaitable_t *aws[] = {f[0], f[1], f[2]};
    weft_task_t *task = weft_create_task(weft_coro(&completes_two, f));
    CHECK_INT(weft_wait(aws, 3, WEFT_NONE, WEFT_FIRST_COMPLETED, &done), 0);
    CHECK_INT(done, 2);
    CHECK(aws[0] == f[0] && aws[1] == f[2] && aws[2] == f[1]);
    CHECK_INT(weft_join(task, NULL), 0);
    for (int i = 0; i < 3; i++)
        weft_unref(f[i]);
    return 0;
}

CASE_ORDERED(wait, C075_all_that_are_done_at_return_are_among_the_done)
{
    BOTH(&waits_for_two_at_once, NULL);
}

CASE(wait, C075_the_same_in_a_strand)
{
    CHECK_INT(run_serial(&waits_for_two_at_once, NULL), 0);
}

/* ---- C076, C078, C080 ---- */

WEFT_CORO(waits_for_an_error)
{
    weft_task_t *slow = task_of(&sleeps_for_ever), *bad = task_of(&fails);
    weft_awaitable_t *aws[] = {slow, bad};
    size_t done = 7;

    CHECK_INT(weft_wait(aws, 2, WEFT_NONE, WEFT_FIRST_EXCEPTION, &done), 0);
    CHECK_INT(done, 1);
    CHECK(aws[0] == bad && weft_exception(bad) == -EIO);
    CHECK(!weft_done(slow));
    end(slow);
    end(bad);
    return 0;
}

CASE(wait, C076_returns_at_the_first_error)
{
    BOTH(&waits_for_an_error, NULL);
}

WEFT_CORO(waits_in_spite_of_an_error)
{
    weft_task_t *bad = task_of(&fails), *good = task_of(&yields_and_returns);
    weft_awaitable_t *aws[] = {bad, good};
    size_t done = 7;

    CHECK_INT(weft_wait(aws, 2, WEFT_NONE, WEFT_ALL_COMPLETED, &done), 0);
    CHECK_INT(done, 2);
    CHECK_INT(weft_exception(bad), -EIO);
    end(bad);
    end(good);
    return 0;
}

CASE(wait, C078_all_completed_does_not_stop_at_errors)
{
    BOTH(&waits_in_spite_of_an_error, NULL);
}

WEFT_CORO(waits_beside_a_cancelled_one)
{
    weft_task_t *cancelled = task_of(&sleeps_for_ever), *slow = task_of(&sleeps_for_ever);
    weft_awaitable_t *aws[] = {slow, cancelled};
    size_t done = 7;

    weft_cancel(cancelled);
    CHECK_INT(weft_wait(aws, 2, WEFT_MS(20), WEFT_FIRST_EXCEPTION, &done), 0);
    CHECK_INT(done, 1); /* at the time-out, not before */
    CHECK(aws[0] == cancelled && weft_cancelled(cancelled));
    end(cancelled);
    weft_cancel(slow);
    CHECK_INT(weft_wait(aws + 1, 1, WEFT_NONE, WEFT_FIRST_EXCEPTION, &done), 0);
    CHECK_INT(done, 1); /* all are done */
    end(slow);
    return 0;
}

WEFT_CORO(measures_beside_a_cancelled_one)
{
    weft_ns_t start = now();

    CHECK_INT(weft_join(weft_create_task(weft_coro(&waits_beside_a_cancelled_one, NULL)), NULL), 0);
    CHECK(now() - start >= WEFT_MS(20));
    return 0;
}

CASE(wait, C080_a_cancelled_one_is_no_error)
{
    BOTH(&measures_beside_a_cancelled_one, NULL);
}

/* ---- C079 ---- */

WEFT_CORO(waits_for_a_while)
{
    weft_task_t *slow = task_of(&sleeps_for_ever), *quick = task_of(&yields_and_returns);
    weft_awaitable_t *aws[] = {slow, quick};
    size_t done = 7;

    do { /* once, but on a machine that is slow */
        CHECK_INT(weft_wait(aws, 2, WEFT_MS(10), WEFT_ALL_COMPLETED, &done), 0);
    } while (done == 0 && !failure[0]);
    CHECK_INT(done, 1);
    CHECK(aws[0] == quick && aws[1] == slow);
    CHECK(!weft_done(slow) && weft_cancelling(slow) == 0);
    CHECK_INT(weft_wait(aws, 2, 0, WEFT_ALL_COMPLETED, &done), 0);
    CHECK_INT(done, 1);
    CHECK_INT(weft_wait(aws, 2, -WEFT_S(1), WEFT_ALL_COMPLETED, &done), 0);
    CHECK_INT(done, 1);
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    end(slow);
    end(quick);
    return 0;
}

CASE(wait, C079_a_timeout_is_no_error_and_cancels_nothing)
{
    BOTH(&waits_for_a_while, NULL);
}

WEFT_CORO(sleeps_arg)
{
    return weft_sleep(WEFT_MS((intptr_t)arg));
}

WEFT_CORO(waits_to_the_very_deadline)
{
    for (int i = 0; i < 20; i++) {
        weft_task_t *task = weft_create_task(weft_coro(&sleeps_arg, (void *)1));
        weft_awaitable_t *aws[] = {task};
        size_t done = 7;
        CHECK_INT(weft_wait(aws, 1, WEFT_MS(1), WEFT_ALL_COMPLETED, &done), 0);
        CHECK(done <= 1);
        CHECK_INT(weft_join(task, NULL), 0);
    }
    return 0;
}

CASE(wait, C079_completion_and_timeout_together_do_no_harm)
{
    BOTH(&waits_to_the_very_deadline, NULL);
}

/* ---- C081 ---- */

static weft_task_t *child;

WEFT_CORO(waits_for_ever)
{
    weft_future_t *begun = arg;
    weft_awaitable_t *aws[] = {child};
    size_t done = 7;

    weft_set_result(begun, NULL);
    int rc = weft_wait(aws, 1, WEFT_NONE, WEFT_ALL_COMPLETED, &done);
    CHECK(aws[0] == child && done == 7);
    return rc;
}

WEFT_CORO(cancels_the_waiter)
{
    weft_future_t *begun = weft_create_future(NULL);
    child = task_of(&sleeps_for_ever);
    weft_task_t *waiter = weft_create_task(weft_coro(&waits_for_ever, begun));

    CHECK_INT(weft_join(begun, NULL), 0);
    CHECK(weft_cancel(waiter));
    CHECK_INT(weft_join(waiter, NULL), -ECANCELED);
    CHECK(!weft_done(child) && weft_cancelling(child) == 0);
    end(child);
    return 0;
}

CASE(wait, C081_cancel_of_the_waiter_leaves_the_awaited_alone)
{
    for (int i = 0; i < 20; i++)
        BOTH(&cancels_the_waiter, NULL);
}

/* ---- beyond the list: at least one turn, many at once, many waiters ---- */

static int turns;

WEFT_CORO(counts_turns)
{
    turns++;
    return 0;
}

WEFT_CORO(waits_for_the_done)
{
    weft_future_t *f = weft_create_future(NULL);
    weft_awaitable_t *aws[] = {f};
    weft_task_t *task = weft_create_task(weft_coro(&counts_turns, NULL));
    size_t done;

    weft_set_result(f, NULL);
    CHECK_INT(weft_wait(aws, 1, WEFT_NONE, WEFT_ALL_COMPLETED, &done), 0);
    CHECK_INT(turns, 1);
    CHECK_INT(weft_join(task, NULL), 0);
    weft_unref(f);
    return 0;
}

CASE_ORDERED(wait, of_what_is_done_takes_a_turn)
{
    turns = 0;
    CHECK_INT(run(&waits_for_the_done, NULL), 0);
}

enum { MANY = 300 };

WEFT_CORO(waits_for_many)
{
    weft_awaitable_t *aws[MANY];
    size_t done, left = MANY;

    for (int i = 0; i < MANY; i++)
        aws[i] = weft_create_task(weft_coro(&sleeps_arg, (void *)(intptr_t)(i % 3)));
    while (left > 0) {
        CHECK_INT(weft_wait(aws, left, WEFT_S(20), WEFT_FIRST_COMPLETED, &done), 0);
        if (!CHECK(done > 0))
            return -EIO;
        for (size_t i = 0; i < done; i++)
            CHECK_INT(weft_join(aws[i], NULL), 0);
        left -= done;
        for (size_t i = 0; i < left; i++)
            aws[i] = aws[i + done];
    }
    return 0;
}

CASE(wait, again_and_again_gives_each_of_many_once)
{
    CHECK_INT(run(&waits_for_many, NULL), 0);
}
