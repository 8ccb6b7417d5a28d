/* SPDX-License-Identifier: MIT */
/* wait: gather and wait_for. */
#include <stdlib.h>

#include "tests/support/reports.h"
#include "tests/support/workers.h"

TestSuite(wait, .timeout = 30);

WEFT_CORO(identity)
{
    *result = arg;
    return weft_sleep(0);
}

WEFT_CORO(fails)
{
    return (int)(intptr_t)arg;
}

WEFT_CORO(sleeps_for_ever)
{
    int rc = weft_sleep(WEFT_NONE);
    if (arg && rc == -ECANCELED)
        ++*(_Atomic(int) *)arg;
    return rc;
}

static void *number(intptr_t n)
{
    return (void *)n;
}

/* ---- gather ------------------------------------------------------------------------------------
 */

WEFT_CORO(gathers_three)
{
    weft_result_t r[3] = {{0}};

    CHECK_INT(weft_gather(WEFT_AWS(weft_coro(&identity, number(1)), weft_coro(&identity, number(2)),
                                   weft_create_task(weft_coro(&identity, number(3)))),
                          r),
              0);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(r[i].err, 0);
        CHECK_INT((intptr_t)r[i].value, i + 1);
    }
    return 0;
}

CASE(wait, gather_gives_values_in_the_order_of_the_arguments) /* C140 */
{
    CHECK_INT(run(&gathers_three, NULL), 0);
}

WEFT_CORO(gathers_none)
{
    weft_awaitable_t *none[1] = {NULL};
    size_t count = 7;

    CHECK_INT(weft_gather(WEFT_ARRAY(none, 0), NULL), 0);
    weft_future_t *future = weft_gather_future(WEFT_ARRAY(none, 0));
    CHECK(weft_done(future));
    CHECK_INT(weft_result(future, NULL), 0);
    CHECK(weft_gather_results(future, &count) != NULL);
    CHECK_INT(count, 0);
    weft_unref(future);
    return 0;
}

CASE(wait, gather_of_nothing_is_done) /* C151 */
{
    CHECK_INT(run(&gathers_none, NULL), 0);
}

WEFT_CORO(counts_its_runs)
{
    ++*(_Atomic(int) *)arg;
    *result = arg;
    return weft_sleep(0);
}

WEFT_CORO(gathers_one_three_times)
{
    _Atomic(int) runs = 0;
    weft_result_t r[3] = {{0}};
    weft_coro_t *coro = weft_coro(&counts_its_runs, &runs);

    CHECK_INT(weft_gather(WEFT_AWS(weft_ref(coro), weft_ref(coro), coro), r), 0);
    CHECK_INT(runs, 1);
    for (int i = 0; i < 3; i++)
        CHECK(r[i].value == &runs);
    return 0;
}

CASE(wait, gather_runs_what_it_is_given_twice_once) /* C145 */
{
    CHECK_INT(run(&gathers_one_three_times, NULL), 0);
}

WEFT_CORO(awaits_and_returns)
{
    return weft_await(arg, result);
}

WEFT_CORO(gathers_a_failure)
{
    weft_future_t *go = weft_create_future(NULL);
    weft_task_t *slow = weft_create_task(weft_coro(&awaits_and_returns, go));
    weft_result_t r[2] = {{1, &r}, {1, &r}};

    CHECK_INT(weft_gather(WEFT_AWS(weft_ref(slow), weft_coro(&fails, number(-EIO))), r), -EIO);
    CHECK(r[0].err == 1 && r[1].err == 1 && r[0].value == &r);
    CHECK(!weft_done(slow));
    weft_set_result(go, r);
    void *value = NULL;
    CHECK_INT(weft_join(slow, &value), 0);
    CHECK(value == r);
    weft_unref(go);
    return 0;
}

CASE(wait, gather_gives_the_first_error_at_once_and_the_others_run_on) /* C141 */
{
    CHECK_INT(run(&gathers_a_failure, NULL), 0);
}

WEFT_CORO(gathers_errors_as_results)
{
    weft_result_t r[3] = {{0}};
    weft_task_t *cancelled = weft_create_task(weft_coro(&sleeps_for_ever, NULL));

    weft_cancel(cancelled);
    CHECK_INT(
        weft_gather(WEFT_AWS(weft_coro(&fails, number(-EIO)), weft_coro(&identity, r), cancelled),
                    r, .return_exceptions = true),
        0);
    CHECK_INT(r[0].err, -EIO);
    CHECK_INT(r[1].err, 0);
    CHECK(r[1].value == r);
    CHECK_INT(r[2].err, -ECANCELED);
    return 0;
}

CASE(wait, gather_gives_errors_as_results_if_asked) /* C144 */
{
    CHECK_INT(run(&gathers_errors_as_results, NULL), 0);
}

WEFT_CORO(gathers_a_cancelled_child)
{
    weft_task_t *child = weft_create_task(weft_coro(&sleeps_for_ever, NULL));
    weft_task_t *other = weft_create_task(weft_coro(&sleeps_for_ever, NULL));
    weft_future_t *future = weft_gather_future(WEFT_AWS(weft_ref(child), weft_ref(other)));

    CHECK(weft_cancel(child));
    CHECK_INT(weft_await(future, NULL), -ECANCELED);
    CHECK(!weft_cancelled(future));
    CHECK(weft_gather_results(future, NULL) == NULL);
    CHECK(!weft_done(other));
    CHECK(!weft_cancel(future));
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    weft_unref(future);
    CHECK_INT(weft_join(child, NULL), -ECANCELED);
    CHECK(weft_cancel(other));
    CHECK_INT(weft_join(other, NULL), -ECANCELED);
    return 0;
}

CASE(wait, gather_is_not_cancelled_by_a_child_that_is) /* C143 */
{
    CHECK_INT(run(&gathers_a_cancelled_child, NULL), 0);
}

WEFT_CORO(cancels_a_gather)
{
    _Atomic(int) struck = 0;
    weft_task_t *child[3];

    for (int i = 0; i < 3; i++)
        child[i] = weft_create_task(weft_coro(&sleeps_for_ever, &struck));
    CHECK_INT(weft_sleep(WEFT_MS(1)), 0);
    weft_future_t *future =
        weft_gather_future(WEFT_AWS(weft_ref(child[0]), weft_ref(child[1]), weft_ref(child[2])),
                           .return_exceptions = arg != NULL);
    CHECK(weft_cancel(future));
    CHECK_INT(weft_await(future, NULL), -ECANCELED);
    CHECK(!weft_cancel(future));
    for (int i = 0; i < 3; i++)
        CHECK_INT(weft_join(child[i], NULL), -ECANCELED);
    weft_unref(future);
    return 0;
}

CASE(wait, cancel_of_a_gather_reaches_all_children) /* C146 */
{
    CHECK_INT(run(&cancels_a_gather, NULL), 0);
    CHECK_INT(run(&cancels_a_gather, ""), 0);
}

struct gatherer {
    weft_future_t *started;
    weft_task_t *child[2];
    bool errors;
};

WEFT_CORO(gathers_for_ever)
{
    struct gatherer *g = arg;
    weft_result_t r[2] = {{1, NULL}, {1, NULL}};

    for (int i = 0; i < 2; i++)
        g->child[i] = weft_create_task(weft_coro(&sleeps_for_ever, NULL));
    weft_set_result(g->started, NULL);
    int rc = weft_gather(WEFT_AWS(weft_ref(g->child[0]), weft_ref(g->child[1])), r,
                         .return_exceptions = g->errors);
    CHECK_INT(r[0].err, 1);
    return rc;
}

WEFT_CORO(cancels_a_gatherer)
{
    struct gatherer g = {.started = weft_create_future(NULL), .errors = arg != NULL};
    weft_task_t *task = weft_create_task(weft_coro(&gathers_for_ever, &g));

    CHECK_INT(weft_await(g.started, NULL), 0);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_await(task, NULL), -ECANCELED);
    CHECK(weft_cancelled(task));
    for (int i = 0; i < 2; i++)
        CHECK_INT(weft_join(g.child[i], NULL), -ECANCELED);
    weft_unref(task);
    weft_unref(g.started);
    return 0;
}

CASE(wait, cancel_of_the_gatherer_comes_out_of_gather_with_or_without_errors_as_results) /* C148 */
{
    for (int i = 0; i < 10; i++) {
        CHECK_INT(run(&cancels_a_gatherer, NULL), 0);
        CHECK_INT(run(&cancels_a_gatherer, ""), 0);
    }
}

WEFT_CORO(gathers_two_failures)
{
    weft_future_t *a = weft_create_future(NULL), *b = weft_create_future(NULL);

    listen();
    weft_future_t *future = weft_gather_future(WEFT_AWS(weft_ref(a), weft_ref(b)));
    weft_set_exception(a, -EIO);
    weft_set_exception(b, -EPIPE);
    CHECK_INT(weft_await(future, NULL), -EIO);
    weft_unref(a);
    weft_unref(b);
    weft_unref(future);
    return 0;
}

CASE(wait, gather_keeps_later_errors_from_being_reported) /* C149 */
{
    CHECK_INT(run(&gathers_two_failures, NULL), 0);
    CHECK_INT(reports, 0);
}

static weft_loop_t *other_loop;

WEFT_CORO(gathers_what_is_refused)
{
    weft_future_t *foreign = weft_create_future(other_loop), *mine = weft_create_future(NULL);
    weft_coro_t *spent = weft_coro(&fails, NULL);

    CHECK_INT(weft_gather(WEFT_AWS(weft_ref(mine), weft_ref(foreign)), NULL), -EXDEV);
    CHECK_INT(weft_gather(WEFT_AWS(weft_coro(&identity, NULL), NULL), NULL), -EPROTOTYPE);
    CHECK_INT(weft_await(spent, NULL), 0);
    CHECK_INT(weft_gather(WEFT_AWS(weft_ref(mine), spent), NULL), -EALREADY);
    CHECK_INT(weft_gather(WEFT_AWS(weft_ref(mine), weft_coro(NULL, NULL)), NULL), -EPROTOTYPE);
    weft_future_t *future = weft_gather_future(WEFT_AWS(weft_ref(foreign)));
    CHECK_INT(weft_result(future, NULL), -EXDEV);
    CHECK(weft_gather_results(future, NULL) == NULL);
    weft_unref(future);
    CHECK(weft_gather_results(mine, NULL) == NULL);
    CHECK(weft_gather_results(NULL, NULL) == NULL);
    CHECK(!weft_done(mine) && !weft_done(foreign));
    weft_unref(mine);
    weft_unref(foreign);
    return 0;
}

CASE(wait, gather_refuses_what_it_cannot_wait_for_and_starts_nothing) /* C150 */
{
    CHECK_INT(weft_new_event_loop(&other_loop, .workers = workers), 0);
    CHECK_INT(run(&gathers_what_is_refused, NULL), 0);
    weft_loop_unref(other_loop);
    CHECK_INT(weft_gather(WEFT_AWS(weft_coro(&identity, NULL)), NULL), -EPERM);
}

WEFT_CORO(completes_a_gather)
{
    weft_future_t *child = weft_create_future(NULL);
    weft_future_t *future = weft_gather_future(WEFT_AWS(child));

    CHECK_INT(weft_set_result(future, NULL), -EPROTOTYPE);
    CHECK_INT(weft_set_exception(future, -EIO), -EPROTOTYPE);
    CHECK(!weft_done(future));
    weft_set_result(child, arg);
    CHECK_INT(weft_await(future, NULL), 0);
    size_t count = 0;
    const weft_result_t *r = weft_gather_results(future, &count);
    CHECK_INT(count, 1);
    CHECK(r && r[0].value == arg);
    weft_unref(future);
    return 0;
}

CASE(wait, gather_future_is_completed_by_its_children_alone)
{
    int x;
    CHECK_INT(run(&completes_a_gather, &x), 0);
}

WEFT_CORO(gives_its_argument)
{
    *result = arg;
    return 0;
}

/* So many that a search for duplicates among all would take minutes. */
WEFT_CORO(gathers_very_many)
{
    enum { COUNT = 100000 };
    weft_awaitable_t **aws = malloc(COUNT * sizeof *aws);
    weft_result_t *r = malloc(COUNT * sizeof *r);

    for (intptr_t i = 0; i < COUNT; i++)
        aws[i] = weft_coro(&gives_its_argument, number(i));
    int rc = weft_gather(WEFT_ARRAY(aws, COUNT), r);
    CHECK_INT(rc, 0);
    for (intptr_t i = 0; rc == 0 && i < COUNT; i++)
        CHECK(r[i].value == number(i));
    free(aws);
    free(r);
    return rc;
}

CASE(wait, gather_takes_very_many)
{
    CHECK_INT(run(&gathers_very_many, NULL), 0);
}

/* ---- wait_for ----------------------------------------------------------------------------------
 */

WEFT_CORO(waits_for_values)
{
    int x;
    void *value = NULL;
    weft_future_t *done = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&identity, &x));

    weft_set_result(done, &x);
    CHECK_INT(weft_wait_for(done, 0, &value), 0);
    CHECK(value == &x);
    value = NULL;
    CHECK_INT(weft_wait_for(done, -1, &value), 0);
    CHECK(value == &x);
    value = NULL;
    CHECK_INT(weft_wait_for(task, WEFT_NONE, &value), 0);
    CHECK(value == &x);
    value = NULL;
    CHECK_INT(weft_wait_for(weft_coro(&identity, &x), WEFT_S(30), &value), 0);
    CHECK(value == &x);
    CHECK_INT(weft_wait_for(weft_coro(&fails, number(-EIO)), WEFT_S(30), &value), -EIO);
    CHECK_INT(weft_wait_for(NULL, WEFT_S(30), NULL), -EINVAL);
    CHECK_INT(weft_wait_for(NULL, 0, NULL), -EINVAL);
    weft_unref(done);
    weft_unref(task);
    return 0;
}

CASE(wait, wait_for_gives_what_comes_in_time) /* C090 C094 C095 */
{
    CHECK_INT(run(&waits_for_values, NULL), 0);
}

WEFT_CORO(waits_for_nothing)
{
    _Atomic(int) runs = 0;

    CHECK_INT(weft_wait_for(weft_coro(&counts_its_runs, &runs), 0, NULL), -ETIMEDOUT);
    CHECK_INT(weft_wait_for(weft_coro(&counts_its_runs, &runs), -5, NULL), -ETIMEDOUT);
    CHECK_INT(runs, 0);
    weft_task_t *task = weft_create_task(weft_coro(&sleeps_for_ever, NULL));
    CHECK_INT(weft_wait_for(task, 0, NULL), -ETIMEDOUT);
    CHECK(weft_cancelled(task));
    weft_unref(task);
    weft_future_t *future = weft_create_future(NULL);
    CHECK_INT(weft_wait_for(future, 0, NULL), -ETIMEDOUT);
    CHECK(weft_cancelled(future));
    weft_unref(future);
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    CHECK_INT(weft_sleep(0), 0);
    return 0;
}

CASE(wait, wait_for_without_time_starts_nothing) /* C091 */
{
    CHECK_INT(run(&waits_for_nothing, NULL), 0);
}

WEFT_CORO(cleans_up)
{
    int rc = weft_sleep(WEFT_NONE);
    CHECK_INT(rc, -ECANCELED);
    CHECK_INT(weft_sleep(WEFT_US(100)), 0);
    ++*(_Atomic(int) *)arg;
    return rc;
}

WEFT_CORO(waits_too_long)
{
    _Atomic(int) cleaned = 0;
    weft_task_t *self = weft_current_task();
    weft_task_t *task = weft_create_task(weft_coro(&cleans_up, &cleaned));

    CHECK_INT(weft_wait_for(task, WEFT_MS(5), NULL), -ETIMEDOUT);
    CHECK_INT(cleaned, 1);
    CHECK(weft_cancelled(task));
    weft_unref(task);
    CHECK_INT(weft_wait_for(weft_coro(&cleans_up, &cleaned), WEFT_MS(5), NULL), -ETIMEDOUT);
    CHECK_INT(cleaned, 2);
    CHECK_INT(weft_cancelling(self), 0);
    CHECK_INT(weft_sleep(0), 0);
    return 0;
}

CASE(wait, wait_for_returns_when_the_late_one_has_cleaned_up) /* C093 C111 */
{
    CHECK_INT(run(&waits_too_long, NULL), 0);
}

WEFT_CORO(swallows)
{
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    *result = number(42);
    return 0;
}

WEFT_CORO(fails_while_cleaning_up)
{
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    return -EPIPE;
}

WEFT_CORO(waits_for_the_stubborn)
{
    void *value = NULL;
    weft_task_t *task = weft_create_task(weft_coro(&swallows, NULL));

    CHECK_INT(weft_wait_for(task, WEFT_MS(5), &value), 0);
    CHECK_INT((intptr_t)value, 42);
    weft_unref(task);
    value = NULL;
    CHECK_INT(weft_wait_for(weft_coro(&swallows, NULL), WEFT_MS(5), &value), 0);
    CHECK_INT((intptr_t)value, 42);
    CHECK_INT(weft_wait_for(weft_coro(&fails_while_cleaning_up, NULL), WEFT_MS(5), &value), -EPIPE);
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    return 0;
}

CASE(wait, wait_for_gives_what_comes_out_in_spite_of_the_time) /* C096 C098 C100 */
{
    CHECK_INT(run(&waits_for_the_stubborn, NULL), 0);
}

struct waiter {
    weft_future_t *started;
    weft_task_t *inner;
    weft_ns_t limit;
};

WEFT_CORO(waits_for_inner)
{
    struct waiter *w = arg;
    weft_set_result(w->started, NULL);
    return weft_wait_for(w->inner, w->limit, NULL);
}

WEFT_CORO(cancels_wait_for)
{
    weft_ns_t limits[] = {WEFT_NONE, WEFT_S(3600)};

    for (int i = 0; i < 2; i++) {
        struct waiter w = {.started = weft_create_future(NULL),
                           .inner = weft_create_task(weft_coro(&sleeps_for_ever, NULL)),
                           .limit = limits[i]};
        weft_task_t *task = weft_create_task(weft_coro(&waits_for_inner, &w));
        CHECK_INT(weft_await(w.started, NULL), 0);
        CHECK(weft_cancel(task));
        CHECK_INT(weft_join(task, NULL), -ECANCELED);
        CHECK_INT(weft_join(w.inner, NULL), -ECANCELED);
        weft_unref(w.started);
    }
    return 0;
}

CASE(wait, cancel_of_the_caller_of_wait_for_reaches_the_inner_one) /* C099 */
{
    for (int i = 0; i < 10; i++)
        CHECK_INT(run(&cancels_wait_for, NULL), 0);
}

WEFT_CORO(is_cancelled_before_wait_for_zero)
{
    weft_task_t *task = weft_create_task(weft_coro(&sleeps_for_ever, NULL));

    weft_cancel(weft_current_task());
    CHECK_INT(weft_wait_for(task, 0, NULL), -ECANCELED);
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    return 0;
}

CASE(wait, wait_for_without_time_does_not_lose_the_callers_cancel)
{
    CHECK_INT(run(&is_cancelled_before_wait_for_zero, NULL), 0);
}

WEFT_CORO(gets_result_and_cancel_at_once)
{
    struct waiter w = {.started = weft_create_future(NULL), .limit = WEFT_S(3600)};
    w.inner = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&waits_for_inner, &w));

    CHECK_INT(weft_await(w.started, NULL), 0);
    CHECK_INT(weft_sleep(0), 0);
    weft_set_result(w.inner, arg);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    void *value = NULL;
    CHECK_INT(weft_join(w.inner, &value), 0);
    CHECK(value == arg);
    weft_unref(w.started);
    return 0;
}

CASE_ORDERED(wait, cancel_wins_over_a_result_that_came_just_before_and_the_result_stays) /* C101 */
{
    int x;
    CHECK_INT(run(&gets_result_and_cancel_at_once, &x), 0);
}

CASE(wait, wait_for_outside_of_a_task_is_refused)
{
    CHECK_INT(weft_wait_for(weft_coro(&identity, NULL), WEFT_S(1), NULL), -EPERM);
}

WEFT_CORO(waits_for_itself)
{
    weft_future_t *foreign = weft_create_future(other_loop);

    CHECK_INT(weft_wait_for(weft_current_task(), WEFT_S(1), NULL), -EDEADLK);
    CHECK_INT(weft_wait_for(weft_current_task(), 0, NULL), -EDEADLK);
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    CHECK_INT(weft_wait_for(foreign, WEFT_S(1), NULL), -EXDEV);
    CHECK_INT(weft_wait_for(foreign, 0, NULL), -EXDEV);
    CHECK(!weft_done(foreign));
    weft_unref(foreign);
    weft_coro_t *spent = weft_coro(&fails, NULL);
    CHECK_INT(weft_await(spent, NULL), 0);
    CHECK_INT(weft_wait_for(spent, WEFT_S(1), NULL), -EALREADY);
    CHECK_INT(weft_wait_for(spent, 0, NULL), -EALREADY);
    weft_unref(spent);
    return 0;
}

CASE(wait, wait_for_refuses_what_await_refuses_and_cancels_nothing)
{
    CHECK_INT(weft_new_event_loop(&other_loop, .workers = workers), 0);
    CHECK_INT(run(&waits_for_itself, NULL), 0);
    weft_loop_unref(other_loop);
}

/* ---- one that cannot be started ----------------------------------------------------------------
 */

struct callers { /* memory of whoever calls, which the child uses until it has ended */
    weft_task_t *task;
    bool there, cancels;
    _Atomic(int) begun, ended;
};

WEFT_CORO(uses_its_callers_memory)
{
    struct callers *m = arg;

    m->begun++;
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    CHECK_INT(weft_sleep(WEFT_MS(1)), 0);
    CHECK(m->there);
    if (m->cancels)
        weft_cancel(m->task);
    m->ended++;
    return -EIO;
}

WEFT_CORO_STACK(needs_too_large_a_stack, UINT32_MAX)
{
    (void)arg;
    return 0;
}

static struct callers memory;

static void lend_memory(bool cancels)
{
    memory.task = weft_current_task();
    memory.there = true;
    memory.cancels = cancels;
    memory.begun = memory.ended = 0;
    weft_loop_set_task_factory(weft_get_running_loop(), weft_eager_task_factory, NULL);
    listen();
}

#define ONE_THAT_STARTS_AND_ONE_THAT_DOES_NOT                                                      \
    WEFT_AWS(weft_coro(&uses_its_callers_memory, &memory),                                         \
             weft_coro(&needs_too_large_a_stack, NULL), weft_coro(&fails, NULL))

static void all_have_ended(bool cancels)
{
    CHECK_INT(memory.begun, 1);
    CHECK_INT(memory.ended, 1);
    CHECK_INT(weft_cancelling(memory.task), cancels);
    CHECK_INT(weft_sleep(0), 0); /* the cancel has come out */
    CHECK_INT(reports, 0);
    memory.there = false;
}

WEFT_CORO(starts_not_all)
{
    bool cancels = arg;
    int rc;

    lend_memory(cancels);
    rc = weft_race(ONE_THAT_STARTS_AND_ONE_THAT_DOES_NOT, NULL, NULL);
    CHECK_INT(rc, cancels ? -ECANCELED : -EINVAL);
    all_have_ended(cancels);
    weft_uncancel(memory.task);
    lend_memory(cancels);
    rc = weft_gather(ONE_THAT_STARTS_AND_ONE_THAT_DOES_NOT, NULL);
    CHECK_INT(rc, cancels ? -ECANCELED : -EINVAL);
    all_have_ended(cancels);
    weft_uncancel(memory.task);
    return 0;
}

CASE(wait, when_one_cannot_be_started_race_and_gather_return_when_those_that_were_have_ended)
{
    CHECK_INT(run(&starts_not_all, NULL), 0);
}

CASE(wait, a_cancel_of_the_caller_meanwhile_comes_out)
{
    CHECK_INT(run(&starts_not_all, ""), 0);
}

static void came_out_with_its_message(int rc)
{
    const char *message = weft_error_message(weft_last_error());

    CHECK_INT(rc, -ECANCELED);
    CHECK(message && strcmp(message, "enough") == 0);
    all_have_ended(true);
    weft_uncancel(memory.task);
}

WEFT_CORO(starts_not_all_when_it_is_cancelled)
{
    lend_memory(false);
    CHECK(weft_cancel_message(memory.task, "enough"));
    came_out_with_its_message(weft_race(ONE_THAT_STARTS_AND_ONE_THAT_DOES_NOT, NULL, NULL));
    lend_memory(false);
    CHECK(weft_cancel_message(memory.task, "enough"));
    came_out_with_its_message(weft_gather(ONE_THAT_STARTS_AND_ONE_THAT_DOES_NOT, NULL));
    return 0;
}

CASE(wait, a_cancel_of_the_caller_before_comes_out_with_its_message)
{
    CHECK_INT(run(&starts_not_all_when_it_is_cancelled, NULL), 0);
}

WEFT_CORO(starts_not_all_and_goes_on)
{
    weft_as_completed_t *it;

    lend_memory(false);
    weft_future_t *future = weft_gather_future(ONE_THAT_STARTS_AND_ONE_THAT_DOES_NOT);
    CHECK_INT(weft_join(future, NULL), -EINVAL);
    while (memory.ended < 1)
        CHECK_INT(weft_sleep(WEFT_MS(1)), 0);
    all_have_ended(false);
    lend_memory(false);
    it = weft_as_completed(ONE_THAT_STARTS_AND_ONE_THAT_DOES_NOT, WEFT_NONE);
    CHECK_INT(weft_as_completed_next(it, NULL), -EINVAL);
    weft_as_completed_free(it);
    while (memory.ended < 1)
        CHECK_INT(weft_sleep(WEFT_MS(1)), 0);
    all_have_ended(false);
    return 0;
}

CASE(wait, what_does_not_suspend_only_cancels_those_that_were_started)
{
    CHECK_INT(run(&starts_not_all_and_goes_on, NULL), 0);
}
