/* SPDX-License-Identifier: MIT */
/*
 * loop: one runtime: N workers that share work, its injector, its pool, its monitor.
 *
 * Life: new -> (running -> stopped)* -> closed. Two counts: refs, of those who may use it (the last
 * one closes it), and holds, of its memory (one for all refs, one for each handle that may outlive
 * it). A future has neither: its pointer to the loop is only compared, or looked up in the list of
 * all loops, which one leaves once it is closed and has no refs. Closing ends everything but
 * the object, its workers' array and its executor, which go with the last hold; so a late call
 * finds CLOSED and says -ESHUTDOWN.
 *
 * Threads. Worker 0 is the thread that runs the loop. The others are started by the first run and
 * wait between two runs, as no user code runs outside a run: a stop is a barrier that each of them
 * reaches.
 */
#ifndef WEFT_SCHED_LOOP_H
#define WEFT_SCHED_LOOP_H

#include "weft/loop.h"
#include "runtime/sched/executor.h"
#include "runtime/sched/fork.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/strand.h"
#include "runtime/sched/worker.h"

enum weft__loop_state { WEFT__LOOP_STOPPED, WEFT__LOOP_RUNNING, WEFT__LOOP_CLOSED };

struct weft_loop {
    /* constant */
    const struct weft__driver_class *class;
    const struct weft__system *system;
    unsigned count; /* of workers */
    bool ordered;
    _Atomic(bool) has_factory;    /* a hint, relaxed: look under the lock */
    uint64_t seed;                /* as of its configuration */
    struct weft__worker *workers; /* freed with the last hold: others may read their counters */
    uint32_t generation;          /* of the process that made it (fork.h) */

    /* any thread: atomic, or under the lock that is named */
    _Atomic(uint32_t) refs; /* the last one closes it */
    _Atomic(uint32_t)
        holds; /* of its memory: one for all refs, one for each handle that may outlive it */
    _Atomic(uint32_t) state;
    _Atomic(bool) debug;
    _Atomic(int64_t) slow_step; /* ns from which on a step is reported in debug mode: step.h */
    _Atomic(bool) signalled;    /* a signal arrived: the next turn calls deliver_signals */
    void (*deliver_signals)(struct weft_loop *loop); /* set before the first signal can come */
    _Atomic(bool) stop;                /* asked to stop; workers look at it between two ticks */
    _Atomic(uint32_t) epoch;           /* odd while it runs; workers wait for the next one */
    _Atomic(uint32_t) arrived;         /* workers that have reached the stop */
    _Atomic(uint32_t) closing;         /* threads: end */
    _Atomic(uint64_t) kicks;           /* sent by the monitor */
    _Atomic(uint32_t) signal_handlers; /* of the program's, for this loop (async/signal.c) */
    _Atomic(uint64_t) deadlock_looked; /* deadlock.h: switches there had been at the last look */
    _Atomic(bool) deadlock_told;
    struct weft__mpsc injector;
    struct weft__idle idle;
    struct weft_strand strand; /* of callbacks that are registered outside of any */
    struct weft__stack_pool stack_pool;
    _Atomic(struct weft_executor *) executor; /* NULL: not used yet; set once */
    struct weft__spin lock;                   /* leaf: the members below */
    weft_exception_handler_t handler;
    void *handler_arg;
    weft_task_factory_t factory;
    void *factory_arg;

    /* under the lock of all loops */
    struct weft_loop *next, **link; /* link: what points to it */

    /* who runs or closes it */
    unsigned threads; /* worker threads that were started */
    weft__thread thread[WEFT_WORKERS_MAX];
    weft__thread monitor;
    _Atomic(uint32_t) monitor_word; /* monitor.h */
};

struct weft__loop_config {
    const struct weft__driver_class *class; /* NULL: chosen */
    unsigned workers;                       /* 0: as many as cores */
    int order;
    int debug;
    /* For one worker on the virtual driver: the same seed gives the same run. If it is not ordered,
     * the seed chooses each step among the oldest entries. 0: none. */
    uint64_t seed;
};

int weft__loop_new(struct weft_loop **loop, const struct weft__loop_config *config);

/* Ends everything: see weft_loop_close. On any thread, when it does not run. */
void weft__loop_end(struct weft_loop *loop);

/* Keeps the memory of a loop that may be closed and dropped meanwhile; its calls then say that it
 * is closed. */
WEFT__INLINE void weft__loop_hold(struct weft_loop *loop)
{
    weft__fetch_add_relaxed(&loop->holds, 1); /* relaxed: the caller knows that it is there */
}
void weft__loop_drop(struct weft_loop *loop);

/* Any thread, with a pointer that may be of a loop that is gone, or of the process before a fork.
 * True: it is not, and is held. (It may be another one, at the same address.) */
bool weft__loop_find(struct weft_loop *loop);

/* From now on it is not found any more. */
void weft__loop_forget(struct weft_loop *loop);

extern struct weft__spin weft__loops_lock; /* of all loops: a leaf */

/* False, too, in a child of the process that runs it. */
WEFT__INLINE bool weft__loop_runs(const struct weft_loop *loop)
{
    /* acquire: what the run before has done. */
    return loop->generation == weft__fork_generation() &&
           weft__load_acquire(&((struct weft_loop *)(uintptr_t)loop)->state) == WEFT__LOOP_RUNNING;
}

/* The default executor, borrowed; made, if nobody has needed it yet. 0, -ENOMEM. */
int weft__loop_executor(struct weft_loop *loop, struct weft_executor **executor);

/* The same, but that none is made any more: then it is one that refuses. */
struct weft_executor *weft__loop_last_executor(struct weft_loop *loop);

/* The part of it that ends queues and tasks (loop_close.c): no thread runs any more. */
void weft__loop_close_queues(struct weft_loop *loop);

/* Runs until weft__loop_stop. 0, -EBUSY, -ESHUTDOWN, or what the system said. */
int weft__loop_run(struct weft_loop *loop);
void weft__loop_stop(struct weft_loop *loop);

WEFT__INLINE bool weft__loop_closed(const struct weft_loop *loop)
{
    /* seq_cst: pairs with the CAS in close, acquires; and see weft__loop_enter. */
    return weft__load_seq_cst(&((struct weft_loop *)(uintptr_t)loop)->state) == WEFT__LOOP_CLOSED ||
           loop->generation != weft__fork_generation();
}

/* A thread outside of the loop: from here until it leaves, the end of the loop ends no task and
 * frees nothing (weft__idle_settle waits). To be entered before either the change of ws that lets a
 * task go, which the end waits for (weft__cancel_for_ever); or the look whether the loop is closed.
 * False: the caller is a worker of the loop, and has nothing to leave. */
WEFT__INLINE bool weft__loop_enter(struct weft_loop *loop)
{
    struct weft__worker *self = weft__self();

    if (weft__likely(self && self->loop == loop))
        return false;
    weft__fetch_add_seq_cst(&loop->idle.visitors, 1); /* seq_cst: before that */
    return true;
}

WEFT__INLINE void weft__loop_leave(struct weft_loop *loop, bool entered)
{
    if (weft__unlikely(entered))
        weft__fetch_sub_acq_rel(&loop->idle.visitors, 1); /* acq_rel: with weft__idle_settle */
}

#endif
