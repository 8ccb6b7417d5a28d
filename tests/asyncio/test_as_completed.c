/* SPDX-License-Identifier: MIT */
/* as_completed: the conformance items on asyncio.as_completed, in both forms. */
#include "tests/support/serial.h"

TestSuite(as_completed, .timeout = 60);

enum { COUNT = 4 };

static weft_future_t *future[COUNT];

static void make_futures(void)
{
    for (int i = 0; i < COUNT; i++)
        future[i] = weft_create_future(NULL);
}

static void drop_futures(void)
{
    for (int i = 0; i < COUNT; i++)
        weft_unref(future[i]);
}

static weft_as_completed_t *iterate(weft_ns_t timeout)
{
    return weft_as_completed(WEFT_AWS(weft_ref(future[0]), weft_ref(future[1]), weft_ref(future[2]),
                                      weft_ref(future[3])),
                             timeout);
}

static void complete(int i)
{
    CHECK_INT(weft_set_result(future[i], (void *)(intptr_t)i), 0);
}

/* ---- C120, C121 ---- */

static const int order[COUNT] = {2, 0, 3, 1};

WEFT_CORO(completes_in_order)
{
    for (int i = 0; i < COUNT; i++) {
        complete(order[i]);
        CHECK_INT(weft_sleep(0), 0);
    }
    return 0;
}

WEFT_CORO(takes_in_order)
{
    weft_awaitable_t *aw = NULL;

    make_futures();
    weft_as_completed_t *it = iterate(WEFT_NONE);
    weft_task_t *task = weft_create_task(weft_coro(&completes_in_order, NULL));
    for (int i = 0; i < COUNT; i++) {
        void *value = NULL;
        CHECK_INT(weft_as_completed_next(it, &aw), 1);
        CHECK(aw == future[order[i]]);
        CHECK_INT(weft_result(aw, &value), 0);
        CHECK_INT((intptr_t)value, order[i]);
    }
    CHECK_INT(weft_as_completed_next(it, &aw), 0);
    CHECK_INT(weft_as_completed_next(it, NULL), 0);
    weft_as_completed_free(it);
    CHECK_INT(weft_join(task, NULL), 0);
    drop_futures();
    return 0;
}

CASE(as_completed, C120_gives_them_in_the_order_of_their_completion)
{
    BOTH(&takes_in_order, NULL);
}

WEFT_CORO(gives_its_argument)
{
    *result = arg;
    return weft_sleep(0);
}

WEFT_CORO(finds_its_tasks)
{
    weft_task_t *task[3];
    weft_awaitable_t *aw;
    int seen = 0;

    for (int i = 0; i < 3; i++)
        task[i] = weft_create_task(weft_coro(&gives_its_argument, NULL));
    weft_as_completed_t *it = weft_as_completed(
        WEFT_AWS(weft_ref(task[0]), weft_ref(task[1]), weft_ref(task[2]), weft_ref(task[1])),
        WEFT_NONE);
    while (weft_as_completed_next(it, &aw) > 0) {
        for (int i = 0; i < 3; i++)
            seen += aw == task[i] ? 1 << 4 * i : 0;
    }
    CHECK_INT(seen, 0x111); /* each once */
    weft_as_completed_free(it);
    for (int i = 0; i < 3; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

CASE(as_completed, C121_gives_the_very_tasks_that_went_in)
{
    BOTH(&finds_its_tasks, NULL);
}

/* ---- C123 ---- */

WEFT_CORO(has_a_timeout_left)
{
    for (int i = 0; i < 500; i++) {
        make_futures();
        weft_as_completed_t *it = iterate(WEFT_MS(2));
        weft_task_t *task = weft_create_task(weft_coro(&completes_in_order, NULL));
        int rc, n = 0;
        while ((rc = weft_as_completed_next(it, NULL)) > 0)
            n++;
        CHECK(rc == 0 || rc == -ETIMEDOUT);
        CHECK(rc < 0 || n == COUNT);
        weft_as_completed_free(it);
        CHECK_INT(weft_join(task, NULL), 0);
        drop_futures();
    }
    return weft_sleep(WEFT_MS(4)); /* a timer left behind would ring now */
}

CASE(as_completed, C123_its_timer_goes_when_all_are_done)
{
    BOTH(&has_a_timeout_left, NULL);
}

WEFT_CORO(runs_out_of_time)
{
    weft_awaitable_t *aw = NULL;

    make_futures();
    complete(3);
    weft_as_completed_t *it = iterate(arg ? 0 : WEFT_MS(5));
    CHECK_INT(weft_as_completed_next(it, &aw), 1); /* done in time, however late it is taken */
    CHECK(aw == future[3]);
    for (int i = 0; i < 3; i++)
        CHECK_INT(weft_as_completed_next(it, &aw), -ETIMEDOUT);
    CHECK_INT(weft_as_completed_next(it, &aw), 0);
    for (int i = 0; i < 3; i++)
        CHECK(!weft_done(future[i]));
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    weft_as_completed_free(it);
    drop_futures();
    return 0;
}

CASE(as_completed, its_timeout_is_for_all_and_cancels_none)
{
    BOTH(&runs_out_of_time, NULL);
    BOTH(&runs_out_of_time, "");
}

/* ---- C124 ---- */

WEFT_CORO(pauses)
{
    make_futures();
    weft_as_completed_t *it = iterate(WEFT_NONE);
    weft_awaitable_t *aw = NULL;

    complete(1);
    CHECK_INT(weft_as_completed_next(it, &aw), 1);
    CHECK(aw == future[1]);
    complete(0);
    CHECK_INT(weft_sleep(WEFT_MS(1)), 0);
    complete(3);
    complete(2);
    for (int i = 0; i < 3; i++) {
        static const int rest[] = {0, 3, 2};
        CHECK_INT(weft_as_completed_next(it, &aw), 1);
        CHECK(aw == future[rest[i]]);
    }
    CHECK_INT(weft_as_completed_next(it, &aw), 0);
    weft_as_completed_free(it);
    drop_futures();
    return 0;
}

CASE(as_completed, C124_may_be_left_and_gone_on_with)
{
    BOTH(&pauses, NULL);
}

/* ---- C125, C126 ---- */

WEFT_CORO(awaits_in_reverse)
{
    weft_coro_t *coro[COUNT];
    void *value = NULL;

    make_futures();
    weft_as_completed_t *it = iterate(WEFT_NONE);
    for (int i = 0; i < COUNT; i++)
        coro[i] = weft_as_completed_coro(it);
    CHECK_INT(weft_join(weft_as_completed_coro(it), NULL), WEFT_EINVALIDSTATE);
    weft_as_completed_free(it);
    for (int i = 0; i < COUNT; i++)
        complete(order[i]);
    for (int i = COUNT; i-- > 0;) {
        CHECK_INT(weft_join(coro[i], &value), 0);
        CHECK_INT((intptr_t)value, order[COUNT - 1 - i]);
    }
    drop_futures();
    return 0;
}

CASE(as_completed, C125_the_first_that_is_awaited_gets_the_first_that_is_done)
{
    BOTH(&awaits_in_reverse, NULL);
}

WEFT_CORO(awaits_in_parallel)
{
    weft_result_t r[COUNT];
    int seen = 0;

    make_futures();
    weft_as_completed_t *it = iterate(WEFT_NONE);
    weft_future_t *all =
        weft_gather_future(WEFT_AWS(weft_as_completed_coro(it), weft_as_completed_coro(it),
                                    weft_as_completed_coro(it), weft_as_completed_coro(it)));
    weft_task_t *task = weft_create_task(weft_coro(&completes_in_order, NULL));
    CHECK_INT(weft_await(all, NULL), 0);
    for (int i = 0; i < COUNT; i++) {
        r[i] = weft_gather_results(all, NULL)[i];
        seen |= 1 << (intptr_t)r[i].value;
    }
    CHECK_INT(seen, 15);
    weft_unref(all);
    weft_as_completed_free(it);
    CHECK_INT(weft_join(task, NULL), 0);
    drop_futures();
    return 0;
}

CASE(as_completed, C126_may_be_awaited_in_parallel)
{
    for (int i = 0; i < 20; i++)
        BOTH(&awaits_in_parallel, NULL);
}

/* ---- none ---- */

WEFT_CORO(gives_none)
{
    weft_as_completed_t *it = weft_as_completed(NULL, 0, WEFT_MS(1));

    CHECK_INT(weft_as_completed_next(it, NULL), 0);
    CHECK_INT(weft_as_completed_next(it, NULL), 0);
    CHECK_INT(weft_join(weft_as_completed_coro(it), NULL), WEFT_EINVALIDSTATE);
    weft_as_completed_free(it);
    return 0;
}

CASE(as_completed, of_none_is_an_iteration_that_is_over)
{
    BOTH(&gives_none, NULL);
}

/* ---- C128 ---- */

static weft_loop_t *other_loop;

static void refuses(weft_awaitable_t *aw, int error)
{
    weft_as_completed_t *it = weft_as_completed(&aw, 1, WEFT_NONE);

    CHECK_INT(weft_as_completed_next(it, NULL), error);
    CHECK_INT(weft_join(weft_as_completed_coro(it), NULL), error);
    weft_as_completed_free(it);
}

WEFT_CORO(gives_wrong_arguments)
{
    weft_coro_t *spent = weft_coro(&gives_its_argument, NULL);

    CHECK_INT(weft_await(spent, NULL), 0);
    refuses(spent, -EALREADY);
    refuses(NULL, -EPROTOTYPE);
    CHECK_INT(weft_as_completed_next(weft_as_completed(NULL, 1, WEFT_NONE), NULL), -EINVAL);
    refuses(weft_create_future(other_loop), -EXDEV);
    CHECK_INT(weft_as_completed_next(NULL, NULL), -EINVAL);
    weft_as_completed_free(NULL);
    weft_awaitable_t *aw = NULL;
    weft_as_completed_t *it = weft_as_completed(WEFT_AWS(weft_coro(NULL, NULL)), WEFT_NONE);
    CHECK_INT(weft_as_completed_next(it, &aw), 1); /* one that has failed is done */
    CHECK_INT(weft_exception(aw), -EPROTOTYPE);
    weft_as_completed_free(it);
    return 0;
}

CASE(as_completed, C128_refuses_wrong_arguments)
{
    CHECK_INT(weft_new_event_loop(&other_loop, .workers = workers), 0);
    BOTH(&gives_wrong_arguments, NULL);
    weft_loop_unref(other_loop);
    refuses(weft_coro(&gives_its_argument, NULL), -EPERM);
}

/* ---- beyond the list: who is cancelled loses nothing, what is left runs on ---- */

static _Atomic(int) got;

WEFT_CORO(takes_one)
{
    int rc = weft_as_completed_next(arg, NULL);
    got += rc == 1;
    return rc < 0 ? rc : 0;
}

WEFT_CORO(cancels_takers)
{
    weft_task_t *taker[COUNT];
    int cancelled = 0;

    got = 0;
    make_futures();
    weft_as_completed_t *it = iterate(WEFT_NONE);
    for (int i = 0; i < COUNT; i++)
        taker[i] = weft_create_task(weft_coro(&takes_one, it));
    weft_task_t *task = weft_create_task(weft_coro(&completes_in_order, NULL));
    CHECK_INT(weft_sleep(0), 0);
    weft_cancel(taker[1]);
    weft_cancel(taker[2]);
    for (int i = 0; i < COUNT; i++)
        cancelled += weft_join(taker[i], NULL) == -ECANCELED;
    CHECK_INT(weft_join(task, NULL), 0);
    while (weft_as_completed_next(it, NULL) > 0)
        got++;
    CHECK_INT(got, COUNT);
    CHECK(cancelled <= 2);
    weft_as_completed_free(it);
    drop_futures();
    return 0;
}

CASE(as_completed, a_cancelled_taker_loses_nothing)
{
    for (int i = 0; i < 100; i++)
        BOTH(&cancels_takers, NULL);
}

WEFT_CORO(cancels_one_that_was_handed_its)
{
    weft_awaitable_t *aw = NULL;

    make_futures();
    weft_as_completed_t *it = iterate(WEFT_NONE);
    weft_task_t *first = weft_create_task(weft_coro(&takes_one, it));
    weft_task_t *second = weft_create_task(weft_coro(&takes_one, it));
    turn();
    got = 0;
    complete(2);
    CHECK(weft_cancel(first)); /* before it has run */
    CHECK_INT(weft_join(first, NULL), -ECANCELED);
    CHECK_INT(weft_join(second, NULL), 0);
    CHECK_INT(got, 1);
    complete(1);
    CHECK_INT(weft_as_completed_next(it, &aw), 1);
    CHECK(aw == future[1]);
    first = weft_create_task(weft_coro(&takes_one, it));
    turn();
    complete(3);
    CHECK(weft_cancel(first));
    CHECK_INT(weft_join(first, NULL), -ECANCELED);
    CHECK_INT(weft_as_completed_next(it, &aw), 1);
    CHECK(aw == future[3]);
    weft_as_completed_free(it);
    drop_futures();
    return 0;
}

CASE_ORDERED(as_completed, what_a_cancelled_taker_was_handed_goes_on_to_the_next)
{
    CHECK_INT(run(&cancels_one_that_was_handed_its, NULL), 0);
}

CASE(as_completed, what_a_cancelled_taker_was_handed_goes_on_in_a_strand_too)
{
    CHECK_INT(run_serial(&cancels_one_that_was_handed_its, NULL), 0);
}

WEFT_CORO(leaves_early)
{
    make_futures();
    weft_as_completed_t *it = weft_as_completed(
        WEFT_AWS(weft_coro(&gives_its_argument, NULL), weft_ref(future[0])), WEFT_NONE);

    CHECK_INT(weft_as_completed_next(it, NULL), 1);
    weft_as_completed_free(it);
    complete(0);
    drop_futures();
    return 0;
}

CASE(as_completed, freed_early_leaves_the_others_running)
{
    BOTH(&leaves_early, NULL);
}
