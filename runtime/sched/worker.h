/* SPDX-License-Identifier: MIT */
/*
 * worker: one thread of a loop, with its deque, mail, timers and driver.
 *
 * What it does, in this order, is worker.c's find: its own deque until the tick is over; then a
 * turn (give the kernel what was submitted, reap, fire timers, take in injector and mail); then
 * others' deques; then it spins a while; then it parks in its driver until the next deadline.
 *
 * A tick is what asyncio's is: what was runnable when it began. A turn between two ticks takes in
 * what happened meanwhile, so nothing that keeps re-queueing itself starves I/O and timers.
 *
 * Stacks: user code runs on task stacks; callbacks, and the search for work, on the worker's base,
 * which is its thread's own stack. Suspending switches straight from task to task; the base is
 * entered only when there is a callback to call or nothing to run.
 */
#ifndef WEFT_SCHED_WORKER_H
#define WEFT_SCHED_WORKER_H

#include "runtime/base/random.h"
#include "runtime/core/deque.h"
#include "runtime/core/mpsc.h"
#include "runtime/core/stack.h"
#include "runtime/core/timers.h"
#include "runtime/sched/driver.h"
#include "runtime/sched/self.h"
#include "runtime/sched/strand.h"

struct weft_loop;
struct weft_awaitable;
struct weft_strand;

/* Something that is flushed when the running task suspends (a stream's gathered writes). */
struct weft__uncork {
    struct weft__uncork *next;
    void (*flush)(struct weft__uncork *uncork);
    bool linked;
};

struct weft__worker_counters { /* written by the worker, read by anyone: relaxed */
    _Atomic(uint64_t) spawned, inlined, switches, steals, parks, wakes, helper_reaps;
};

struct weft__worker {
    /* constant after start */
    struct weft_loop *loop;
    struct weft__idle *idle; /* the loop's */
    struct weft__driver *driver;
    unsigned id;
    bool solo;           /* the loop has one worker */
    bool ordered;        /* the loop is one serial context: WEFT_ORDER_ASYNCIO */
    bool shuffles;       /* a seed chooses the next step */
    weft__thread thread; /* but this: under the loop's lock, 0 between runs */

    /* the worker only */
    int *errno_address;          /* of its thread, in this run */
    struct weft__stack *stack;   /* what runs: a task's stack, or &base */
    struct weft_strand *strand;  /* held by what runs, or NULL */
    int strand_budget;           /* steps it may still run */
    uint32_t numbers;            /* of new tasks: the next one, less what it has spawned */
    uint64_t numbers_end;        /* how many it has spawned when it has no more of them */
    struct weft_strand *leaving; /* to be released once what ran before is committed */
    weft__entry handed;   /* an entry that only the base may run, left by a suspending task */
    uint64_t mark;        /* the end of this tick (weft__deque_passed) */
    uint64_t spin_cycles; /* how long it searches before it parks; adapts */
    uint64_t wake_cycles; /* when it last woke somebody by a throttled wake */
    struct weft__uncork *uncork; /* what the running task has written and not flushed */
    weft__entry pinned_first;    /* runnable pinned tasks, oldest first */
    struct weft__link *pinned_last;
    bool pinned_turn;       /* pinned tasks and the deque alternate */
    bool debug;             /* the loop's, as of the last turn */
    bool watched;           /* debug, or a seed decides: turns and steps have more to do */
    bool telling;           /* an exception handler is called, under whatever locks there are */
    int64_t step_began;     /* in debug mode: step.h */
    int64_t suspicion_ends; /* of a park with nothing under way: deadlock.h */
    struct weft__random random;
    struct weft__deque_look look; /* as a thief */
    struct weft__stack_cache stacks;
    struct weft__stack base;

    /* any thread: atomic */
    WEFT__ALIGNED_APART _Atomic(int)
        budget;              /* awaits that may still be inlined; the monitor sets 0 */
    _Atomic(uint64_t) turns; /* progress, for the monitor */
    _Atomic(uint32_t) token; /* idle.h */
    _Atomic(bool) parked;    /* in the kernel, without work */
    _Atomic(bool) stuck;     /* the monitor's verdict, taken back by the worker's next turn */
    _Atomic(struct weft_awaitable *) freeing; /* registry.h */
    struct weft__worker_counters counters;
    struct weft__mpsc mail; /* entries of pinned tasks */
    struct weft__mpsc asks; /* tasks whose cancel met an operation that was not submitted yet */
    struct weft__timers timers;
    struct weft__deque deque;
};

/* Inlined awaits in a row, until a switch or a turn: each takes its child past what is older. */
enum { WEFT__WORKER_BUDGET = 10000 };

int weft__worker_init(struct weft__worker *worker, struct weft_loop *loop, unsigned id);
void weft__worker_destroy(struct weft__worker *worker);

/* Runs on the worker's own thread until the loop stops. */
void weft__worker_run(struct weft__worker *worker);

/* Between two ticks; on any stack of the worker. */
void weft__worker_turn(struct weft__worker *worker);

/* The next thing to run, never a strand but a step of it; or 0: then the base decides. On any stack
 * of the worker. It may begin a new tick, enter a strand, or leave one: see weft__worker_let_go. */
weft__entry weft__worker_next(struct weft__worker *worker);

/* For a task that yields to a watched worker: whether it is itself what a seed chooses. */
bool weft__worker_stays(struct weft__worker *worker);

/* Enters [strand], or stays in it for another round; returns its next step, or 0. */
weft__entry weft__worker_again(struct weft__worker *worker, struct weft_strand *strand);

/* Interrupts again what waits in the asks of [worker]. [flushed]: by itself, after a flush that has
 * left nothing; what the kernel does not know then has completed. Else, and by a helper, what is
 * met unsubmitted is asked for again. */
void weft__worker_take_asks(struct weft__worker *worker, bool flushed);

/* Lets go of the strand that was left, if any: what ran in it is committed. */
WEFT__INLINE void weft__worker_let_go(struct weft__worker *worker)
{
    struct weft_strand *leaving = worker->leaving;

    if (weft__likely(!leaving))
        return;
    worker->leaving = NULL;
    weft__strand_release(leaving);
}

/* Takes numbers for the tasks that it creates. */
void weft__worker_take_numbers(struct weft__worker *worker);

/* Counts a new task that gets no other name, and returns its number. */
WEFT__INLINE int weft__worker_number(struct weft__worker *worker)
{
    uint64_t spawned = weft__load_relaxed(&worker->counters.spawned); /* relaxed: its own */

    if (weft__unlikely(spawned == worker->numbers_end))
        weft__worker_take_numbers(worker);
    weft__store_relaxed(&worker->counters.spawned, spawned + 1);
    return (int)(worker->numbers + (uint32_t)spawned);
}

/* The same of one that has a name of its own: it takes no number. */
WEFT__INLINE void weft__worker_count_named(struct weft__worker *worker)
{
    weft__count(&worker->counters.spawned, 1);
    worker->numbers--;
    worker->numbers_end++;
}

/* The running task, or NULL in callbacks. */
WEFT__INLINE struct weft_awaitable *weft__worker_task(const struct weft__worker *worker)
{
    return worker->stack->task;
}

#endif
