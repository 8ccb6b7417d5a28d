/* SPDX-License-Identifier: MIT */
/*
 * executor: threads for calls that block.
 *
 * A FIFO of jobs under a lock, and threads that take from it. A thread is started when a job comes
 * and none is idle, up to a limit; one that had nothing to do for ten seconds ends. Workers never
 * block on purpose. The lock is not held while a thread is started or joined: so the job is queued
 * after that, in one step with a last look whether it is to be.
 *
 * A job lives in whatever submitted it (a frame of a task that waits, or an object); `run` is the
 * last access to it that the executor makes. A job that was not taken yet can be taken back.
 * Whether its task was cancelled before it is queued, is decided under the lock that taking back
 * needs too: so a cancellation either takes the job back, or finds that it will not be queued, or
 * is too late.
 *
 * Its end has two steps. Shut, it refuses further jobs and runs those that are queued; who wants to
 * know when its last thread is through, watches. Closed, those threads are joined as well.
 */
#ifndef WEFT_SCHED_EXECUTOR_H
#define WEFT_SCHED_EXECUTOR_H

#include "weft/executor.h"
#include "runtime/base/spin.h"
#include "runtime/sched/system.h"

struct weft_awaitable;

enum { WEFT__EXECUTOR_DEFAULT = 64 }; /* threads at most */

struct weft__job {
    struct weft__job *next, **link; /* link: what points to it while it is queued, else NULL */
    void (*run)(struct weft__job *job);
    struct weft_awaitable *task; /* that waits for it, visibly; or NULL */
};

struct weft__shut {                        /* lies where its watcher waits */
    struct weft__shut *next, **link;       /* link: NULL when it is in no list */
    void (*fire)(struct weft__shut *shut); /* with the lock held */
};

struct weft_executor {
    const struct weft__system *system;
    unsigned size;          /* the most threads */
    _Atomic(uint32_t) refs; /* the last one closes it */
    struct weft__spin lock; /* all that follows but `signal` */
    struct weft__job *first, **last;
    unsigned queued; /* jobs that no thread has taken */
    unsigned count;  /* threads that run: each looks for a job once more before it is through */
    unsigned idle;   /* of these: without a job, those that were woken for one among them */
    unsigned live;   /* those that run and those that are being started */
    bool shut;
    bool adopted; /* it is the default one of a loop */
    struct weft__shut *watchers;
    weft__thread threads[WEFT_EXECUTOR_MAX];
    bool ended[WEFT_EXECUTOR_MAX]; /* to be joined */
    /* Moves on with every job, and as a thread runs or could not be started: what idle threads wait
     * on, and who needs one. */
    _Atomic(uint32_t) signal;
};

void weft__executor_init(struct weft_executor *pool, const struct weft__system *system,
                         unsigned size);

/* A new one with one reference, or NULL. */
struct weft_executor *weft__executor_new(const struct weft__system *system, unsigned size);

/* Any thread. 0; -ESHUTDOWN (shut), -ECANCELED (a cancel is pending in its task), -EAGAIN or what
 * the system said if there is no thread at all to run it: then it is not queued. */
int weft__executor_submit(struct weft_executor *pool, struct weft__job *job);

/* Any thread. True: the job was still queued, and is not any more. */
bool weft__executor_take_back(struct weft_executor *pool, struct weft__job *job);

/* Whether no job is queued or runs; *threads is how many threads it has. */
bool weft__executor_quiet(struct weft_executor *pool, unsigned *threads);

/* It becomes the default one of a loop. False: it is that of one already. */
bool weft__executor_adopt(struct weft_executor *pool);

/* Refuses further jobs, lets those that are queued run. True: [shut] is fired when the last thread
 * is through, and must be forgotten before it goes; false: none is left. */
bool weft__executor_shut(struct weft_executor *pool, struct weft__shut *shut);
void weft__executor_forget(struct weft_executor *pool, struct weft__shut *shut);

/* Shuts it, waits for all threads and joins them. Idempotent. */
void weft__executor_close(struct weft_executor *pool);

/* One that was shut before it began; nobody owns it. */
extern struct weft_executor weft__executor_none;

#endif
