/* SPDX-License-Identifier: MIT */
/*
 * deadlock: tells when nothing in a loop can ever go on. Always on; asyncio would sleep in silence.
 *
 * What can be known. All workers are parked; no timer is set, no operation is in flight, no thread
 * of the pool has a job. Then the loop wakes by three things only: a signal handler, another loop's
 * or the program's own thread, and a call from a signal handler of the program's own, which nobody
 * should make. So it is reported, once for a loop, if tasks are waiting and
 *   - some of them await each other in a circle, each just the next, itself or by a gather
 *     with no other child left: nothing but a cancel ends that; or
 *   - no signal handler is installed (that of weft_run for Ctrl-C does not count: it only cancels),
 *     and the process has no threads but this loop's own.
 * In the second case a circle is told of too, if there is one, and it may go through what waits for
 * several (a gather, a task group, weft_wait) or stands for another (a shield). In the first such
 * a one is not enough: an error of another child may end it, or whoever completes the shield.
 * The loop sleeps on after that, as asyncio's, and can still be cancelled.
 *
 * Who waits for whom is known as for the call graph: from the lists of waiters. Of a lock and its
 * kin the address is told, as none knows who holds it.
 *
 * It costs nothing while anything goes on: the last worker to park, finding it so, sleeps for a
 * second instead of for ever, and looks closely if it is still so then.
 */
#ifndef WEFT_SCHED_DEADLOCK_H
#define WEFT_SCHED_DEADLOCK_H

#include "runtime/sched/loop.h"

enum { WEFT__DEADLOCK_AFTER = 1000 * 1000 * 1000 }; /* ns */

/* Worker: whether nothing is under way in [loop], whose other workers are [parked] in number.
 * False also if it was so at the last close look already, and no task has run since. */
bool weft__deadlock_possible(struct weft_loop *loop, unsigned parked);

/* Worker, on its base, not parked: the close look. */
void weft__deadlock_look(struct weft_loop *loop);

#endif
