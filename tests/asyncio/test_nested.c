/* SPDX-License-Identifier: MIT */
/*
 * nested: awaitables that stand in each other, however deep. The depth is memory's, never that of
 * the stack of who cancels, completes or drops them: each case runs on the smallest there is.
 */
#include <string.h>

#include "tests/support/serial.h"

TestSuite(nested, .timeout = 240);

enum { DEEP = 20000, TASKS = 500, SMALLEST = 16 * 1024 };

/* A task that has begun before it is awaited has a stack of its own. */
#define ON_SMALLEST(fn)                                                                            \
    WEFT_CORO(fn##_on_the_smallest)                                                                \
    {                                                                                              \
        return weft_join(started(weft_create_task(weft_coro(&fn, arg), .stack_size = SMALLEST)),   \
                         result);                                                                  \
    }

/* ---- gathers and shields, as objects ---- */

enum what { GATHERS, SHIELDS, BOTH_IN_TURN };

static weft_future_t *wrap(weft_future_t *inner, bool in_shield)
{
    weft_future_t *outer;

    if (!in_shield)
        return weft_gather_future(WEFT_AWS(inner));
    outer = weft_shield(inner);
    weft_unref(inner);
    return outer;
}

/* [inner]: borrowed. */
static weft_future_t *nest(weft_future_t *inner, enum what what)
{
    weft_future_t *outer = weft_ref(inner);

    for (int i = 0; i < DEEP; i++)
        outer = wrap(outer, what == SHIELDS || (what == BOTH_IN_TURN && i % 2));
    return outer;
}

WEFT_CORO(completes)
{
    weft_future_t *inner = weft_create_future(NULL);
    weft_future_t *outer = nest(inner, (enum what)(intptr_t)arg);

    weft_set_result(inner, NULL);
    CHECK(weft_done(outer) || workers == 1); /* in asyncio's order each is a tick later */
    CHECK_INT(weft_join(outer, NULL), 0);
    weft_unref(inner);
    return 0;
}

ON_SMALLEST(completes)

CASE(nested, futures_complete)
{
    BOTH(&completes_on_the_smallest, (void *)GATHERS);
    BOTH(&completes_on_the_smallest, (void *)SHIELDS);
    BOTH(&completes_on_the_smallest, (void *)BOTH_IN_TURN);
}

static _Atomic(int) told;

static void tell(weft_future_t *future, void *arg)
{
    CHECK(weft_done(future) && weft_done(arg));
    told++;
}

WEFT_CORO(calls_back)
{
    weft_future_t *inner = weft_create_future(NULL), *outer = weft_ref(inner);

    told = 0;
    for (int i = 0; i < DEEP; i++) {
        CHECK_INT(weft_add_done_callback(outer, tell, inner), 0);
        outer = wrap(outer, i % 2);
    }
    weft_set_result(inner, NULL);
    CHECK_INT(weft_join(outer, NULL), 0);
    while (told < DEEP)
        turn();
    weft_unref(inner);
    return 0;
}

ON_SMALLEST(calls_back)

CASE(nested, futures_with_callbacks_complete)
{
    BOTH(&calls_back_on_the_smallest, NULL);
}

WEFT_CORO(fails)
{
    weft_future_t *inner = weft_create_future(NULL);
    weft_future_t *outer = nest(inner, BOTH_IN_TURN);

    weft_set_exception(inner, -EIO);
    CHECK_INT(weft_join(outer, NULL), -EIO);
    weft_unref(inner);
    return 0;
}

ON_SMALLEST(fails)

CASE(nested, an_error_comes_out_of_the_outermost)
{
    BOTH(&fails_on_the_smallest, NULL);
}

WEFT_CORO(goes_unseen)
{
    weft_future_t *inner = weft_create_future(NULL);

    weft_unref(nest(inner, (enum what)(intptr_t)arg));
    weft_set_result(inner, NULL);
    weft_unref(inner);
    return 0;
}

ON_SMALLEST(goes_unseen)

CASE(nested, futures_that_nobody_holds_go_when_the_innermost_is_done)
{
    BOTH(&goes_unseen_on_the_smallest, (void *)GATHERS);
    BOTH(&goes_unseen_on_the_smallest, (void *)BOTH_IN_TURN);
}

WEFT_CORO(is_cancelled)
{
    weft_future_t *inner = weft_create_future(NULL);
    weft_future_t *outer = nest(inner, GATHERS);

    CHECK(arg ? weft_cancel_message(outer, arg) : weft_cancel(outer));
    CHECK(weft_cancelled(inner));
    CHECK_INT(weft_join(outer, NULL), -ECANCELED);
    if (arg)
        CHECK(strcmp(weft_error_message(weft_last_error()), arg) == 0);
    weft_unref(inner);
    return 0;
}

ON_SMALLEST(is_cancelled)

CASE(nested, a_cancel_of_the_outermost_gather_reaches_the_innermost)
{
    BOTH(&is_cancelled_on_the_smallest, NULL);
    BOTH(&is_cancelled_on_the_smallest, "why");
}

enum { SIBLINGS = 3 };

static int order[SIBLINGS];

static void note(weft_future_t *future, void *arg)
{
    (void)future;
    order[told++] = (int)(intptr_t)arg;
}

static weft_future_t *noted(int i)
{
    weft_future_t *future = weft_create_future(NULL);

    CHECK_INT(weft_add_done_callback(future, note, (void *)(intptr_t)i), 0);
    return weft_gather_future(WEFT_AWS(future));
}

WEFT_CORO(cancels_siblings)
{
    (void)arg;
    for (int depth = 0; depth < 20; depth++) {
        weft_future_t *outer = weft_gather_future(WEFT_AWS(noted(0), noted(1), noted(2)));

        told = 0;
        for (int i = 0; i < depth; i++)
            outer = wrap(outer, false);
        CHECK(weft_cancel(outer));
        CHECK_INT(weft_join(outer, NULL), -ECANCELED);
        while (told < SIBLINGS)
            turn();
        for (int i = 0; i < SIBLINGS; i++)
            CHECK_INT(order[i], i);
    }
    return 0;
}

CASE_ORDERED(nested, siblings_are_cancelled_in_their_order_however_deep_they_are)
{
    CHECK_INT(run(&cancels_siblings, NULL), 0);
}

/* ---- coroutines ---- */

WEFT_CORO(never_runs)
{
    (void)arg;
    (void)result;
    CHECK(false);
    return 0;
}

WEFT_CORO(closes)
{
    weft_coro_t *coro = weft_coro(&never_runs, NULL);

    for (int i = 0; i < DEEP; i++)
        coro = weft_wait_for_coro(coro, WEFT_S(1));
    weft_coro_close(coro);
    return 0;
}

ON_SMALLEST(closes)

CASE(nested, wait_for_objects_close)
{
    BOTH(&closes_on_the_smallest, NULL);
}

WEFT_CORO(drops_iterators)
{
    weft_future_t *inner = weft_create_future(NULL);
    weft_awaitable_t *outer = weft_ref(inner);

    (void)arg;
    for (int i = 0; i < TASKS; i++) {
        weft_as_completed_t *it = weft_as_completed(WEFT_AWS(outer), WEFT_NONE);
        outer = weft_as_completed_coro(it);
        weft_as_completed_free(it);
    }
    weft_set_result(inner, NULL);
    CHECK_INT(weft_join(outer, NULL), 0);
    weft_unref(inner);
    return 0;
}

ON_SMALLEST(drops_iterators)

CASE(nested, iterators_over_iterators_go)
{
    BOTH(&drops_iterators_on_the_smallest, NULL);
}

/* ---- tasks, each of which awaits a gather of the next ---- */

static _Atomic(int) arrived, ended;

WEFT_CORO(descends)
{
    int depth = (int)(intptr_t)arg, rc;

    arrived++;
    rc = depth == 1
             ? forever()
             : weft_gather(WEFT_AWS(weft_coro(&descends, (void *)(intptr_t)(depth - 1))), NULL);
    CHECK_INT(weft_cancelling(weft_current_task()), 1);
    ended++;
    return rc;
}

WEFT_CORO(is_cancelled_in_tasks)
{
    weft_task_t *outer =
        weft_create_task(weft_coro(&descends, (void *)(intptr_t)TASKS), .stack_size = SMALLEST);

    (void)arg;
    arrived = ended = 0;
    while (arrived < TASKS)
        turn();
    turn();
    CHECK(weft_cancel(outer));
    CHECK_INT(weft_join(outer, NULL), -ECANCELED);
    CHECK_INT(ended, TASKS);
    return 0;
}

ON_SMALLEST(is_cancelled_in_tasks)

CASE(nested, a_cancel_reaches_the_innermost_of_tasks_that_gather)
{
    BOTH(&is_cancelled_in_tasks_on_the_smallest, NULL);
}

/* ---- groups of errors ---- */

WEFT_CORO(fails_in_groups)
{
    weft_taskgroup_t tg;
    weft_coro_t *inner;
    int rc;

    if (!arg)
        return -EIO;
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    inner = weft_coro(&fails_in_groups, (void *)((intptr_t)arg - 1));
    rc = weft_taskgroup_create_task(&tg, inner, NULL);
    return weft_taskgroup_exit(&tg, rc);
}

WEFT_CORO(drops_an_error)
{
    int depth = 0;

    (void)arg;
    CHECK_INT(weft_join(weft_create_task(weft_coro(&fails_in_groups, (void *)TASKS)), NULL),
              WEFT_EGROUP);
    for (const weft_error_t *e = weft_last_error(); weft_error_count(e); e = weft_error_at(e, 0))
        depth++;
    CHECK_INT(depth, TASKS);
    CHECK_INT(weft_raise(-EIO, "in its place"), -EIO);
    return 0;
}

ON_SMALLEST(drops_an_error)

CASE(nested, groups_of_errors_go)
{
    BOTH(&drops_an_error_on_the_smallest, NULL);
}

/* ---- rings of such tasks ---- */

enum { RING = 40 }; /* more than are cancelled within each other */

static weft_future_t *gate;
static weft_task_t *ring[RING];

WEFT_CORO(awaits_the_next)
{
    int i = (int)(intptr_t)arg, rc;

    rc = weft_await(gate, NULL);
    arrived++;
    if (rc == 0)
        rc = weft_gather(WEFT_AWS(weft_ref(ring[(i + 1) % RING])), NULL);
    ended++;
    return rc;
}

WEFT_CORO(awaits_the_ring)
{
    return weft_gather(WEFT_AWS(weft_ref(ring[(intptr_t)arg])), NULL);
}

/* [arg]: the cancel comes from a task that is not part of it. */
WEFT_CORO(breaks_a_ring)
{
    weft_task_t *tail;

    arrived = ended = 0;
    gate = weft_create_future(NULL);
    for (int i = 0; i < RING; i++)
        ring[i] = weft_create_task(weft_coro(&awaits_the_next, (void *)(intptr_t)i),
                                   .stack_size = SMALLEST);
    tail = start(&awaits_the_ring, NULL);
    weft_set_result(gate, NULL);
    while (arrived < RING)
        turn();
    turn();
    CHECK(weft_cancel(arg ? tail : ring[0]));
    CHECK_INT(weft_join(tail, NULL), -ECANCELED);
    for (int i = 0; i < RING; i++)
        CHECK_INT(weft_join(ring[i], NULL), -ECANCELED);
    CHECK_INT(ended, RING);
    weft_unref(gate);
    return 0;
}

ON_SMALLEST(breaks_a_ring)

/* On real workers: it goes round some ten thousand times before it is taken for a ring. */
CASE_REAL(nested, a_cancel_ends_a_ring_of_tasks_that_gather_each_other)
{
    BOTH(&breaks_a_ring_on_the_smallest, NULL);
}

CASE_REAL(nested, a_cancel_from_outside_ends_a_ring_of_tasks_that_gather_each_other)
{
    BOTH(&breaks_a_ring_on_the_smallest, "");
}
