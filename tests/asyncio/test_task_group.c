/* SPDX-License-Identifier: MIT */
/* task_group: the conformance items on asyncio.TaskGroup. */
#include <sched.h>
#include <string.h>

#include "tests/support/serial.h"

TestSuite(task_group, .timeout = 60);

static _Atomic(int) ended, struck, ran, entered;

WEFT_CORO(yields)
{
    int rc = weft_sleep(0);
    ended++;
    return rc;
}

WEFT_CORO(sleeps_for_ever)
{
    entered++;
    int rc = weft_sleep(WEFT_NONE);
    struck += rc == -ECANCELED;
    return rc;
}

WEFT_CORO(fails_with)
{
    int rc = weft_sleep(0);
    return rc < 0 ? rc : (int)(intptr_t)arg;
}

WEFT_CORO(fails_in_the_clean_up)
{
    entered++;
    return weft_sleep(WEFT_NONE) == -ECANCELED ? (int)(intptr_t)arg : 0;
}

static void *number(intptr_t n)
{
    return (void *)n;
}

static int add(weft_taskgroup_t *tg, const weft_corofn_t *fn, intptr_t arg)
{
    return weft_taskgroup_create_task(tg, weft_coro(fn, number(arg)), NULL);
}

/* Whether the last error is a group that holds [code], and as many as [count]. */
static bool group_of(const weft_error_t *e, size_t count, int code)
{
    for (size_t i = 0; i < weft_error_count(e); i++) {
        if (weft_error_code(e, i) == code)
            return weft_error_count(e) == count;
    }
    return false;
}

/* Runs [fn] as a task, cancels it once it waits, and gives what comes out. */
static weft_future_t *begun;

/* By the body: all its tasks wait. */
static int wait_begun(int tasks)
{
    while (entered < tasks)
        turn();
    weft_set_result(begun, NULL);
    return 0;
}

static int cancelled_outcome(const weft_corofn_t *fn, void *arg)
{
    begun = weft_create_future(NULL);
    entered = 0;
    weft_task_t *task = weft_create_task(weft_coro(fn, arg));

    CHECK_INT(weft_await(begun, NULL), 0);
    for (int i = 0; i < 5; i++)
        turn();
    CHECK(weft_cancel(task));
    int rc = weft_await(task, NULL);
    CHECK_INT(weft_cancelling(task), 1);
    weft_unref(task);
    weft_unref(begun);
    return rc;
}

/* ---- C160, C161 ---- */

WEFT_CORO(adds_another)
{
    int rc = weft_sleep(0);
    CHECK_INT(add(arg, &yields, 0), 0);
    return rc;
}

WEFT_CORO(waits_for_all)
{
    weft_taskgroup_t tg;
    weft_task_t *task = NULL;
    char name[16];

    ended = 0;
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&yields, NULL), &task, .name = "one"), 0);
    CHECK_INT(weft_get_name(task, name, sizeof name), 3);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&adds_another, &tg), NULL), 0);
    CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(add(&tg, &yields, 0), 0);
    CHECK_INT(weft_taskgroup_exit(&tg, 7), 7);
    CHECK(weft_done(task));
    CHECK_INT(weft_join(task, NULL), 0);
    CHECK_INT(ended, 3);
    CHECK(healthy());
    return 0;
}

CASE(task_group, C160_exit_waits_for_all_and_more_may_come_meanwhile)
{
    for (int i = 0; i < 20; i++)
        BOTH(&waits_for_all, NULL);
}

WEFT_CORO(has_a_task_cancelled)
{
    weft_taskgroup_t tg;
    weft_task_t *task = NULL;

    ended = 0;
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&sleeps_for_ever, NULL), &task), 0);
    CHECK_INT(add(&tg, &yields, 0), 0);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_taskgroup_exit(&tg, 0), 0);
    CHECK(weft_cancelled(task));
    CHECK_INT(ended, 1);
    weft_unref(task);
    CHECK(healthy());
    return 0;
}

CASE(task_group, C161_a_cancelled_task_does_not_disturb_the_others)
{
    BOTH(&has_a_task_cancelled, NULL);
}

/* ---- C163, C164 ---- */

WEFT_CORO(waits_in_exit)
{
    weft_taskgroup_t tg;

    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(add(&tg, &sleeps_for_ever, 0), 0);
    CHECK_INT(add(&tg, &sleeps_for_ever, 0), 0);
    return weft_taskgroup_exit(&tg, wait_begun(2));
}

WEFT_CORO(waits_in_the_body)
{
    weft_taskgroup_t tg;

    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(add(&tg, &sleeps_for_ever, 0), 0);
    CHECK_INT(add(&tg, &sleeps_for_ever, 0), 0);
    return weft_taskgroup_exit(&tg, weft_sleep(wait_begun(2) + WEFT_NONE));
}

WEFT_CORO(cancels_from_outside)
{
    struck = 0;
    CHECK_INT(cancelled_outcome(&waits_in_exit, NULL), -ECANCELED);
    CHECK_INT(struck, 2);
    struck = 0;
    CHECK_INT(cancelled_outcome(&waits_in_the_body, NULL), -ECANCELED);
    CHECK_INT(struck, 2);
    return 0;
}

CASE(task_group, C163_a_cancel_from_outside_reaches_every_task_and_the_body_once)
{
    BOTH(&cancels_from_outside, NULL);
}

WEFT_CORO(has_failing_clean_ups)
{
    weft_taskgroup_t tg;

    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(add(&tg, &fails_in_the_clean_up, -EIO), 0);
    CHECK_INT(add(&tg, &fails_in_the_clean_up, -EPIPE), 0);
    int rc = weft_taskgroup_exit(&tg, arg ? weft_sleep(wait_begun(2) + WEFT_NONE) : wait_begun(2));
    CHECK(group_of(weft_last_error(), 2, -EIO));
    CHECK(group_of(weft_last_error(), 2, -EPIPE));
    CHECK_INT(weft_cancelling(weft_current_task()), 1);
    CHECK_INT(weft_sleep(0), -ECANCELED); /* which comes once more */
    CHECK_INT(weft_cancelling(weft_current_task()), 1);
    CHECK_INT(weft_sleep(0), 0);
    return rc;
}

WEFT_CORO(cancels_failing_clean_ups)
{
    CHECK_INT(cancelled_outcome(&has_failing_clean_ups, NULL), WEFT_EGROUP);
    CHECK_INT(cancelled_outcome(&has_failing_clean_ups, ""), WEFT_EGROUP);
    return 0;
}

CASE(task_group, C164_failing_clean_ups_after_a_cancel_from_outside_are_a_group)
{
    BOTH(&cancels_failing_clean_ups, NULL);
}

/* ---- C165 ---- */

WEFT_CORO(never_runs)
{
    ran++;
    return 0;
}

WEFT_CORO(fails_in_the_body)
{
    weft_taskgroup_t tg;
    weft_task_t *late = NULL;

    struck = ran = 0;
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(add(&tg, &sleeps_for_ever, 0), 0);
    CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&never_runs, NULL), &late), 0);
    CHECK_INT(weft_taskgroup_exit(&tg, -EIO), WEFT_EGROUP);
    CHECK(group_of(weft_last_error(), 1, -EIO));
    CHECK_INT(struck, 1);
    CHECK_INT(ran, 0);
    CHECK(weft_cancelled(late));
    weft_unref(late);
    CHECK(healthy());
    return 0;
}

CASE_ORDERED(task_group, C165_an_error_of_the_body_cancels_tasks_that_never_started_too)
{
    CHECK_INT(run(&fails_in_the_body, NULL), 0);
}

CASE(task_group, C165_the_same_in_a_strand)
{
    CHECK_INT(run_serial(&fails_in_the_body, NULL), 0);
}

/* ---- C166 ---- */

WEFT_CORO(has_an_inner_group)
{
    weft_taskgroup_t outer, inner;

    CHECK_INT(weft_taskgroup_enter(&outer), 0);
    CHECK_INT(add(&outer, &sleeps_for_ever, 0), 0);
    CHECK_INT(weft_taskgroup_enter(&inner), 0);
    CHECK_INT(add(&inner, &fails_with, -EIO), 0);
    int rc = weft_taskgroup_exit(&inner, weft_sleep(WEFT_NONE));
    CHECK_INT(rc, WEFT_EGROUP);
    CHECK_INT(weft_taskgroup_exit(&outer, rc), WEFT_EGROUP);
    const weft_error_t *e = weft_last_error();
    CHECK(group_of(e, 1, WEFT_EGROUP));
    CHECK(group_of(weft_error_at(e, 0), 1, -EIO));
    CHECK(healthy());
    return 0;
}

WEFT_CORO(is_a_group_of_one)
{
    weft_taskgroup_t tg;

    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(add(&tg, &fails_with, (intptr_t)arg), 0);
    return weft_taskgroup_exit(&tg, 0);
}

WEFT_CORO(has_a_group_as_a_task)
{
    weft_taskgroup_t tg;

    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(add(&tg, &is_a_group_of_one, -EPIPE), 0);
    CHECK_INT(weft_taskgroup_exit(&tg, 0), WEFT_EGROUP);
    CHECK(group_of(weft_error_at(weft_last_error(), 0), 1, -EPIPE));
    CHECK(healthy());
    return 0;
}

CASE(task_group, C166_a_group_of_errors_is_one_entry_of_the_outer_one)
{
    BOTH(&has_an_inner_group, NULL);
    BOTH(&has_a_group_as_a_task, NULL);
}

/* ---- C168 ---- */

static weft_future_t *go;

WEFT_CORO(fails_at_go)
{
    entered++;
    int rc = weft_await(go, NULL);
    return rc < 0 ? rc : -EIO;
}

WEFT_CORO(swallows_and_fails)
{
    entered++;
    while (weft_await(go, NULL) < 0 && !weft_done(go))
        ;
    return -EIO;
}

WEFT_CORO(cleans_up_while_a_task_fails)
{
    weft_taskgroup_t tg;

    go = weft_create_future(NULL);
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(add(&tg, &fails_at_go, 0), 0);
    int rc = weft_sleep(wait_begun(1) + WEFT_NONE);
    CHECK_INT(rc, -ECANCELED);
    weft_set_result(go, NULL);
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED); /* the group's, while we clean up */
    rc = weft_taskgroup_exit(&tg, rc);
    CHECK(group_of(weft_last_error(), 1, -EIO));
    CHECK_INT(weft_cancelling(weft_current_task()), 1);
    CHECK_INT(weft_sleep(0), -ECANCELED);
    weft_unref(go);
    return rc;
}

WEFT_CORO(cancels_the_cleaner)
{
    CHECK_INT(cancelled_outcome(&cleans_up_while_a_task_fails, NULL), WEFT_EGROUP);
    return 0;
}

CASE(task_group, C168_a_task_that_fails_while_the_body_cleans_up_makes_a_group)
{
    BOTH(&cancels_the_cleaner, NULL);
}

/* ---- C169 ---- */

WEFT_CORO(has_no_tasks)
{
    weft_taskgroup_t tg;

    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    int rc = weft_sleep(wait_begun(0) + WEFT_NONE);
    return weft_taskgroup_exit(&tg, arg ? -EIO : rc);
}

WEFT_CORO(cancels_one_without_tasks)
{
    CHECK_INT(cancelled_outcome(&has_no_tasks, NULL), -ECANCELED);
    begun = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&has_no_tasks, ""));
    CHECK_INT(weft_await(begun, NULL), 0);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL),
              WEFT_EGROUP); /* that the cancel is to come again is no matter */
    weft_unref(begun);
    return 0;
}

CASE(task_group, C169_without_tasks_the_body_may_be_cancelled_or_fail)
{
    BOTH(&cancels_one_without_tasks, NULL);
}

/* ---- C170, C171 ---- */

WEFT_CORO(fails_everywhere)
{
    weft_taskgroup_t tg;

    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(add(&tg, &fails_with, -EIO), 0);
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    CHECK_INT(weft_taskgroup_exit(&tg, weft_raise(-EPIPE, "body")), WEFT_EGROUP);
    const weft_error_t *e = weft_last_error();
    CHECK_INT(weft_error_count(e), 2);
    CHECK_INT(weft_error_code(e, 0), -EIO);
    CHECK_INT(weft_error_code(e, 1), -EPIPE);
    CHECK(!weft_error_at(e, 0));
    CHECK(strcmp(weft_error_message(weft_error_at(e, 1)), "body") == 0);
    CHECK(healthy());
    return 0;
}

CASE(task_group, C170_errors_of_the_body_and_of_tasks_are_all_in_the_group)
{
    BOTH(&fails_everywhere, NULL);
}

WEFT_CORO(ends_fatally)
{
    weft_taskgroup_t tg;
    int fatal = arg ? -EINTR : -ESHUTDOWN;

    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    entered = 0;
    CHECK_INT(add(&tg, &fails_in_the_clean_up, -EIO), 0);
    while (entered < 1)
        turn();
    CHECK_INT(weft_taskgroup_exit(&tg, fatal), fatal);
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(add(&tg, &fails_with, fatal), 0);
    CHECK_INT(weft_taskgroup_exit(&tg, weft_sleep(WEFT_NONE)), fatal);
    CHECK(healthy());
    return 0;
}

CASE(task_group, C171_a_request_to_end_the_program_comes_out_bare)
{
    BOTH(&ends_fatally, NULL);
    BOTH(&ends_fatally, "");
}

/* ---- C173, C174, C175 ---- */

static _Atomic(int) reports;

static void count_report(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    (void)context;
    (void)arg;
    reports++;
}

static void listen(void)
{
    weft_loop_t *loop = weft_get_running_loop();

    reports = ran = 0;
    weft_loop_set_debug(loop, true); /* so that one that was never awaited would be reported */
    weft_loop_set_exception_handler(loop, count_report, NULL);
}

WEFT_CORO(creates_too_late)
{
    weft_taskgroup_t tg;

    listen();
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(add(&tg, &fails_with, -EIO), 0);
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    weft_task_t *task = (weft_task_t *)&tg;
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&never_runs, NULL), &task),
              WEFT_EINVALIDSTATE);
    CHECK(task == (weft_task_t *)&tg);
    CHECK_INT(weft_taskgroup_exit(&tg, -ECANCELED), WEFT_EGROUP);
    CHECK(group_of(weft_last_error(), 1, -EIO));
    CHECK(reports == 0 && ran == 0);
    return 0;
}

CASE(task_group, C173_after_a_failure_no_task_is_created_and_the_coroutine_is_closed)
{
    BOTH(&creates_too_late, NULL);
}

WEFT_CORO(creates_outside)
{
    weft_taskgroup_t tg;

    listen();
    memset(&tg, 0, sizeof tg);
    CHECK_INT(add(&tg, &never_runs, 0), WEFT_EINVALIDSTATE);
    CHECK_INT(weft_taskgroup_exit(&tg, 0), -EPERM);
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&never_runs, NULL), NULL, .detached = true),
              -EINVAL);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(NULL, NULL), NULL), -EPROTOTYPE);
    CHECK_INT(weft_taskgroup_create_task(&tg, NULL, NULL), -EPROTOTYPE);
    CHECK_INT(weft_taskgroup_exit(&tg, 0), 0);
    CHECK_INT(add(&tg, &never_runs, 0), WEFT_EINVALIDSTATE);
    CHECK_INT(weft_taskgroup_exit(&tg, 0), -EPERM);
    CHECK(reports == 0 && ran == 0);
    return 0;
}

CASE(task_group, C174_outside_of_the_group_no_task_is_created_and_the_coroutine_is_closed)
{
    BOTH(&creates_outside, NULL);
}

static weft_taskgroup_t shared;

WEFT_CORO(leaves_anothers)
{
    CHECK_INT(weft_taskgroup_exit(&shared, 0), -EPERM);
    return 0;
}

WEFT_CORO(enters_twice)
{
    CHECK_INT(weft_taskgroup_enter(&shared), 0);
    CHECK_INT(add(&shared, &yields, 0), 0);
    CHECK_INT(weft_taskgroup_enter(&shared), -EALREADY);
    CHECK_INT(add(&shared, &leaves_anothers, 0), 0);
    CHECK_INT(weft_taskgroup_exit(&shared, 0), 0);
    CHECK_INT(weft_taskgroup_enter(&shared), 0);
    CHECK_INT(weft_taskgroup_exit(&shared, 0), 0);
    return 0;
}

CASE(task_group, C175_misuse_is_refused)
{
    weft_taskgroup_t tg;

    memset(&tg, 0xff, sizeof tg);
    BOTH(&enters_twice, NULL);
    CHECK_INT(weft_taskgroup_enter(&tg), -EPERM);
    CHECK_INT(weft_taskgroup_exit(&tg, 0), -EPERM);
    CHECK_INT(add(&tg, &never_runs, 0), -EPERM);
}

/* ---- C176, C178, C179 ---- */

WEFT_CORO(has_a_failing_clean_up_inside)
{
    weft_taskgroup_t tg;

    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(add(&tg, &fails_with, -EIO), 0);
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    CHECK_INT(weft_taskgroup_exit(&tg, -EPIPE), WEFT_EGROUP); /* what closed the thing failed */
    CHECK(group_of(weft_last_error(), 2, -EPIPE));
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    CHECK(healthy());
    return 0;
}

CASE(task_group, C176_an_error_of_closing_something_inside_is_collected)
{
    BOTH(&has_a_failing_clean_up_inside, NULL);
}

WEFT_CORO(has_two_groups_struck)
{
    weft_taskgroup_t outer, inner;

    CHECK_INT(weft_taskgroup_enter(&outer), 0);
    CHECK_INT(add(&outer, &fails_with, -EPIPE), 0);
    CHECK_INT(weft_taskgroup_enter(&inner), 0);
    CHECK_INT(add(&inner, &fails_with, -EIO), 0);
    int rc = weft_sleep(WEFT_NONE);
    CHECK_INT(rc, -ECANCELED);
    CHECK_INT(weft_cancelling(weft_current_task()), 2);
    CHECK_INT(weft_taskgroup_exit(&inner, rc), WEFT_EGROUP);
    CHECK_INT(weft_cancelling(weft_current_task()), 1);
    CHECK_INT(weft_sleep(0), -ECANCELED);
    CHECK_INT(weft_taskgroup_exit(&outer, WEFT_EGROUP), WEFT_EGROUP);
    CHECK(group_of(weft_last_error(), 2, -EPIPE));
    CHECK(healthy());
    return 0;
}

CASE_ORDERED(task_group, C178_an_inner_and_an_outer_group_fail_at_once)
{
    CHECK_INT(run(&has_two_groups_struck, NULL), 0);
}

CASE(task_group, C178_the_same_in_a_strand)
{
    CHECK_INT(run_serial(&has_two_groups_struck, NULL), 0);
}

WEFT_CORO(fails_and_is_cancelled)
{
    weft_taskgroup_t tg;

    go = weft_create_future(NULL);
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(add(&tg, &swallows_and_fails, 0), 0);
    int rc = weft_sleep(wait_begun(1) + WEFT_NONE); /* cancelled from outside */
    CHECK_INT(rc, -ECANCELED);
    rc = weft_taskgroup_exit(&tg, rc);
    CHECK_INT(rc, WEFT_EGROUP);
    CHECK_INT(weft_cancelling(weft_current_task()), 1);
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    weft_unref(go);
    return rc;
}

WEFT_CORO(cancels_one_that_fails)
{
    CHECK_INT(cancelled_outcome(&fails_and_is_cancelled, NULL), WEFT_EGROUP);
    return 0;
}

CASE(task_group, C179_after_the_group_of_errors_an_outside_cancel_comes_once_more)
{
    BOTH(&cancels_one_that_fails, NULL);
}

/* except CancelledError: async with TaskGroup() as tg: tg.create_task(fails()) */
WEFT_CORO(fails_after_a_cancel)
{
    weft_taskgroup_t tg;

    CHECK(weft_cancel(weft_current_task()));
    CHECK_INT(weft_sleep(0), -ECANCELED); /* seen, and not taken back */
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(add(&tg, &fails_with, -EIO), 0);
    CHECK_INT(weft_taskgroup_exit(&tg, arg ? weft_sleep(WEFT_NONE) : 0), WEFT_EGROUP);
    CHECK_INT(weft_cancelling(weft_current_task()), 1);
    CHECK_INT(weft_sleep(0), -ECANCELED);
    CHECK_INT(weft_uncancel(weft_current_task()), 0);
    CHECK(healthy());
    return 0;
}

CASE(task_group, C179_so_does_one_that_was_seen_before_the_group)
{
    BOTH(&fails_after_a_cancel, NULL);
    BOTH(&fails_after_a_cancel, "");
}

/* ---- C180: a task that fails as soon as it can does not strike its creator at once ---- */

WEFT_CORO(creates_one_that_fails)
{
    weft_taskgroup_t tg;

    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(add(&tg, &fails_with, -EIO), 0);
    while (weft_cancelling(weft_current_task()) == 0 && arg) { /* until another worker has run it */
        (void)now();                                           /* a simulation lets it run here */
        sched_yield();
    }
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED); /* here, and nowhere before */
    CHECK_INT(weft_taskgroup_exit(&tg, -ECANCELED), WEFT_EGROUP);
    CHECK(healthy());
    return 0;
}

CASE(task_group, C180_its_creator_is_struck_at_its_next_suspension)
{
    CHECK_INT(run(&creates_one_that_fails, workers > 1 ? "" : NULL), 0);
}

/* ---- the body awaits a task that fails ---- */

WEFT_CORO(fails_at_once)
{
    return -EIO;
}

/* async with TaskGroup() as tg: t = tg.create_task(f()); await t -> CancelledError */
WEFT_CORO(awaits_one_that_fails)
{
    weft_taskgroup_t tg;
    weft_task_t *task;

    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&fails_at_once, NULL), &task), 0);
    int rc = weft_await(task, NULL);
    CHECK_INT(rc, -ECANCELED);
    CHECK_INT(weft_sleep(0), 0); /* once */
    CHECK_INT(weft_taskgroup_exit(&tg, rc), WEFT_EGROUP);
    CHECK(healthy());
    weft_unref(task);
    return 0;
}

CASE_ORDERED(task_group, its_body_is_struck_in_the_await_of_a_task_that_fails)
{
    CHECK_INT(run(&awaits_one_that_fails, NULL), 0);
}

/* ---- C181, C183: cancel ---- */

WEFT_CORO(cancels_the_group)
{
    CHECK_INT(weft_sleep(0), 0);
    weft_taskgroup_cancel(arg);
    weft_taskgroup_cancel(arg);
    return weft_sleep(0);
}

WEFT_CORO(is_ended_early)
{
    weft_taskgroup_t tg;

    struck = 0;
    memset(&tg, 0, sizeof tg);
    CHECK_INT(weft_taskgroup_enter(&tg), 0); /* from the body */
    entered = 0;
    CHECK_INT(add(&tg, &sleeps_for_ever, 0), 0);
    while (entered < 1)
        turn();
    weft_taskgroup_cancel(&tg);
    weft_taskgroup_cancel(&tg);
    CHECK_INT(weft_taskgroup_exit(&tg, weft_sleep(WEFT_NONE)), 0);
    CHECK_INT(struck, 1);
    CHECK(healthy());
    weft_taskgroup_cancel(&tg); /* after exit */
    CHECK(healthy());
    CHECK_INT(weft_taskgroup_enter(&tg), 0); /* by a task, while the body waits */
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&cancels_the_group, &tg), NULL), 0);
    CHECK_INT(weft_taskgroup_exit(&tg, weft_sleep(WEFT_NONE)), 0);
    CHECK(healthy());
    CHECK_INT(weft_taskgroup_enter(&tg), 0); /* by a task, while exit waits */
    CHECK_INT(add(&tg, &sleeps_for_ever, 0), 0);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&cancels_the_group, &tg), NULL), 0);
    CHECK_INT(weft_taskgroup_exit(&tg, 0), 0);
    CHECK(healthy());
    return 0;
}

WEFT_CORO(is_ended_before_it_began)
{
    weft_taskgroup_t tg;

    memset(&tg, 0, sizeof tg);
    weft_taskgroup_cancel(&tg);
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    int rc = weft_sleep(WEFT_NONE);
    CHECK_INT(rc, -ECANCELED);
    CHECK_INT(weft_taskgroup_exit(&tg, rc), 0);
    CHECK(healthy());
    CHECK_INT(weft_taskgroup_enter(&tg), 0); /* once */
    CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(weft_taskgroup_exit(&tg, 0), 0);
    return 0;
}

CASE(task_group, C181_cancel_ends_it_quietly_from_wherever_and_whenever)
{
    BOTH(&is_ended_early, NULL);
    BOTH(&is_ended_before_it_began, NULL);
}

WEFT_CORO(swallows_once)
{
    entered++;
    int rc = weft_sleep(WEFT_NONE);
    struck++;
    while (!weft_done(go) && weft_await(go, NULL) < 0)
        ;
    return rc;
}

WEFT_CORO(is_cancelled_while_it_ends)
{
    weft_taskgroup_t tg;

    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(add(&tg, &swallows_once, 0), 0);
    wait_begun(1);
    weft_taskgroup_cancel(&tg);
    int rc = weft_taskgroup_exit(&tg, 0);
    CHECK_INT(rc, -ECANCELED); /* it comes out of exit, not of what is awaited next */
    CHECK_INT(weft_sleep(0), 0);
    return rc;
}

WEFT_CORO(cancels_while_it_ends)
{
    go = weft_create_future(NULL);
    begun = weft_create_future(NULL);
    entered = 0;
    weft_task_t *task = weft_create_task(weft_coro(&is_cancelled_while_it_ends, NULL));

    CHECK_INT(weft_await(begun, NULL), 0);
    for (int i = 0; i < 5; i++)
        turn();
    CHECK(weft_cancel(task));
    turn();
    weft_set_result(go, NULL);
    CHECK_INT(weft_await(task, NULL), -ECANCELED);
    CHECK_INT(weft_cancelling(task), 1);
    weft_unref(task);
    weft_unref(go);
    weft_unref(begun);
    return 0;
}

CASE(task_group, C183_a_cancel_from_outside_while_it_ends_is_not_lost)
{
    BOTH(&cancels_while_it_ends, NULL);
}

/* ---- beyond the list: a task that comes in as the group ends ends with it ---- */

static _Atomic(weft_taskgroup_t *) target;

static void *cancels_targets(void *arg)
{
    (void)arg;
    for (;;) {
        weft_taskgroup_t *tg = target;
        if (tg == &shared + 1)
            return NULL;
        if (tg) {
            weft_taskgroup_cancel(tg);
            target = NULL;
        }
    }
}

WEFT_CORO(creates_until_refused)
{
    for (int i = 0; i < 300; i++) {
        CHECK_INT(weft_taskgroup_enter(&shared), 0);
        target = &shared;
        while (add(&shared, &sleeps_for_ever, 0) == 0)
            ;
        while (target) /* until the other thread has let go of the group */
            sched_yield();
        CHECK_INT(weft_taskgroup_exit(&shared, 0), 0);
        CHECK(weft_cancelling(weft_current_task()) == 0);
    }
    return 0;
}

/* Real: a thread of its own. */
CASE_REAL(task_group, a_task_that_comes_in_as_the_group_ends_ends_with_it)
{
    pthread_t thread;

    target = NULL;
    CHECK_INT(pthread_create(&thread, NULL, cancels_targets, NULL), 0);
    CHECK_INT(run(&creates_until_refused, NULL), 0);
    target = &shared + 1;
    pthread_join(thread, NULL);
}
