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
    CHECK(weft_done(outer));
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
