/* SPDX-License-Identifier: MIT */
/*
 * scope: cancel scopes, in which every suspension fails once they are cancelled.
 *
 *     weft_scope_t scope;
 *     int rc = weft_move_on_after(&scope, WEFT_S(5));
 *     if (rc == 0)
 *         rc = weft_scope_exit(&scope, do_something());
 *
 * weft_cancel and time-outs are asyncio's: they strike once. A body that overlooks the -ECANCELED
 * of one call goes on and waits in the next, for ever perhaps. A scope, Python's Trio has them,
 * strikes by level: once it is cancelled, by its deadline or by weft_scope_cancel, each call in it
 * that suspends returns -ECANCELED, until it is left. What awaits a task gives that one a cancel,
 * once for each await, and waits for its end, as everywhere.
 *
 * Scopes nest, with each other and with time-outs; the outer one's cancellation holds inside of the
 * inner ones, and comes out of them as -ECANCELED. A scope with a shield is not reached by those
 * around it; nor by weft_cancel and time-outs from outside, which wait until it is left. That is
 * for closing what must be closed, and should have a deadline:
 *
 *     rc = weft_scope_enter(&scope, weft_loop_time(loop) + WEFT_S(1), true);
 *
 * A scope is of its task: tasks that are created in it are not in it, but those of a task group are
 * cancelled when their parent's wait for them fails. The object is the caller's, on its stack, must
 * not move, and must not be left without exit.
 */
#ifndef WEFT_SCOPE_H
#define WEFT_SCOPE_H

#include "weft/time.h"

typedef struct weft_cancel_scope {
    unsigned char opaque[160];
} __attribute__((aligned(16))) weft_scope_t;

WEFT_BEGIN

/* Opens a scope that is cancelled at [when] of weft_loop_time() (WEFT_NONE: never), with a shield
 * or not.
 * Call from    a task, else -EPERM
 * Returns      0; -ENOMEM (then there is no scope to leave); -EALREADY (this object is open; it
 *              stays as it is)
 * Python       with trio.CancelScope(deadline=, shield=) */
WEFT_API WEFT_MUST int weft_scope_enter(weft_scope_t *scope, weft_ns_t when, bool shield);

/* Opens one that is cancelled [delay] from now, whose exit gives 0 then. Errors as above. Python's
 * trio.move_on_after(). */
WEFT_API WEFT_MUST int weft_move_on_after(weft_scope_t *scope, weft_ns_t delay);

/* The same, but that exit gives -ETIMEDOUT. Python's trio.fail_after(). */
WEFT_API WEFT_MUST int weft_fail_after(weft_scope_t *scope, weft_ns_t delay);

/* Leaves the scope. [rc] is what its body returned, and what comes back, but for one case: the
 * scope was cancelled, rc is -ECANCELED, and neither a scope around it nor anybody else cancelled
 * the task: then it is 0, or -ETIMEDOUT of weft_fail_after.
 * Call from    the task that entered
 * Returns      [rc], 0, -ETIMEDOUT; -EPERM (it is not open) */
WEFT_API WEFT_MUST int weft_scope_exit(weft_scope_t *scope, int rc);

/* Cancels what runs in it. Idempotent; no effect on one that is not open.
 * Call from    anywhere, as long as the object is there */
WEFT_API void weft_scope_cancel(weft_scope_t *scope);

/* Moves the deadline of an open scope to [when] (WEFT_NONE: none). One that was cancelled stays so.
 * Call from    any task or callback of its loop, as long as the object is there
 * Returns      0; -EPERM (it is not open; from elsewhere), -ENOMEM (the old one stays) */
WEFT_API WEFT_MUST int weft_scope_set_deadline(weft_scope_t *scope, weft_ns_t when);

/* Its own deadline, WEFT_NONE if there is none. */
WEFT_API weft_ns_t weft_scope_deadline(const weft_scope_t *scope);

/* Whether it was cancelled; also after exit. Any thread. Python's scope.cancel_called. */
WEFT_API bool weft_scope_cancelled(const weft_scope_t *scope);

/* Whether exit took the -ECANCELED of its body for its own. Python's scope.cancelled_caught. */
WEFT_API bool weft_scope_caught(const weft_scope_t *scope);

/* The earliest deadline of all scopes and time-outs that the running task is in, up to the
 * innermost shield; WEFT_NONE: there is none, INT64_MIN: one of these scopes is cancelled already.
 * Python's trio.current_effective_deadline(). */
WEFT_API weft_ns_t weft_effective_deadline(void);

WEFT_END
#endif
