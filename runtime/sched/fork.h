/* SPDX-License-Identifier: MIT */
/*
 * fork: a child process has no loop.
 *
 * It inherits one thread, none of the others, and rings that belong to its parent. So in the child
 * every loop is dead: its calls say -ESHUTDOWN. A child that was forked from a task keeps that
 * task's stack (stacks are otherwise not inherited: a million of them would take the kernel a
 * second), may run until exec, and ends by _exit when the task's body returns, with status 0, or 1
 * for an error. So it does where the task runs inlined on the stack of one that awaits it: whether
 * it does, depends on the moment, and the code of the other task has no loop to go on in. A
 * coroutine object that is awaited directly is part of the body that awaits it. Nothing of the
 * parent's kernel state is ever touched. Signals are not blocked in it as they are in our threads.
 */
#ifndef WEFT_SCHED_FORK_H
#define WEFT_SCHED_FORK_H

#include "runtime/base/atomic.h"
#include "runtime/base/base.h"

/* Registers the handlers, once per process. 0, -ENOMEM. */
int weft__fork_install(void);

/* The body of a task has returned in a child of it: there is no loop to go on in. */
_Noreturn void weft__fork_end(int error);

extern _Atomic(uint32_t) weft__fork_count;

/* Differs in a child from what it was in its parent. */
WEFT__INLINE uint32_t weft__fork_generation(void)
{
    return weft__load_relaxed(
        &weft__fork_count); /* relaxed: changes only where there is one thread */
}

#endif
