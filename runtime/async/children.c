/* SPDX-License-Identifier: MIT */
#include "runtime/async/children.h"

#include <stdlib.h>

#include "runtime/async/create_task.h"
#include "runtime/async/watch.h"
#include "runtime/sched/await.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/worker.h"

void weft__children_drop(struct weft_awaitable *const *aws, size_t count)
{
    for (size_t i = 0; aws && i < count; i++) {
        if (weft_iscoroutine(aws[i]))
            weft_coro_close(aws[i]);
        else
            weft_unref(aws[i]);
    }
}

/* Ends those that were started. True: the caller was cancelled meanwhile. */
static bool end_all(struct weft_awaitable *const *started, size_t count, bool wait)
{
    bool cancelled;

    for (size_t i = 0; i < count; i++)
        weft_cancel(started[i]);
    cancelled = wait && weft__children_reap(started, count);
    for (size_t i = 0; i < count; i++) {
        uint8_t nobody = 0; /* what comes of them is dropped; one that has callbacks keeps them */
        weft__cas_relaxed(&started[i]->retrieved, &nobody, 1); /* relaxed: see core/task.h */
    }
    return cancelled;
}

int weft__children_start(struct weft_loop *loop, struct weft_awaitable *const *aws, size_t count,
                         bool wait)
{
    weft_task_opts_t opts = {.size = sizeof opts};
    int rc = weft__watch_check(loop, aws, count, true);
    weft_task_t **started = rc == 0 ? calloc(count, sizeof *started) : NULL, *task;
    size_t i, n = 0;

    if (!started) {
        weft__children_drop(aws, count);
        return rc < 0 ? rc : -ENOMEM;
    }
    for (i = 0; i < count && rc == 0; i++) {
        if (weft__kind(aws[i]) != WEFT__KIND_CORO)
            continue;
        rc = weft__create_task(loop, aws[i], &opts, &task);
        if (rc == 0)
            started[n++] = task;
    }
    if (rc < 0) { /* the one before [i] has lost its reference */
        if (end_all(started, n, wait))
            rc = -ECANCELED;
        weft__children_drop(aws, i - 1);
        weft__children_drop(aws + i, count - i);
    }
    free(started);
    return rc;
}

bool weft__children_reap(struct weft_awaitable *const *aws, size_t count)
{
    struct weft_awaitable *task = weft__worker_task(weft__self());
    bool cancelled = weft__raise(task);
    /* relaxed: its own words, or moved on before it is woken. */
    uint32_t before = weft__tokens_sequence(weft__load_relaxed(&task->tokens));

    for (size_t i = 0; i < count; i++) {
        while (!weft__is_done(aws[i]))
            cancelled = weft__await_done(task, aws[i]) || cancelled;
    }
    cancelled = weft__raise(task) || cancelled;
    return cancelled || weft__tokens_sequence(weft__load_relaxed(&task->tokens)) != before;
}
