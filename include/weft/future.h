/* SPDX-License-Identifier: MIT */
/*
 * future: a one-shot result that any thread may complete, any number of tasks may await.
 */
#ifndef WEFT_FUTURE_H
#define WEFT_FUTURE_H

#include "weft/task.h"

/* Called once when [future] is done, never inside the call that completes it. */
typedef void (*weft_done_fn_t)(weft_future_t *future, void *arg);

WEFT_BEGIN

/* A new future of [loop] (NULL: the running one).
 * Returns      a new reference; a failed object: -EPERM (no loop), -ENOMEM. A closed loop is
 *              allowed.
 * Python       loop.create_future() */
#define weft_create_future(loop) weft_create_future_at((loop), WEFT_HERE)
WEFT_API weft_future_t *weft_create_future_at(weft_loop_t *loop, const char *where);

/* The loop of a future or a task, borrowed: it may be gone if the program has dropped it. NULL of
 * what is neither, or stands for an error. Python's future.get_loop(). */
WEFT_API weft_loop_t *weft_get_loop(const weft_future_t *future);

/* Completes it: its waiters wake, its callbacks are scheduled. Any thread may.
 * Returns      0, WEFT_EINVALIDSTATE (done already), -EPROTOTYPE (a task, a coroutine)
 * Python       future.set_result() */
WEFT_API int weft_set_result(weft_future_t *future, void *result);

/* Completes it with an error. Returns as above; -EINVAL if [error] is not negative. -ECANCELED is
 * refused too: weft_cancel is for that. Python's future.set_exception(). */
WEFT_API int weft_set_exception(weft_future_t *future, int error);

/* Has fn(future, arg) called, in the strand of the code that is running here (in none: the loop's
 * own), when [future] is done, or soon if it is. Callbacks are called in the order in which they
 * were added. The future's loop must not have been dropped by its last reference (closed it may
 * be).
 * Returns      0, -ENOMEM, -EPROTOTYPE (a coroutine), -EINVAL (no [fn]), -ESHUTDOWN
 * Python       future.add_done_callback() */
WEFT_API int weft_add_done_callback(weft_future_t *future, weft_done_fn_t fn, void *arg);

/* Takes all equal ones back that are not scheduled yet. Returns how many there were.
 * Python       future.remove_done_callback() */
WEFT_API size_t weft_remove_done_callback(weft_future_t *future, weft_done_fn_t fn, void *arg);

/* A future of [aw]: a coroutine becomes a task of [loop] (NULL: the running one), a task or a
 * future is itself.
 * Steals       a coroutine that was not used yet; borrows a task or a future
 * Returns      a new reference; a failed object: -EXDEV (a future, and of another loop than
 *              [loop], if that is given), -EPROTOTYPE (neither), -EALREADY (a coroutine that was
 *              used before); as weft_loop_create_task (the coroutine is closed)
 * Python       asyncio.ensure_future(aw, loop=loop) */
WEFT_API weft_future_t *weft_ensure_future(weft_awaitable_t *aw, weft_loop_t *loop);

WEFT_END
#endif
