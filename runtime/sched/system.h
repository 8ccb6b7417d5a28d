/* SPDX-License-Identifier: MIT */
/*
 * system: what the scheduler asks of the operating system beside I/O: time, threads, blocking.
 *
 * A struct of functions, chosen per loop together with its driver. weft__system_posix is the real
 * one; the virtual driver brings its own, in which every thread is a context on one OS thread and
 * the clock jumps: so nothing in runtime/ may block, start a thread or read a clock but through
 * here.
 */
#ifndef WEFT_SCHED_SYSTEM_H
#define WEFT_SCHED_SYSTEM_H

#include "runtime/base/atomic.h"
#include "runtime/base/base.h"
#include "runtime/base/sim.h"

typedef uintptr_t weft__thread; /* a thread of this system; 0 is none */

struct weft__system {
    /* Monotonic nanoseconds. Any thread. */
    int64_t (*now)(void);

    /* Starts a thread that runs fn(arg) with all signals blocked but the kick and faults. [name] is
     * at most 15 bytes. 0 or -errno. */
    int (*thread_start)(weft__thread *thread, const char *name, void (*fn)(void *arg), void *arg);
    void (*thread_join)(weft__thread thread);
    weft__thread (*thread_self)(void);

    /* Sends the kick signal to a thread that is known to be alive: its handler (kick.h) runs
     * there. */
    void (*kick)(weft__thread thread);

    /* How many threads the process has, this one included; UINT_MAX if that is not known. */
    unsigned (*threads)(void);

    /* Blocks while *word == value, until weft__system.wake_all(word), or until [deadline]
     * (INT64_MAX: for ever); may return early for no reason. A futex. Returns false when the
     * deadline has passed. */
    bool (*wait)(_Atomic(uint32_t) *word, uint32_t value, int64_t deadline);
    void (*wake_all)(_Atomic(uint32_t) *word);
};

extern const struct weft__system weft__system_posix;

#endif
