/* SPDX-License-Identifier: MIT */
/*
 * fault: a stack overflow says whose it is.
 *
 * A task that runs into its guard raises SIGSEGV. The handler runs on the worker's alternate stack,
 * looks up whose guard it is, writes one line with the task's name and the option that gives it
 * more, and lets the process end by the signal as it would have. Other faults go to whoever had the
 * signal before.
 */
#ifndef WEFT_SCHED_FAULT_H
#define WEFT_SCHED_FAULT_H

#include "runtime/sched/worker.h"

/* Process-wide, counted: with the first loop and after the last one. 0, -errno. */
int weft__fault_install(void);
void weft__fault_remove(void);

/* The thread's alternate signal stack, unless it has one. *memory is for leave. 0, -ENOMEM. */
int weft__fault_enter_thread(void **memory);
void weft__fault_leave_thread(void *memory);

#endif
