/* SPDX-License-Identifier: MIT */
/*
 * steal: work from other workers, for one that has none.
 *
 * Victims in a random order. From one at most half of its entries, the oldest first, one CAS each:
 * small batches would let the thief turn over its few tasks while the victim turns over a hundred
 * thousand. From a worker that the monitor calls stuck, also what only it would do: its
 * completions, its due timers (both behind try-locks), so that a worker that burns or blocks delays
 * nobody else's I/O.
 */
#ifndef WEFT_SCHED_STEAL_H
#define WEFT_SCHED_STEAL_H

#include "runtime/sched/worker.h"

/* True: the thief's own deque has something now. The caller searches (idle.h). */
bool weft__steal(struct weft__worker *thief);

#endif
