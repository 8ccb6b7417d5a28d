/* SPDX-License-Identifier: MIT */
/* wait_for: the conformance items on asyncio.wait_for. */
#include "tests/support/serial.h"

TestSuite(wait_for, .timeout = 60);

/* ---- C090, C091 ---- */

WEFT_CORO(waits_for_the_done)
{
    weft_future_t *f = weft_create_future(NULL);
    void *value = NULL;

    weft_set_result(f, &value);
    CHECK_INT(weft_wait_for(f, 0, &value), 0);
    CHECK(value == &value);
    value = NULL;
    CHECK_INT(weft_wait_for(f, -1, &value), 0);
    CHECK(value == &value);
    weft_unref(f);
    return 0;
}

CASE(wait_for, C090_of_a_done_future_and_no_time_gives_its_result)
{
    BOTH(&waits_for_the_done, NULL);
}

static _Atomic(int) ran;

WEFT_CORO(runs)
{
    ran++;
    return weft_sleep(0);
}

WEFT_CORO(has_no_time)
{
    CHECK_INT(weft_wait_for(weft_coro(&runs, NULL), 0, NULL), -ETIMEDOUT);
    CHECK_INT(weft_wait_for(weft_coro(&runs, NULL), -WEFT_S(1), NULL), -ETIMEDOUT);
    CHECK_INT(weft_join(weft_wait_for_coro(weft_coro(&runs, NULL), 0), NULL), -ETIMEDOUT);
    CHECK_INT(ran, 0);
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    return 0;
}

CASE(wait_for, C091_of_a_coroutine_and_no_time_never_starts_it)
{
    ran = 0;
    BOTH(&has_no_time, NULL);
}

/* ---- C093, C094 ---- */

static _Atomic(int) cleaned;

WEFT_CORO(cleans_up)
{
    int rc = weft_sleep(WEFT_NONE);
    CHECK_INT(weft_sleep(WEFT_MS(1)), 0);
    cleaned++;
    return rc;
}

WEFT_CORO(expires)
{
    weft_task_t *task = weft_create_task(weft_coro(&cleans_up, NULL));

    cleaned = 0;
    CHECK_INT(weft_wait_for(task, WEFT_MS(2), NULL), -ETIMEDOUT);
    CHECK(weft_done(task) && weft_cancelled(task));
    CHECK_INT(cleaned, 1);
    weft_unref(task);
    CHECK_INT(weft_wait_for(weft_coro(&cleans_up, NULL), WEFT_MS(2), NULL), -ETIMEDOUT);
    CHECK_INT(cleaned, 2);
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    return 0;
}

CASE(wait_for, C093_cancels_at_the_deadline_and_returns_after_the_clean_up)
{
    BOTH(&expires, NULL);
}

WEFT_CORO(waits_for_ever)
{
    void *value = NULL;

    CHECK_INT(weft_wait_for(weft_sleep_coro(WEFT_MS(3), &value), WEFT_NONE, &value), 0);
    CHECK(value == &value);
    return 0;
}

CASE(wait_for, C094_of_no_limit_waits)
{
    BOTH(&waits_for_ever, NULL);
}

/* ---- C095, C096 ---- */

WEFT_CORO(completes)
{
    CHECK_INT(weft_sleep(0), 0);
    return weft_set_result(arg, arg);
}

WEFT_CORO(is_in_time)
{
    weft_future_t *f = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&completes, f));
    void *value = NULL;

    CHECK_INT(weft_wait_for(f, WEFT_S(30), &value), 0);
    CHECK(value == f);
    CHECK_INT(weft_join(task, NULL), 0);
    weft_unref(f);
    return 0;
}

CASE(wait_for, C095_gives_a_result_that_comes_in_time)
{
    BOTH(&is_in_time, NULL);
}

WEFT_CORO(turns_cancel_into_value)
{
    *result = arg;
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    return 0;
}

WEFT_CORO(gets_the_value)
{
    weft_task_t *task = weft_create_task(weft_coro(&turns_cancel_into_value, &task));
    void *value = NULL;

    CHECK_INT(weft_wait_for(task, WEFT_MS(2), &value), 0);
    CHECK(value == &task);
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    weft_unref(task);
    return weft_sleep(0);
}

CASE(wait_for, C096_gives_the_value_that_the_inner_makes_of_the_cancel)
{
    BOTH(&gets_the_value, NULL);
}

WEFT_CORO(gets_the_value_inline)
{
    void *value = NULL;

    CHECK_INT(weft_wait_for(weft_coro(&turns_cancel_into_value, &value), WEFT_MS(2), &value), 0);
    CHECK(value == &value);
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    return weft_sleep(0);
}

CASE(wait_for, C100_gives_the_value_of_an_inner_that_swallows_the_cancel)
{
    BOTH(&gets_the_value_inline, NULL);
}

/* ---- C098 ---- */

WEFT_CORO(fails_while_cleaning_up)
{
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    return -EIO;
}

WEFT_CORO(gets_the_error)
{
    weft_task_t *task = weft_create_task(weft_coro(&fails_while_cleaning_up, NULL));

    CHECK_INT(weft_wait_for(task, WEFT_MS(2), NULL), -EIO);
    weft_unref(task);
    task = weft_create_task(weft_coro(&fails_while_cleaning_up, NULL));
    CHECK_INT(weft_sleep(WEFT_MS(1)), 0);
    CHECK_INT(weft_wait_for(task, 0, NULL), -EIO);
    weft_unref(task);
    return weft_sleep(0);
}

CASE(wait_for, C098_an_error_of_the_clean_up_replaces_the_timeout)
{
    BOTH(&gets_the_error, NULL);
}

/* ---- C099 ---- */

static weft_future_t *begun;

WEFT_CORO(sleeps_for_ever)
{
    return weft_sleep(WEFT_NONE);
}

struct limit {
    weft_task_t *inner;
    weft_ns_t timeout;
};

WEFT_CORO(waits_with_a_limit)
{
    struct limit *l = arg;

    weft_set_result(begun, NULL);
    return weft_wait_for(l->inner, l->timeout, NULL);
}

WEFT_CORO(cancels_the_waiter)
{
    struct limit l = {weft_create_task(weft_coro(&sleeps_for_ever, NULL)),
                      arg ? WEFT_NONE : WEFT_S(3600)};
    begun = weft_create_future(NULL);
    weft_task_t *waiter = weft_create_task(weft_coro(&waits_with_a_limit, &l));

    CHECK_INT(weft_join(begun, NULL), 0);
    CHECK(weft_cancel(waiter));
    CHECK_INT(weft_await(waiter, NULL), -ECANCELED);
    CHECK(weft_cancelled(waiter) && weft_cancelled(l.inner));
    weft_unref(waiter);
    weft_unref(l.inner);
    return 0;
}

CASE(wait_for, C099_cancel_of_the_waiter_cancels_the_inner)
{
    BOTH(&cancels_the_waiter, NULL);
    BOTH(&cancels_the_waiter, "");
}

/* ---- C101 ---- */

WEFT_CORO(awaits_its_argument_with_a_limit)
{
    weft_set_result(begun, NULL);
    return weft_wait_for(arg, WEFT_S(10), NULL);
}

WEFT_CORO(cancels_as_the_inner_is_done)
{
    weft_future_t *inner = weft_create_future(NULL);
    begun = weft_create_future(NULL);
    weft_task_t *waiter = weft_create_task(weft_coro(&awaits_its_argument_with_a_limit, inner));
    void *value = NULL;

    CHECK_INT(weft_join(begun, NULL), 0);
    turn();
    weft_set_result(inner, &value);
    CHECK(weft_cancel(waiter)); /* it is done, but the waiter has not seen it yet */
    CHECK_INT(weft_join(waiter, NULL), -ECANCELED);
    CHECK_INT(weft_await(inner, &value), 0);
    CHECK(value == &value);
    weft_unref(inner);
    return 0;
}

CASE_ORDERED(wait_for, C101_a_cancel_as_the_inner_is_just_done_is_not_lost)
{
    CHECK_INT(run(&cancels_as_the_inner_is_done, NULL), 0);
}

CASE(wait_for, C101_the_same_in_a_strand)
{
    CHECK_INT(run_serial(&cancels_as_the_inner_is_done, NULL), 0);
}

/* ---- beyond the list: as an object ---- */

WEFT_CORO(gathers_limited)
{
    weft_result_t r[3] = {{0}};
    weft_task_t *task = weft_create_task(weft_coro(&sleeps_for_ever, NULL));

    CHECK_INT(weft_gather(WEFT_AWS(weft_wait_for_coro(task, WEFT_MS(2)),
                                   weft_wait_for_coro(weft_sleep_coro(0, &r), WEFT_S(30)),
                                   weft_sleep_coro(WEFT_MS(1), r)),
                          r, .return_exceptions = true),
              0);
    CHECK_INT(r[0].err, -ETIMEDOUT);
    CHECK(r[1].err == 0 && r[1].value == &r);
    CHECK(r[2].err == 0 && r[2].value == r);
    CHECK(weft_cancelled(task));
    weft_coro_close(weft_wait_for_coro(weft_sleep_coro(0, NULL), 0));
    weft_unref(weft_wait_for_coro(task, 0));
    weft_unref(task);
    CHECK_INT(weft_join(weft_wait_for_coro(NULL, 0), NULL), -EINVAL);
    return 0;
}

CASE(wait_for, is_a_coroutine_object_too)
{
    BOTH(&gathers_limited, NULL);
}
