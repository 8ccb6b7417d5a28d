/* SPDX-License-Identifier: MIT */
/* future: results, done callbacks, and what is said of errors that nobody looked at. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/workers.h"

TestSuite(future, .timeout = 30);

/* ---- results -----------------------------------------------------------------------------------
 */

WEFT_CORO(looks_at_a_new_one)
{
    weft_future_t *future = weft_create_future(NULL);
    void *value = NULL;

    CHECK(!weft_done(future) && !weft_cancelled(future));
    CHECK_INT(weft_result(future, &value), WEFT_EINVALIDSTATE);
    CHECK_INT(weft_exception(future), WEFT_EINVALIDSTATE);
    CHECK_INT(weft_set_result(future, arg), 0);
    CHECK(weft_done(future) && !weft_cancelled(future));
    CHECK_INT(weft_result(future, &value), 0);
    CHECK(value == arg);
    CHECK_INT(weft_exception(future), 0);
    CHECK_INT(weft_set_result(future, NULL), WEFT_EINVALIDSTATE);
    CHECK_INT(weft_set_exception(future, -EIO), WEFT_EINVALIDSTATE);
    CHECK(!weft_cancel(future));
    for (int i = 0; i < 3; i++) {
        value = NULL;
        CHECK_INT(weft_await(future, &value), 0);
        CHECK(value == arg);
    }
    weft_unref(future);
    return 0;
}

CASE(future, is_completed_once_and_read_often) /* C001 C003 C023 */
{
    int x;
    CHECK_INT(run(&looks_at_a_new_one, &x), 0);
}

WEFT_CORO(looks_for_its_loop)
{
    weft_future_t *future = weft_create_future(NULL);
    weft_coro_t *coro = weft_coro(&looks_for_its_loop, NULL);

    CHECK(weft_get_loop(future) == weft_get_running_loop());
    CHECK(weft_get_loop(weft_current_task()) == weft_get_running_loop());
    CHECK(weft_get_loop(coro) == NULL && weft_get_loop(NULL) == NULL);
    weft_coro_close(coro);
    weft_unref(future);
    return 0;
}

CASE(future, and_task_know_their_loop)
{
    CHECK_INT(run(&looks_for_its_loop, NULL), 0);
}

WEFT_CORO(stores_an_error)
{
    weft_future_t *future = weft_create_future(NULL);

    CHECK_INT(weft_set_exception(future, 0), -EINVAL);
    CHECK_INT(weft_set_exception(future, 5), -EINVAL);
    CHECK_INT(weft_set_exception(future, -ECANCELED), -EINVAL);
    CHECK(!weft_done(future));
    CHECK_INT(weft_set_exception(future, WEFT_ELIMIT), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(weft_await(future, NULL), WEFT_ELIMIT);
        CHECK_INT(weft_result(future, NULL), WEFT_ELIMIT);
        CHECK_INT(weft_exception(future), WEFT_ELIMIT);
    }
    CHECK(!weft_cancelled(future));
    weft_unref(future);
    return 0;
}

CASE(future, gives_its_error_every_time) /* C004 C005 */
{
    CHECK_INT(run(&stores_an_error, NULL), 0);
}

WEFT_CORO(completes_a_cancelled_one)
{
    weft_future_t *future = weft_create_future(NULL);

    CHECK(weft_cancel(future));
    CHECK(weft_done(future) && weft_cancelled(future));
    CHECK(!weft_cancel(future));
    CHECK_INT(weft_set_result(future, NULL), WEFT_EINVALIDSTATE);
    CHECK_INT(weft_await(future, NULL), -ECANCELED);
    CHECK_INT(weft_result(future, NULL), -ECANCELED);
    weft_unref(future);
    return 0;
}

CASE(future, that_was_cancelled_takes_no_result) /* C006 */
{
    CHECK_INT(run(&completes_a_cancelled_one, NULL), 0);
}

CASE(future, needs_a_loop_but_not_a_running_one)
{
    weft_loop_t *loop;
    weft_future_t *future = weft_create_future(NULL);

    CHECK_INT(weft_result(future, NULL), -EPERM);
    weft_unref(future);
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    future = weft_create_future(loop);
    CHECK_INT(weft_set_result(future, loop), 0);
    void *value = NULL;
    CHECK_INT(weft_loop_run_until_complete(loop, future, &value), 0);
    CHECK(value == loop);
    weft_unref(future);
    CHECK_INT(weft_loop_close(loop), 0);
    future = weft_create_future(loop);
    CHECK(weft_isfuture(future));
    CHECK_INT(weft_set_result(future, NULL), 0);
    CHECK_INT(weft_result(future, NULL), 0);
    weft_unref(future);
    weft_loop_unref(loop);
}

CASE(future, may_outlive_its_loop)
{
    weft_loop_t *loop;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    weft_future_t *future = weft_create_future(loop);
    weft_loop_unref(loop);
    CHECK_INT(weft_set_result(future, NULL), 0);
    CHECK_INT(weft_result(future, NULL), 0);
    weft_unref(future);
}

static void *completes(void *future)
{
    weft_set_result(future, future);
    return NULL;
}

WEFT_CORO(awaits_a_thread)
{
    weft_future_t *future = weft_create_future(NULL);
    pthread_t thread;
    void *value = NULL;

    CHECK_INT(pthread_create(&thread, NULL, completes, future), 0);
    CHECK_INT(weft_await(future, &value), 0);
    CHECK(value == future);
    pthread_join(thread, NULL);
    weft_unref(future);
    return 0;
}

CASE(future, may_be_completed_by_any_thread) /* C018 */
{
    for (int i = 0; i < 20; i++)
        CHECK_INT(run(&awaits_a_thread, NULL), 0);
}

/* ---- done callbacks ----------------------------------------------------------------------------
 */

struct calls {
    weft_future_t *future, *end;
    char text[32];
    _Atomic(size_t) length;
    bool setting;
};

static void append(struct calls *c, char letter)
{
    if (c->length < sizeof c->text - 1)
        c->text[c->length++] = letter;
}

static void calls_a(weft_future_t *future, void *arg)
{
    struct calls *c = arg;
    CHECK(weft_done(future));
    CHECK(weft_current_task() == NULL);
    CHECK(weft_get_running_loop() != NULL);
    append(c, 'a');
}

static void calls_b(weft_future_t *future, void *arg)
{
    (void)future;
    append(arg, 'b');
}

static void calls_end(weft_future_t *future, void *arg)
{
    struct calls *c = arg;
    CHECK(future == c->future);
    weft_set_result(c->end, NULL);
}

static void open_calls(struct calls *c)
{
    memset(c, 0, sizeof *c);
    c->future = weft_create_future(NULL);
    c->end = weft_create_future(NULL);
}

static void close_calls(struct calls *c)
{
    weft_unref(c->future);
    weft_unref(c->end);
}

WEFT_CORO(adds_three)
{
    struct calls c;
    open_calls(&c);

    CHECK_INT(weft_add_done_callback(c.future, calls_a, &c), 0);
    CHECK_INT(weft_add_done_callback(c.future, calls_b, &c), 0);
    CHECK_INT(weft_add_done_callback(c.future, calls_a, &c), 0);
    CHECK_INT(weft_add_done_callback(c.future, calls_end, &c), 0);
    if (arg)
        weft_set_exception(c.future, -EIO);
    else
        weft_set_result(c.future, NULL);
    CHECK_INT(weft_await(c.end, NULL), 0);
    CHECK(strcmp(c.text, "aba") == 0);
    close_calls(&c);
    return 0;
}

CASE(future, calls_its_callbacks_in_the_order_they_were_added) /* C008 */
{
    CHECK_INT(run(&adds_three, NULL), 0);
    CHECK_INT(run(&adds_three, ""), 0);
}

WEFT_CORO(looks_after_set)
{
    struct calls c;
    open_calls(&c);

    CHECK_INT(weft_add_done_callback(c.future, calls_a, &c), 0);
    weft_set_result(c.future, NULL);
    CHECK_INT(c.length, 0);
    CHECK_INT(weft_add_done_callback(c.future, calls_b, &c), 0);
    CHECK_INT(c.length, 0);
    CHECK_INT(weft_sleep(0), 0);
    CHECK(strcmp(c.text, "ab") == 0);
    close_calls(&c);
    return 0;
}

CASE_ORDERED(future, never_calls_them_inside_the_call_that_completes_it)
{
    CHECK_INT(run(&looks_after_set, NULL), 0);
}

WEFT_CORO(adds_to_a_done_one)
{
    struct calls c;
    open_calls(&c);

    weft_set_result(c.future, NULL);
    CHECK_INT(weft_add_done_callback(c.future, calls_a, &c), 0);
    CHECK_INT(weft_add_done_callback(c.future, calls_end, &c), 0);
    CHECK_INT(weft_await(c.end, NULL), 0);
    CHECK(strcmp(c.text, "a") == 0);
    CHECK_INT(weft_remove_done_callback(c.future, calls_a, &c), 0);
    close_calls(&c);
    return 0;
}

CASE(future, that_is_done_calls_soon)
{
    CHECK_INT(run(&adds_to_a_done_one, NULL), 0);
}

WEFT_CORO(removes)
{
    struct calls c;
    open_calls(&c);

    CHECK_INT(weft_remove_done_callback(c.future, calls_a, &c), 0);
    for (int i = 0; i < 3; i++) {
        weft_add_done_callback(c.future, calls_a, &c);
        weft_add_done_callback(c.future, calls_b, &c);
    }
    weft_add_done_callback(c.future, calls_end, &c);
    CHECK_INT(weft_remove_done_callback(c.future, calls_a, NULL), 0);
    CHECK_INT(weft_remove_done_callback(c.future, calls_a, &c), 3);
    CHECK_INT(weft_remove_done_callback(c.future, calls_a, &c), 0);
    weft_set_result(c.future, NULL);
    CHECK_INT(weft_await(c.end, NULL), 0);
    CHECK(strcmp(c.text, "bbb") == 0);
    close_calls(&c);
    return 0;
}

CASE(future, takes_all_equal_callbacks_back) /* C009 C010 */
{
    CHECK_INT(run(&removes, NULL), 0);
}

static void adds_another(weft_future_t *future, void *arg)
{
    struct calls *c = arg;
    CHECK_INT(weft_add_done_callback(future, calls_b, c), 0);
    CHECK_INT(weft_remove_done_callback(future, calls_a, c), 0);
    CHECK_INT(weft_add_done_callback(future, calls_end, c), 0);
}

WEFT_CORO(adds_in_a_callback)
{
    struct calls c;
    open_calls(&c);

    weft_add_done_callback(c.future, adds_another, &c);
    weft_add_done_callback(c.future, calls_a, &c);
    weft_cancel(c.future);
    CHECK_INT(weft_await(c.end, NULL), 0);
    CHECK(strcmp(c.text, "ab") == 0);
    close_calls(&c);
    return 0;
}

CASE(future, bears_changes_of_its_callbacks_by_a_callback) /* C011 */
{
    CHECK_INT(run(&adds_in_a_callback, NULL), 0);
}

static _Atomic(int) called;

static void counts(weft_future_t *future, void *arg)
{
    (void)future;
    (void)arg;
    called++;
}

struct race {
    weft_future_t *future;
    _Atomic(int) removed;
};

static void *adds_and_removes(void *arg)
{
    struct race *r = arg;

    for (int i = 0; i < 100; i++) {
        weft_add_done_callback(r->future, counts, r);
        if (i % 2)
            r->removed += (int)weft_remove_done_callback(r->future, counts, r);
    }
    return NULL;
}

WEFT_CORO(races_with_a_thread)
{
    struct race r = {.future = weft_create_future(NULL)};
    pthread_t thread;

    CHECK_INT(pthread_create(&thread, NULL, adds_and_removes, &r), 0);
    CHECK_INT(weft_sleep(WEFT_US(20)), 0);
    weft_set_result(r.future, NULL);
    pthread_join(thread, NULL);
    while (called + r.removed < 100 && weft_sleep(0) == 0)
        ;
    CHECK_INT(called + r.removed, 100);
    weft_unref(r.future);
    return 0;
}

CASE(future, may_be_completed_while_its_callbacks_change) /* C024 */
{
    for (int i = 0; i < 10; i++) {
        called = 0;
        CHECK_INT(run(&races_with_a_thread, NULL), 0);
    }
}

static void done_of_a_task(weft_future_t *future, void *arg)
{
    CHECK_INT(weft_exception(future), -EIO);
    weft_set_result(arg, NULL);
}

WEFT_CORO(fails)
{
    return -EIO;
}

WEFT_CORO(watches_a_task)
{
    weft_future_t *end = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&fails, NULL));

    CHECK_INT(weft_add_done_callback(task, done_of_a_task, end), 0);
    CHECK_INT(weft_await(end, NULL), 0);
    weft_unref(task);
    weft_unref(end);
    return 0;
}

CASE(future, is_what_a_task_is)
{
    CHECK_INT(run(&watches_a_task, NULL), 0);
}

WEFT_CORO(returns_zero)
{
    return 0;
}

CASE(future, is_not_what_a_coroutine_is)
{
    weft_coro_t *coro = weft_coro(&returns_zero, NULL);

    CHECK_INT(weft_add_done_callback(coro, counts, NULL), -EPROTOTYPE);
    CHECK_INT(weft_add_done_callback(NULL, counts, NULL), -EPROTOTYPE);
    CHECK_INT(weft_set_result(coro, NULL), -EPROTOTYPE);
    CHECK_INT(weft_set_exception(coro, -EIO), -EPROTOTYPE);
    CHECK_INT(weft_set_result(NULL, NULL), -EPROTOTYPE);
    CHECK(!weft_cancel(coro));
    CHECK(weft_iscoroutine(coro));
    weft_coro_close(coro);
}

CASE(future, needs_a_function_for_a_callback)
{
    weft_loop_t *loop;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    weft_future_t *future = weft_create_future(loop);
    CHECK_INT(weft_add_done_callback(future, NULL, NULL), -EINVAL);
    weft_unref(future);
    CHECK_INT(weft_loop_close(loop), 0);
    weft_loop_unref(loop);
}

CASE(future, of_a_closed_loop_takes_no_callback)
{
    weft_loop_t *loop;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    weft_future_t *future = weft_create_future(loop);
    CHECK_INT(weft_loop_close(loop), 0);
    CHECK_INT(weft_add_done_callback(future, counts, NULL), -ESHUTDOWN);
    weft_unref(future);
    weft_loop_unref(loop);
}

/* ---- never retrieved ---------------------------------------------------------------------------
 */

struct reports {
    _Atomic(int) count;
    int error;
    char message[128];
};

static void remember(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    struct reports *r = arg;

    (void)loop;
    CHECK(context->size == sizeof *context);
    CHECK(context->message != NULL);
    r->error = context->error;
    snprintf(r->message, sizeof r->message, "%s", context->message);
    r->count++;
}

WEFT_CORO(drops_an_error)
{
    struct reports *r = arg;
    weft_future_t *future = weft_create_future(NULL);

    weft_loop_set_exception_handler(weft_get_running_loop(), remember, r);
    weft_set_exception(future, -EIO);
    weft_ref(future);
    weft_unref(future);
    CHECK_INT(r->count, 0);
    weft_unref(future);
    CHECK_INT(r->count, 1);
    CHECK_INT(r->error, -EIO);
    return 0;
}

CASE(future, whose_error_nobody_read_is_reported_once) /* C015 */
{
    struct reports r = {0};
    CHECK_INT(run(&drops_an_error, &r), 0);
    CHECK_INT(r.count, 1);
}

WEFT_CORO(drops_what_is_no_error)
{
    weft_future_t *future;

    weft_loop_set_exception_handler(weft_get_running_loop(), remember, arg);
    weft_unref(weft_create_future(NULL));
    future = weft_create_future(NULL);
    weft_set_result(future, arg);
    weft_unref(future);
    future = weft_create_future(NULL);
    weft_cancel(future);
    weft_unref(future);
    for (int i = 0; i < 3; i++) {
        future = weft_create_future(NULL);
        weft_set_exception(future, -EIO);
        if (i == 0)
            CHECK_INT(weft_result(future, NULL), -EIO);
        if (i == 1)
            CHECK_INT(weft_exception(future), -EIO);
        if (i == 2)
            CHECK_INT(weft_await(future, NULL), -EIO);
        weft_unref(future);
    }
    return 0;
}

CASE(future, that_is_pending_or_read_is_not_reported) /* C013 C014 C016 */
{
    struct reports r = {0};
    CHECK_INT(run(&drops_what_is_no_error, &r), 0);
    CHECK_INT(r.count, 0);
}

WEFT_CORO(drops_a_failed_task)
{
    struct reports *r = arg;
    weft_task_t *task = weft_create_task(weft_coro(&fails, NULL));

    weft_loop_set_exception_handler(weft_get_running_loop(), remember, r);
    while (!weft_done(task))
        CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(r->count, 0);
    weft_unref(task);
    while (r->count == 0) /* the worker that ran it may drop its reference after us */
        CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(r->error, -EIO);
    return 0;
}

CASE(future, a_failed_task_that_nobody_read_is_reported)
{
    struct reports r = {0};
    CHECK_INT(run(&drops_a_failed_task, &r), 0);
    CHECK_INT(r.count, 1);
}

/* ---- memory ------------------------------------------------------------------------------------
 */

static long resident_pages(void)
{
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = -1;
    if (file)
        fclose(file);
    return resident;
}

static void drop_with_callbacks(int count)
{
    for (int i = 0; i < count; i++) {
        weft_future_t *future = weft_create_future(NULL);
        weft_add_done_callback(future, counts, NULL);
        weft_unref(future);
    }
}

WEFT_CORO(drops_pending_ones)
{
    drop_with_callbacks(1000);
    long before = resident_pages();
    drop_with_callbacks(50000);
    CHECK(resident_pages() - before < 1000); /* 50,000 of them would be 3,000 pages */
    return 0;
}

CASE(future, that_is_dropped_takes_its_callbacks_along)
{
    called = 0;
    CHECK_INT(run(&drops_pending_ones, NULL), 0);
    CHECK_INT(called, 0);
}
