/* SPDX-License-Identifier: MIT */
/* time: sleep and time-out scopes. */
#include <math.h>
#include <string.h>

#include "tests/support/workers.h"

TestSuite(time, .timeout = 30);

static weft_ns_t now(void)
{
    return weft_loop_time(weft_get_running_loop());
}

CASE_ORDERED(time, seconds_saturate)
{
    CHECK_INT(weft_seconds(1.5), 1500000000);
    CHECK_INT(WEFT_S(2), 2000000000);
    CHECK_INT(WEFT_MS(20), 20000000);
    CHECK_INT(WEFT_US(3), 3000);
    CHECK(weft_seconds(INFINITY) == WEFT_NONE);
    CHECK(weft_seconds(1e300) == WEFT_NONE);
    CHECK_INT(weft_seconds((double)NAN), 0); /* C053 */
    CHECK(weft_seconds(-INFINITY) < 0);
    CHECK_INT(weft_seconds(-1), -1000000000);
}

/* ---- sleep -------------------------------------------------------------------------------------
 */

WEFT_CORO(sleeps_awhile)
{
    for (int i = 1; i <= 5; i++) {
        weft_ns_t start = now();
        CHECK_INT(weft_sleep(WEFT_US(700) * i), 0);
        CHECK(now() - start >= WEFT_US(700) * i);
    }
    return 0;
}

CASE(time, sleep_is_never_too_short)
{
    CHECK_INT(run(&sleeps_awhile, NULL), 0);
}

CASE(time, sleep_outside_of_a_task_is_refused)
{
    CHECK_INT(weft_sleep(0), -EPERM);
    CHECK_INT(weft_sleep(WEFT_MS(1)), -EPERM);
}

static char letters[32];
static int length;

WEFT_CORO(notes_after_sleep)
{
    weft_ns_t *delay = arg;
    CHECK_INT(weft_sleep(*delay), 0);
    letters[length++] = (char)('a' + *delay / WEFT_MS(20));
    return 0;
}

WEFT_CORO(starts_sleepers)
{
    weft_ns_t delays[] = {WEFT_MS(60), WEFT_MS(20), WEFT_MS(40)};
    weft_task_t *task[3];

    for (int i = 0; i < 3; i++)
        task[i] = weft_create_task(weft_coro(&notes_after_sleep, &delays[i]));
    for (int i = 0; i < 3; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

CASE_ORDERED(time, sleepers_wake_in_the_order_of_their_deadlines)
{
    length = 0;
    CHECK_INT(run(&starts_sleepers, NULL), 0);
    CHECK(memcmp(letters, "bcd", 3) == 0);
}

static int turns;

WEFT_CORO(takes_turns)
{
    for (int i = 0; i < 10; i++) {
        turns++;
        CHECK_INT(weft_sleep(arg ? -1000 : 0), 0);
    }
    return 0;
}

WEFT_CORO(yields_beside_another)
{
    weft_task_t *task = weft_create_task(weft_coro(&takes_turns, arg));

    for (int i = 0; i < 10; i++) {
        CHECK_INT(turns, i);
        CHECK_INT(weft_sleep(0), 0);
    }
    return weft_join(task, NULL);
}

CASE_ORDERED(time, sleep_of_zero_or_less_is_one_turn)
{
    turns = 0;
    CHECK_INT(run(&yields_beside_another, NULL), 0);
    turns = 0;
    CHECK_INT(run(&yields_beside_another, ""), 0);
}

WEFT_CORO(sleeps_far)
{
    weft_timeout_t t;

    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(1)), 0);
    CHECK_INT(weft_timeout_exit(&t, weft_sleep(WEFT_NONE)), -ETIMEDOUT);
    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(1)), 0);
    CHECK_INT(weft_timeout_exit(&t, weft_sleep(WEFT_NONE - 1)), -ETIMEDOUT);
    return 0;
}

CASE(time, sleep_of_for_ever_does_not_wrap)
{
    CHECK_INT(run(&sleeps_far, NULL), 0);
}

/* ---- time-out scopes ---------------------------------------------------------------------------
 */

WEFT_CORO(times_out)
{
    weft_timeout_t t;
    weft_ns_t start = now();

    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(5)), 0);
    CHECK(weft_timeout_when(&t) >= start + WEFT_MS(5));
    CHECK(!weft_timeout_expired(&t));
    CHECK_INT(weft_timeout_exit(&t, weft_sleep(WEFT_NONE)), -ETIMEDOUT);
    CHECK(weft_timeout_expired(&t));
    CHECK(now() - start >= WEFT_MS(5));
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(weft_timeout_enter_at(&t, start + WEFT_MS(12)), 0);
    CHECK_INT(weft_timeout_when(&t), start + WEFT_MS(12));
    CHECK_INT(weft_timeout_exit(&t, weft_sleep(WEFT_NONE)), -ETIMEDOUT);
    CHECK(now() >= start + WEFT_MS(12));
    return 0;
}

CASE(time, a_scope_ends_its_body_at_the_deadline) /* C103 C111 */
{
    CHECK_INT(run(&times_out, NULL), 0);
}

WEFT_CORO(is_in_time)
{
    weft_timeout_t t;

    CHECK_INT(weft_timeout_enter(&t, WEFT_S(3600)), 0);
    CHECK_INT(weft_timeout_exit(&t, weft_sleep(0)), 0);
    CHECK(!weft_timeout_expired(&t));
    CHECK_INT(weft_timeout_enter(&t, WEFT_NONE), 0);
    CHECK(weft_timeout_when(&t) == WEFT_NONE);
    CHECK_INT(weft_timeout_exit(&t, weft_sleep(WEFT_US(50))), 0);
    CHECK_INT(weft_timeout_enter_at(&t, WEFT_NONE), 0);
    CHECK_INT(weft_timeout_exit(&t, 17), 17);
    return 0;
}

CASE(time, a_scope_that_did_not_expire_changes_nothing) /* C106 */
{
    CHECK_INT(run(&is_in_time, NULL), 0);
}

WEFT_CORO(does_not_suspend)
{
    weft_timeout_t t;

    CHECK_INT(weft_timeout_enter(&t, arg ? -WEFT_S(1) : 0), 0);
    CHECK_INT(weft_timeout_exit(&t, 0), 0);
    CHECK(!weft_timeout_expired(&t));
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(weft_timeout_enter(&t, 0), 0);
    CHECK_INT(weft_timeout_exit(&t, weft_sleep(WEFT_NONE)), -ETIMEDOUT);
    return 0;
}

CASE(time, a_body_that_never_suspends_does_not_time_out) /* C108 */
{
    CHECK_INT(run(&does_not_suspend, NULL), 0);
    CHECK_INT(run(&does_not_suspend, ""), 0);
}

WEFT_CORO(nests)
{
    weft_timeout_t outer, inner;
    weft_ns_t when = now() + WEFT_MS(5);

    CHECK_INT(weft_timeout_enter_at(&outer, when), 0);
    CHECK_INT(weft_timeout_enter_at(&inner, when), 0);
    while (now() < when) /* both expire in the same turn */
        ;
    int rc = weft_timeout_exit(&inner, weft_sleep(WEFT_NONE));
    rc = weft_timeout_exit(&outer, rc < 0 ? rc : weft_sleep(WEFT_NONE));
    CHECK_INT(rc, -ETIMEDOUT);
    CHECK(weft_timeout_expired(&outer) && weft_timeout_expired(&inner));
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    CHECK_INT(weft_sleep(0), 0);
    return 0;
}

CASE(time, nested_scopes_of_one_deadline_time_out_as_one) /* C104 */
{
    CHECK_INT(run(&nests, NULL), 0);
}

WEFT_CORO(nests_inner_first)
{
    weft_timeout_t outer, inner;

    CHECK_INT(weft_timeout_enter(&outer, WEFT_S(3600)), 0);
    CHECK_INT(weft_timeout_enter(&inner, WEFT_MS(2)), 0);
    int rc = weft_timeout_exit(&inner, weft_sleep(WEFT_NONE));
    CHECK_INT(rc, -ETIMEDOUT);
    CHECK_INT(weft_timeout_exit(&outer, rc), -ETIMEDOUT);
    CHECK(!weft_timeout_expired(&outer));
    CHECK_INT(weft_timeout_enter(&outer, WEFT_MS(2)), 0);
    CHECK_INT(weft_timeout_enter(&inner, WEFT_S(3600)), 0);
    rc = weft_timeout_exit(&inner, weft_sleep(WEFT_NONE));
    CHECK_INT(rc, -ECANCELED);
    CHECK(!weft_timeout_expired(&inner));
    CHECK_INT(weft_timeout_exit(&outer, rc), -ETIMEDOUT);
    return 0;
}

CASE(time, the_scope_that_expired_is_the_one_that_times_out)
{
    CHECK_INT(run(&nests_inner_first, NULL), 0);
}

WEFT_CORO(is_busy_past_both)
{
    weft_timeout_t outer, inner;
    weft_ns_t start = now();

    CHECK_INT(weft_timeout_enter(&outer, WEFT_MS(4)), 0);
    CHECK_INT(weft_timeout_enter(&inner, WEFT_MS(2)), 0);
    while (now() < start + WEFT_MS(8))
        ;
    int rc = weft_timeout_exit(&inner, weft_sleep(WEFT_NONE));
    rc = weft_timeout_exit(&outer, rc == -ETIMEDOUT ? weft_sleep(WEFT_NONE) : rc);
    CHECK_INT(rc, -ETIMEDOUT);
    CHECK(weft_timeout_expired(&outer));
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    CHECK_INT(weft_sleep(0), 0);
    return 0;
}

CASE(time, scopes_expire_after_a_busy_body_too) /* C105 */
{
    CHECK_INT(run(&is_busy_past_both, NULL), 0);
}

WEFT_CORO(fails_in_a_scope)
{
    weft_timeout_t t;

    CHECK_INT(weft_timeout_enter(&t, WEFT_S(3600)), 0);
    CHECK_INT(weft_timeout_exit(&t, -EIO), -EIO);
    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(1)), 0);
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    CHECK_INT(weft_timeout_exit(&t, -EIO), -EIO);
    CHECK(weft_timeout_expired(&t));
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(1)), 0);
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    CHECK_INT(weft_timeout_exit(&t, 0), 0);
    CHECK(weft_timeout_expired(&t));
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    CHECK_INT(weft_sleep(0), 0);
    return 0;
}

CASE(time, other_outcomes_pass_an_expired_scope) /* C109 */
{
    CHECK_INT(run(&fails_in_a_scope, NULL), 0);
}

WEFT_CORO(is_cancelled_in_a_scope)
{
    weft_timeout_t t;

    CHECK_INT(weft_timeout_enter(&t, WEFT_S(3600)), 0);
    weft_cancel(weft_current_task());
    int rc = weft_timeout_exit(&t, weft_sleep(WEFT_NONE));
    CHECK_INT(rc, -ECANCELED);
    CHECK(!weft_timeout_expired(&t));
    CHECK_INT(weft_uncancel(weft_current_task()), 0);
    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(1)), 0);
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    weft_cancel(weft_current_task());
    CHECK_INT(weft_timeout_exit(&t, -ECANCELED), -ECANCELED);
    CHECK(weft_timeout_expired(&t));
    CHECK_INT(weft_cancelling(weft_current_task()), 1);
    CHECK_INT(weft_sleep(0), -ECANCELED);
    CHECK_INT(weft_uncancel(weft_current_task()), 0);
    return 0;
}

CASE(time, a_cancel_from_outside_stays_a_cancel) /* C110 */
{
    CHECK_INT(run(&is_cancelled_in_a_scope, NULL), 0);
}

WEFT_CORO(times_out_while_cleaning_up)
{
    weft_timeout_t t;

    weft_cancel(weft_current_task());
    CHECK_INT(weft_sleep(0), -ECANCELED);
    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(1)), 0);
    CHECK_INT(weft_timeout_exit(&t, weft_sleep(WEFT_NONE)), -ETIMEDOUT);
    CHECK_INT(weft_cancelling(weft_current_task()), 1);
    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(1)), 0);
    weft_cancel(weft_current_task());
    CHECK_INT(weft_timeout_exit(&t, weft_sleep(WEFT_NONE)), -ECANCELED);
    CHECK_INT(weft_cancelling(weft_current_task()), 2);
    return -ECANCELED;
}

CASE(time, scopes_work_in_the_clean_up_after_a_cancel) /* C113 C114 */
{
    CHECK_INT(run(&times_out_while_cleaning_up, NULL), -ECANCELED);
}

WEFT_CORO(sleeps_for_ever)
{
    return weft_sleep(WEFT_NONE);
}

WEFT_CORO(awaits_in_a_scope)
{
    weft_timeout_t t;
    weft_task_t *task = weft_create_task(weft_coro(&sleeps_for_ever, NULL));

    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(2)), 0);
    CHECK_INT(weft_timeout_exit(&t, weft_await(task, NULL)), -ETIMEDOUT);
    CHECK(weft_cancelled(task));
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    weft_unref(task);
    return 0;
}

CASE(time, a_scope_cancels_what_its_body_awaits)
{
    CHECK_INT(run(&awaits_in_a_scope, NULL), 0);
}

WEFT_CORO(misuses_a_scope)
{
    weft_timeout_t t, never;

    memset(&never, 0, sizeof never);
    CHECK_INT(weft_timeout_enter(&t, WEFT_S(3600)), 0);
    CHECK_INT(weft_timeout_exit(&t, 0), 0);
    CHECK_INT(weft_timeout_exit(&t, 0), -EPERM);
    CHECK_INT(weft_timeout_exit(&never, 0), -EPERM);
    return 0;
}

CASE(time, a_scope_is_left_once_by_the_task_that_entered) /* C116 */
{
    weft_timeout_t t;

    CHECK_INT(run(&misuses_a_scope, NULL), 0);
    CHECK_INT(weft_timeout_enter(&t, WEFT_MS(1)), -EPERM);
    CHECK_INT(weft_timeout_enter_at(&t, 0), -EPERM);
}

WEFT_CORO(races_with_its_deadline)
{
    for (int i = 0; i < 300; i++) {
        weft_timeout_t t;
        CHECK_INT(weft_timeout_enter(&t, WEFT_US(i % 50)), 0);
        int rc = weft_timeout_exit(&t, weft_sleep(WEFT_US(i % 37)));
        CHECK(rc == 0 || rc == -ETIMEDOUT);
        CHECK_INT(weft_cancelling(weft_current_task()), 0);
    }
    return weft_sleep(0);
}

WEFT_CORO(starts_racers)
{
    weft_task_t *task[8];

    for (int i = 0; i < 8; i++)
        task[i] = weft_create_task(weft_coro(&races_with_its_deadline, NULL));
    for (int i = 0; i < 8; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

CASE(time, a_deadline_strikes_inside_its_scope_or_not_at_all)
{
    CHECK_INT(run(&starts_racers, NULL), 0);
}
