/* SPDX-License-Identifier: MIT */
/*
 * executor: threads for calls that may block, as many as are needed up to a limit.
 *
 * Each loop has a default one, for at most 64 threads, which weft_to_thread uses; it is made when
 * it is needed. A program may give it another one, and may have more for calls of its own.
 * Python's concurrent.futures.ThreadPoolExecutor.
 */
#ifndef WEFT_EXECUTOR_H
#define WEFT_EXECUTOR_H

#include "weft/task.h"
#include "weft/time.h"

typedef struct weft_executor weft_executor_t;

#define WEFT_EXECUTOR_MAX 256

WEFT_BEGIN

/* A new executor of at most [threads] threads; 0: 64. They are started as calls come, and end when
 * they have had nothing to do for ten seconds. Needs no loop.
 * Returns      0 with a new reference in *executor, -EINVAL (more than WEFT_EXECUTOR_MAX), -ENOMEM
 * Python       ThreadPoolExecutor(max_workers) */
WEFT_API WEFT_MUST int weft_executor_create(weft_executor_t **executor, unsigned threads);

/* One reference more; returns [executor]. */
WEFT_API weft_executor_t *weft_executor_ref(weft_executor_t *executor);

/* One reference less; NULL is allowed. The last one waits for all calls, those that are queued
 * among them; so it is not for a task, nor for a call in that executor.
 * Python       executor.shutdown() */
WEFT_API void weft_executor_unref(weft_executor_t *executor);

/* Has fn(arg, result) called by a thread of [executor] (NULL: the loop's default one). What [arg]
 * points to must live until fn returned. A call that no thread has begun is not made once the
 * future is cancelled; one that was begun goes on, and its result is dropped. It does not see the
 * caller's context variables; of weft_to_thread it does.
 * Returns      a new reference to a future of [loop]; a failed object: -EINVAL, -ENOMEM, -EAGAIN
 *              (no thread), -ESHUTDOWN (the loop is closed, the executor was shut down)
 * Python       loop.run_in_executor(executor, fn, arg) */
WEFT_API weft_future_t *weft_loop_run_in_executor(weft_loop_t *loop, weft_executor_t *executor,
                                                  weft_fn_t fn, void *arg);

/* From now on [executor] is the loop's default one. The loop takes a reference of its own, and
 * shuts it down when it ends.
 * Returns      0; -EINVAL (NULL), -EBUSY (the default one was used or set before; it is the default
 *              one of another loop), -ESHUTDOWN (closed)
 * Python       loop.set_default_executor(), which may replace one that is in use */
WEFT_API int weft_loop_set_default_executor(weft_loop_t *loop, weft_executor_t *executor);

/* Waits until all calls in the loop's default executor are over, those that are queued among them,
 * for at most [timeout] (WEFT_NONE: for ever). From now on it refuses further ones: -ESHUTDOWN.
 * Call from    a task, else -EPERM
 * Suspends     if there are threads
 * Returns      0; -ETIMEDOUT (calls go on; weft_loop_close waits for them, in whatever time, since
 *              what they use may be the loop's; in Python they are left behind), -ECANCELED (ask
 *              again), -ENOMEM (likewise)
 * Python       await loop.shutdown_default_executor(timeout) */
WEFT_API WEFT_MUST int weft_loop_shutdown_default_executor(weft_loop_t *loop, weft_ns_t timeout);

WEFT_END
#endif
