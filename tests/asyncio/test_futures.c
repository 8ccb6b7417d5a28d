/* SPDX-License-Identifier: MIT */
/* futures: the conformance items on asyncio.Future. */
#include <string.h>

#include "tests/support/loops.h"
#include "tests/support/reports.h"
#include "tests/support/serial.h"

TestSuite(futures, .timeout = 60);

/* ---- C001, C003, C004, C005, C006, C023: outcomes ---- */

WEFT_CORO(looks_at_a_new_one)
{
    weft_future_t *future = weft_create_future(NULL);

    CHECK(weft_isfuture(future));
    CHECK(!weft_done(future));
    CHECK(!weft_cancelled(future));
    weft_unref(future);
    return 0;
}

CASE(futures, C001_a_new_one_is_neither_done_nor_cancelled)
{
    BOTH(&looks_at_a_new_one, NULL);
}

WEFT_CORO(sets_a_result)
{
    weft_future_t *future = weft_create_future(NULL);
    void *value = NULL;

    CHECK_INT(weft_result(future, &value), WEFT_EINVALIDSTATE);
    CHECK_INT(weft_set_result(future, &value), 0);
    CHECK_INT(weft_set_result(future, NULL), WEFT_EINVALIDSTATE);
    CHECK_INT(weft_result(future, &value), 0);
    CHECK(value == &value);
    CHECK_INT(weft_exception(future), 0);
    weft_unref(future);
    return 0;
}

CASE(futures, C003_a_result_is_there_once_it_is_set_and_is_set_once)
{
    BOTH(&sets_a_result, NULL);
}

WEFT_CORO(sets_an_error)
{
    weft_future_t *future = weft_create_future(NULL);

    CHECK_INT(weft_exception(future), WEFT_EINVALIDSTATE);
    CHECK_INT(weft_set_exception(future, -EIO), 0);
    CHECK_INT(weft_set_exception(future, -EIO), WEFT_EINVALIDSTATE);
    CHECK_INT(weft_set_result(future, NULL), WEFT_EINVALIDSTATE);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(weft_exception(future), -EIO);
        CHECK_INT(weft_result(future, NULL), -EIO);
    }
    weft_unref(future);
    return 0;
}

CASE(futures, C004_an_error_comes_out_every_time)
{
    BOTH(&sets_an_error, NULL);
}

/* Adapted: what may not be stored is what is no error, and what only a cancel stands for. */
WEFT_CORO(sets_what_is_no_error)
{
    weft_future_t *future = weft_create_future(NULL);

    CHECK_INT(weft_set_exception(future, 0), -EINVAL);
    CHECK_INT(weft_set_exception(future, 1), -EINVAL);
    CHECK_INT(weft_set_exception(future, -ECANCELED), -EINVAL);
    CHECK(!weft_done(future));
    CHECK_INT(weft_set_result(future, NULL), 0);
    weft_unref(future);
    return 0;
}

CASE(futures, C005_what_is_no_error_is_not_stored)
{
    BOTH(&sets_what_is_no_error, NULL);
}

WEFT_CORO(sets_what_was_cancelled)
{
    weft_future_t *future = weft_create_future(NULL);

    CHECK(weft_cancel(future));
    CHECK_INT(weft_set_result(future, &future), WEFT_EINVALIDSTATE);
    CHECK_INT(weft_set_exception(future, -EIO), WEFT_EINVALIDSTATE);
    CHECK(weft_cancelled(future));
    CHECK_INT(weft_await(future, NULL), -ECANCELED);
    weft_unref(future);
    return 0;
}

CASE(futures, C006_a_result_that_comes_after_a_cancel_changes_nothing)
{
    BOTH(&sets_what_was_cancelled, NULL);
}

WEFT_CORO(awaits_again_and_again)
{
    weft_future_t *future = weft_create_future(NULL);

    CHECK_INT(weft_set_result(future, future), 0);
    for (int i = 0; i < 5; i++) {
        void *value = NULL;
        CHECK_INT(weft_await(future, &value), 0);
        CHECK(value == future);
    }
    weft_unref(future);
    return 0;
}

CASE(futures, C023_one_that_is_done_is_awaited_again_and_again)
{
    BOTH(&awaits_again_and_again, NULL);
}

/* ---- C008, C009, C010, C011: done callbacks ---- */

struct calls { /* the text grows in the callbacks, which are called one at a time */
    weft_future_t *future, *end;
    char text[16];
    _Atomic(size_t) length;
};

static void called(struct calls *c, char letter)
{
    CHECK(c->length < sizeof c->text - 1);
    CHECK(weft_done(c->future) && !weft_current_task());
    c->text[c->length++] = letter;
}

static void call_a(weft_future_t *future, void *arg)
{
    struct calls *c = arg;

    CHECK(future == c->future);
    called(c, 'a');
}

static void call_b(weft_future_t *future, void *arg)
{
    (void)future;
    called(arg, 'b');
}

static void call_c(weft_future_t *future, void *arg)
{
    (void)future;
    called(arg, 'c');
}

static void call_end(weft_future_t *future, void *arg)
{
    (void)future;
    weft_set_result(((struct calls *)arg)->end, NULL);
}

static void open_calls(struct calls *c)
{
    *c = (struct calls){.future = weft_create_future(NULL), .end = weft_create_future(NULL)};
}

/* Adds call_end, completes the future and waits for it: then all were called. */
static void finish_calls(struct calls *c, const char *text)
{
    CHECK_INT(weft_add_done_callback(c->future, call_end, c), 0);
    weft_set_result(c->future, NULL);
    CHECK_INT(weft_join(c->end, NULL), 0);
    CHECK(strcmp(c->text, text) == 0);
    weft_unref(c->future);
}

static void add_abc(struct calls *c)
{
    CHECK_INT(weft_add_done_callback(c->future, call_a, c), 0);
    CHECK_INT(weft_add_done_callback(c->future, call_b, c), 0);
    CHECK_INT(weft_add_done_callback(c->future, call_c, c), 0);
}

WEFT_CORO(adds_callbacks)
{
    struct calls c;

    open_calls(&c);
    add_abc(&c);
    CHECK_INT(weft_add_done_callback(c.future, call_a, &c), 0);
    CHECK_INT(weft_add_done_callback(c.future, call_end, &c), 0);
    if (arg)
        weft_set_exception(c.future, -EIO);
    else
        weft_set_result(c.future, NULL);
    CHECK_INT(weft_join(c.end, NULL), 0);
    CHECK(strcmp(c.text, "abca") == 0);
    CHECK_INT(weft_exception(c.future), arg ? -EIO : 0);
    weft_unref(c.future);
    return 0;
}

CASE(futures, C008_each_callback_is_called_once_in_the_order_of_adding)
{
    BOTH(&adds_callbacks, NULL);
    BOTH(&adds_callbacks, "an error");
}

WEFT_CORO(looks_right_after_the_set)
{
    struct calls c;

    open_calls(&c);
    add_abc(&c);
    weft_set_result(c.future, NULL);
    CHECK_INT(c.length, 0);
    finish_calls(&c, "abc");
    return 0;
}

CASE_ORDERED(futures, C008_no_callback_is_called_before_the_setter_goes_on)
{
    CHECK_INT(run(&looks_right_after_the_set, NULL), 0);
}

WEFT_CORO(returns_at_once)
{
    return 0;
}

/* t.add_done_callback(f); await t: f has been called */
WEFT_CORO(awaits_after_the_callback_was_added)
{
    weft_task_t *task = weft_create_task(weft_coro(&returns_at_once, NULL));
    struct calls c = {.future = task};

    CHECK_INT(weft_add_done_callback(task, call_a, &c), 0);
    CHECK_INT(weft_await(task, NULL), 0);
    CHECK(strcmp(c.text, "a") == 0);
    turn();
    weft_unref(task);
    return 0;
}

CASE_ORDERED(futures, C008_a_callback_is_called_before_who_awaits_after_it_was_added)
{
    CHECK_INT(run(&awaits_after_the_callback_was_added, NULL), 0);
}

WEFT_CORO(removes_at_each_place)
{
    static const struct {
        weft_done_fn_t fn;
        const char *left;
    } place[] = {{call_a, "bc"}, {call_b, "ac"}, {call_c, "ab"}};

    for (int i = 0; i < 3; i++) {
        struct calls c;
        open_calls(&c);
        add_abc(&c);
        CHECK_INT(weft_remove_done_callback(c.future, place[i].fn, &c), 1);
        finish_calls(&c, place[i].left);
    }
    return 0;
}

CASE(futures, C009_a_callback_is_removed_at_any_place)
{
    BOTH(&removes_at_each_place, NULL);
}

WEFT_CORO(removes_equal_ones)
{
    struct calls c;

    open_calls(&c);
    CHECK_INT(weft_remove_done_callback(c.future, call_a, &c), 0);
    add_abc(&c);
    add_abc(&c);
    CHECK_INT(weft_add_done_callback(c.future, call_a, &c), 0);
    CHECK_INT(weft_remove_done_callback(c.future, call_a, NULL), 0);
    CHECK_INT(weft_remove_done_callback(c.future, call_a, &c), 3);
    CHECK_INT(weft_remove_done_callback(c.future, call_a, &c), 0);
    finish_calls(&c, "bcbc");
    return 0;
}

CASE(futures, C010_all_equal_callbacks_are_removed_and_counted)
{
    BOTH(&removes_equal_ones, NULL);
}

static void changes_the_list(weft_future_t *future, void *arg)
{
    called(arg, 'x');
    CHECK_INT(weft_remove_done_callback(future, call_b, arg), 0); /* scheduled: too late */
    CHECK_INT(weft_add_done_callback(future, call_c, arg), 0);
    CHECK_INT(weft_add_done_callback(future, call_end, arg), 0);
}

WEFT_CORO(changes_inside_a_callback)
{
    struct calls c;

    open_calls(&c);
    CHECK_INT(weft_add_done_callback(c.future, changes_the_list, &c), 0);
    CHECK_INT(weft_add_done_callback(c.future, call_b, &c), 0);
    weft_set_result(c.future, NULL);
    CHECK_INT(weft_join(c.end, NULL), 0);
    CHECK(strcmp(c.text, "xbc") == 0);
    weft_unref(c.future);
    return 0;
}

CASE(futures, C011_a_callback_may_add_and_remove_others)
{
    BOTH(&changes_inside_a_callback, NULL);
}

/* ---- C013, C014, C015, C016: errors that nobody looked at ---- */

WEFT_CORO(drops_a_pending_one)
{
    listen();
    weft_unref(weft_create_future(NULL));
    CHECK_INT(reports, 0);
    return 0;
}

CASE(futures, C013_a_pending_one_is_dropped_in_silence)
{
    BOTH(&drops_a_pending_one, NULL);
}

WEFT_CORO(drops_a_result)
{
    weft_future_t *future = weft_create_future(NULL);

    listen();
    weft_set_result(future, &future);
    weft_unref(future);
    CHECK_INT(reports, 0);
    return 0;
}

CASE(futures, C014_a_result_is_dropped_in_silence)
{
    BOTH(&drops_a_result, NULL);
}

WEFT_CORO(drops_an_error)
{
    weft_future_t *future = weft_create_future(NULL);

    listen();
    weft_set_exception(future, -EIO);
    weft_ref(future);
    weft_unref(future);
    CHECK_INT(reports, 0);
    weft_unref(future);
    CHECK_INT(reports, 1);
    CHECK_INT(report.error, -EIO);
    CHECK(report.future == future && !report.task);
    CHECK(strstr(report.message, "never retrieved") != NULL);
    return 0;
}

CASE(futures, C015_an_error_that_nobody_read_is_reported_with_the_last_reference)
{
    BOTH(&drops_an_error, NULL);
}

static void keep(weft_loop_t *loop, const weft_exception_context_t *context, void *kept)
{
    (void)loop;
    *(weft_future_t **)kept = weft_ref(context->future);
    reports++;
}

WEFT_CORO(drops_what_the_handler_keeps)
{
    weft_future_t *future = weft_create_future(NULL), *kept = NULL, *next;

    reports = 0;
    weft_loop_set_exception_handler(weft_get_running_loop(), keep, &kept);
    weft_set_exception(future, -EIO);
    weft_unref(future);
    CHECK(kept == future);
    next = weft_create_future(NULL);
    CHECK(next != kept);
    CHECK(weft_done(kept) && !weft_done(next));
    weft_unref(kept);
    CHECK_INT(reports, 1);
    weft_unref(next);
    return 0;
}

CASE(futures, C015_what_the_handler_keeps_a_reference_to_is_not_freed_and_not_reported_again)
{
    BOTH(&drops_what_the_handler_keeps, NULL);
}

WEFT_CORO(reads_an_error)
{
    listen();
    for (int i = 0; i < 3; i++) {
        weft_future_t *future = weft_create_future(NULL);
        weft_set_exception(future, -EIO);
        CHECK_INT(i == 0   ? weft_result(future, NULL)
                  : i == 1 ? weft_exception(future)
                           : weft_await(future, NULL),
                  -EIO);
        weft_unref(future);
    }
    CHECK_INT(reports, 0);
    return 0;
}

CASE(futures, C016_an_error_that_was_read_is_dropped_in_silence)
{
    BOTH(&reads_an_error, NULL);
}

/* The last reference may be that of the callback's handle, on another worker. */
WEFT_CORO(adds_callbacks_that_do_not_look)
{
    struct calls c;

    listen();
    open_calls(&c);
    CHECK_INT(weft_add_done_callback(c.future, call_a, &c), 0);
    CHECK_INT(weft_add_done_callback(c.future, call_end, &c), 0);
    weft_set_exception(c.future, -EIO);
    CHECK_INT(weft_join(c.end, NULL), 0);
    weft_unref(c.future);
    while (reports == 0)
        turn();
    CHECK_INT(report.error, -EIO);
    return 0;
}

CASE(futures, C015_a_callback_that_does_not_look_at_the_error_leaves_the_report)
{
    BOTH(&adds_callbacks_that_do_not_look, NULL);
}

WEFT_CORO(removes_its_callback)
{
    struct calls c = {.future = weft_create_future(NULL)};

    listen();
    CHECK_INT(weft_add_done_callback(c.future, call_a, &c), 0);
    CHECK_INT(weft_remove_done_callback(c.future, call_a, &c), 1);
    weft_set_exception(c.future, -EIO);
    weft_unref(c.future);
    CHECK_INT(reports, 1);
    return 0;
}

CASE(futures, C015_a_callback_that_was_removed_leaves_the_report)
{
    BOTH(&removes_its_callback, NULL);
}

/* Its done callback looked at nothing, as it was not called. */
WEFT_CORO(fails_and_drops)
{
    listen();
    CHECK_INT(weft_set_exception(arg, -EIO), 0);
    weft_unref(arg);
    CHECK_INT(reports, 1);
    return 0;
}

CASE(futures, C015_a_run_that_was_stopped_leaves_the_report_of_an_error_that_comes_later)
{
    weft_loop_t *loop = new_loop();
    weft_future_t *future = weft_create_future(loop);

    CHECK_INT(weft_loop_call_soon(loop, stops, loop, NULL), 0);
    CHECK_INT(weft_loop_run_until_complete(loop, future, NULL), WEFT_ESTOPPED);
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&fails_and_drops, future), NULL), 0);
    weft_loop_unref(loop);
}

static void fail_and_drop(weft_loop_t *loop)
{
    weft_future_t *future = weft_create_future(loop);

    CHECK_INT(weft_set_exception(future, -EIO), 0);
    weft_unref(future);
}

CASE(futures, C015_the_handler_of_a_loop_that_does_not_run_is_told_by_who_drops)
{
    weft_loop_t *loop = new_loop();
    weft_future_t *survivor = weft_create_future(loop);

    reports = 0;
    weft_loop_set_exception_handler(loop, count_report, NULL);
    fail_and_drop(loop);
    CHECK_INT(reports, 1);
    CHECK_INT(weft_loop_close(loop), 0);
    fail_and_drop(loop);
    CHECK_INT(reports, 2);
    weft_loop_unref(loop);
    CHECK_INT(weft_set_exception(survivor, -EIO), 0);
    weft_unref(survivor); /* standard error is told */
    CHECK_INT(reports, 2);
}

static void count_in_the_loop(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    CHECK(weft_get_running_loop() == loop && !weft_current_task());
    count_report(loop, context, arg);
}

static void *fails_and_drops_outside(void *loop)
{
    fail_and_drop(loop);
    return NULL;
}

WEFT_CORO(is_told_by_a_thread)
{
    weft_loop_t *loop = weft_get_running_loop();
    pthread_t thread;

    reports = 0;
    weft_loop_set_exception_handler(loop, count_in_the_loop, NULL);
    CHECK_INT(pthread_create(&thread, NULL, fails_and_drops_outside, loop), 0);
    pthread_join(thread, NULL);
    while (reports == 0)
        turn();
    CHECK_INT(report.error, -EIO);
    return 0;
}

/* Real: a thread of its own. */
CASE_REAL(futures, C015_what_a_thread_drops_while_the_loop_runs_is_told_in_the_loop)
{
    BOTH(&is_told_by_a_thread, NULL);
}

static void stops_and_has_a_thread_drop(void *loop)
{
    pthread_t thread;

    weft_loop_stop(loop);
    CHECK_INT(pthread_create(&thread, NULL, fails_and_drops_outside, loop), 0);
    pthread_join(thread, NULL);
}

/* Real: a thread of its own. */
CASE_REAL(futures, C015_what_a_thread_drops_is_told_at_the_end_of_a_loop_that_stops_before)
{
    weft_loop_t *loop = new_loop();

    reports = 0;
    weft_loop_set_exception_handler(loop, count_report, NULL);
    CHECK_INT(weft_loop_call_soon(loop, stops_and_has_a_thread_drop, loop, NULL), 0);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    weft_loop_unref(loop);
    CHECK_INT(reports, 1);
}

WEFT_CORO(cancels_what_has_failed)
{
    listen();
    for (int i = 0; i < 2; i++) {
        weft_future_t *future = weft_create_future(NULL);
        weft_set_exception(future, -EIO);
        CHECK(!(i == 0 ? weft_cancel(future) : weft_cancel_message(future, "late")));
        weft_unref(future);
    }
    CHECK_INT(reports, 0);
    return 0;
}

CASE(futures, C016_the_error_of_one_that_was_cancelled_afterwards_is_dropped_in_silence)
{
    BOTH(&cancels_what_has_failed, NULL);
}

/* ---- C018, C019, C020: a future of a thread ---- */

static void *completes(void *cf)
{
    CHECK_INT(weft_cfuture_set_result(cf, cf), 0);
    weft_cfuture_unref(cf);
    return NULL;
}

WEFT_CORO(wraps)
{
    weft_cfuture_t *cf = weft_cfuture_create();
    weft_future_t *future = weft_wrap_future(cf, NULL);
    pthread_t thread;
    void *value = NULL;

    CHECK(weft_isfuture(future) && !weft_done(future));
    CHECK_INT(pthread_create(&thread, NULL, completes, weft_cfuture_ref(cf)), 0);
    CHECK_INT(weft_await(future, &value), 0);
    CHECK(value == cf);
    pthread_join(thread, NULL);
    CHECK_INT(weft_cfuture_result(cf, 0, &value), 0);
    CHECK_INT(weft_cfuture_set_result(cf, NULL), WEFT_EINVALIDSTATE);
    weft_unref(future);
    future = weft_wrap_future(cf, NULL); /* of one that is done */
    CHECK_INT(weft_join(future, &value), 0);
    weft_cfuture_unref(cf);
    return 0;
}

/* Real: a thread of its own. */
CASE_REAL(futures, C018_the_result_of_a_threads_future_arrives_in_the_loop)
{
    BOTH(&wraps, NULL);
}

WEFT_CORO(wraps_an_error)
{
    weft_cfuture_t *cf = weft_cfuture_create();
    weft_future_t *future = weft_wrap_future(cf, NULL);

    CHECK_INT(weft_cfuture_set_exception(cf, 0), -EINVAL);
    CHECK_INT(weft_cfuture_set_exception(cf, -EIO), 0);
    CHECK_INT(weft_join(future, NULL), -EIO);
    weft_cfuture_unref(cf);
    return 0;
}

/* Real: a thread of its own. */
CASE_REAL(futures, C018_the_error_of_a_threads_future_arrives_in_the_loop)
{
    BOTH(&wraps_an_error, NULL);
}

WEFT_CORO(cancels_a_wrapping_one)
{
    weft_cfuture_t *cf = weft_cfuture_create();
    weft_future_t *future = weft_wrap_future(cf, NULL);

    CHECK(weft_cancel(future));
    CHECK(weft_cancelled(future));
    CHECK(weft_cfuture_cancelled(cf));
    CHECK_INT(weft_cfuture_result(cf, WEFT_NONE, NULL), -ECANCELED);
    CHECK_INT(weft_cfuture_set_result(cf, NULL), WEFT_EINVALIDSTATE);
    weft_unref(future);
    weft_cfuture_unref(cf);
    return 0;
}

CASE(futures, C019_a_cancel_in_the_loop_cancels_the_threads_future)
{
    BOTH(&cancels_a_wrapping_one, NULL);
}

WEFT_CORO(cancels_a_wrapped_one)
{
    weft_cfuture_t *cf = weft_cfuture_create();
    weft_future_t *future = weft_wrap_future(cf, NULL);

    CHECK(weft_cfuture_cancel(cf));
    CHECK(weft_cfuture_cancel(cf)); /* it is */
    CHECK_INT(weft_join(future, NULL), -ECANCELED);
    weft_cfuture_unref(cf);
    cf = weft_cfuture_create();
    future = weft_wrap_future(cf, NULL);
    weft_cfuture_unref(cf); /* nobody can complete it any more */
    CHECK_INT(weft_join(future, NULL), -ECANCELED);
    return 0;
}

CASE(futures, C019_a_cancel_of_the_threads_future_arrives_in_the_loop)
{
    BOTH(&cancels_a_wrapped_one, NULL);
}

WEFT_CORO(cancels_after_the_result)
{
    weft_cfuture_t *cf = weft_cfuture_create();
    weft_future_t *future = weft_wrap_future(cf, NULL);
    void *value = NULL;

    CHECK_INT(weft_cfuture_set_result(cf, cf), 0);
    weft_cancel(future); /* in vain: no loop has to be waited for until it is done too */
    CHECK_INT(weft_cfuture_result(cf, 0, &value), 0);
    CHECK(value == cf && !weft_cfuture_cancelled(cf));
    weft_unref(future);
    weft_cfuture_unref(cf);
    return 0;
}

CASE(futures, C020_a_threads_result_stands_when_the_loop_cancels_afterwards)
{
    BOTH(&cancels_after_the_result, NULL);
}

/* What the list has not: the source may be a task, of another loop. */
static weft_task_t *inside;

WEFT_CORO(waits_to_be_cancelled)
{
    inside = weft_current_task();
    weft_cfuture_set_result(arg, NULL);
    return forever();
}

WEFT_CORO(wraps_a_task)
{
    weft_cfuture_t *begun = weft_cfuture_create();
    weft_coro_t *coro = weft_coro(&waits_to_be_cancelled, begun);
    weft_cfuture_t *cf = weft_run_coroutine_threadsafe(coro, weft_get_running_loop());
    weft_future_t *future = weft_wrap_future(cf, NULL);

    CHECK_INT(weft_join(weft_wrap_future(begun, NULL), NULL), 0);
    CHECK_INT(weft_cancelling(inside), 0);
    weft_cancel(future);
    CHECK_INT(weft_join(future, NULL), -ECANCELED);
    while (!weft_cfuture_done(cf))
        turn();
    CHECK_INT(weft_cfuture_result(cf, 0, NULL), -ECANCELED);
    weft_cfuture_unref(cf);
    weft_cfuture_unref(begun);
    return 0;
}

CASE(futures, C019_a_cancel_in_the_loop_cancels_the_task_behind)
{
    BOTH(&wraps_a_task, NULL);
}

static char details[64];

static void keeps_the_details(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    (void)arg;
    snprintf(details, sizeof details, "%s", weft_error_message(context->details));
}

WEFT_CORO(fails_with_a_message)
{
    return weft_raise(-EIO, "the disk is on fire");
}

WEFT_CORO(drops_a_failed_task)
{
    weft_task_t *task = weft_create_task(weft_coro(&fails_with_a_message, NULL));

    details[0] = '\0';
    weft_loop_set_exception_handler(weft_get_running_loop(), keeps_the_details, NULL);
    while (!weft_done(task))
        turn();
    weft_unref(task);
    CHECK(strcmp(details, "the disk is on fire") == 0);
    return 0;
}

CASE_ORDERED(futures, C015_the_report_has_what_is_known_of_the_error)
{
    BOTH(&drops_a_failed_task, NULL);
}

/* ---- C021: adapted: the place is known without debug mode too ---- */

WEFT_CORO(drops_an_error_here)
{
    weft_future_t *future = weft_create_future(NULL);

    listen();
    weft_set_exception(future, -EIO);
    weft_unref(future);
    CHECK_INT(reports, 1);
    CHECK(strstr(report.where, "test_futures.c:") != NULL);
    return 0;
}

CASE(futures, C021_it_is_known_where_it_was_created)
{
    BOTH(&drops_an_error_here, NULL);
}

/* ---- C024: adapted: one completes it while another changes its callbacks ---- */

struct race {
    weft_future_t *future;
    _Atomic(int) called, removed;
};

static void count_call(weft_future_t *future, void *arg)
{
    (void)future;
    ((struct race *)arg)->called++;
}

static void *add_and_remove(void *arg)
{
    struct race *race = arg;

    for (int i = 0; i < 100; i++) {
        CHECK_INT(weft_add_done_callback(race->future, count_call, race), 0);
        if (i % 2)
            race->removed += (int)weft_remove_done_callback(race->future, count_call, race);
    }
    return NULL;
}

WEFT_CORO(completes_meanwhile)
{
    struct race race = {.future = weft_create_future(NULL)};
    pthread_t thread;

    CHECK_INT(pthread_create(&thread, NULL, add_and_remove, &race), 0);
    turn();
    weft_set_result(race.future, NULL);
    pthread_join(thread, NULL);
    while (race.called + race.removed < 100 && weft_sleep(0) == 0)
        ;
    CHECK_INT(race.called + race.removed, 100);
    weft_unref(race.future);
    return 0;
}

/* Real: a thread of its own. */
CASE_REAL(futures, C024_each_callback_is_called_or_removed_when_the_list_changes_meanwhile)
{
    for (int i = 0; i < 10; i++)
        BOTH(&completes_meanwhile, NULL);
}

/* ---- beyond the list ---- */

struct late {
    weft_future_t *future, *end;
    int called;
};

enum { EARLY = 50 }; /* what is to be caught lasts as long as they are told */

static void is_late(weft_future_t *future, void *arg)
{
    struct late *late = arg;

    CHECK(future == late->future);
    CHECK_INT(late->called, EARLY);
    weft_set_result(late->end, NULL);
}

static void adds_one_late(weft_future_t *future, void *arg)
{
    CHECK_INT(weft_add_done_callback(future, is_late, arg), 0);
}

static void is_early(weft_future_t *future, void *arg)
{
    CHECK(weft_done(future));
    ((struct late *)arg)->called++;
}

WEFT_CORO(completes_again_and_again)
{
    for (int i = 0; i < 100 && !failure[0]; i++) {
        struct late late = {weft_create_future(NULL), weft_create_future(NULL), 0};
        CHECK_INT(weft_add_done_callback(late.future, adds_one_late, &late), 0);
        for (int j = 0; j < EARLY; j++)
            CHECK_INT(weft_add_done_callback(late.future, is_early, &late), 0);
        weft_set_result(late.future, NULL);
        CHECK_INT(weft_await(late.end, NULL), 0);
        weft_unref(late.future);
        weft_unref(late.end);
    }
    return 0;
}

CASE(futures, what_a_callback_adds_is_called_after_all_that_were_there)
{
    BOTH(&completes_again_and_again, NULL);
}
