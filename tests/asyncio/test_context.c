/* SPDX-License-Identifier: MIT */
/* context: the conformance items on what is a task's own across its suspensions. */
#include <errno.h>
#include <fenv.h>
#include <string.h>

#include "tests/support/serial.h"

TestSuite(context, .timeout = 60);

static const weft_context_var_t var = {.name = "cvar", .value = "nope"};

static bool is(const char *value)
{
    return strcmp(weft_context_var_get(&var), value) == 0;
}

static void set(const char *value)
{
    CHECK_INT(weft_context_var_set(&var, (void *)(uintptr_t)value, NULL), 0);
}

/* ---- C060 ---- */

WEFT_CORO(sub)
{
    CHECK_INT(weft_sleep(WEFT_MS(1)), 0);
    CHECK(is(arg));
    set("something else");
    turn();
    CHECK(is("something else"));
    return 0;
}

WEFT_CORO(c060_1)
{
    weft_task_t *task = weft_create_task(weft_coro(&sub, "nope"));

    set("yes");
    CHECK_INT(weft_join(task, NULL), 0);
    CHECK(is("yes"));
    CHECK_INT(weft_join(weft_create_task(weft_coro(&sub, "yes")), NULL), 0);
    CHECK(is("yes"));
    return 0;
}

CASE(context, c060_1_a_child_has_a_copy_as_of_its_creation)
{
    BOTH(&c060_1, NULL);
}

static void callback(weft_future_t *future, void *arg)
{
    CHECK(is("at add"));
    set("in callback");
    weft_set_result(arg, NULL);
    (void)future;
}

WEFT_CORO(c060_2)
{
    weft_future_t *future = weft_create_future(NULL), *called = weft_create_future(NULL);

    set("at add");
    CHECK_INT(weft_add_done_callback(future, callback, called), 0);
    set("later");
    CHECK_INT(weft_set_result(future, NULL), 0);
    CHECK_INT(weft_join(called, NULL), 0);
    CHECK(is("later"));
    weft_unref(future);
    return 0;
}

CASE(context, c060_2_a_callback_runs_in_a_copy_as_of_its_adding)
{
    BOTH(&c060_2, NULL);
}

static void sees_what_its_handle_has(void *called)
{
    CHECK(is("at call"));
    set("in callback");
    weft_set_result(called, NULL);
}

static bool handle_has(const weft_handle_t *handle, const char *wanted)
{
    weft_context_t *context = weft_handle_get_context(handle);
    void *value = NULL;
    bool found = weft_context_lookup(context, &var, &value);

    weft_context_unref(context);
    return found && strcmp(value, wanted) == 0;
}

WEFT_CORO(looks_at_a_handle)
{
    weft_future_t *called = weft_create_future(NULL);
    weft_loop_t *loop = weft_get_running_loop();
    weft_handle_t *handle;

    set("at call");
    CHECK_INT(weft_loop_call_soon(loop, sees_what_its_handle_has, called, &handle), 0);
    set("later");
    CHECK(handle_has(handle, "at call"));
    CHECK_INT(weft_join(called, NULL), 0);
    CHECK(handle_has(handle, "at call"));
    weft_handle_cancel(handle);
    weft_handle_unref(handle);
    return 0;
}

CASE(context, a_handle_has_what_its_callback_sees)
{
    BOTH(&looks_at_a_handle, NULL);
}

enum { TASKS = 100 };
static const weft_context_var_t number = {.name = "number"};

WEFT_CORO(has_a_number)
{
    for (intptr_t i = 0; i < 10; i++) {
        intptr_t mine = (intptr_t)arg + i;
        CHECK_INT(weft_context_var_set(&number, (void *)mine, NULL), 0);
        turn();
        CHECK_INT((intptr_t)weft_context_var_get(&number), mine);
    }
    return 0;
}

WEFT_CORO(c060_3)
{
    weft_task_t *task[TASKS];

    for (intptr_t i = 0; i < TASKS; i++)
        task[i] = weft_create_task(weft_coro(&has_a_number, (void *)(100 * i)));
    for (int i = 0; i < TASKS; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    CHECK_INT((intptr_t)weft_context_var_get(&number), 0);
    return 0;
}

CASE(context, c060_3_many_tasks_have_each_their_own)
{
    BOTH(&c060_3, NULL);
}

WEFT_CORO(c060_4)
{
    weft_context_t *context = weft_copy_context();
    void *value = NULL;

    CHECK_INT(weft_join(weft_create_task(weft_coro(&sub, "nope"), .context = context), NULL), 0);
    CHECK(weft_context_lookup(context, &var, &value) && strcmp(value, "something else") == 0);
    CHECK(is("nope"));
    CHECK_INT(
        weft_join(weft_create_task(weft_coro(&sub, "something else"), .context = context), NULL),
        0);
    weft_context_unref(context);
    return 0;
}

CASE(context, c060_4_a_context_is_shared_on_request)
{
    BOTH(&c060_4, NULL);
}

/* ---- C215 ---- */

static bool told;

static void sees_the_tasks(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    (void)context;
    (void)arg;
    told = is("failing task");
    set("handler");
}

WEFT_CORO(fails)
{
    set("failing task");
    return -EIO;
}

WEFT_CORO(c215)
{
    weft_task_t *task;

    set("dropper");
    weft_loop_set_exception_handler(weft_get_running_loop(), sees_the_tasks, NULL);
    told = false;
    task = weft_create_task(weft_coro(&fails, NULL));
    while (!weft_done(task))
        turn();
    weft_unref(task);
    CHECK(told);
    CHECK(is("dropper"));
    return 0;
}

CASE(context, c215_an_exception_handler_sees_the_locals_of_the_task_it_is_told_of)
{
    BOTH(&c215, NULL);
}

/* ---- C336 ---- */

static volatile double one = 1, three = 3;

/* Not inlined: the compiler must not keep the place of errno across a suspension. */
static __attribute__((noinline)) void put_errno(int value)
{
    errno = value;
}

static __attribute__((noinline)) int got_errno(void)
{
    return errno;
}

WEFT_CORO(rounds_its_way)
{
    int mode = (intptr_t)arg % 2 ? FE_UPWARD : FE_DOWNWARD;
    double third;

    put_errno((int)(intptr_t)arg);
    CHECK_INT(fesetround(mode), 0);
    third = one / three;
    for (int i = 0; i < 10; i++) {
        CHECK_INT(weft_sleep(0), 0);
        CHECK_INT(fegetround(), mode);
        CHECK(one / three == third);
        CHECK_INT(got_errno(), (intptr_t)arg);
    }
    CHECK_INT(fesetround(FE_TONEAREST), 0);
    return 0;
}

WEFT_CORO(c336)
{
    weft_task_t *task[4];

    for (intptr_t i = 0; i < 4; i++)
        task[i] = weft_create_task(weft_coro(&rounds_its_way, (void *)(i + 1)));
    for (int i = 0; i < 4; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

CASE(context, c336_errno_and_the_floating_point_mode_survive_suspensions)
{
    BOTH(&c336, NULL);
}
