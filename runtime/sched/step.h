/* SPDX-License-Identifier: MIT */
/*
 * step: in debug mode, a step that keeps its worker too long is reported.
 *
 * A step is what a task does between two suspensions, or one callback. It ends where the task
 * suspends, starts an eager one or returns; the next one begins there, or after the turn that came
 * between, or when the base has found something to run. So in debug mode the clock is read once or
 * twice a step, and otherwise never. Tasks are not inlined in debug mode, so that each has steps of
 * its own. Who suspends or returns with a mutex locked is told of too, if somebody counts them
 * (preload/mutexes.h).
 */
#ifndef WEFT_SCHED_STEP_H
#define WEFT_SCHED_STEP_H

#include "runtime/preload/mutexes.h"
#include "runtime/sched/handle.h"
#include "runtime/sched/loop.h"

enum { WEFT__STEP_SLOW = 100 * 1000 * 1000 }; /* ns, asyncio's default */

/* The worker, in debug mode: what runs from here on is a new step. */
WEFT__INLINE void weft__step_begin(struct weft__worker *worker)
{
    void *where;

    if (weft_mutexes_held)
        (void)weft_mutexes_held(&where); /* what is locked so far is not this step's */
    worker->step_began = worker->loop->system->now();
}

/* The worker, in debug mode, with [task] or [handle] still there: its step is over, the next one
 * begins. Keeps errno. */
void weft__step_end(struct weft__worker *worker, struct weft_awaitable *task,
                    struct weft_handle *handle);

#endif
