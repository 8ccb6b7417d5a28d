/* SPDX-License-Identifier: MIT */
/*
 * thread: from other threads into a loop, and from a loop to threads that may block.
 */
#ifndef WEFT_THREAD_H
#define WEFT_THREAD_H

#include "weft/future.h"
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

/* A future that the program completes, of no loop: a thread waits for it, or a loop, by
 * weft_wrap_future.
 * Returns      a new reference, never NULL: on failure an object whose result is -ENOMEM
 * Python       concurrent.futures.Future() */
#define weft_cfuture_create() weft_cfuture_create_at(WEFT_HERE)
WEFT_API weft_cfuture_t *weft_cfuture_create_at(const char *where);

/* Completes what weft_cfuture_create made. Any thread may.
 * Returns      0, WEFT_EINVALIDSTATE (done already, or cancelled), -EPROTOTYPE (a coroutine's);
 *              -EINVAL if [error] is not negative, or -ECANCELED: weft_cfuture_cancel is for that
 * Python       future.set_result(), future.set_exception() */
WEFT_API int weft_cfuture_set_result(weft_cfuture_t *future, void *result);
WEFT_API int weft_cfuture_set_exception(weft_cfuture_t *future, int error);

/* Blocks this thread until [future] is done, for at most [timeout] (WEFT_NONE: for ever; 0: not at
 * all).
 * Call from    a thread outside the loop: one of its workers gets -EDEADLK. (A worker may wait for
 *              what the program completes; it does nothing else meanwhile.)
 * Returns      as weft_await; -ETIMEDOUT (the task goes on) */
WEFT_API WEFT_MUST int weft_cfuture_result(weft_cfuture_t *future, weft_ns_t timeout,
                                           void **result);

/* The same for its error alone. Returns it, or 0: none. Python's future.exception(timeout). */
WEFT_API WEFT_MUST int weft_cfuture_exception(weft_cfuture_t *future, weft_ns_t timeout);

/* Ends the future as cancelled, at once. A task behind it is asked to end, as by weft_cancel; what
 * becomes of it the future does not tell, so what it uses must live on (weft_coro_copy gives it an
 * argument of its own).
 * Returns      true: it is cancelled; false: it is done otherwise, or just about to be. (Python
 *              has a state "running", in which it cannot be cancelled; here whoever completes it
 *              is told by WEFT_EINVALIDSTATE.)
 * Python       future.cancel() */
WEFT_API bool weft_cfuture_cancel(weft_cfuture_t *future);
WEFT_API bool weft_cfuture_cancelled(const weft_cfuture_t *future);
WEFT_API bool weft_cfuture_done(const weft_cfuture_t *future);
WEFT_API weft_cfuture_t *weft_cfuture_ref(weft_cfuture_t *future);

/* One reference less. NULL is allowed. A task runs on; what the program was to complete, and with
 * the last reference cannot any more, is cancelled. */
WEFT_API void weft_cfuture_unref(weft_cfuture_t *future);

/* A future of [loop] (NULL: the running one) that ends as [future] does; if it is cancelled, so is
 * [future], unless that is done. It keeps what [future] stands for, not [future] itself: the caller
 * may let go of that. Of a task of another loop it is the way to await it.
 * Returns      a new reference; a failed object: as weft_create_future, or with the error of a
 *              [future] that is one of weft_run_coroutine_threadsafe's failures
 * Python       asyncio.wrap_future() */
#define weft_wrap_future(future, loop) weft_wrap_future_at((future), (loop), WEFT_HERE)
WEFT_API weft_future_t *weft_wrap_future_at(weft_cfuture_t *future, weft_loop_t *loop,
                                            const char *where);

/* Has fn(arg, result) called by a thread of the loop's default executor, which may block, and waits
 * for it (weft/executor.h).
 * Call from    a task, else -EPERM
 * Suspends     yes. The call cannot be stopped once it runs: a cancellation that comes while it
 *              does is kept until it returned, since [arg] may be on the caller's stack, and its
 *              result wins; a call that did not begin is taken back
 * Returns      what fn returned (0 or more as 0), -ECANCELED, -ENOMEM, -EAGAIN (no thread),
 *              -ESHUTDOWN
 * Python       await asyncio.to_thread(fn, arg) */
WEFT_API WEFT_MUST int weft_to_thread(weft_fn_t fn, void *arg, void **result);

WEFT_END
#endif
