/* SPDX-License-Identifier: MIT */
/* coro: coroutine functions and coroutine objects. */
#include <string.h>

#include "tests/support/workers.h"

TestSuite(coro, .timeout = 30);

WEFT_CORO(nothing)
{
    return 0;
}

WEFT_CORO(identity)
{
    *result = arg;
    return 0;
}

/* ---- coroutine functions and objects -----------------------------------------------------------
 */

CASE(coro, what_is_no_coroutine_function_gives_a_failed_object)
{
    static const weft_corofn_t forged;
    weft_coro_t *coro = weft_coro(&forged, NULL);

    CHECK(coro != NULL);
    CHECK(!weft_iscoroutine(coro));
    CHECK_INT(weft_result(coro, NULL), -EPROTOTYPE);
    CHECK(!weft_cancel(coro));
    CHECK(weft_ref(coro) == coro);
    weft_unref(coro);
    weft_unref(coro);
    coro = weft_coro(NULL, NULL);
    CHECK_INT(weft_exception(coro), -EPROTOTYPE);
    weft_unref(coro);
}

WEFT_CORO(awaits_twice)
{
    weft_coro_t *coro = weft_coro(&identity, arg);
    void *value = NULL;

    CHECK_INT(weft_await(coro, &value), 0);
    CHECK(value == arg);
    CHECK(!weft_iscoroutine(coro));
    CHECK_INT(weft_await(coro, &value), -EALREADY);
    weft_ref(coro);
    weft_task_t *task = weft_create_task(coro);
    CHECK_INT(weft_join(task, NULL), -EALREADY);
    return weft_join(coro, NULL);
}

CASE(coro, a_coroutine_is_awaited_once) /* C334 */
{
    int x;
    CHECK_INT(run(&awaits_twice, &x), -EALREADY);
}

WEFT_CORO(starts_twice)
{
    weft_coro_t *coro = weft_coro(&identity, arg);
    weft_ref(coro);
    weft_task_t *task = weft_create_task(coro);
    weft_task_t *again = weft_create_task(coro);

    CHECK_INT(weft_join(again, NULL), -EALREADY);
    return weft_join(task, result);
}

CASE(coro, a_coroutine_is_started_once)
{
    CHECK_INT(run(&starts_twice, NULL), 0);
}

WEFT_CORO(starts_no_coroutine)
{
    weft_future_t *future = weft_create_future(NULL);

    for (int i = 0; i < 2; i++) {
        weft_task_t *task = weft_create_task(weft_ref(future));
        CHECK_INT(weft_await(task, NULL), -EPROTOTYPE);
        CHECK(weft_done(task));
        CHECK(!weft_cancel(task));
        weft_unref(task);
    }
    CHECK_INT(weft_join(weft_create_task(NULL), NULL), -EPROTOTYPE);
    CHECK(!weft_done(future));
    weft_unref(future);
    return 0;
}

CASE(coro, only_a_coroutine_object_becomes_one) /* C031 */
{
    CHECK_INT(run(&starts_no_coroutine, NULL), 0);
}

CASE(coro, create_outside_of_a_loop_is_refused)
{
    weft_task_t *task = weft_create_task(weft_coro(&nothing, NULL));

    CHECK_INT(weft_result(task, NULL), -EPERM);
    CHECK_INT(weft_await(task, NULL), -EPERM);
    weft_unref(task);
}

WEFT_CORO(sums_its_copy)
{
    const int *n = arg;
    *result = (void *)(intptr_t)(n[0] + n[1] + n[2]);
    return 0;
}

static weft_coro_t *make_copy(void)
{
    int numbers[3] = {1, 20, 300};
    weft_coro_t *coro = weft_coro_copy(&sums_its_copy, numbers, sizeof numbers);
    memset(numbers, 0xff, sizeof numbers);
    return coro;
}

CASE(coro, a_copied_argument_lives_with_the_object)
{
    void *value;

    CHECK_INT(weft_run(make_copy(), &value, .workers = workers), 0);
    CHECK_INT((intptr_t)value, 321);
}

CASE(coro, an_argument_too_large_to_copy_gives_enomem)
{
    char byte = 0;
    weft_coro_t *coro = weft_coro_copy(&nothing, &byte, SIZE_MAX);
    CHECK_INT(weft_result(coro, NULL), -ENOMEM);
    weft_unref(coro);
}
