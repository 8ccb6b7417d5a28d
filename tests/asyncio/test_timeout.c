/* SPDX-License-Identifier: MIT */
/* timeout: the conformance items on asyncio.timeout and timeout_at. */
#include <string.h>

#include "tests/support/serial.h"

TestSuite(timeout, .timeout = 60);

/* ---- C103 ---- */

WEFT_CORO(expires)
{
    weft_timeout_t t;
    weft_ns_t start = now();

    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(3)), 0);
    CHECK(!weft_timeout_expired(&t));
    CHECK(weft_timeout_when(&t) >= start + WEFT_MS(3));
    CHECK_INT(weft_timeout_exit(&t, forever()), -ETIMEDOUT);
    CHECK(weft_timeout_expired(&t));
    CHECK(now() - start >= WEFT_MS(3));
    weft_ns_t when = now() + WEFT_MS(3);
    CHECK_INT(weft_timeout_enter_at(&t, when), 0);
    CHECK_INT(weft_timeout_exit(&t, forever()), -ETIMEDOUT);
    CHECK(weft_timeout_expired(&t));
    CHECK_INT(weft_timeout_when(&t), when);
    CHECK(now() >= when);
    return 0;
}

CASE(timeout, C103_ends_the_body_at_the_deadline)
{
    BOTH(&expires, NULL);
}

/* ---- C104, C105 ---- */

WEFT_CORO(nests)
{
    weft_timeout_t outer, inner;
    weft_ns_t when = now() + WEFT_MS(3);

    CHECK_INT(weft_timeout_enter_at(&outer, when), 0);
    CHECK_INT(weft_timeout_enter_at(&inner, when), 0);
    int rc = weft_timeout_exit(&inner, forever());
    CHECK(rc == -ETIMEDOUT || rc == -ECANCELED);
    if (rc == -ETIMEDOUT && !weft_timeout_expired(&outer))
        rc = forever();
    CHECK_INT(weft_timeout_exit(&outer, rc == -ETIMEDOUT ? forever() : rc), -ETIMEDOUT);
    CHECK(weft_timeout_expired(&outer) && weft_timeout_expired(&inner));
    CHECK(healthy());
    return 0;
}

CASE(timeout, C104_nested_of_one_deadline_both_expire_and_the_outer_reports)
{
    BOTH(&nests, NULL);
}

WEFT_CORO(is_busy)
{
    weft_timeout_t outer, inner;
    weft_ns_t start = now();

    CHECK_INT(weft_timeout_enter_at(&outer, start + WEFT_MS(4)), 0);
    CHECK_INT(weft_timeout_enter_at(&inner, start + WEFT_MS(1)), 0);
    while (now() < start + WEFT_MS(2))
        ;
    int rc = weft_timeout_exit(&inner, forever());
    CHECK(weft_timeout_expired(&inner));
    while (now() < start + WEFT_MS(6))
        ;
    if (rc == -ETIMEDOUT)
        rc = forever();
    CHECK_INT(weft_timeout_exit(&outer, rc), -ETIMEDOUT);
    CHECK(weft_timeout_expired(&outer));
    CHECK(healthy());
    return 0;
}

CASE(timeout, C105_of_a_busy_body_the_inner_is_reported_then_the_outer)
{
    BOTH(&is_busy, NULL);
}

/* ---- C106, C108 ---- */

WEFT_CORO(is_not_needed)
{
    weft_timeout_t t;

    CHECK_INT(weft_timeout_enter(&t, WEFT_S(3600)), 0);
    CHECK_INT(weft_timeout_exit(&t, weft_sleep(0)), 0);
    CHECK(!weft_timeout_expired(&t));
    CHECK_INT(weft_timeout_enter(&t, WEFT_NONE), 0);
    CHECK(weft_timeout_when(&t) == WEFT_NONE);
    CHECK_INT(weft_timeout_exit(&t, weft_sleep(WEFT_MS(1))), 0);
    CHECK_INT(weft_timeout_enter_at(&t, WEFT_NONE), 0);
    CHECK_INT(weft_timeout_exit(&t, weft_sleep(WEFT_MS(1))), 0);
    CHECK(!weft_timeout_expired(&t));
    return 0;
}

CASE(timeout, C106_has_no_effect_in_time_and_may_be_disabled)
{
    BOTH(&is_not_needed, NULL);
}

WEFT_CORO(never_suspends)
{
    weft_timeout_t t;

    CHECK_INT(weft_timeout_enter(&t, 0), 0);
    CHECK_INT(weft_timeout_exit(&t, 0), 0);
    CHECK_INT(weft_timeout_enter_at(&t, now() - WEFT_S(1)), 0);
    CHECK_INT(weft_timeout_exit(&t, 5), 5);
    CHECK(!weft_timeout_expired(&t));
    CHECK(healthy());
    return 0;
}

CASE(timeout, C108_of_no_time_lets_a_body_pass_that_does_not_suspend)
{
    BOTH(&never_suspends, NULL);
}

/* ---- reschedule ---- */

WEFT_CORO(reschedules)
{
    weft_timeout_t t;
    weft_ns_t start = now();

    CHECK_INT(weft_timeout_enter(&t, WEFT_S(3600)), 0);
    CHECK_INT(weft_timeout_reschedule(&t, start + WEFT_MS(3)), 0);
    CHECK_INT(weft_timeout_when(&t), start + WEFT_MS(3));
    CHECK_INT(weft_timeout_exit(&t, forever()), -ETIMEDOUT);
    CHECK(now() >= start + WEFT_MS(3));
    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(3)), 0);
    CHECK_INT(weft_timeout_reschedule(&t, WEFT_NONE), 0);
    CHECK_INT(weft_timeout_exit(&t, weft_sleep(WEFT_MS(6))), 0);
    CHECK(!weft_timeout_expired(&t));
    CHECK_INT(weft_timeout_enter(&t, WEFT_NONE), 0);
    CHECK_INT(weft_timeout_reschedule(&t, now() - WEFT_S(1)), 0);
    CHECK_INT(weft_timeout_exit(&t, forever()), -ETIMEDOUT);
    CHECK(healthy());
    return 0;
}

CASE(timeout, may_be_rescheduled_and_disabled_while_it_runs)
{
    BOTH(&reschedules, NULL);
}

static weft_timeout_t shared;

static void takes_the_deadline_away(void *called)
{
    CHECK_INT(weft_timeout_reschedule(&shared, WEFT_NONE), 0);
    weft_set_result(called, NULL);
}

WEFT_CORO(makes_it_expire)
{
    weft_ns_t when = now() + WEFT_MS(1);

    CHECK(weft_timeout_when(&shared) == WEFT_NONE);
    CHECK_INT(weft_timeout_reschedule(&shared, when), 0);
    CHECK_INT(weft_timeout_when(&shared), when);
    return 0;
}

WEFT_CORO(is_rescheduled)
{
    weft_future_t *called = weft_create_future(NULL);
    weft_loop_t *loop = weft_get_running_loop();

    CHECK_INT(weft_timeout_enter(&shared, WEFT_S(3600)), 0);
    CHECK_INT(weft_loop_call_soon(loop, takes_the_deadline_away, called, NULL), 0);
    CHECK_INT(weft_join(called, NULL), 0);
    weft_task_t *task = weft_create_task(weft_coro(&makes_it_expire, NULL));
    CHECK_INT(weft_timeout_exit(&shared, forever()), -ETIMEDOUT);
    CHECK(weft_timeout_expired(&shared));
    CHECK_INT(weft_join(task, NULL), 0);
    CHECK(healthy());
    return 0;
}

CASE(timeout, may_be_rescheduled_by_callbacks_and_other_tasks)
{
    BOTH(&is_rescheduled, NULL);
}

enum { ROUNDS = 50, OTHERS = 3 };

/* If it comes in time the body goes on, else it has timed out, and may have left. */
WEFT_CORO(prolongs)
{
    int rc = weft_timeout_reschedule(&shared, now() + WEFT_S(3600));

    CHECK(rc == 0 || rc == WEFT_EINVALIDSTATE || rc == -EPERM);
    if (rc == 0)
        weft_set_result(arg, NULL);
    return rc;
}

WEFT_CORO(is_prolonged_or_expires)
{
    weft_task_t *others[OTHERS];

    for (int round = 0; round < ROUNDS; round++) {
        weft_future_t *prolonged = weft_create_future(NULL);
        int in_time = 0, rc;
        CHECK_INT(weft_timeout_enter(&shared, WEFT_US(round % 10 * 5)), 0);
        for (int i = 0; i < OTHERS; i++)
            others[i] = weft_create_task(weft_coro(&prolongs, prolonged));
        rc = weft_timeout_exit(&shared, weft_await(prolonged, NULL));
        CHECK_INT(rc, weft_timeout_expired(&shared) ? -ETIMEDOUT : 0);
        for (int i = 0; i < OTHERS; i++)
            in_time += weft_join(others[i], NULL) == 0;
        CHECK(rc == 0 ? in_time > 0 : in_time == 0);
        weft_unref(prolonged);
        CHECK(healthy());
    }
    return 0;
}

CASE(timeout, is_either_rescheduled_in_time_or_expires)
{
    BOTH(&is_prolonged_or_expires, NULL);
}

WEFT_CORO(is_refused)
{
    CHECK_INT(weft_timeout_reschedule(&shared, WEFT_NONE), -EPERM);
    return 0;
}

static void *comes_from_elsewhere(void *arg)
{
    CHECK_INT(weft_timeout_reschedule(&shared, WEFT_NONE), -EPERM);
    CHECK_INT(run(&is_refused, NULL), 0);
    return arg;
}

WEFT_CORO(is_called_from_elsewhere)
{
    pthread_t thread;
    weft_ns_t when;

    CHECK_INT(weft_timeout_enter(&shared, WEFT_S(3600)), 0);
    when = weft_timeout_when(&shared);
    CHECK_INT(pthread_create(&thread, NULL, comes_from_elsewhere, NULL), 0);
    pthread_join(thread, NULL);
    CHECK_INT(weft_timeout_when(&shared), when);
    return weft_timeout_exit(&shared, 0);
}

/* Real: a thread. */
CASE_REAL(timeout, is_not_rescheduled_from_outside_of_its_loop)
{
    BOTH(&is_called_from_elsewhere, NULL);
}

/* ---- C109 ---- */

WEFT_CORO(fails_otherwise)
{
    weft_timeout_t t;

    CHECK_INT(weft_timeout_enter(&t, WEFT_S(3600)), 0);
    CHECK_INT(weft_timeout_exit(&t, -EIO), -EIO);
    CHECK(!weft_timeout_expired(&t));
    CHECK_INT(weft_error_context(weft_last_error()), 0);
    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(1)), 0);
    CHECK_INT(forever(), -ECANCELED);
    CHECK_INT(weft_timeout_exit(&t, weft_raise(-EIO, "while cleaning up")), -EIO);
    CHECK(weft_timeout_expired(&t));
    CHECK_INT(weft_error_context(weft_last_error()), -ETIMEDOUT);
    CHECK(strcmp(weft_error_message(weft_last_error()), "while cleaning up") == 0);
    CHECK(healthy());
    return 0;
}

CASE(timeout, C109_other_errors_pass_and_keep_the_timeout_as_their_context)
{
    BOTH(&fails_otherwise, NULL);
}

/* ---- C110, C111, C113, C114 ---- */

WEFT_CORO(is_cancelled_inside)
{
    weft_timeout_t t;

    CHECK_INT(weft_timeout_enter(&t, WEFT_S(3600)), 0);
    weft_cancel(weft_current_task());
    CHECK_INT(weft_timeout_exit(&t, forever()), -ECANCELED);
    CHECK(!weft_timeout_expired(&t));
    CHECK_INT(weft_uncancel(weft_current_task()), 0);
    return 0;
}

CASE(timeout, C110_a_cancel_from_outside_stays_one)
{
    BOTH(&is_cancelled_inside, NULL);
}

WEFT_CORO(times_out)
{
    weft_timeout_t t;
    int rc = weft_timeout_enter(&t, WEFT_MS(1));

    return rc < 0 ? rc : weft_timeout_exit(&t, forever());
}

WEFT_CORO(stays_healthy)
{
    weft_task_t *task = weft_create_task(weft_coro(&times_out, NULL));

    CHECK_INT(weft_await(task, NULL), -ETIMEDOUT);
    CHECK(!weft_cancelled(task) && weft_cancelling(task) == 0);
    weft_unref(task);
    CHECK_INT(weft_await(weft_coro(&times_out, NULL), NULL), -ETIMEDOUT);
    CHECK(healthy());
    return 0;
}

CASE(timeout, C111_the_task_itself_is_not_cancelled)
{
    BOTH(&stays_healthy, NULL);
}

WEFT_CORO(times_out_in_the_clean_up)
{
    weft_timeout_t t;

    weft_cancel(weft_current_task());
    CHECK_INT(forever(), -ECANCELED);
    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(1)), 0);
    CHECK_INT(weft_timeout_exit(&t, forever()), -ETIMEDOUT);
    CHECK_INT(weft_cancelling(weft_current_task()), 1);
    weft_uncancel(weft_current_task());
    return 0;
}

CASE(timeout, C113_works_in_the_clean_up_after_a_cancel)
{
    BOTH(&times_out_in_the_clean_up, NULL);
}

WEFT_CORO(is_cancelled_in_the_clean_up)
{
    weft_timeout_t t;

    weft_cancel(weft_current_task());
    CHECK_INT(forever(), -ECANCELED);
    CHECK_INT(weft_timeout_enter(&t, WEFT_S(3600)), 0);
    weft_cancel(weft_current_task());
    CHECK_INT(weft_timeout_exit(&t, forever()), -ECANCELED);
    CHECK_INT(weft_cancelling(weft_current_task()), 2);
    weft_uncancel(weft_current_task());
    weft_uncancel(weft_current_task());
    return 0;
}

CASE(timeout, C114_a_new_cancel_in_the_clean_up_is_seen)
{
    BOTH(&is_cancelled_in_the_clean_up, NULL);
}

/* ---- C115 ---- */

WEFT_CORO(times_out_while_expiring)
{
    weft_timeout_t outer, inner;

    CHECK_INT(weft_timeout_enter(&outer, WEFT_MS(1)), 0);
    CHECK_INT(forever(), -ECANCELED);
    CHECK_INT(weft_timeout_enter(&inner, WEFT_MS(1)), 0);
    int rc = weft_timeout_exit(&inner, forever());
    CHECK_INT(rc, -ETIMEDOUT);
    CHECK_INT(weft_timeout_exit(&outer, rc), -ETIMEDOUT);
    CHECK(weft_timeout_expired(&inner) && weft_timeout_expired(&outer));
    CHECK_INT(weft_error_context(weft_last_error()), -ETIMEDOUT); /* both */
    CHECK(healthy());
    return 0;
}

CASE(timeout, C115_in_the_clean_up_of_an_expired_one_both_are_reported)
{
    BOTH(&times_out_while_expiring, NULL);
}

/* ---- C116 ---- */

WEFT_CORO(misuses)
{
    weft_timeout_t t;

    memset(&t, 0xab, sizeof t);
    CHECK_INT(weft_timeout_exit(&t, 0), -EPERM);
    CHECK_INT(weft_timeout_reschedule(&t, 0), -EPERM);
    CHECK_INT(weft_timeout_enter(&t, WEFT_S(3600)), 0);
    weft_ns_t when = weft_timeout_when(&t);
    CHECK_INT(weft_timeout_enter(&t, 0), -EALREADY);
    CHECK_INT(weft_timeout_when(&t), when);
    CHECK_INT(weft_timeout_exit(&t, weft_sleep(0)), 0);
    CHECK_INT(weft_timeout_exit(&t, 0), -EPERM);
    CHECK_INT(weft_timeout_reschedule(&t, 0), -EPERM);
    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(1)), 0);
    CHECK_INT(forever(), -ECANCELED);
    CHECK_INT(weft_timeout_reschedule(&t, now() + WEFT_S(1)), WEFT_EINVALIDSTATE);
    CHECK_INT(weft_timeout_exit(&t, -ECANCELED), -ETIMEDOUT);
    CHECK_INT(weft_timeout_reschedule(&t, now() + WEFT_S(1)), -EPERM);
    CHECK(healthy());
    return 0;
}

WEFT_CORO(leaves_anothers)
{
    CHECK_INT(weft_timeout_exit(&shared, 0), -EPERM);
    return 0;
}

WEFT_CORO(has_one_that_another_leaves)
{
    CHECK_INT(weft_timeout_enter(&shared, WEFT_S(3600)), 0);
    int rc = weft_join(weft_create_task(weft_coro(&leaves_anothers, NULL)), NULL);
    return weft_timeout_exit(&shared, rc);
}

CASE(timeout, C116_misuse_gives_an_error_of_its_own_and_changes_nothing)
{
    weft_timeout_t t;

    BOTH(&misuses, NULL);
    BOTH(&has_one_that_another_leaves, NULL);
    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(1)), -EPERM);
    CHECK_INT(weft_timeout_enter_at(&t, WEFT_NONE), -EPERM);
    CHECK_INT(weft_timeout_exit(&t, 0), -EPERM);
}

/* ---- C118 ---- */

WEFT_CORO(expires_twice)
{
    weft_timeout_t outer, inner;
    int seen = 0;

    CHECK_INT(weft_timeout_enter(&outer, WEFT_NONE), 0);
    CHECK_INT(weft_timeout_enter(&inner, WEFT_MS(1)), 0);
    seen += forever() == -ECANCELED;
    CHECK_INT(weft_timeout_reschedule(&outer, now() + WEFT_MS(1)), 0);
    seen += forever() == -ECANCELED; /* the second deadline */
    CHECK_INT(weft_cancelling(weft_current_task()), 2);
    int rc = weft_timeout_exit(&inner, -ECANCELED);
    CHECK_INT(rc, -ECANCELED); /* the other one has cancelled as well */
    CHECK_INT(weft_timeout_exit(&outer, rc), -ETIMEDOUT);
    CHECK_INT(seen, 2);
    CHECK(healthy());
    return 0;
}

CASE(timeout, C118_two_expiries_are_two_cancels)
{
    BOTH(&expires_twice, NULL);
}

/* ---- C179: around a group that fails, and whose task is cancelled from outside too ---- */

enum when { IN_THE_BODY, BEFORE, AFTER };

struct around { /* a time-out, a group in it, and a task of that which cancels their own */
    enum when when;
    weft_task_t *parent;
    _Atomic(bool) begun;
};

WEFT_CORO(cancels_its_parent)
{
    struct around *a = arg;

    a->begun = true;
    CHECK_INT(forever(), -ECANCELED);
    if (a->when == BEFORE)
        weft_cancel(a->parent);
    CHECK_INT(weft_sleep(WEFT_MS(5)), 0); /* the time-out expires */
    if (a->when == AFTER)
        weft_cancel(a->parent);
    return -EIO;
}

WEFT_CORO(fails_in_a_group_in_a_timeout)
{
    struct around a = {.when = (enum when)(intptr_t)arg, .parent = weft_current_task()};
    weft_timeout_t t;
    weft_taskgroup_t tg;
    int rc = -EPIPE;

    CHECK_INT(weft_timeout_enter(&t, WEFT_NONE), 0);
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&cancels_its_parent, &a), NULL), 0);
    while (!a.begun)
        turn();
    if (a.when == IN_THE_BODY) {
        weft_cancel(a.parent);
        rc = weft_sleep(0);
    }
    CHECK_INT(weft_timeout_reschedule(&t, now() + WEFT_MS(1)), 0);
    rc = weft_timeout_exit(&t, weft_taskgroup_exit(&tg, rc));
    CHECK_INT(rc, WEFT_EGROUP);
    CHECK_INT(weft_cancelling(a.parent), 1);
    CHECK_INT(weft_sleep(0), -ECANCELED);
    CHECK_INT(weft_uncancel(a.parent), 0);
    CHECK(healthy());
    return 0;
}

CASE(timeout, C179_around_a_group_that_fails_a_cancel_from_outside_is_not_its_own)
{
    for (intptr_t when = IN_THE_BODY; when <= AFTER; when++)
        BOTH(&fails_in_a_group_in_a_timeout, (void *)when);
}
