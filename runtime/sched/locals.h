/* SPDX-License-Identifier: MIT */
/*
 * locals: the context variables of what runs here.
 *
 * A task has its own (core/task.h). What runs outside of any task, callbacks and other threads, has
 * those of its thread; a callback, and a call on another thread, brings along what it inherited.
 */
#ifndef WEFT_SCHED_LOCALS_H
#define WEFT_SCHED_LOCALS_H

#include "runtime/base/thread_local.h"
#include "runtime/core/vars.h"

/* What is seen here, borrowed. */
weft__vars weft__locals(void);

/* Replaces it; takes [vars] over, and gives what was there. Of a task: only in itself. */
weft__vars weft__locals_exchange(weft__vars vars);

weft__vars weft__locals_inherit_slow(void);

/* A reference to what something that is created here inherits. */
WEFT__INLINE weft__vars weft__locals_inherit(void)
{
    /* relaxed: see core/vars.h. */
    return weft__unlikely(weft__load_relaxed(&weft__vars_used)) ? weft__locals_inherit_slow() : 0;
}

/* Around a call that does not suspend, on no task's stack, so that [here] stays its thread: it sees
 * [vars], which are taken over, and what it sets goes with them. */
WEFT__INLINE weft__vars weft__locals_enter(struct weft__thread_local *here, weft__vars vars)
{
    weft__vars outer = here->vars;

    here->vars = vars;
    return outer;
}

WEFT__INLINE void weft__locals_leave(struct weft__thread_local *here, weft__vars outer)
{
    weft__vars inner = here->vars;

    here->vars = outer;
    if (weft__unlikely(inner != 0))
        weft__vars_unref(inner);
}

#endif
