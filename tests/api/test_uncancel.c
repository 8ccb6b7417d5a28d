/* SPDX-License-Identifier: MIT */
/* uncancel: cancellation of oneself, and the count of requests. */
#include <weft/testing.h>

#include "tests/support/serial.h"

TestSuite(uncancel, .timeout = 30);

/* ---- of oneself --------------------------------------------------------------------------------
 */

WEFT_CORO(cancels_itself)
{
    CHECK(weft_cancel(weft_current_task()));
    CHECK_INT(weft_cancelling(weft_current_task()), 1);
    CHECK_INT(weft_sleep(WEFT_S(3600)), -ECANCELED);
    CHECK_INT(weft_sleep(0), 0);
    return -ECANCELED;
}

CASE(uncancel, cancel_of_oneself_strikes_at_the_next_suspension) /* C040 */
{
    CHECK_INT(run(&cancels_itself, NULL), -ECANCELED);
}

WEFT_CORO(cancels_itself_at_the_end)
{
    weft_cancel(weft_current_task());
    *result = arg;
    return 0;
}

WEFT_CORO(joins_one_that_cancels_itself)
{
    void *value = NULL;
    weft_task_t *task = weft_create_task(weft_coro(&cancels_itself_at_the_end, &value));

    CHECK_INT(weft_await(task, &value), -ECANCELED);
    CHECK(weft_cancelled(task));
    CHECK(value == NULL);
    weft_unref(task);
    task = weft_create_task(weft_coro(&cancels_itself_at_the_end, &value));
    CHECK_INT(weft_join(task, &value), -ECANCELED);
    CHECK(value == NULL);
    return 0;
}

CASE(uncancel, cancel_of_oneself_at_the_end_drops_the_value) /* C041 */
{
    void *value = NULL;

    CHECK_INT(run(&joins_one_that_cancels_itself, NULL), 0);
    int rc = weft_run(weft_coro(&cancels_itself_at_the_end, &value), &value, .workers = workers);
    CHECK_INT(rc, -ECANCELED);
    CHECK(value == NULL);
}

WEFT_CORO(returns_ecanceled)
{
    return -ECANCELED;
}

WEFT_CORO(awaits_one_that_says_cancelled)
{
    weft_task_t *task = weft_create_task(weft_coro(&returns_ecanceled, NULL));

    CHECK_INT(weft_await(task, NULL), -ECANCELED);
    CHECK(weft_cancelled(task));
    CHECK_INT(weft_cancelling(task), 0);
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    weft_unref(task);
    return 0;
}

CASE(uncancel, cancel_is_what_a_task_says_that_returns_it)
{
    CHECK_INT(run(&awaits_one_that_says_cancelled, NULL), 0);
}

/* ---- the count ---------------------------------------------------------------------------------
 */

WEFT_CORO(counts)
{
    weft_task_t *self = weft_current_task();

    CHECK_INT(weft_cancelling(self), 0);
    CHECK_INT(weft_uncancel(self), 0);
    weft_cancel(self);
    weft_cancel(self);
    CHECK_INT(weft_cancelling(self), 2);
    CHECK_INT(weft_sleep(0), -ECANCELED);
    CHECK_INT(weft_cancelling(self), 2);
    CHECK_INT(weft_uncancel(self), 1);
    CHECK_INT(weft_uncancel(self), 0);
    CHECK_INT(weft_uncancel(self), 0);
    CHECK_INT(weft_cancelling(self), 0);
    CHECK_INT(weft_sleep(0), 0);
    return 0;
}

CASE(uncancel, cancel_is_counted_and_the_count_never_falls_below_zero) /* C045 */
{
    CHECK_INT(run(&counts, NULL), 0);
}

WEFT_CORO(withdraws)
{
    weft_cancel(weft_current_task());
    CHECK_INT(weft_uncancel(weft_current_task()), 0);
    CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(weft_sleep(WEFT_US(1)), 0);
    *result = arg;
    return 0;
}

CASE(uncancel, cancel_taken_back_before_it_struck_never_strikes) /* C046 */
{
    int x;
    void *value = NULL;
    CHECK_INT(weft_run(weft_coro(&withdraws, &x), &value, .workers = workers), 0);
    CHECK(value == &x);
}

WEFT_CORO(returns_at_once)
{
    return 0;
}

WEFT_CORO(uncancels_a_done_task)
{
    weft_task_t *task = weft_create_task(weft_coro(&returns_at_once, NULL));

    CHECK_INT(weft_await(task, NULL), 0);
    CHECK_INT(weft_uncancel(task), 0);
    CHECK(!weft_cancel(task));
    CHECK_INT(weft_cancelling(task), 0);
    CHECK(!weft_cancel(NULL));
    weft_unref(task);
    return 0;
}

CASE(uncancel, cancel_of_what_is_done_changes_nothing)
{
    CHECK_INT(run(&uncancels_a_done_task, NULL), 0);
}

/* ---- of one that waits: what has struck is not taken back ------------------------------------ */

WEFT_CORO(sleeps_for_an_hour)
{
    (void)arg;
    return weft_sleep(WEFT_S(3600));
}

static int sleeps(void)
{
    return weft_sleep(WEFT_S(3600));
}

static int awaits_a_future(void)
{
    return weft_join(weft_create_future(NULL), NULL);
}

static int joins_a_task(void)
{
    weft_task_t *task = weft_create_task(weft_coro(&sleeps_for_an_hour, NULL));

    turn(); /* else it is a call */
    return weft_join(task, NULL);
}

static int waits_for_a_future(void)
{
    weft_future_t *future = weft_create_future(NULL);
    size_t done;
    int rc = weft_wait(&future, 1, WEFT_S(3600), WEFT_ALL_COMPLETED, &done);

    weft_unref(future);
    return rc;
}

static int waits_for_the_next(void)
{
    weft_future_t *future = weft_create_future(NULL), *next;
    weft_as_completed_t *it = weft_as_completed(WEFT_AWS(future), WEFT_NONE);
    int rc = weft_as_completed_next(it, &next);

    weft_as_completed_free(it);
    return rc;
}

static int gathers(void)
{
    return weft_gather(WEFT_AWS(weft_coro(&sleeps_for_an_hour, NULL)), NULL);
}

static int races(void)
{
    return weft_race(WEFT_AWS(weft_coro(&sleeps_for_an_hour, NULL)), NULL, NULL);
}

static int leaves_a_group(void)
{
    weft_taskgroup_t tg;

    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&sleeps_for_an_hour, NULL), NULL), 0);
    return weft_taskgroup_exit(&tg, 0);
}

static int waits_for_an_event(void)
{
    weft_event_t event;

    weft_event_init(&event);
    return weft_event_wait(&event);
}

static int waits_for_a_condition(void)
{
    weft_condition_t condition = WEFT_CONDITION_INIT;

    CHECK_INT(weft_condition_acquire(&condition), 0);
    int rc = weft_condition_wait(&condition);
    CHECK_INT(weft_condition_release(&condition), 0);
    return rc;
}

static int receives(void)
{
    weft_channel_t *channel;
    int value, rc = weft_channel_create(&channel, 1, sizeof value);

    CHECK_INT(rc, 0);
    rc = weft_channel_recv(channel, &value);
    weft_channel_unref(channel);
    return rc;
}

static int selects(void)
{
    return weft_select(NULL, 0, WEFT_S(3600));
}

/* Its message neither. */
WEFT_CORO(waits_as_told)
{
    int rc = (*(int (*const *)(void))arg)();
    const char *message = weft_error_message(weft_last_error());

    CHECK(message && strcmp(message, "why") == 0);
    return rc;
}

static int (*const waits[])(void) = {
    sleeps, awaits_a_future, joins_a_task,       waits_for_a_future,    waits_for_the_next, gathers,
    races,  leaves_a_group,  waits_for_an_event, waits_for_a_condition, receives,           selects,
};

WEFT_CORO(cancels_and_takes_it_back)
{
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        weft_task_t *task = start(&waits_as_told, (void *)(uintptr_t)&waits[i]);
        for (int n = 0; n < 4; n++)
            turn();
        CHECK(weft_cancel_message(task, "why"));
        CHECK_INT(weft_uncancel(task), 0);
        if (!CHECK_INT(weft_join(task, NULL), -ECANCELED))
            fprintf(stderr, "wait %zu\n", i);
    }
    return 0;
}

CASE(uncancel, what_has_struck_a_task_that_waits_is_not_taken_back)
{
    CHECK_INT(run_serial(&cancels_and_takes_it_back, NULL), 0);
}

static int is_called(void *arg, void **result)
{
    *result = arg;
    return 0;
}

WEFT_CORO(has_it_called)
{
    void *value = NULL;
    int rc = weft_to_thread(is_called, arg, &value);

    CHECK(value == (rc == 0 ? arg : NULL));
    return rc;
}

/* Some seed does it before a thread has the call. */
WEFT_CORO(cancels_a_call_and_takes_it_back)
{
    int x, *struck = arg, rc;
    weft_task_t *task = weft_create_task(weft_coro(&has_it_called, &x));

    CHECK_INT(weft_to_thread(is_called, NULL, NULL), 0); /* so that there is a thread */
    while (weft_sleep(0) == 0 && !weft_done(task)) {
        (void)weft_cancel(task);
        (void)weft_uncancel(task);
    }
    rc = weft_join(task, NULL);
    CHECK(rc == 0 || rc == -ECANCELED);
    *struck += rc == -ECANCELED;
    return 0;
}

CASE_ORDERED(uncancel, a_call_that_was_taken_back_says_that_it_was_cancelled)
{
    int struck = 0;

    for (uint64_t seed = 1; seed <= 200; seed++)
        CHECK_INT(weft_testing_run(weft_coro(&cancels_a_call_and_takes_it_back, &struck), NULL,
                                   .seed = seed),
                  0);
    CHECK(struck > 0);
}
