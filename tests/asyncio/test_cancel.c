/* SPDX-License-Identifier: MIT */
/* cancel: the conformance items on how a cancellation reaches a task, and what it says. */
#include <string.h>

#include "tests/support/serial.h"

TestSuite(cancel, .timeout = 60);

static weft_future_t *begun; /* completed by a task that has reached its wait */

static void wait_begun(void)
{
    CHECK_INT(weft_join(begun, NULL), 0);
}

static weft_task_t *begin(const weft_corofn_t *fn, void *arg)
{
    begun = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(fn, arg));
    wait_begun();
    return task;
}

WEFT_CORO(sleeps_for_ever)
{
    if (arg)
        weft_set_result(begun, NULL);
    return weft_sleep(WEFT_NONE);
}

WEFT_CORO(awaits)
{
    weft_set_result(begun, NULL);
    return weft_await(arg, result);
}

static bool says(const weft_error_t *error, const char *text)
{
    const char *message = weft_error_message(error);

    return text ? message && strcmp(message, text) == 0 : !message;
}

/* ---- C034, C035, C036 ---- */

WEFT_CORO(cancels_a_waiter)
{
    weft_task_t *task = begin(&sleeps_for_ever, "");

    CHECK(weft_cancel(task));
    CHECK_INT(weft_await(task, NULL), -ECANCELED);
    CHECK(weft_done(task) && weft_cancelled(task));
    CHECK(!weft_cancel(task));
    weft_unref(task);
    return 0;
}

CASE(cancel, C034_while_it_waits_the_task_ends_and_a_second_one_is_false)
{
    BOTH(&cancels_a_waiter, NULL);
}

WEFT_CORO(yields)
{
    int rc = 0;

    weft_set_result(begun, NULL);
    while (rc == 0)
        rc = weft_sleep(0);
    return rc;
}

WEFT_CORO(cancels_a_yielder)
{
    weft_task_t *task = begin(&yields, NULL);

    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    return 0;
}

CASE(cancel, C035_ends_a_task_that_only_yields)
{
    BOTH(&cancels_a_yielder, NULL);
}

WEFT_CORO(cancels_the_inner)
{
    weft_future_t *inner = weft_create_future(NULL);
    weft_task_t *task = begin(&awaits, inner);

    CHECK(weft_cancel(inner));
    CHECK_INT(weft_await(task, NULL), -ECANCELED);
    CHECK(weft_cancelled(task));
    CHECK_INT(weft_cancelling(task), 0);
    weft_unref(task);
    weft_unref(inner);
    return 0;
}

CASE(cancel, C036_of_what_it_waits_for_cancels_the_task)
{
    BOTH(&cancels_the_inner, NULL);
}

/* ---- several await what is cancelled ---- */

static weft_future_t *shared;
static char went_on[3];
static size_t how_many;

WEFT_CORO(awaits_the_shared_one)
{
    CHECK_INT(weft_await(shared, NULL), -ECANCELED);
    went_on[how_many++] = *(char *)arg;
    return 0;
}

/* a, b, c = three tasks that await f; b.cancel(): they go on in the order a, b, c */
WEFT_CORO(cancels_one_of_three)
{
    weft_task_t *task[3];

    shared = weft_create_future(NULL);
    how_many = 0;
    for (int i = 0; i < 3; i++)
        task[i] = weft_create_task(weft_coro(&awaits_the_shared_one, &"abc"[i]));
    turn();
    CHECK(weft_cancel(task[(intptr_t)arg]));
    for (int i = 0; i < 3; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    CHECK(how_many == 3 && memcmp(went_on, "abc", 3) == 0);
    weft_unref(shared);
    return 0;
}

CASE_ORDERED(cancel, of_one_of_several_awaiters_wakes_all_in_their_order)
{
    for (intptr_t i = 0; i < 3; i++)
        CHECK_INT(run(&cancels_one_of_three, (void *)i), 0);
}

/* ---- C038, C039 ---- */

WEFT_CORO(catches)
{
    weft_set_result(begun, NULL);
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    *result = (void *)42;
    return 0;
}

WEFT_CORO(cancels_a_catcher)
{
    weft_task_t *task = begin(&catches, NULL);
    void *value = NULL;

    CHECK(weft_cancel(task));
    CHECK_INT(weft_await(task, &value), 0);
    CHECK_INT((intptr_t)value, 42);
    CHECK(weft_done(task) && !weft_cancelled(task));
    weft_unref(task);
    return 0;
}

CASE(cancel, C038_may_be_caught_and_a_value_returned)
{
    BOTH(&cancels_a_catcher, NULL);
}

static weft_future_t *second;

WEFT_CORO(ignores)
{
    weft_set_result(begun, NULL);
    CHECK_INT(weft_await(arg, NULL), -ECANCELED);
    return weft_await(second, result);
}

WEFT_CORO(cancels_an_ignorer)
{
    weft_future_t *first = weft_create_future(NULL);
    second = weft_create_future(NULL);
    weft_task_t *task = begin(&ignores, first);
    void *value = NULL;

    CHECK(weft_cancel(task));
    while (!weft_done(first))
        turn();
    turn();
    CHECK(weft_cancelled(first) && !weft_done(second));
    weft_set_result(second, &value);
    CHECK_INT(weft_join(task, &value), 0);
    CHECK(value == &value);
    weft_unref(first);
    weft_unref(second);
    return 0;
}

CASE(cancel, C039_caught_leaves_what_the_task_waits_for_next_alone)
{
    BOTH(&cancels_an_ignorer, NULL);
}

/* ---- C040, C041 ---- */

WEFT_CORO(cancels_itself)
{
    CHECK(weft_cancel(weft_current_task()));
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    return -ECANCELED;
}

CASE(cancel, C040_of_oneself_strikes_at_the_next_suspension)
{
    CHECK_INT(run(&cancels_itself, NULL), -ECANCELED);
}

WEFT_CORO(cancels_itself_at_the_end)
{
    *result = arg;
    CHECK(weft_cancel(weft_current_task()));
    return 0;
}

WEFT_CORO(awaits_one_that_cancels_itself)
{
    weft_task_t *task = weft_create_task(weft_coro(&cancels_itself_at_the_end, &task));
    void *value = NULL;

    CHECK_INT(weft_await(task, &value), -ECANCELED);
    CHECK(weft_cancelled(task) && !value);
    weft_unref(task);
    return 0;
}

CASE(cancel, C041_of_oneself_at_the_end_loses_the_value)
{
    BOTH(&awaits_one_that_cancels_itself, NULL);
}

/* t.cancel(); raise OSError(5, "x"): the task fails with that */
WEFT_CORO(cancels_itself_and_fails)
{
    CHECK(weft_cancel_message(weft_current_task(), "not this"));
    return weft_raise(-EIO, "but this");
}

WEFT_CORO(awaits_one_that_cancels_itself_and_fails)
{
    weft_task_t *task = weft_create_task(weft_coro(&cancels_itself_and_fails, NULL));

    if (arg)
        turn();
    CHECK_INT(weft_await(task, NULL), -EIO);
    CHECK(!weft_cancelled(task));
    CHECK_INT(weft_exception(task), -EIO);
    CHECK(says(weft_error_of(task), "but this"));
    weft_unref(task);
    return 0;
}

CASE(cancel, of_oneself_before_an_error_leaves_the_error)
{
    BOTH(&awaits_one_that_cancels_itself_and_fails, NULL);
    BOTH(&awaits_one_that_cancels_itself_and_fails, "");
}

/* ---- C043, C044: messages ---- */

static _Atomic(int) ran;

WEFT_CORO(never_runs)
{
    ran++;
    return 0;
}

WEFT_CORO(cancels_before_the_start)
{
    weft_task_t *task = weft_create_task(weft_coro(&never_runs, NULL));

    CHECK(weft_cancel_message(task, "my message"));
    CHECK_INT(weft_await(task, NULL), -ECANCELED);
    CHECK(says(weft_last_error(), "my message"));
    CHECK(says(weft_error_of(task), "my message"));
    CHECK_INT(ran, 0);
    weft_unref(task);
    return 0;
}

CASE_ORDERED(cancel, C043_before_the_start_keeps_the_body_from_running_and_its_message_arrives)
{
    ran = 0;
    CHECK_INT(run(&cancels_before_the_start, NULL), 0);
}

CASE(cancel, C043_before_the_start_the_same_in_a_strand)
{
    ran = 0;
    CHECK_INT(run_serial(&cancels_before_the_start, NULL), 0);
}

WEFT_CORO(reads_the_message)
{
    weft_set_result(begun, NULL);
    int rc = weft_await(arg, NULL);
    CHECK_INT(rc, -ECANCELED);
    CHECK(says(weft_last_error(), "bye"));
    return rc;
}

WEFT_CORO(sends_a_message)
{
    weft_future_t *future = weft_create_future(NULL);
    weft_task_t *task = begin(&reads_the_message, future);
    char text[] = "bye";

    CHECK(weft_cancel_message(task, text));
    memset(text, 'x', 3);
    CHECK_INT(weft_await(task, NULL), -ECANCELED);
    CHECK(says(weft_last_error(), "bye"));
    CHECK(says(weft_error_of(task), "bye"));
    weft_unref(task);
    weft_unref(future);
    return 0;
}

CASE(cancel, C044_the_message_reaches_the_task_and_its_awaiter)
{
    BOTH(&sends_a_message, NULL);
}

WEFT_CORO(sends_a_message_to_a_future)
{
    weft_future_t *future = weft_create_future(NULL);
    weft_task_t *task = begin(&reads_the_message, future);

    CHECK(weft_cancel_message(future, "bye"));
    CHECK_INT(weft_await(task, NULL), -ECANCELED);
    CHECK(says(weft_last_error(), "bye"));
    CHECK(says(weft_error_of(future), "bye"));
    CHECK(!weft_cancel_message(future, "again"));
    weft_unref(task);
    weft_unref(future);
    return 0;
}

CASE(cancel, C044_the_message_of_a_future_reaches_who_awaits_it)
{
    BOTH(&sends_a_message_to_a_future, NULL);
}

static weft_task_t *first;

WEFT_CORO(awaits_the_first)
{
    int rc = weft_await(arg, NULL);

    return rc < 0 ? rc : weft_await(first, NULL);
}

WEFT_CORO(awaits_in_a_gather)
{
    weft_set_result(begun, NULL);
    int rc = weft_gather(WEFT_AWS(weft_ref(arg)), NULL);
    CHECK_INT(rc, -ECANCELED);
    CHECK(says(weft_last_error(), "bye"));
    return rc;
}

WEFT_CORO(sends_a_message_into_a_circle)
{
    weft_future_t *gate = weft_create_future(NULL);
    weft_task_t *other = weft_create_task(weft_coro(&awaits_the_first, gate));

    first = begin(&awaits_in_a_gather, other);
    weft_set_result(gate, NULL);
    for (int i = 0; i < 5; i++) /* mostly it is closed then; else there is no circle */
        CHECK_INT(weft_sleep(0), 0);
    CHECK(weft_cancel_message(first, "bye"));
    CHECK_INT(weft_await(first, NULL), -ECANCELED);
    CHECK_INT(weft_join(other, NULL), -ECANCELED);
    weft_unref(first);
    weft_unref(gate);
    return 0;
}

CASE(cancel, C044_the_message_comes_round_a_circle)
{
    BOTH(&sends_a_message_into_a_circle, NULL);
}

WEFT_CORO(awaits_a_reader)
{
    weft_future_t *future = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&reads_the_message, future));
    int rc = weft_join(task, NULL);

    CHECK_INT(rc, -ECANCELED);
    CHECK(says(weft_last_error(), "bye"));
    weft_unref(future);
    return rc;
}

WEFT_CORO(sends_a_message_inward)
{
    weft_task_t *task = begin(&awaits_a_reader, NULL);

    for (int i = 0; i < 4; i++)
        turn();
    CHECK(weft_cancel_message(task, "bye"));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    CHECK(says(weft_last_error(), "bye"));
    return 0;
}

CASE(cancel, C044_the_message_goes_inward_and_comes_out)
{
    BOTH(&sends_a_message_inward, NULL);
}

WEFT_CORO(replaces_a_message)
{
    weft_task_t *task = weft_create_task(weft_coro(&never_runs, NULL));

    CHECK(weft_cancel_message(task, "one"));
    CHECK(weft_cancel_message(task, "two"));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    CHECK(says(weft_last_error(), "two"));
    task = weft_create_task(weft_coro(&never_runs, NULL));
    CHECK(weft_cancel_message(task, "one"));
    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    CHECK(says(weft_last_error(), NULL));
    CHECK(weft_cancel_message(weft_current_task(), "withdrawn"));
    CHECK_INT(weft_uncancel(weft_current_task()), 0);
    CHECK_INT(weft_sleep(0), 0);
    CHECK(weft_cancel(weft_current_task()));
    CHECK_INT(weft_sleep(0), -ECANCELED);
    CHECK(says(weft_last_error(), NULL));
    CHECK(!weft_cancel_message(NULL, "nobody"));
    return 0;
}

CASE_ORDERED(cancel, C044_the_last_message_counts)
{
    CHECK_INT(run(&replaces_a_message, NULL), 0);
}

WEFT_CORO(cancels_itself_with_a_message)
{
    CHECK(weft_cancel_message(weft_current_task(), "at the end"));
    return 0;
}

WEFT_CORO(awaits_one_that_ends_with_a_message)
{
    CHECK_INT(weft_join(weft_create_task(weft_coro(&cancels_itself_with_a_message, NULL)), NULL),
              -ECANCELED);
    CHECK(says(weft_last_error(), "at the end"));
    return 0;
}

CASE(cancel, C044_the_message_of_a_cancel_at_the_end_arrives)
{
    BOTH(&awaits_one_that_ends_with_a_message, NULL);
}

/* ---- C045, C046 ---- */

WEFT_CORO(counts)
{
    weft_task_t *task = begin(&catches, NULL);

    CHECK_INT(weft_cancelling(task), 0);
    CHECK_INT(weft_uncancel(task), 0);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_cancelling(task), 1);
    CHECK_INT(weft_await(task, NULL), 0);
    CHECK_INT(weft_uncancel(task), 0);
    CHECK_INT(weft_uncancel(task), 0);
    CHECK(weft_done(task) && !weft_cancelled(task));
    weft_unref(task);
    return 0;
}

CASE(cancel, C045_requests_are_counted_and_taken_back_never_below_zero)
{
    BOTH(&counts, NULL);
}

WEFT_CORO(returns_its_argument)
{
    *result = arg;
    return weft_sleep(0);
}

WEFT_CORO(takes_back_before_the_start)
{
    weft_task_t *task = weft_create_task(weft_coro(&returns_its_argument, &task));
    void *value = NULL;

    CHECK(weft_cancel(task));
    CHECK_INT(weft_uncancel(task), 0);
    CHECK_INT(weft_join(task, &value), 0);
    CHECK(value == &task);
    return 0;
}

CASE_ORDERED(cancel, C046_taken_back_before_it_is_delivered_changes_nothing)
{
    CHECK_INT(run(&takes_back_before_the_start, NULL), 0);
}

CASE(cancel, C046_taken_back_the_same_in_a_strand)
{
    CHECK_INT(run_serial(&takes_back_before_the_start, NULL), 0);
}

/* ---- C048: adapted: what stands for a fatal error is an error as any ---- */

WEFT_CORO(ends_fatally)
{
    weft_set_result(begun, NULL);
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    return -EINTR;
}

WEFT_CORO(cancels_one_that_ends_fatally)
{
    weft_task_t *task = begin(&ends_fatally, NULL);

    CHECK(weft_cancel(task));
    CHECK_INT(weft_await(task, NULL), -EINTR);
    CHECK(weft_done(task) && !weft_cancelled(task));
    CHECK_INT(weft_exception(task), -EINTR);
    weft_unref(task);
    return 0;
}

CASE(cancel, C048_a_fatal_error_while_cancelled_is_stored_and_comes_out)
{
    BOTH(&cancels_one_that_ends_fatally, NULL);
}

/* ---- C049, C050, C051 ---- */

static _Atomic(int) struck;

WEFT_CORO(awaits_and_counts)
{
    weft_set_result(begun, NULL);
    int rc = weft_await(arg, NULL);
    struck += rc == -ECANCELED;
    return rc;
}

WEFT_CORO(joins_and_counts)
{
    int rc = weft_join(weft_create_task(weft_coro(&awaits_and_counts, arg)), NULL);
    struck += rc == -ECANCELED;
    return rc;
}

WEFT_CORO(cancels_a_chain)
{
    weft_future_t *leaf = weft_create_future(NULL);
    weft_task_t *task = begin(&joins_and_counts, leaf);

    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    CHECK(weft_cancelled(leaf));
    CHECK_INT(struck, 2);
    weft_unref(leaf);
    return 0;
}

CASE(cancel, C049_goes_through_a_chain_and_each_sees_it_once)
{
    struck = 0;
    CHECK_INT(run(&cancels_a_chain, NULL), 0);
    struck = 0;
    CHECK_INT(run_serial(&cancels_a_chain, NULL), 0);
}

WEFT_CORO(sleeps_an_hour)
{
    weft_set_result(begun, NULL);
    return weft_sleep(WEFT_S(3600));
}

WEFT_CORO(wakes_a_sleeper)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_ns_t start = weft_loop_time(loop);
    weft_task_t *task = begin(&sleeps_an_hour, NULL);

    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    CHECK(weft_loop_time(loop) - start < WEFT_S(3600));
    return 0;
}

CASE(cancel, C050_wakes_a_sleeper_now)
{
    BOTH(&wakes_a_sleeper, NULL);
}

/* A timer that stayed behind would lie on a frame that is gone; many of them would be found. */
WEFT_CORO(cancels_many_sleeps)
{
    for (int i = 0; i < 2000; i++) {
        CHECK(weft_cancel(weft_current_task()));
        CHECK_INT(weft_sleep(WEFT_MS(1)), -ECANCELED);
        CHECK_INT(weft_uncancel(weft_current_task()), 0);
    }
    weft_ns_t start = weft_loop_time(weft_get_running_loop());
    CHECK_INT(weft_sleep(WEFT_MS(5)), 0);
    CHECK(weft_loop_time(weft_get_running_loop()) - start >= WEFT_MS(5));
    return 0;
}

CASE(cancel, C051_of_a_sleep_takes_its_timer_away)
{
    BOTH(&cancels_many_sleeps, NULL);
}

/* ---- C054: adapted: an error object says where it was raised ---- */

WEFT_CORO(raises)
{
    return weft_raise(-EIO, "broken");
}

WEFT_CORO(looks_for_the_origin)
{
    CHECK_INT(weft_join(weft_create_task(weft_coro(&raises, NULL)), NULL), -EIO);
    CHECK(says(weft_last_error(), "broken"));
    CHECK(strstr(weft_error_where(weft_last_error()), "test_cancel.c:") != NULL);
    return 0;
}

CASE(cancel, C054_an_error_keeps_its_origin)
{
    BOTH(&looks_for_the_origin, NULL);
}

/* ---- C334 ---- */

WEFT_CORO(awaits_twice)
{
    weft_coro_t *coro = weft_coro(&returns_its_argument, NULL);

    CHECK_INT(weft_await(coro, NULL), 0);
    CHECK_INT(weft_await(coro, NULL), -EALREADY);
    CHECK_INT(weft_join(weft_create_task(coro), NULL), -EALREADY);
    return 0;
}

CASE(cancel, C334_a_coroutine_is_used_once)
{
    BOTH(&awaits_twice, NULL);
}
