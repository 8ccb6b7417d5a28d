/* SPDX-License-Identifier: MIT */
/* race: the first of several to be done; the others are cancelled and waited for. */
#include "weft/wait.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/async/children.h"
#include "runtime/sched/await.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"

/* The place of the first that is done; [count]: none. */
static size_t first_done(weft_awaitable_t *const *aws, size_t count)
{
    size_t i = 0;

    while (i < count && !weft__is_done(aws[i]))
        i++;
    return i;
}

/* Ends all, and drops the references. True: the caller was cancelled. */
static bool end_all(weft_awaitable_t *const *aws, size_t count)
{
    bool cancelled;

    for (size_t i = 0; i < count; i++)
        weft_cancel(aws[i]);
    cancelled = weft__children_reap(aws, count);
    for (size_t i = 0; i < count; i++)
        /* relaxed: see core/task.h; what came of them is dropped. */
        weft__store_relaxed(&aws[i]->retrieved, 1);
    return cancelled;
}

/* [copy]: for weft_wait to rearrange. */
static int run_race(weft_awaitable_t *const *aws, size_t count, weft_awaitable_t **copy,
                    size_t *winner, void **result)
{
    size_t done, first = count;
    int rc;

    memcpy(copy, aws, count * sizeof *copy);
    rc = weft_wait(copy, count, WEFT_NONE, WEFT_FIRST_COMPLETED, &done);
    if (rc == 0)
        first = first_done(aws, count);
    if (end_all(aws, count))
        rc = -ECANCELED;
    if (first < count && winner)
        *winner = first;
    return rc < 0 ? rc : weft__await_outcome(aws[first], result);
}

int weft_race(weft_awaitable_t *const *aws, size_t count, size_t *winner, void **result)
{
    weft_awaitable_t **copy;
    int rc;

    if (!weft_current_task()) {
        weft__children_drop(aws, count);
        return weft__no_task("race");
    }
    copy = count && count <= PTRDIFF_MAX / sizeof *copy ? malloc(count * sizeof *copy) : NULL;
    if (!copy) {
        weft__children_drop(aws, count);
        return count ? -ENOMEM : -EINVAL;
    }
    rc = weft__children_start(weft__self()->loop, aws, count, true);
    if (rc == 0) {
        rc = run_race(aws, count, copy, winner, result);
        weft__children_drop(aws, count);
    }
    free(copy);
    return rc;
}
