/* SPDX-License-Identifier: MIT */
/*
 * thread: from other threads into a loop, and from a loop to threads that may block.
 */
#ifndef WEFT_THREAD_H
#define WEFT_THREAD_H

#include "weft/loop.h"

typedef struct weft_cfuture weft_cfuture_t; /* Python's concurrent.futures.Future */

WEFT_BEGIN

/* weft_loop_call_soon for any thread; it wakes the loop. Callbacks of one thread run in its order.
 * Returns      0, -ENOMEM, -ESHUTDOWN (the callback will not be called)
 * Python       loop.call_soon_threadsafe() */
WEFT_API int weft_loop_call_soon_threadsafe(weft_loop_t *loop, weft_callback_t fn, void *arg,
                                            weft_handle_t **handle);

/* Starts [coro] as a task of [loop] from a thread outside it.
 * Steals       [coro]
 * Returns      a new reference, never NULL: on failure an object whose result is -EPROTOTYPE,
 *              -ESHUTDOWN, -EALREADY, -EINVAL (its stack size) or -ENOMEM. A coroutine that an open
 *              loop could not start is an error that the exception handler is told too
 * Python       asyncio.run_coroutine_threadsafe() */
WEFT_API weft_cfuture_t *weft_run_coroutine_threadsafe(weft_coro_t *coro, weft_loop_t *loop);

/* Blocks this thread until the task is done, for at most [timeout] (WEFT_NONE: for ever; 0: not at
 * all).
 * Call from    a thread outside the loop: one of its workers gets -EDEADLK
 * Returns      as weft_await; -ETIMEDOUT (the task goes on) */
WEFT_API WEFT_MUST int weft_cfuture_result(weft_cfuture_t *future, weft_ns_t timeout,
                                           void **result);

/* Cancels the task. Returns false if it is done. */
WEFT_API bool weft_cfuture_cancel(weft_cfuture_t *future);
WEFT_API bool weft_cfuture_done(const weft_cfuture_t *future);
WEFT_API void weft_cfuture_unref(weft_cfuture_t *future);

/* Has fn(arg, result) called by a thread of the loop's pool, which may block, and waits for it.
 * Call from    a task, else -EPERM
 * Suspends     yes. The call cannot be stopped once it runs: a cancellation that comes while it
 *              does is kept until it returned, since [arg] may be on the caller's stack, and its
 *              result wins; a call that did not begin is taken back
 * Returns      what fn returned (0 or more as 0), -ECANCELED, -ENOMEM, -EAGAIN (no thread),
 *              -ESHUTDOWN
 * Python       await asyncio.to_thread(fn, arg) */
WEFT_API WEFT_MUST int weft_to_thread(weft_fn_t fn, void *arg, void **result);

/* The same as an object, which outlives its waiter: what [arg] points to must live until fn
 * returned.
 * Returns      a new reference to a future; a failed object as above
 * Python       loop.run_in_executor(None, fn, arg) */
WEFT_API weft_future_t *weft_loop_run_in_executor(weft_loop_t *loop, weft_fn_t fn, void *arg);

WEFT_END
#endif
