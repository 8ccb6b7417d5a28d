/* SPDX-License-Identifier: MIT */
/* uncancel: cancellation of oneself, and the count of requests. */
#include "tests/support/workers.h"

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
