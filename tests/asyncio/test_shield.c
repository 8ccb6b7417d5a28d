/* SPDX-License-Identifier: MIT */
/* shield: the conformance items on asyncio.shield. */
#include <string.h>

#include "tests/support/serial.h"

TestSuite(shield, .timeout = 60);

static _Atomic(int) reports;

static void count_report(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    (void)arg;
    CHECK(context->error < 0 && context->future);
    reports++;
}

static void listen(void)
{
    reports = 0;
    weft_loop_set_exception_handler(weft_get_running_loop(), count_report, NULL);
}

/* ---- C130, C131 ---- */

WEFT_CORO(is_transparent)
{
    weft_future_t *inner = weft_create_future(NULL), *outer = weft_shield(inner);
    void *value = NULL;

    CHECK(outer != inner && weft_isfuture(outer) && !weft_done(outer));
    weft_set_result(inner, &value);
    CHECK_INT(weft_await(outer, &value), 0);
    CHECK(value == &value);
    weft_unref(outer);
    weft_unref(inner);
    return 0;
}

CASE(shield, C130_gives_the_result)
{
    BOTH(&is_transparent, NULL);
}

WEFT_CORO(raises)
{
    int rc = weft_sleep(0);
    return rc < 0 ? rc : weft_raise(-EIO, "inside");
}

WEFT_CORO(shields_an_error)
{
    listen();
    CHECK_INT(weft_join(weft_shield(weft_coro(&raises, NULL)), NULL), -EIO);
    CHECK(strcmp(weft_error_message(weft_last_error()), "inside") == 0);
    CHECK_INT(reports, 0);
    return 0;
}

CASE(shield, C130_gives_the_error)
{
    BOTH(&shields_an_error, NULL);
    CHECK_INT(reports, 0);
}

WEFT_CORO(cancels_the_inner)
{
    weft_future_t *inner = weft_create_future(NULL), *outer = weft_shield(inner);

    CHECK(weft_cancel_message(inner, "why"));
    CHECK_INT(weft_await(outer, NULL), -ECANCELED);
    CHECK(strcmp(weft_error_message(weft_last_error()), "why") == 0);
    CHECK(weft_cancelled(outer));
    weft_unref(outer);
    weft_unref(inner);
    return 0;
}

CASE(shield, C131_cancel_of_the_inner_passes_outward)
{
    BOTH(&cancels_the_inner, NULL);
}

/* ---- C133, C134, C135 ---- */

WEFT_CORO(cancels_the_outer)
{
    weft_future_t *inner = weft_create_future(NULL), *outer = weft_shield(inner);

    listen();
    CHECK(weft_cancel(outer));
    CHECK_INT(weft_await(outer, NULL), -ECANCELED);
    CHECK(!weft_done(inner));
    if (arg)
        weft_set_exception(inner, -EIO);
    else
        weft_set_result(inner, NULL);
    CHECK_INT(weft_sleep(0), 0); /* the shield is told one tick later */
    CHECK_INT(reports, arg != NULL);
    weft_unref(outer);
    CHECK_INT(weft_await(inner, NULL), arg ? -EIO : 0);
    weft_unref(inner);
    CHECK_INT(reports, arg != NULL);
    return 0;
}

CASE(shield, C133_after_a_cancel_of_the_outer_success_is_silent)
{
    BOTH(&cancels_the_outer, NULL);
}

CASE(shield, C134_after_a_cancel_of_the_outer_an_error_is_reported_once)
{
    BOTH(&cancels_the_outer, "");
    CHECK_INT(reports, 1);
}

WEFT_CORO(shields_twice)
{
    weft_future_t *inner = weft_create_future(NULL);
    weft_future_t *a = weft_shield(inner), *b = weft_shield(inner);

    listen();
    CHECK(weft_cancel(a) && weft_cancel(b));
    weft_set_exception(inner, -EIO);
    weft_unref(a);
    weft_unref(b);
    weft_unref(inner);
    CHECK_INT(weft_sleep(0), 0); /* as above */
    CHECK_INT(reports, 1);
    return 0;
}

CASE(shield, C135_shielded_twice_an_error_is_reported_once)
{
    BOTH(&shields_twice, NULL);
    CHECK_INT(reports, 1);
}

static weft_future_t *inner_one;

static void *fails_the_inner(void *arg)
{
    (void)arg;
    weft_set_exception(inner_one, -EIO);
    weft_unref(inner_one);
    return NULL;
}

/* So that the loop closes before it was told what the thread has handed over. */
WEFT_CORO(stops_as_the_inner_fails)
{
    pthread_t thread;
    weft_future_t *outer;

    listen();
    inner_one = weft_create_future(NULL);
    outer = weft_shield(inner_one);
    CHECK(weft_cancel(outer));
    weft_unref(outer);
    CHECK_INT(pthread_create(&thread, NULL, fails_the_inner, NULL), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);
    weft_loop_stop(weft_get_running_loop());
    return 0;
}

CASE_REAL(shield, C134_an_error_is_reported_also_if_the_loop_closes_at_once)
{
    weft_loop_t *loop;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    weft_task_t *main = weft_loop_create_task(loop, weft_coro(&stops_as_the_inner_fails, NULL));
    CHECK_INT(weft_loop_run_forever(loop), 0);
    CHECK_INT(weft_loop_close(loop), 0);
    weft_unref(main);
    weft_loop_unref(loop);
    CHECK_INT(reports, 1);
}

/* ---- C136 ---- */

WEFT_CORO(shields_the_done)
{
    weft_future_t *inner = weft_create_future(NULL);
    weft_coro_t *spent = weft_coro(&raises, NULL);

    weft_set_result(inner, NULL);
    weft_future_t *outer = weft_shield(inner);
    CHECK(outer == inner);
    weft_unref(outer);
    weft_unref(inner);
    CHECK_INT(weft_await(spent, NULL), -EIO);
    CHECK_INT(weft_join(weft_shield(spent), NULL), -EALREADY);
    weft_unref(spent);
    CHECK_INT(weft_join(weft_shield(NULL), NULL), -EPROTOTYPE);
    CHECK_INT(weft_join(weft_shield(weft_coro(NULL, NULL)), NULL), -EPROTOTYPE);
    return 0;
}

CASE(shield, C136_of_what_is_done_is_that_itself)
{
    BOTH(&shields_the_done, NULL);
    weft_future_t *outer = weft_shield(weft_coro(&raises, NULL));
    CHECK_INT(weft_exception(outer), -EPERM);
}

/* ---- C138 ---- */

WEFT_CORO(shields_a_gather)
{
    weft_future_t *a = weft_create_future(NULL), *b = weft_create_future(NULL);
    weft_future_t *parent = weft_gather_future(WEFT_AWS(weft_ref(a), weft_ref(b)));
    weft_future_t *outer = weft_shield(parent);

    CHECK(weft_cancel(outer));
    CHECK_INT(weft_await(outer, NULL), -ECANCELED);
    CHECK(!weft_done(parent) && !weft_done(a));
    weft_set_result(a, a);
    weft_set_result(b, b);
    CHECK_INT(weft_await(parent, NULL), 0);
    CHECK(weft_gather_results(parent, NULL)[1].value == b);
    weft_unref(outer);
    weft_unref(parent);
    weft_unref(a);
    weft_unref(b);
    return 0;
}

CASE(shield, C138_a_gather_is_shielded)
{
    BOTH(&shields_a_gather, NULL);
}

WEFT_CORO(gathers_shields)
{
    weft_future_t *a = weft_create_future(NULL), *b = weft_create_future(NULL);
    weft_future_t *parent = weft_gather_future(WEFT_AWS(weft_shield(a), weft_shield(b)));

    CHECK(weft_cancel(parent));
    CHECK_INT(weft_await(parent, NULL), -ECANCELED);
    CHECK(!weft_done(a) && !weft_done(b));
    weft_set_result(a, NULL);
    weft_set_result(b, NULL);
    weft_unref(parent);
    weft_unref(a);
    weft_unref(b);
    return 0;
}

CASE(shield, C138_shields_are_gathered)
{
    BOTH(&gathers_shields, NULL);
}

/* ---- beyond the list: a task that awaits a shield is cancelled ---- */

static weft_task_t *inner_task;

WEFT_CORO(waits_for_go)
{
    return weft_await(arg, result);
}

WEFT_CORO(awaits_a_shield)
{
    weft_set_result(arg, NULL);
    return weft_join(weft_shield(inner_task), NULL);
}

WEFT_CORO(cancels_one_that_awaits_a_shield)
{
    weft_future_t *go = weft_create_future(NULL), *begun = weft_create_future(NULL);
    inner_task = weft_create_task(weft_coro(&waits_for_go, go));
    weft_task_t *outer = weft_create_task(weft_coro(&awaits_a_shield, begun));
    void *value = NULL;

    CHECK_INT(weft_join(begun, NULL), 0);
    CHECK(weft_cancel(outer));
    CHECK_INT(weft_join(outer, NULL), -ECANCELED);
    CHECK(!weft_done(inner_task) && weft_cancelling(inner_task) == 0);
    weft_set_result(go, &value);
    CHECK_INT(weft_join(inner_task, &value), 0);
    CHECK(value == &value);
    weft_unref(go);
    return 0;
}

CASE(shield, keeps_a_cancel_of_who_awaits_it_from_the_inner_task)
{
    for (int i = 0; i < 20; i++)
        BOTH(&cancels_one_that_awaits_a_shield, NULL);
}
