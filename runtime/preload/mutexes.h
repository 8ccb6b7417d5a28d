/* SPDX-License-Identifier: MIT */
/*
 * mutexes: a task that suspends with a pthread mutex locked.
 *
 * It may go on on another thread, where it must not unlock it; whoever wants it meanwhile blocks a
 * worker, perhaps the one that the task needs. Nothing in the C library says what a thread has
 * locked, so the calls have to be counted where they are made. That is a library of its own,
 * libweft-mutexes.so, which only who looks for such a bug loads:
 *
 *     LD_PRELOAD=libweft-mutexes.so WEFT_DEBUG=1 ./program
 *
 * It knows pthread_mutex_lock, _trylock, _timedlock and _unlock; what libc locks for itself, and
 * C11's mtx_lock, it does not see. The scheduler asks it at the end of each step in debug mode
 * (sched/step.c), and finds nobody to ask when it is not loaded. Whoever starts an eager task keeps
 * its thread: what it has locked is put aside meanwhile (sched/suspend.c).
 */
#ifndef WEFT_PRELOAD_MUTEXES_H
#define WEFT_PRELOAD_MUTEXES_H

/* How many mutexes the calling thread has locked and not unlocked since it was asked last, and
 * where the last of them was locked. They are forgotten: what comes next on this thread is another
 * task. */
__attribute__((weak, visibility("default"))) int weft_mutexes_held(void **where);

/* The task that had [held] of them locked is back: they are counted again. */
__attribute__((weak, visibility("default"))) void weft_mutexes_again(int held, void *where);

#endif
