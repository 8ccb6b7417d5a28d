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
