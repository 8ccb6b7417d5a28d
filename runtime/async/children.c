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

/* [started]: which of them. The one at [failed] has lost its reference already. */
static void undo(struct weft_awaitable *const *aws, size_t count, size_t failed,
                 const bool *started)
{
    for (size_t i = 0; i < failed; i++) {
        if (started[i])
            weft_cancel(aws[i]);
    }
    weft__children_drop(aws, failed);
    weft__children_drop(aws + failed + 1, count - failed - 1);
}

int weft__children_start(struct weft_loop *loop, struct weft_awaitable *const *aws, size_t count)
{
    weft_task_opts_t opts = {.size = sizeof opts};
    int rc = weft__watch_check(loop, aws, count, true);
    bool *started = rc == 0 ? calloc(count, sizeof *started) : NULL;
    weft_task_t *task;

    if (!started) {
        weft__children_drop(aws, count);
        return rc < 0 ? rc : -ENOMEM;
    }
    for (size_t i = 0; i < count && rc == 0; i++) {
        if (weft__kind(aws[i]) != WEFT__KIND_CORO)
            continue;
        rc = weft__create_task(loop, aws[i], &opts, &task);
        started[i] = true;
        if (rc < 0)
            undo(aws, count, i, started);
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
