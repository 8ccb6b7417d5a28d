/* SPDX-License-Identifier: MIT */
/*
 * blocking: threads for calls that block.
 *
 * A FIFO of jobs under a lock, and threads that take from it. A thread is started when a job comes
 * and none is idle, up to a limit; one that had nothing to do for ten seconds ends. Workers never
 * block on purpose.
 *
 * A job lives in whatever submitted it (a frame of a task that waits, or an object); `run` is the
 * last access to it that the pool makes. A job that was not taken yet can be taken back. Whether
 * its task was cancelled before it is queued, is decided under the lock that taking back needs too:
 * so a cancellation either takes the job back, or finds that it will not be queued, or is too late.
 */
#ifndef WEFT_SCHED_BLOCKING_H
#define WEFT_SCHED_BLOCKING_H

#include "runtime/base/spin.h"
#include "runtime/sched/system.h"

struct weft_awaitable;

enum { WEFT__BLOCKING_THREADS = 64 };

struct weft__job {
    struct weft__job *next, **link; /* link: what points to it while it is queued, else NULL */
    void (*run)(struct weft__job *job);
    struct weft_awaitable *task; /* that waits for it, visibly; or NULL */
};

struct weft__blocking {
    const struct weft__system *system;
    struct weft__spin lock; /* all that follows but `signal` */
    struct weft__job *first, **last;
    unsigned
        idle; /* threads that wait, those that were woken and have not taken a job yet among them */
    unsigned queued; /* jobs that no thread has taken */
    unsigned count;  /* threads that were started and not joined */
    bool closed;
    weft__thread threads[WEFT__BLOCKING_THREADS];
    bool ended[WEFT__BLOCKING_THREADS]; /* to be joined */
    _Atomic(uint32_t) signal;           /* moves on with every job: what idle threads wait on */
};

void weft__blocking_init(struct weft__blocking *pool, const struct weft__system *system);

/* Any thread. 0; -ESHUTDOWN (closed), -ECANCELED (a cancel is pending in its task), -EAGAIN or what
 * the system said if there is no thread at all to run it: then it is not queued. */
int weft__blocking_submit(struct weft__blocking *pool, struct weft__job *job);

/* Any thread. True: the job was still queued, and is not any more. */
bool weft__blocking_take_back(struct weft__blocking *pool, struct weft__job *job);

/* Refuses further jobs, lets those that are queued run, ends and joins all threads. Idempotent. */
void weft__blocking_close(struct weft__blocking *pool);

#endif
