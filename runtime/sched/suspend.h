/* SPDX-License-Identifier: MIT */
/*
 * suspend: the one door out. A task that waits switches away first, and what makes it resumable
 * (its node in a list, its operation's publication, its own entry) is done afterwards, by the
 * commit on the next stack: so nobody can resume a task whose registers are not saved.
 *
 * The store that lets another worker go on is the last access to anything on a task's stack.
 *
 * A commit borrows the stack of whoever goes on next, which may be the base. It may take the lock
 * of what is waited for, and submit; it must not suspend, nor call user code. And whoever suspends
 * looks for the next entry itself (weft__worker_next), still on its own stack: turns and
 * completions run there too.
 */
#ifndef WEFT_SCHED_SUSPEND_H
#define WEFT_SCHED_SUSPEND_H

#include "runtime/core/task.h"
#include "runtime/sched/wait.h"
#include "runtime/sched/worker.h"

/* The current task waits. Returns when it was woken; the worker may be another one. */
void weft__suspend_wait(struct weft_awaitable *task, struct weft__wait *wait);

/* With the loop at rest: whether [task] is suspended in weft__suspend_wait, woken or not, so that
 * task->wait is on its frame. Not if it has not begun, has yielded, or waits for a child that runs
 * on its stack. */
bool weft__suspend_is_wait(const struct weft_awaitable *task);

/* The current task goes to the tail of what is runnable. Returns at once if nothing else is. */
void weft__suspend_yield(void);

/* The current task goes on once nobody holds it: the last holder submits the stack or, if there is
 * none any more, the commit (await.c). */
void weft__suspend_held(void);

/* On any stack of the worker, with no lock held: runs [task], which is in no queue, until it
 * suspends for the first time or is over, then goes on. */
void weft__suspend_start(struct weft_awaitable *task);

/* Base: runs [e], a task or a stack, until something comes back to the base. */
void weft__suspend_base(struct weft__worker *worker, weft__entry e);

/* Registers what is to be flushed when the running task suspends next. */
void weft__suspend_uncork(struct weft__uncork *uncork);
/* Takes it back. No effect if it is not registered. */
void weft__suspend_corked(struct weft__uncork *uncork);

/* Ends [task]: cancels that are pending decide, waiters are woken, the run reference is dropped.
 * Implemented in task_end.c. */
void weft__task_finish(struct weft_awaitable *task, int error);

#endif
