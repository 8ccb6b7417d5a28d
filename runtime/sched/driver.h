/* SPDX-License-Identifier: MIT */
/*
 * driver: the kernel side of one worker. The scheduler owns this interface; io/driver fills it in.
 *
 * One struct of functions, chosen per loop at run time; each implementation begins with struct
 * weft__driver. Every worker has one. What the functions have in common:
 *
 *  - "owner" is the thread of the worker, in task or scheduler context. Its submission queue is
 *    touched by nobody else, except by `kicked`, which runs in a signal handler on that same
 *    thread.
 *  - Completions are consumed under `completion_lock`, a try-lock: by the owner once a turn, or by
 *    an idle worker that helps a stuck one. A worker takes its own lock before it says that it is
 *    parked and holds it until it is back from the kernel, so that no helper can eat the completion
 *    that wakes it.
 *  - Nothing here may be called with a lock held that a completion takes (an awaitable's word is a
 *    leaf and fine).
 */
#ifndef WEFT_SCHED_DRIVER_H
#define WEFT_SCHED_DRIVER_H

#include "runtime/base/spin.h"
#include "runtime/sched/operation.h"
#include "runtime/sched/system.h"

struct weft__driver_counters { /* relaxed, read by anyone */
    _Atomic(uint64_t)
        submissions; /* by the owner, in submit; internal ones (a wake-up's) do not count */
    _Atomic(uint64_t) completions; /* under the lock, before complete() is called with more ==
                                      false; equal to submissions: nothing to flush or to reap */
    _Atomic(uint64_t) enters;
    _Atomic(uint64_t) overflows;
};

struct weft__worker;

struct weft__driver {
    const struct weft__driver_class *class;
    struct weft__worker *owner; /* set by the scheduler after open; the driver does not use it */
    WEFT__ALIGNED_APART struct weft__spin completion_lock;
    struct weft__driver_counters counters;
};

struct weft__driver_class {
    const char *name; /* "io_uring", "epoll", "virtual" */
    const struct weft__system *system;

    /* Opens the driver of one worker; [workers] is how many the loop has in all. Any thread. 0 or
     * -errno. */
    int (*open)(struct weft__driver **driver, unsigned worker, unsigned workers);

    /* Closes it. Nothing is in flight. On the thread that was attached last, or after that thread
     * ended. */
    void (*close)(struct weft__driver *driver);

    /* The owner's thread begins to use it / will not use it for now (between two runs of a loop).
     * When the thread is another one than before, what is in flight is moved: cancelled in the
     * kernel and submitted again, without any operation noticing. 0 or -errno. */
    int (*attach)(struct weft__driver *driver);
    void (*detach)(struct weft__driver *driver);

    /* Owner. Takes [op] and publishes it to the kernel side: from then on it may complete at any
     * time, on any thread, even before this returns; so that store is the last access to *op.
     * Cannot fail: what does not fit waits in a queue. Enters the kernel only when its queue is
     * full. */
    void (*submit)(struct weft__driver *driver, struct weft__operation *op);

    /* Any thread; [op] is known to be alive (its task is held), op->driver says whose it is. Asks
     * the kernel to end it; never waits. 0: asked (its completion comes, or came); -ENOENT: the
     * kernel does not know it: not given to the kernel yet, or completed. */
    int (*cancel)(struct weft__operation *op);

    /* Owner. Gives the kernel what was submitted, as far as it takes it (the rest waits for the
     * next flush: owes), and has it post what it owes; never waits. Free of system calls when there
     * is nothing to do. */
    void (*flush)(struct weft__driver *driver);

    /* Any thread. Whether completions are there to be reaped. Two loads, no system call. */
    bool (*ready)(struct weft__driver *driver);

    /* Holder of the completion lock. Calls complete() for at most [limit] completions; returns how
     * many. */
    unsigned (*reap)(struct weft__driver *driver, unsigned limit);

    /* Owner, holding its completion lock. Flushes, then sleeps until a completion is there, wake
     * was called (also before), or [deadline] (INT64_MAX: none). May return early. */
    void (*park)(struct weft__driver *driver, int64_t deadline);

    /* Any thread. Ends the owner's park, or its next one. A wake-up is consumed by the park it
     * ends. */
    void (*wake)(struct weft__driver *driver);

    /* Any thread. Whether the kernel holds completions back, or the owner submitted what the kernel
     * has not seen: if so, and the owner is stuck, it is kicked. */
    bool (*owes)(struct weft__driver *driver);

    /* Signal handler on the owner's thread, at any instruction. Does what flush does. */
    void (*kicked)(struct weft__driver *driver);

    /* Owner or, after its thread ended, any. How many operations are in flight or wait to be. */
    unsigned (*in_flight)(struct weft__driver *driver);

    /* As in_flight. Asks for the end of every operation; the caller then flushes and reaps until
     * none is in flight. */
    void (*cancel_all)(struct weft__driver *driver);
};

/* The class that a new loop uses: WEFT_DRIVER=uring|epoll|..., else the best that works here,
 * probed once. Defined by io/driver/driver.c. 0 or -errno (a name that is unknown: -EINVAL; that
 * does not work: its own error). */
int weft__driver_choose(const struct weft__driver_class **class);

/* The class of that name. 0, -ENOTSUP (there is none), or its own error where it does not work. */
int weft__driver_named(const char *name, const struct weft__driver_class **class);

#endif
