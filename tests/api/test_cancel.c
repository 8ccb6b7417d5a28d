/* SPDX-License-Identifier: MIT */
/* cancel: asyncio's rules of delivering a cancellation to a task. */
#include "tests/support/workers.h"

TestSuite(cancel, .timeout = 30);

struct stage { /* what a case and its task tell each other */
    weft_future_t *started, *go;
    weft_task_t *inner;
    _Atomic(int) reached;
    int rc;
};

static void open_stage(struct stage *s)
{
    *s = (struct stage){.started = weft_create_future(NULL), .go = weft_create_future(NULL)};
}

static void close_stage(struct stage *s)
{
    weft_unref(s->started);
    weft_unref(s->go);
}

/* ---- where it waits ----------------------------------------------------------------------------
 */

WEFT_CORO(awaits_go)
{
    struct stage *s = arg;

    weft_set_result(s->started, NULL);
    s->rc = weft_await(s->go, NULL);
    return s->rc;
}

WEFT_CORO(cancels_a_waiter)
{
    struct stage s;
    open_stage(&s);
    weft_task_t *task = weft_create_task(weft_coro(&awaits_go, &s));

    CHECK_INT(weft_await(s.started, NULL), 0);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_await(task, NULL), -ECANCELED);
    CHECK_INT(s.rc, -ECANCELED);
    CHECK(weft_cancelled(task) && weft_done(task));
    CHECK_INT(weft_exception(task), -ECANCELED);
    CHECK(!weft_cancel(task));
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    CHECK(weft_cancelled(s.go));
    weft_unref(task);
    close_stage(&s);
    return 0;
}

CASE(cancel, ends_a_task_that_waits_and_what_it_waits_for) /* C034 */
{
    CHECK_INT(run(&cancels_a_waiter, NULL), 0);
}

WEFT_CORO(yields_until_cancelled)
{
    struct stage *s = arg;
    int rc;

    weft_set_result(s->started, NULL);
    do
        rc = weft_sleep(0);
    while (rc == 0);
    return rc;
}

WEFT_CORO(cancels_a_yielder)
{
    struct stage s;
    open_stage(&s);
    weft_task_t *task = weft_create_task(weft_coro(&yields_until_cancelled, &s));

    CHECK_INT(weft_await(s.started, NULL), 0);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    close_stage(&s);
    return 0;
}

CASE(cancel, ends_a_task_that_only_yields) /* C035 */
{
    CHECK_INT(run(&cancels_a_yielder, NULL), 0);
}

WEFT_CORO(cancels_the_inner_future)
{
    struct stage s;
    open_stage(&s);
    weft_task_t *task = weft_create_task(weft_coro(&awaits_go, &s));

    CHECK_INT(weft_await(s.started, NULL), 0);
    CHECK(weft_cancel(s.go));
    CHECK_INT(weft_await(task, NULL), -ECANCELED);
    CHECK(weft_cancelled(task));
    CHECK_INT(weft_cancelling(task), 0);
    weft_unref(task);
    close_stage(&s);
    return 0;
}

CASE(cancel, of_what_a_task_awaits_comes_out_of_its_await) /* C036 */
{
    CHECK_INT(run(&cancels_the_inner_future, NULL), 0);
}

WEFT_CORO(sleeps_long)
{
    struct stage *s = arg;
    weft_set_result(s->started, NULL);
    return weft_sleep(WEFT_S(3600));
}

WEFT_CORO(cancels_a_sleeper)
{
    struct stage s;
    open_stage(&s);
    weft_task_t *task = weft_create_task(weft_coro(&sleeps_long, &s));

    CHECK_INT(weft_await(s.started, NULL), 0);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    close_stage(&s);
    return 0;
}

CASE(cancel, wakes_a_sleeper_at_once) /* C050 */
{
    CHECK_INT(run(&cancels_a_sleeper, NULL), 0);
}

/* ---- before the first step ---------------------------------------------------------------------
 */

WEFT_CORO(marks_that_it_ran)
{
    struct stage *s = arg;
    s->reached = 1;
    return 0;
}

WEFT_CORO(cancels_before_the_start)
{
    struct stage s;
    open_stage(&s);
    weft_task_t *task = weft_create_task(weft_coro(&marks_that_it_ran, &s));

    CHECK(weft_cancel(task));
    CHECK_INT(weft_cancelling(task), 1);
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    CHECK_INT(s.reached, 0);
    close_stage(&s);
    return 0;
}

CASE_ORDERED(cancel, before_the_start_keeps_the_body_from_running) /* C043 */
{
    CHECK_INT(run(&cancels_before_the_start, NULL), 0);
}

/* ---- what the task makes of it -----------------------------------------------------------------
 */

WEFT_CORO(turns_cancel_into_42)
{
    struct stage *s = arg;

    weft_set_result(s->started, NULL);
    CHECK_INT(weft_await(s->go, NULL), -ECANCELED);
    *result = (void *)42;
    return 0;
}

WEFT_CORO(cancels_a_catcher)
{
    struct stage s;
    void *value = NULL;
    open_stage(&s);
    weft_task_t *task = weft_create_task(weft_coro(&turns_cancel_into_42, &s));

    CHECK_INT(weft_await(s.started, NULL), 0);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_await(task, &value), 0);
    CHECK_INT((intptr_t)value, 42);
    CHECK(!weft_cancelled(task));
    CHECK_INT(weft_cancelling(task), 1);
    weft_unref(task);
    close_stage(&s);
    return 0;
}

CASE(cancel, may_be_caught) /* C038 */
{
    CHECK_INT(run(&cancels_a_catcher, NULL), 0);
}

WEFT_CORO(catches_and_waits_on)
{
    struct stage *s = arg;
    weft_future_t *second = weft_create_future(NULL);

    weft_set_result(s->started, NULL);
    CHECK_INT(weft_await(s->go, NULL), -ECANCELED);
    CHECK_INT(weft_sleep(WEFT_US(100)), 0);
    CHECK_INT(weft_sleep(0), 0);
    weft_set_result(second, arg);
    int rc = weft_await(second, result);
    weft_unref(second);
    return rc;
}

WEFT_CORO(cancels_one_who_waits_on)
{
    struct stage s;
    open_stage(&s);
    weft_task_t *task = weft_create_task(weft_coro(&catches_and_waits_on, &s));

    CHECK_INT(weft_await(s.started, NULL), 0);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), 0);
    close_stage(&s);
    return 0;
}

CASE(cancel, is_delivered_once) /* C039 */
{
    CHECK_INT(run(&cancels_one_who_waits_on, NULL), 0);
}

WEFT_CORO(counts_deliveries)
{
    struct stage *s = arg;

    weft_set_result(s->started, NULL);
    CHECK_INT(weft_await(s->go, NULL), -ECANCELED);
    for (int i = 0; i < 10; i++)
        s->reached += weft_sleep(0) < 0;
    return 0;
}

WEFT_CORO(cancels_twice)
{
    struct stage s;
    open_stage(&s);
    weft_task_t *task = weft_create_task(weft_coro(&counts_deliveries, &s));

    CHECK_INT(weft_await(s.started, NULL), 0);
    CHECK(weft_cancel(task));
    CHECK(weft_cancel(task));
    CHECK_INT(weft_cancelling(task), 2);
    CHECK_INT(weft_join(task, NULL), 0);
    CHECK_INT(s.reached, 0);
    close_stage(&s);
    return 0;
}

CASE_ORDERED(cancel, twice_before_it_runs_is_one_delivery_and_counts_two)
{
    CHECK_INT(run(&cancels_twice, NULL), 0);
}

/* ---- through chains ----------------------------------------------------------------------------
 */

WEFT_CORO(awaits_the_inner)
{
    struct stage *s = arg;

    s->inner = weft_create_task(weft_coro(&awaits_go, s));
    int rc = weft_join(s->inner, NULL);
    s->reached += rc == -ECANCELED;
    CHECK_INT(weft_sleep(0), 0);
    return rc;
}

WEFT_CORO(awaits_the_middle)
{
    struct stage *s = arg;
    int rc = weft_join(weft_create_task(weft_coro(&awaits_the_inner, arg)), NULL);

    s->reached += rc == -ECANCELED;
    CHECK_INT(weft_sleep(0), 0);
    return rc;
}

WEFT_CORO(cancels_the_outermost)
{
    struct stage s;
    open_stage(&s);
    weft_task_t *task = weft_create_task(weft_coro(&awaits_the_middle, &s));

    CHECK_INT(weft_await(s.started, NULL), 0);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    CHECK_INT(s.reached, 2);
    CHECK_INT(s.rc, -ECANCELED);
    CHECK(weft_cancelled(s.go));
    close_stage(&s);
    return 0;
}

CASE(cancel, travels_inward_and_each_sees_it_once) /* C049 */
{
    for (int i = 0; i < 20; i++)
        CHECK_INT(run(&cancels_the_outermost, NULL), 0);
}

WEFT_CORO(awaits_a_catcher)
{
    struct stage *s = arg;
    void *value = NULL;
    int rc = weft_join(weft_create_task(weft_coro(&turns_cancel_into_42, arg)), &value);

    s->rc = rc;
    CHECK_INT((intptr_t)value, 42);
    return rc;
}

WEFT_CORO(cancels_outside_a_catcher)
{
    struct stage s;
    open_stage(&s);
    weft_task_t *task = weft_create_task(weft_coro(&awaits_a_catcher, &s));

    CHECK_INT(weft_await(s.started, NULL), 0);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_await(task, NULL), 0);
    CHECK_INT(s.rc, 0);
    CHECK(!weft_cancelled(task));
    CHECK_INT(weft_cancelling(task), 1);
    weft_unref(task);
    close_stage(&s);
    return 0;
}

/* asyncio: if the inner thing refuses, nothing more happens. The outer may or may not be waiting
 * for the inner one yet when it is struck, so only with one worker is it certain. */
CASE_ORDERED(cancel, that_the_innermost_refuses_is_over)
{
    CHECK_INT(run(&cancels_outside_a_catcher, NULL), 0);
}

WEFT_CORO(awaits_shared)
{
    return weft_await(arg, NULL);
}

WEFT_CORO(cancels_one_of_two_awaiters)
{
    struct stage s;
    open_stage(&s);
    weft_task_t *inner = weft_create_task(weft_coro(&awaits_go, &s));
    CHECK_INT(weft_await(s.started, NULL), 0);
    weft_task_t *a = weft_create_task(weft_coro(&awaits_shared, inner)),
                *b = weft_create_task(weft_coro(&awaits_shared, inner));

    CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(weft_sleep(0), 0);
    CHECK(weft_cancel(a));
    CHECK_INT(weft_await(a, NULL), -ECANCELED);
    CHECK_INT(weft_await(b, NULL), -ECANCELED);
    CHECK_INT(weft_cancelling(b), 0);
    CHECK_INT(weft_await(inner, NULL), -ECANCELED);
    CHECK_INT(weft_cancelling(inner), 1);
    weft_unref(a);
    weft_unref(b);
    weft_unref(inner);
    close_stage(&s);
    return 0;
}

CASE_ORDERED(cancel, of_one_awaiter_reaches_the_others_through_the_awaited)
{
    CHECK_INT(run(&cancels_one_of_two_awaiters, NULL), 0);
}

struct ring {
    weft_task_t *task[3];
    weft_future_t *ready;
};

WEFT_CORO(awaits_the_next)
{
    struct ring *r = ((void **)arg)[0];
    intptr_t i = (intptr_t)((void **)arg)[1];

    int rc = weft_await(r->ready, NULL);
    return rc < 0 ? rc : weft_await(r->task[(i + 1) % 3], NULL);
}

WEFT_CORO(cancels_a_ring)
{
    struct ring r = {.ready = weft_create_future(NULL)};

    for (intptr_t i = 0; i < 3; i++) {
        void *pair[2] = {&r, (void *)i};
        r.task[i] = weft_create_task(weft_coro_copy(&awaits_the_next, pair, sizeof pair));
    }
    weft_set_result(r.ready, NULL);
    for (int i = 0; i < 10; i++)
        CHECK_INT(weft_sleep(0), 0);
    CHECK(weft_cancel(r.task[0]));
    for (int i = 0; i < 3; i++)
        CHECK_INT(weft_await(r.task[i], NULL), -ECANCELED);
    for (int i = 0; i < 3; i++)
        weft_unref(r.task[i]);
    weft_unref(r.ready);
    return 0;
}

CASE(cancel, ends_tasks_that_await_each_other_in_a_ring)
{
    CHECK_INT(run(&cancels_a_ring, NULL), 0);
}

/* ---- from elsewhere ----------------------------------------------------------------------------
 */

static void *cancels(void *task)
{
    weft_cancel(task);
    return NULL;
}

WEFT_CORO(is_cancelled_by_a_thread)
{
    pthread_t thread;

    weft_ref(weft_current_task());
    CHECK_INT(pthread_create(&thread, NULL, cancels, weft_current_task()), 0);
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    pthread_join(thread, NULL);
    CHECK_INT(weft_uncancel(weft_current_task()), 0);
    weft_unref(weft_current_task());
    return 0;
}

CASE(cancel, from_a_foreign_thread_wakes_the_loop)
{
    CHECK_INT(run(&is_cancelled_by_a_thread, NULL), 0);
}

WEFT_CORO(spins_on_sleep)
{
    int rc;
    while ((rc = weft_sleep(WEFT_US(1))) == 0)
        ;
    return rc;
}

WEFT_CORO(cancels_many_at_random_moments)
{
    enum { COUNT = 200 };
    weft_task_t *task[COUNT];

    for (int i = 0; i < COUNT; i++)
        task[i] = weft_create_task(weft_coro(&spins_on_sleep, NULL));
    CHECK_INT(weft_sleep(WEFT_US(200)), 0);
    for (int i = 0; i < COUNT; i++)
        CHECK(weft_cancel(task[i]));
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(weft_join(task[i], NULL), -ECANCELED);
    return 0;
}

CASE(cancel, meets_the_timer_and_the_task_ends_once)
{
    CHECK_INT(run(&cancels_many_at_random_moments, NULL), 0);
}
