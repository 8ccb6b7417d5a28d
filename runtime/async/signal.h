/* SPDX-License-Identifier: MIT */
/*
 * signal: signals as callbacks of a loop.
 *
 * The handler sets a flag and wakes worker 0, nothing else; the next turn of any worker schedules
 * the callbacks of what arrived, in the loop's own strand. One loop per signal. The disposition
 * that was there before is called as well, and restored when ours is removed, if ours is still
 * installed. Not chosen: signalfd (needs the signal blocked in every thread of the program, and in
 * its children).
 */
#ifndef WEFT_ASYNC_SIGNAL_H
#define WEFT_ASYNC_SIGNAL_H

#include "weft/loop.h"

/* As weft_loop_add_signal_handler; with [once], the second arrival ends the process by the
 * signal. */
int weft__signal_add(struct weft_loop *loop, int signal, weft_callback_t fn, void *arg, bool once);

/* The loop closes: all of its signals are given back. */
void weft__signal_forget(struct weft_loop *loop);

#endif
