/* SPDX-License-Identifier: MIT */
/* handle: callbacks that are scheduled in a loop. */
#include <string.h>

#include "tests/support/loops.h"

TestSuite(handle, .timeout = 60);

static void never(void *arg)
{
    (void)arg;
    CHECK(!"called");
}

static char text[64];
static size_t length;

static void note(char c)
{
    if (length < sizeof text - 1)
        text[length++] = c;
    text[length] = 0;
}

static void clear(void)
{
    length = 0;
    text[0] = 0;
}

static void notes(void *letter)
{
    note((char)(intptr_t)letter);
}

/* ---- callbacks ---------------------------------------------------------------------------------
 */

CASE(handle, calls_soon_in_order_each_once) /* C201 */
{
    weft_loop_t *loop = new_loop();

    clear();
    for (intptr_t i = 0; i < 26; i++)
        CHECK_INT(weft_loop_call_soon(loop, notes, (void *)('a' + i), NULL), 0);
    CHECK_INT(weft_loop_call_soon(loop, stops, loop, NULL), 0);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    CHECK(strcmp(text, "abcdefghijklmnopqrstuvwxyz") == 0);
    weft_loop_unref(loop);
}

static _Atomic(int) inside, called;

static void is_alone(void *end)
{
    CHECK_INT(inside++, 0);
    CHECK(weft_current_task() == NULL);
    for (volatile int i = 0; i < 100; i++)
        ;
    CHECK_INT(--inside, 0);
    if (++called == 400)
        weft_set_result(end, NULL);
}

WEFT_CORO(calls_often)
{
    for (int i = 0; i < 100; i++) {
        CHECK_INT(weft_loop_call_soon(weft_get_running_loop(), is_alone, arg, NULL), 0);
        if (i % 7 == 0)
            CHECK_INT(weft_sleep(0), 0);
    }
    return 0;
}

WEFT_CORO(starts_callers)
{
    weft_future_t *end = weft_create_future(NULL);
    weft_task_t *task[4];

    called = 0;
    for (int i = 0; i < 4; i++)
        task[i] = weft_create_task(weft_coro(&calls_often, end));
    for (int i = 0; i < 4; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    CHECK_INT(weft_await(end, NULL), 0);
    weft_unref(end);
    return 0;
}

CASE(handle, calls_one_callback_at_a_time)
{
    CHECK_INT(run(&starts_callers, NULL), 0);
}

CASE(handle, calls_later_by_deadline) /* C203 */
{
    weft_loop_t *loop = new_loop();
    weft_ns_t now = weft_loop_time(loop);
    weft_handle_t *handle = NULL;

    clear();
    CHECK_INT(weft_loop_call_at(loop, now + WEFT_MS(6), notes, (void *)'d', &handle), 0);
    CHECK_INT(weft_handle_when(handle), now + WEFT_MS(6));
    CHECK_INT(weft_loop_call_at(loop, now + WEFT_MS(4), notes, (void *)'c', NULL), 0);
    CHECK_INT(weft_loop_call_at(loop, now - 1, notes, (void *)'b', NULL), 0);
    CHECK_INT(weft_loop_call_later(loop, -WEFT_S(3600), notes, (void *)'a', NULL), 0);
    CHECK_INT(weft_loop_call_at(loop, now + WEFT_MS(8), stops, loop, NULL), 0);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    CHECK(strcmp(text, "abcd") == 0);
    CHECK(weft_loop_time(loop) >= now + WEFT_MS(8));
    CHECK(!weft_handle_cancelled(handle));
    weft_handle_unref(handle);
    weft_loop_unref(loop);
}

CASE(handle, calls_refuse_bad_arguments)
{
    weft_loop_t *loop = new_loop();
    weft_handle_t *handle = NULL;

    CHECK_INT(weft_loop_call_later(loop, WEFT_NONE, never, NULL, &handle), -EINVAL);
    CHECK_INT(weft_loop_call_at(loop, WEFT_NONE, never, NULL, &handle), -EINVAL);
    CHECK_INT(weft_loop_call_soon(loop, NULL, NULL, &handle), -EINVAL);
    CHECK_INT(weft_loop_call_soon(NULL, never, NULL, &handle), -EINVAL);
    CHECK_INT(weft_loop_call_later(NULL, 1, never, NULL, &handle), -EINVAL);
    CHECK_INT(weft_loop_call_soon_threadsafe(NULL, never, NULL, &handle), -EINVAL);
    CHECK(handle == NULL);
    weft_loop_unref(loop);
}

static void *calls_from_outside(void *loop)
{
    return (void *)(intptr_t)(weft_loop_call_soon(loop, never, NULL, NULL) +
                              weft_loop_call_later(loop, 1, never, NULL, NULL));
}

WEFT_CORO(lets_a_thread_call_soon)
{
    pthread_t thread;
    void *rc;

    CHECK_INT(pthread_create(&thread, NULL, calls_from_outside, weft_get_running_loop()), 0);
    pthread_join(thread, &rc);
    CHECK_INT((intptr_t)rc, 2 * -EPERM);
    return 0;
}

CASE(handle, call_soon_from_the_wrong_thread_is_refused) /* C206 */
{
    CHECK_INT(run(&lets_a_thread_call_soon, NULL), 0);
}

/* ---- handles -----------------------------------------------------------------------------------
 */

CASE(handle, a_cancelled_handle_is_not_called)
{
    weft_loop_t *loop = new_loop();
    weft_handle_t *soon, *later, *done;

    clear();
    CHECK_INT(weft_loop_call_soon(loop, notes, (void *)'a', &done), 0);
    CHECK_INT(weft_loop_call_soon(loop, never, NULL, &soon), 0);
    CHECK_INT(weft_loop_call_later(loop, WEFT_US(10), never, NULL, &later), 0);
    CHECK(!weft_handle_cancelled(soon));
    CHECK_INT(weft_handle_when(soon), 0);
    for (int i = 0; i < 2; i++) {
        weft_handle_cancel(soon);
        weft_handle_cancel(later);
        CHECK(weft_handle_cancelled(soon) && weft_handle_cancelled(later));
    }
    CHECK_INT(weft_loop_call_later(loop, WEFT_MS(2), stops, loop, NULL), 0);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    weft_handle_cancel(done);
    CHECK(!weft_handle_cancelled(done));
    CHECK(strcmp(text, "a") == 0);
    CHECK(weft_handle_ref(done) == done);
    weft_handle_unref(done);
    weft_handle_unref(done);
    weft_handle_unref(soon);
    weft_handle_unref(later);
    weft_loop_unref(loop);
}

/* ---- what a close drops ------------------------------------------------------------------------
 */

static weft_handle_t *other;
static int destroyed;

static void cancels_the_other(void *value)
{
    (void)value;
    weft_handle_cancel(other);
    destroyed++;
}

static weft_context_var_t cancelling = {.name = "cancelling", .destroy = cancels_the_other};

static void schedules_with_a_variable(void *loop)
{
    static int value;

    CHECK_INT(weft_loop_call_later(loop, WEFT_S(200), never, NULL, &other), 0);
    CHECK_INT(weft_context_var_set(&cancelling, &value, NULL), 0);
    CHECK_INT(weft_loop_call_later(loop, WEFT_S(100), never, NULL, NULL), 0);
    weft_loop_stop(loop);
}

CASE(handle, that_a_close_drops_may_cancel_another_with_the_end_of_its_variables)
{
    weft_loop_t *loop = new_loop();

    destroyed = 0;
    CHECK_INT(weft_loop_call_soon(loop, schedules_with_a_variable, loop, NULL), 0);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    CHECK_INT(weft_loop_close(loop), 0);
    CHECK_INT(destroyed, 1);
    CHECK(weft_handle_cancelled(other));
    weft_handle_unref(other);
    weft_loop_unref(loop);
}
