/* SPDX-License-Identifier: MIT */
/* scope: cancel scopes, which asyncio lacks: what Trio's promise. */
#include <string.h>

#include "tests/support/serial.h"

TestSuite(scope, .timeout = 60);

WEFT_CORO(sleeps_for_ever)
{
    return weft_sleep(WEFT_NONE);
}

WEFT_CORO(gives)
{
    *result = arg;
    return weft_sleep(0);
}

/* ---- level ---- */

static int nothing(void *arg, void **result)
{
    (void)arg;
    (void)result;
    return 0;
}

WEFT_CORO(suspends_in_every_way)
{
    weft_scope_t s;
    weft_future_t *f = weft_create_future(NULL);
    weft_task_t *task;
    size_t done;

    CHECK_INT(weft_scope_enter(&s, WEFT_NONE, false), 0);
    CHECK_INT(weft_sleep(0), 0);
    weft_scope_cancel(&s);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(weft_sleep(0), -ECANCELED);
        CHECK_INT(weft_sleep(WEFT_MS(1)), -ECANCELED);
        CHECK_INT(forever(), -ECANCELED);
        CHECK_INT(weft_to_thread(nothing, NULL, NULL), -ECANCELED);
        task = weft_create_task(weft_coro(&sleeps_for_ever, NULL));
        CHECK_INT(weft_await(task, NULL), -ECANCELED);
        CHECK(weft_cancelled(task));
        weft_awaitable_t *aws[] = {task};
        CHECK_INT(weft_wait(aws, 1, WEFT_NONE, WEFT_ALL_COMPLETED, &done), -ECANCELED);
        weft_unref(task);
        CHECK_INT(weft_join(weft_create_task(weft_coro(&gives, NULL)), NULL), -ECANCELED);
        CHECK_INT(weft_gather(WEFT_AWS(weft_coro(&sleeps_for_ever, NULL)), NULL), -ECANCELED);
        CHECK_INT(weft_wait_for(weft_coro(&sleeps_for_ever, NULL), WEFT_S(9), NULL), -ECANCELED);
    }
    CHECK_INT(weft_await(f, NULL), -ECANCELED);
    CHECK(weft_cancelled(f));
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    CHECK(weft_scope_cancelled(&s) && !weft_scope_caught(&s));
    CHECK_INT(weft_scope_exit(&s, -ECANCELED), 0);
    CHECK(weft_scope_cancelled(&s) && weft_scope_caught(&s));
    CHECK(healthy());
    weft_unref(f);
    return 0;
}

CASE(scope, once_it_is_cancelled_every_suspension_fails_until_it_is_left)
{
    BOTH(&suspends_in_every_way, NULL);
}

WEFT_CORO(outcomes)
{
    weft_scope_t s;

    CHECK_INT(weft_scope_enter(&s, WEFT_NONE, false), 0);
    CHECK_INT(weft_scope_exit(&s, weft_sleep(0) + 5), 5);
    CHECK(!weft_scope_cancelled(&s) && !weft_scope_caught(&s));
    CHECK_INT(weft_scope_enter(&s, WEFT_NONE, false), 0);
    weft_scope_cancel(&s);
    weft_scope_cancel(&s);
    CHECK_INT(weft_scope_exit(&s, 3), 3); /* never noticed */
    CHECK(!weft_scope_caught(&s));
    CHECK_INT(weft_scope_enter(&s, WEFT_NONE, false), 0);
    weft_scope_cancel(&s);
    CHECK_INT(forever(), -ECANCELED);
    CHECK_INT(weft_scope_exit(&s, -EIO), -EIO);
    CHECK_INT(weft_scope_enter(&s, WEFT_NONE, false), 0);
    CHECK_INT(weft_scope_exit(&s, -ECANCELED), -ECANCELED); /* not its doing */
    weft_scope_cancel(&s);                                  /* after exit */
    CHECK(healthy());
    return 0;
}

CASE(scope, exit_takes_its_own_cancellation_only)
{
    BOTH(&outcomes, NULL);
}

/* ---- deadlines ---- */

WEFT_CORO(moves_on)
{
    weft_scope_t s;
    weft_ns_t start = now();

    CHECK_INT(weft_move_on_after(&s, WEFT_MS(3)), 0);
    CHECK(weft_scope_deadline(&s) >= start + WEFT_MS(3));
    CHECK_INT(forever(), -ECANCELED);
    CHECK_INT(weft_scope_exit(&s, forever()), 0);
    CHECK(weft_scope_caught(&s));
    CHECK(now() - start >= WEFT_MS(3));
    CHECK_INT(weft_fail_after(&s, WEFT_MS(1)), 0);
    CHECK_INT(weft_scope_exit(&s, forever()), -ETIMEDOUT);
    CHECK_INT(weft_fail_after(&s, WEFT_S(3600)), 0);
    CHECK_INT(weft_scope_exit(&s, weft_sleep(0)), 0);
    CHECK_INT(weft_scope_enter(&s, now() - WEFT_S(1), false), 0); /* in the past */
    CHECK_INT(weft_scope_exit(&s, forever()), 0);
    CHECK(healthy());
    return 0;
}

CASE(scope, its_deadline_cancels_it)
{
    BOTH(&moves_on, NULL);
}

WEFT_CORO(moves_deadlines)
{
    weft_scope_t s;

    CHECK_INT(weft_move_on_after(&s, WEFT_MS(2)), 0);
    CHECK_INT(weft_scope_set_deadline(&s, WEFT_NONE), 0);
    CHECK(weft_scope_deadline(&s) == WEFT_NONE);
    CHECK_INT(weft_sleep(WEFT_MS(4)), 0);
    weft_ns_t when = now() + WEFT_MS(2);
    CHECK_INT(weft_scope_set_deadline(&s, when), 0);
    CHECK_INT(forever(), -ECANCELED);
    CHECK(now() >= when);
    CHECK_INT(weft_scope_set_deadline(&s, WEFT_NONE), 0);
    CHECK_INT(weft_sleep(0), -ECANCELED); /* it stays cancelled */
    CHECK_INT(weft_scope_exit(&s, -ECANCELED), 0);
    CHECK_INT(weft_scope_set_deadline(&s, when), -EPERM);
    CHECK(healthy());
    return 0;
}

CASE(scope, its_deadline_may_be_moved)
{
    BOTH(&moves_deadlines, NULL);
}

static weft_scope_t shared;

static void takes_the_deadline_away(void *called)
{
    CHECK_INT(weft_scope_set_deadline(&shared, WEFT_NONE), 0);
    weft_set_result(called, NULL);
}

WEFT_CORO(makes_it_end)
{
    weft_ns_t when = now() + WEFT_MS(1);

    CHECK(weft_scope_deadline(&shared) == WEFT_NONE);
    CHECK_INT(weft_scope_set_deadline(&shared, when), 0);
    CHECK_INT(weft_scope_deadline(&shared), when);
    return 0;
}

WEFT_CORO(has_its_deadline_moved)
{
    weft_future_t *called = weft_create_future(NULL);
    weft_loop_t *loop = weft_get_running_loop();

    CHECK_INT(weft_move_on_after(&shared, WEFT_S(3600)), 0);
    CHECK_INT(weft_loop_call_soon(loop, takes_the_deadline_away, called, NULL), 0);
    CHECK_INT(weft_join(called, NULL), 0);
    weft_task_t *task = weft_create_task(weft_coro(&makes_it_end, NULL));
    CHECK_INT(weft_scope_exit(&shared, forever()), 0);
    CHECK(weft_scope_caught(&shared));
    CHECK_INT(weft_join(task, NULL), 0);
    CHECK(healthy());
    return 0;
}

CASE(scope, its_deadline_may_be_moved_by_callbacks_and_other_tasks)
{
    BOTH(&has_its_deadline_moved, NULL);
}

WEFT_CORO(inherits_deadlines)
{
    weft_scope_t a, b, c;
    weft_timeout_t t;
    weft_ns_t base = now() + WEFT_S(1000);

    CHECK(weft_effective_deadline() == WEFT_NONE);
    CHECK_INT(weft_scope_enter(&a, base + 2, false), 0);
    CHECK_INT(weft_timeout_enter_at(&t, base + 1), 0);
    CHECK_INT(weft_scope_enter(&b, base + 3, false), 0);
    CHECK_INT(weft_effective_deadline(), base + 1);
    CHECK_INT(weft_scope_enter(&c, base + 4, true), 0);
    CHECK_INT(weft_effective_deadline(), base + 4);
    weft_scope_cancel(&a);
    CHECK_INT(weft_effective_deadline(), base + 4);
    CHECK_INT(weft_scope_exit(&c, 0), 0);
    CHECK(weft_effective_deadline() == INT64_MIN);
    CHECK_INT(weft_scope_exit(&b, forever()), -ECANCELED);
    CHECK_INT(weft_timeout_exit(&t, -ECANCELED), -ECANCELED);
    CHECK_INT(weft_scope_exit(&a, -ECANCELED), 0);
    CHECK(weft_effective_deadline() == WEFT_NONE);
    CHECK(healthy());
    return 0;
}

CASE(scope, deadlines_are_inherited_up_to_a_shield)
{
    BOTH(&inherits_deadlines, NULL);
    CHECK(weft_effective_deadline() == WEFT_NONE);
}

/* ---- nesting ---- */

WEFT_CORO(nests)
{
    weft_scope_t outer, inner;

    CHECK_INT(weft_scope_enter(&outer, WEFT_NONE, false), 0);
    CHECK_INT(weft_scope_enter(&inner, WEFT_NONE, false), 0);
    weft_scope_cancel(&outer);
    int rc = weft_scope_exit(&inner, forever());
    CHECK_INT(rc, -ECANCELED);
    CHECK(!weft_scope_cancelled(&inner));
    CHECK_INT(weft_sleep(0), -ECANCELED);
    CHECK_INT(weft_scope_exit(&outer, rc), 0);
    CHECK_INT(weft_scope_enter(&outer, WEFT_NONE, false), 0);
    CHECK_INT(weft_scope_enter(&inner, WEFT_NONE, false), 0);
    weft_scope_cancel(&inner);
    CHECK_INT(weft_scope_exit(&inner, forever()), 0);
    CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(weft_scope_enter(&inner, WEFT_NONE, false), 0);
    weft_scope_cancel(&inner);
    weft_scope_cancel(&outer);
    CHECK_INT(weft_scope_exit(&inner, forever()), -ECANCELED); /* both: the outer's */
    CHECK(!weft_scope_caught(&inner));
    CHECK_INT(weft_scope_exit(&outer, -ECANCELED), 0);
    CHECK(healthy());
    return 0;
}

CASE(scope, the_outer_one_holds_inside_of_the_inner)
{
    BOTH(&nests, NULL);
}

WEFT_CORO(is_cancelled_too)
{
    weft_scope_t s;

    CHECK_INT(weft_scope_enter(&s, WEFT_NONE, false), 0);
    weft_scope_cancel(&s);
    weft_cancel(weft_current_task());
    CHECK_INT(weft_scope_exit(&s, forever()), -ECANCELED);
    CHECK(!weft_scope_caught(&s));
    CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(weft_uncancel(weft_current_task()), 0);
    return 0;
}

CASE(scope, a_cancel_of_the_task_itself_passes)
{
    BOTH(&is_cancelled_too, NULL);
}

/* ---- shields ---- */

WEFT_CORO(cleans_up_behind_a_shield)
{
    weft_scope_t outer, shield, inner;

    CHECK_INT(weft_scope_enter(&outer, WEFT_NONE, false), 0);
    weft_scope_cancel(&outer);
    CHECK_INT(weft_sleep(0), -ECANCELED);
    CHECK_INT(weft_scope_enter(&shield, WEFT_NONE, true), 0);
    CHECK_INT(weft_sleep(WEFT_MS(1)), 0);
    CHECK_INT(weft_scope_enter(&inner, WEFT_NONE, false), 0);
    CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(weft_scope_exit(&inner, 0), 0);
    weft_scope_cancel(&shield);
    CHECK_INT(weft_sleep(0), -ECANCELED); /* its own */
    CHECK_INT(weft_scope_exit(&shield, -ECANCELED), -ECANCELED);
    CHECK_INT(weft_sleep(0), -ECANCELED);
    CHECK_INT(weft_scope_exit(&outer, -ECANCELED), 0);
    CHECK(healthy());
    return 0;
}

CASE(scope, a_shield_hides_the_scopes_around_it)
{
    BOTH(&cleans_up_behind_a_shield, NULL);
}

static weft_future_t *begun, *go;

WEFT_CORO(waits_behind_a_shield)
{
    weft_scope_t s;

    CHECK_INT(weft_scope_enter(&s, WEFT_NONE, true), 0);
    weft_set_result(begun, NULL);
    CHECK_INT(weft_await(go, NULL), 0);
    CHECK_INT(weft_cancelling(weft_current_task()), 1);
    CHECK_INT(weft_scope_exit(&s, 0), 0);
    return weft_sleep(WEFT_NONE);
}

WEFT_CORO(cancels_the_shielded)
{
    begun = weft_create_future(NULL);
    go = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&waits_behind_a_shield, NULL));

    CHECK_INT(weft_await(begun, NULL), 0);
    CHECK(weft_cancel(task));
    turn();
    CHECK(!weft_done(go) && !weft_done(task));
    weft_set_result(go, NULL);
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    weft_unref(begun);
    weft_unref(go);
    return 0;
}

CASE(scope, a_shield_withholds_a_cancel_until_it_is_left)
{
    BOTH(&cancels_the_shielded, NULL);
}

WEFT_CORO(times_out_around_a_shield)
{
    weft_timeout_t outer, inner;
    weft_scope_t s;

    CHECK_INT(weft_timeout_enter(&outer, WEFT_MS(1)), 0);
    CHECK_INT(weft_scope_enter(&s, WEFT_NONE, true), 0);
    CHECK_INT(weft_sleep(WEFT_MS(3)), 0);
    CHECK(weft_timeout_expired(&outer));
    CHECK_INT(weft_timeout_enter(&inner, WEFT_MS(1)), 0); /* inside, it works */
    CHECK_INT(weft_timeout_exit(&inner, forever()), -ETIMEDOUT);
    CHECK_INT(weft_scope_exit(&s, 0), 0);
    CHECK_INT(weft_timeout_exit(&outer, forever()), -ETIMEDOUT);
    CHECK(healthy());
    CHECK_INT(weft_timeout_enter(&outer, WEFT_MS(1)), 0); /* not noticed at all */
    CHECK_INT(weft_scope_enter(&s, WEFT_NONE, true), 0);
    CHECK_INT(weft_sleep(WEFT_MS(3)), 0);
    CHECK_INT(weft_scope_exit(&s, 0), 0);
    CHECK_INT(weft_timeout_exit(&outer, 0), 0);
    CHECK(healthy());
    return 0;
}

CASE(scope, a_shield_withholds_timeouts_from_outside)
{
    BOTH(&times_out_around_a_shield, NULL);
}

WEFT_CORO(takes_a_withheld_cancel_back)
{
    weft_scope_t s;

    CHECK_INT(weft_scope_enter(&s, WEFT_NONE, true), 0);
    weft_cancel(weft_current_task());
    CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(weft_uncancel(weft_current_task()), 0);
    CHECK_INT(weft_scope_exit(&s, 0), 0);
    CHECK(healthy());
    return 0;
}

CASE(scope, a_withheld_cancel_may_be_taken_back)
{
    BOTH(&takes_a_withheld_cancel_back, NULL);
}

WEFT_CORO(is_cancelled_and_times_out_behind_a_shield)
{
    weft_timeout_t outer;
    weft_scope_t s;

    CHECK_INT(weft_timeout_enter(&outer, WEFT_MS(1)), 0);
    CHECK_INT(weft_scope_enter(&s, WEFT_NONE, true), 0);
    if (!arg)
        weft_cancel(weft_current_task());
    CHECK_INT(weft_sleep(WEFT_MS(3)), 0);
    CHECK(weft_timeout_expired(&outer));
    if (arg)
        weft_cancel(weft_current_task());
    CHECK_INT(weft_scope_exit(&s, 0), 0);
    CHECK_INT(weft_timeout_exit(&outer, 0), 0); /* takes its own back, and no other */
    CHECK_INT(weft_cancelling(weft_current_task()), 1);
    CHECK_INT(weft_sleep(0), -ECANCELED);
    CHECK_INT(weft_uncancel(weft_current_task()), 0);
    CHECK(healthy());
    return 0;
}

CASE(scope, a_shield_withholds_as_many_cancels_as_there_come)
{
    BOTH(&is_cancelled_and_times_out_behind_a_shield, NULL);
    BOTH(&is_cancelled_and_times_out_behind_a_shield, "");
}

/* ---- from elsewhere ---- */

WEFT_CORO(is_cancelled_from_elsewhere)
{
    CHECK_INT(weft_scope_enter(&shared, WEFT_NONE, false), 0);
    weft_set_result(begun, NULL);
    int rc = forever();
    CHECK_INT(rc, -ECANCELED);
    CHECK_INT(weft_scope_exit(&shared, forever()), 0);
    return healthy() ? 0 : -EIO;
}

WEFT_CORO(cancels_from_elsewhere)
{
    begun = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&is_cancelled_from_elsewhere, NULL));

    CHECK_INT(weft_join(begun, NULL), 0);
    weft_scope_cancel(&shared);
    CHECK_INT(weft_join(task, NULL), 0);
    return 0;
}

CASE(scope, may_be_cancelled_from_another_task)
{
    for (int i = 0; i < 100; i++)
        BOTH(&cancels_from_elsewhere, NULL);
}

static _Atomic(int) struck;

WEFT_CORO(notes_its_cancel)
{
    int rc = weft_sleep(WEFT_NONE);
    struck += rc == -ECANCELED;
    return rc;
}

WEFT_CORO(has_a_group_inside)
{
    weft_scope_t s;
    weft_taskgroup_t tg;

    CHECK_INT(weft_move_on_after(&s, WEFT_MS(2)), 0);
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&notes_its_cancel, NULL), NULL), 0);
    int rc = weft_taskgroup_exit(&tg, 0);
    CHECK_INT(rc, -ECANCELED);
    CHECK_INT(weft_scope_exit(&s, rc), 0);
    CHECK_INT(weft_move_on_after(&s, 0), 0); /* a group in a scope that is cancelled before */
    CHECK_INT(forever(), -ECANCELED);
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&sleeps_for_ever, NULL), NULL), 0);
    rc = weft_taskgroup_exit(&tg, weft_sleep(0));
    CHECK_INT(weft_scope_exit(&s, rc), 0);
    CHECK(healthy());
    return 0;
}

CASE(scope, a_group_inside_ends_with_it)
{
    BOTH(&has_a_group_inside, NULL);
}

static uint64_t switches(void)
{
    weft_stats_t stats = {.size = sizeof stats};

    CHECK_INT(weft_loop_stats(NULL, &stats), 0);
    return stats.switches;
}

WEFT_CORO(is_slow_to_end)
{
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    return weft_sleep(WEFT_MS(20));
}

WEFT_CORO(waits_long_in_a_cancelled_scope)
{
    weft_scope_t s;
    weft_taskgroup_t tg;

    CHECK_INT(weft_scope_enter(&s, WEFT_NONE, false), 0);
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&is_slow_to_end, NULL), NULL), 0);
    CHECK_INT(weft_sleep(WEFT_MS(1)), 0);
    weft_scope_cancel(&s);
    uint64_t before = switches();
    CHECK_INT(weft_scope_exit(&s, weft_taskgroup_exit(&tg, weft_sleep(0))), 0);
    CHECK(switches() - before < 200);
    CHECK(healthy());
    return 0;
}

CASE(scope, a_group_inside_does_not_spin_while_it_ends)
{
    BOTH(&waits_long_in_a_cancelled_scope, NULL);
}

/* ---- misuse ---- */

WEFT_CORO(misuses)
{
    weft_scope_t s;

    memset(&s, 0xab, sizeof s);
    CHECK_INT(weft_scope_exit(&s, 0), -EPERM);
    CHECK_INT(weft_scope_set_deadline(&s, 0), -EPERM);
    weft_scope_cancel(&s);
    CHECK_INT(weft_scope_enter(&s, WEFT_NONE, false), 0);
    CHECK_INT(weft_scope_enter(&s, WEFT_NONE, true), -EALREADY);
    CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(weft_scope_exit(&s, 0), 0);
    CHECK_INT(weft_scope_exit(&s, 0), -EPERM);
    CHECK(healthy());
    return 0;
}

CASE(scope, misuse_is_refused)
{
    weft_scope_t s;

    BOTH(&misuses, NULL);
    CHECK_INT(weft_scope_enter(&s, WEFT_NONE, false), -EPERM);
    CHECK_INT(weft_move_on_after(&s, 0), -EPERM);
    CHECK_INT(weft_fail_after(&s, 0), -EPERM);
    CHECK_INT(weft_scope_exit(&s, 0), -EPERM);
}

/* ---- a storm: many tasks, whose scopes are cancelled and expire at any moment ---- */

enum { STORM = 16, ROUNDS = 100 };

static weft_scope_t scope_of[STORM];
static _Atomic(bool) open_[STORM];
static pthread_mutex_t guard[STORM];

static int once(int i, int round)
{
    weft_scope_t inner;
    int rc =
        weft_scope_enter(&inner, round % 5 ? WEFT_NONE : now() + WEFT_US(round), round % 3 == 0);

    if (rc < 0)
        return rc;
    rc = round % 2 ? weft_sleep(WEFT_US(i)) : weft_sleep(0);
    return weft_scope_exit(&inner, rc);
}

WEFT_CORO(lives_in_scopes)
{
    int i = (int)(intptr_t)arg;

    for (int round = 0; round < ROUNDS; round++) {
        pthread_mutex_lock(&guard[i]);
        CHECK_INT(weft_scope_enter(&scope_of[i], now() + WEFT_US(50), false), 0);
        open_[i] = true;
        pthread_mutex_unlock(&guard[i]);
        int rc = 0;
        for (int k = 0; k < 4 && rc == 0; k++)
            rc = once(i, round);
        CHECK(rc == 0 || rc == -ECANCELED);
        if (rc < 0)
            CHECK_INT(weft_sleep(0), -ECANCELED);
        pthread_mutex_lock(&guard[i]);
        open_[i] = false;
        CHECK_INT(weft_scope_exit(&scope_of[i], rc), 0);
        pthread_mutex_unlock(&guard[i]);
        CHECK(weft_cancelling(weft_current_task()) == 0);
        CHECK_INT(weft_sleep(0), 0);
    }
    return 0;
}

static _Atomic(bool) over;

static void *cancels_any(void *arg)
{
    (void)arg;
    for (unsigned i = 0; !over; i++) {
        pthread_mutex_lock(&guard[i % STORM]);
        if (open_[i % STORM])
            weft_scope_cancel(&scope_of[i % STORM]);
        pthread_mutex_unlock(&guard[i % STORM]);
    }
    return NULL;
}

WEFT_CORO(storms)
{
    weft_task_t *task[STORM];

    for (intptr_t i = 0; i < STORM; i++)
        task[i] = weft_create_task(weft_coro(&lives_in_scopes, (void *)i));
    for (int i = 0; i < STORM; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

/* Real: a thread of its own. */
CASE_REAL(scope, a_storm_of_cancels_from_outside_leaves_every_task_healthy)
{
    pthread_t thread;

    for (int i = 0; i < STORM; i++)
        pthread_mutex_init(&guard[i], NULL);
    over = false;
    CHECK_INT(pthread_create(&thread, NULL, cancels_any, NULL), 0);
    CHECK_INT(run(&storms, NULL), 0);
    over = true;
    pthread_join(thread, NULL);
}
