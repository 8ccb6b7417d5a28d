/* SPDX-License-Identifier: MIT */
/* debug: what debug mode tells, as asyncio's does. */
#include <string.h>

#include "tests/support/serial.h"

TestSuite(debug, .timeout = 60);

static pthread_mutex_t told_lock = PTHREAD_MUTEX_INITIALIZER;
static char told[32][128];
static unsigned told_count;

static void tells(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    char name[32] = "";

    (void)loop;
    (void)arg;
    if (context->future)
        weft_get_name(context->future, name, sizeof name);
    pthread_mutex_lock(&told_lock);
    if (told_count < 32)
        snprintf(told[told_count++], sizeof told[0], "%s [%s]", context->message, name);
    pthread_mutex_unlock(&told_lock);
}

/* How many reports had both in them. */
static unsigned times_told(const char *message, const char *name)
{
    unsigned count = 0;

    pthread_mutex_lock(&told_lock);
    for (unsigned i = 0; i < told_count; i++)
        count += strstr(told[i], message) && strstr(told[i], name);
    pthread_mutex_unlock(&told_lock);
    return count;
}

static void listen(void)
{
    weft_loop_t *loop = weft_get_running_loop();

    told_count = 0;
    weft_loop_set_exception_handler(loop, tells, NULL);
    weft_loop_set_debug(loop, true);
}

/* ---- C216 ---- */

WEFT_CORO(does_nothing)
{
    return 0;
}

WEFT_CORO(c216)
{
    weft_loop_t *loop = weft_get_running_loop();

    CHECK_INT(weft_loop_get_slow_callback_duration(loop), WEFT_MS(100));
    listen();
    turn();
    weft_loop_set_slow_callback_duration(loop, 0); /* no step is faster */
    CHECK_INT(weft_join(weft_create_task(weft_coro(&does_nothing, NULL), .name = "stop it"), NULL),
              0);
    weft_loop_set_slow_callback_duration(loop, WEFT_NONE);
    CHECK_INT(times_told("a step took 0.", "[stop it]"), 1);
    return 0;
}

CASE(debug, c216_a_slow_step_report_names_the_task)
{
    BOTH(&c216, NULL);
}

static weft_handle_t *slow, *told_of;

static void notes_the_handle(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    (void)arg;
    if (strstr(context->message, "callback"))
        told_of = context->handle;
    CHECK(!strstr(context->message, "callback") == !context->handle);
}

static void ends_the_wait(void *arg)
{
    weft_set_result(arg, NULL);
}

WEFT_CORO(has_a_slow_callback)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_future_t *called = weft_create_future(NULL);

    told_of = NULL;
    weft_loop_set_exception_handler(loop, notes_the_handle, NULL);
    weft_loop_set_debug(loop, true);
    turn();
    weft_loop_set_slow_callback_duration(loop, 0); /* no step is faster */
    CHECK_INT(weft_loop_call_soon(loop, ends_the_wait, called, &slow), 0);
    CHECK_INT(weft_join(called, NULL), 0);
    turn();
    weft_loop_set_slow_callback_duration(loop, WEFT_NONE);
    CHECK(told_of == slow);
    weft_handle_unref(slow);
    return 0;
}

CASE_ORDERED(debug, a_slow_callbacks_report_has_its_handle)
{
    BOTH(&has_a_slow_callback, NULL);
}

/* ---- a cancellation that is swallowed ---- */

static weft_future_t *begun;

WEFT_CORO(swallows)
{
    weft_set_result(begun, NULL);
    return weft_sleep(WEFT_NONE) == -ECANCELED ? 0 : -EIO;
}

WEFT_CORO(takes_back)
{
    weft_set_result(begun, NULL);
    if (weft_sleep(WEFT_NONE) != -ECANCELED || weft_uncancel(weft_current_task()) != 0)
        return -EIO;
    return 0;
}

WEFT_CORO(passes_on)
{
    weft_set_result(begun, NULL);
    return weft_sleep(WEFT_NONE);
}

static int cancelled(const weft_corofn_t *fn)
{
    weft_task_t *task;

    begun = weft_create_future(NULL);
    task = weft_create_task(weft_coro(fn, NULL), .name = fn->name);
    CHECK_INT(weft_join(begun, NULL), 0);
    weft_cancel(task);
    return weft_join(task, NULL);
}

WEFT_CORO(cancels_each)
{
    listen();
    CHECK_INT(cancelled(&takes_back), 0);
    CHECK_INT(cancelled(&passes_on), -ECANCELED);
    CHECK_INT(told_count, 0);
    CHECK_INT(cancelled(&swallows), 0);
    turn();
    CHECK_INT(times_told("a cancellation was swallowed", "[swallows]"), 1);
    weft_loop_set_debug(weft_get_running_loop(), false);
    CHECK_INT(cancelled(&swallows), 0);
    CHECK_INT(told_count, 1);
    return 0;
}

CASE_ORDERED(debug, tells_of_a_cancellation_that_was_swallowed)
{
    BOTH(&cancels_each, NULL);
}

/* ---- a stream that nobody closed ---- */

struct ends {
    bool closed;
    weft_reader_t *reader;
    weft_writer_t *writer;
};

static int says_nothing(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    char byte;

    (void)writer;
    (void)arg;
    return (int)weft_read(reader, &byte, 1);
}

WEFT_CORO(connects)
{
    struct ends *ends = arg;
    weft_server_t *server;

    listen();
    CHECK_INT(weft_start_server(says_nothing, NULL, "127.0.0.1", 0, &server), 0);
    CHECK_INT(weft_open_connection("127.0.0.1", (uint16_t)weft_server_port(server), &ends->reader,
                                   &ends->writer),
              0);
    if (ends->closed) {
        weft_writer_close(ends->writer);
        CHECK_INT(weft_wait_closed(ends->writer), 0);
    }
    weft_server_unref(server);
    return 0;
}

static void drop_stream(bool closed)
{
    struct ends ends = {.closed = closed};

    CHECK_INT(run(&connects, &ends), 0);
    weft_reader_unref(ends.reader);
    weft_writer_unref(ends.writer);
    CHECK_INT(times_told("a stream was dropped that was not closed", ""), !closed);
}

CASE_REAL(debug, tells_of_a_stream_that_outlives_its_loop_unclosed)
{
    drop_stream(false);
    drop_stream(true);
}

/* ---- a loop that nobody closed ---- */

static void drop_loop(bool closed)
{
    weft_loop_t *loop;

    told_count = 0;
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers, .debug = WEFT_DEBUG_ON), 0);
    weft_loop_set_exception_handler(loop, tells, NULL);
    if (closed)
        CHECK_INT(weft_loop_close(loop), 0);
    weft_loop_unref(loop);
    CHECK_INT(times_told("a loop was dropped that was not closed", ""), !closed);
}

CASE(debug, tells_of_a_loop_that_was_not_closed)
{
    drop_loop(false);
    drop_loop(true);
}
