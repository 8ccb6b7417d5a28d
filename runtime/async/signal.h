/* SPDX-License-Identifier: MIT */
/*
 * signal: signals as callbacks of a loop.
 *
 * The handler sets a flag and wakes worker 0, nothing else; the next turn of any worker schedules
 * the callbacks of what arrived, in the loop's own strand. One loop per signal. The disposition
 * that was there before is called as well, and restored when ours is removed, if ours is still
 * installed. Not chosen: signalfd (needs the signal blocked in every thread of the program, and in
 * its children).
 *
 * The child of a fork has the handlers, but the loop is its parent's: the first signal that comes
 * there, or the first handler that is added, puts back what was there before.
 */
#ifndef WEFT_ASYNC_SIGNAL_H
#define WEFT_ASYNC_SIGNAL_H

#include "weft/loop.h"

/* Until weft__interrupt_forget, the first SIGINT has fn(arg) called in a turn of a worker (no
 * callback: none may be left over for a later run), and the second ends the process. Errors as of
 * weft_loop_add_signal_handler; one that the program adds to [loop] takes its place. */
int weft__interrupt_watch(struct weft_loop *loop, weft_callback_t fn, void *arg);

/* The loop does not run. How many came; 0, and nothing happens, where the program has added its
 * own. */
uint32_t weft__interrupt_forget(struct weft_loop *loop);

/* The loop closes: all of its signals are given back. */
void weft__signal_forget(struct weft_loop *loop);

#endif
