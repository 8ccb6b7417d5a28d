/* SPDX-License-Identifier: MIT */
/*
 * await: one task waits for another, for a future, or runs a child that nobody has started.
 *
 * A child that still stands in its slot is taken out of it and called like a function: no stack, no
 * switch. Allowed when parent and child are in the same strand and neither is pinned apart, there
 * is stack to spare and budget left; in an ordered loop also only if the child is all that is
 * runnable, and the parent goes on by return only if nothing became runnable meanwhile, nor by the
 * child's end, which tells its watchers first: then the order is asyncio's. In debug mode never:
 * each task has steps of its own then (sched/step.h).
 *
 * While the child runs, the parent has no wait state. When the stack really suspends, the parents
 * that run inlined above are published as waiting for their children, from the inside out, so that
 * a cancel of any of them finds its way inward. A published parent whose child returned takes
 * itself back by CAS; if a canceller holds it at that moment it leaves the stack, and the holder
 * resumes it.
 */
#ifndef WEFT_SCHED_AWAIT_H
#define WEFT_SCHED_AWAIT_H

#include "runtime/core/task.h"
#include "runtime/core/waiters.h"
#include "runtime/sched/wait.h"

/* Suspends [task] until [aw], which is not done maybe, is. Raises nothing: see weft__raise. True:
 * in a circle of tasks a cancel has ended the wait. */
bool weft__await_done(struct weft_awaitable *task, struct weft_awaitable *aw);

/* What a task waits for, if that is an awaitable; else NULL. By whoever may look at [wait]
 * (cancel.h). [inlined]: it is a child that runs on the same stack. */
struct weft_awaitable *weft__awaited(struct weft__wait *wait, bool *inlined);

/* Makes the inlined parents of [task] visible as waiting. By the running task, before it
 * switches. */
void weft__await_publish(struct weft_awaitable *task);

/* The outcome of what is done; marks it as looked at. */
int weft__await_outcome(struct weft_awaitable *aw, void **result);

/* Asks any awaitable to end: what weft_cancel does. [outer]: the walk that comes here (cancel.h),
 * or NULL. */
bool weft__cancel(struct weft_awaitable *aw, struct weft__walk *outer);

#endif
