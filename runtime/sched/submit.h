/* SPDX-License-Identifier: MIT */
/*
 * submit: the one door in. Whatever becomes runnable comes through here: tasks that are created,
 * woken, timed out, completed or cancelled, callbacks, strands, waiters.
 *
 * Where an entry goes:
 *   of a pinned task    to its worker: its private list, or its mail
 *   in a strand         to the strand, which is an entry itself when it has steps; in an ordered
 *                       loop as if there were none (strand.h)
 *   from a worker       to the worker's own deque; if somebody sleeps and nobody searches, one is
 *                       woken
 *   from outside        to the loop's injector, which the next worker that looks takes whole;
 *                       likewise
 *
 * Two queues of a worker are no places to run from: its mail, which each turn moves to the private
 * list, and its asks: tasks whose operation is to be cancelled once the kernel has it
 * (operation.c).
 */
#ifndef WEFT_SCHED_SUBMIT_H
#define WEFT_SCHED_SUBMIT_H

#include "runtime/core/waiters.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/worker.h"

/* Any thread: an entry that is bound to nothing. False: the loop is closed, [e] stays the
 * caller's. */
bool weft__submit_entry(struct weft_loop *loop, weft__entry e);

/* Any thread: a suspended stack goes on. In a closed loop nothing happens: loop_close.c has ended
 * or will end the task. */
void weft__submit_stack(struct weft__stack *stack);

/* Any thread, of a pinned one the worker that it is to stay on: a task that was just created.
 * False: the loop is closed. */
bool weft__submit_task(struct weft_awaitable *task);

/* In a fire of [waiter], whose object keeps [done]: has tell() called, at once; but on the worker
 * of an ordered loop by the base, in its place in the queue, as asyncio has a callback there:
 * gather, wait, race, shield, as_completed, select and task groups see one tick later that
 * something is done. (From outside of the loop at once too: asyncio's futures know no other
 * threads.) */
void weft__submit_waiter(struct weft__waiter *waiter, struct weft_awaitable *done,
                         weft__fire_t *tell, struct weft__untold *untold);

/* Worker: onto its own deque. */
WEFT__INLINE void weft__submit_local(struct weft__worker *worker, weft__entry e)
{
    weft__deque_push(&worker->deque, e);
    weft__sim_point("pushed");
    if (!worker->solo && weft__idle_wanted(worker->idle))
        weft__idle_wake_throttled(worker->loop, worker);
}

/* Any thread: into the mail of one worker, which is woken if it sleeps. False: closed. */
bool weft__submit_mail(struct weft__worker *worker, weft__entry e);

/* Any thread: [task] is to be interrupted again once [worker], whose ring its operation is to go
 * to, has flushed. Takes a reference of its own. */
void weft__submit_ask(struct weft__worker *worker, struct weft_awaitable *task);

/* Worker: onto its own list of pinned tasks. */
void weft__submit_pinned(struct weft__worker *worker, weft__entry e);

#endif
