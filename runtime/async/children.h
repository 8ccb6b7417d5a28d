/* SPDX-License-Identifier: MIT */
/* children: awaitables whose references a call takes over, and of which it makes tasks. */
#ifndef WEFT_ASYNC_CHILDREN_H
#define WEFT_ASYNC_CHILDREN_H

#include "runtime/core/task.h"

/* Checks them (weft__watch_check), then starts all coroutines among them, in order, in place: the
 * references are those of the tasks then, the caller's. On failure all references are dropped,
 * coroutines closed, and those that were started here are cancelled; with [wait], by a task, they
 * are waited for too, as by reap: -ECANCELED, if it was cancelled meanwhile. */
int weft__children_start(struct weft_loop *loop, struct weft_awaitable *const *aws, size_t count,
                         bool wait);

/* Drops all references; what was not started is closed. */
void weft__children_drop(struct weft_awaitable *const *aws, size_t count);

/* The running task: waits until all are done, whatever it is cancelled by meanwhile. True: it was
 * cancelled, which has been raised. */
bool weft__children_reap(struct weft_awaitable *const *aws, size_t count);

#endif
