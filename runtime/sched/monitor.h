/* SPDX-License-Identifier: MIT */
/*
 * monitor: a thread that sees to it that a stuck worker strands nothing.
 *
 * While anything runs it looks once a millisecond. A worker that had no turn since the last look is
 * stuck: it burns, or it blocks in a system call. If its ring owes completions, or holds requests
 * that the kernel has not seen, it is kicked: a signal, in whose handler the driver does both. If
 * it has anything that others can take over (completions, due timers, entries), it is marked, which
 * lets searching workers help themselves (steal.c), and a sleeping one is woken. Its budget for
 * inlined awaits is set to zero, so that a task whose children never suspend makes room too.
 *
 * When all workers have been parked for a second it sleeps as well, until the first of them comes
 * out. Loops with one worker have none: nobody could help.
 */
#ifndef WEFT_SCHED_MONITOR_H
#define WEFT_SCHED_MONITOR_H

#include "runtime/sched/loop.h"

enum { WEFT__MONITOR_AWAKE, WEFT__MONITOR_ASLEEP };

int weft__monitor_start(struct weft_loop *loop);
/* After loop->closing was set. */
void weft__monitor_stop(struct weft_loop *loop);
void weft__monitor_wake(struct weft_loop *loop);

/* Worker, no longer parked. */
WEFT__INLINE void weft__monitor_nudge(struct weft_loop *loop)
{
    /* seq_cst: after the change of the idle word; the monitor stores ASLEEP before it looks there
     * again. */
    if (weft__unlikely(weft__load_seq_cst(&loop->monitor_word) == WEFT__MONITOR_ASLEEP))
        weft__monitor_wake(loop);
}

#endif
