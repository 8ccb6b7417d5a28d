/* SPDX-License-Identifier: MIT */
/* create_task: a coroutine object becomes a task, in place. */
#ifndef WEFT_ASYNC_CREATE_TASK_H
#define WEFT_ASYNC_CREATE_TASK_H

#include "weft/task.h"
#include "runtime/core/vars.h"

/* weft_create_task for a given loop, also from outside of it; in user code only, as a factory may
 * be called, and the task may start eagerly. Steals [coro]. 0 or -errno; on success the caller has
 * the handle's reference (with .detached none: *task is NULL). */
int weft__create_task(struct weft_loop *loop, weft_coro_t *coro, const weft_task_opts_t *opts,
                      weft_task_t **task);

/* The same without the factory. */
int weft__new_task(struct weft_loop *loop, weft_coro_t *coro, const weft_task_opts_t *opts,
                   weft_task_t **task);

/* The same with [vars], which it takes over, whatever is seen here: in the scheduler too, if
 * .eager_start is not on. */
int weft__new_task_seeing(struct weft_loop *loop, weft_coro_t *coro, weft__vars vars,
                          const weft_task_opts_t *opts, weft_task_t **task);

#endif
