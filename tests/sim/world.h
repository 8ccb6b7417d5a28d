/* SPDX-License-Identifier: MIT */
/*
 * world: what the random programs of the simulation work on: tasks, futures, pipes, strands,
 * callbacks.
 *
 * All of it is in one static object, and every reference too, so that a loop that is closed in the
 * middle leaves nothing behind that only the stack of a task knew.
 */
#ifndef WEFT_TESTS_SIM_WORLD_H
#define WEFT_TESTS_SIM_WORLD_H

#include "sim.h"
#include "runtime/core/task.h"
#include "runtime/async/create_task.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/operation.h"
#include "weft.h"

enum { NODES = 160, FUTURES = 512, PIPES = 4, STRANDS = 3, FOREIGN = 3, CALLS = 32, SOCKETS = 32 };
enum { BATCHES = 32, MOST = 5 };

struct node {          /* a body that runs once, as a task or within one */
    weft_task_t *task; /* a reference, or NULL: nobody else may know it */
    unsigned begun, ended, called, watched;
    int strand; /* whose it is, or -1 */
    bool pinned;
};

struct strand {
    weft_strand_t *strand;
    unsigned inside; /* steps that run now: none or one */
};

struct batch { /* tasks that one task created in one strand */
    unsigned strand, given, begun;
};

struct port {                  /* a listener, and who connects to it */
    struct weft__operation op; /* its multishot accept */
    bool accepts;              /* the operation is the driver's */
    weft_future_t *ended;      /* of the operation, borrowed */
    weft_task_t *task;         /* that starts it again */
    int socket[SOCKETS];
    unsigned sockets, connected, accepted;
};

struct pipe {
    int fd[2];
    uint64_t sent, received; /* byte number n of a pipe is (char)n */
    bool sending, receiving;
};

static struct world {
    weft_loop_t *loop;
    weft_task_t *main; /* a reference */
    bool cancels, errors, stops,
        breaks; /* what may happen in this run; breaks: it is closed in the middle */
    struct node nodes[NODES];
    unsigned node_count;
    weft_future_t *futures[FUTURES]; /* references: futures, gathers */
    unsigned future_count;
    unsigned open[FUTURES], open_count; /* futures that somebody waits for */
    weft_task_t *endless[NODES];        /* borrowed: tasks that wait for what never comes */
    unsigned endless_count;
    _Atomic(uint32_t) opened; /* moves on with each of these */
    struct pipe pipes[PIPES];
    struct port port;
    int silent[2]; /* a pair over which nobody sends */
    struct strand strands[STRANDS];
    bool has_strands;
    struct batch batches[BATCHES];
    unsigned batch_count;
    unsigned inside; /* callbacks of the loop's own strand that run now */
    unsigned calls_made[FOREIGN], calls_taken[FOREIGN];
    unsigned soon_made, soon_called;
    weft_future_t *foreign_gone;
    unsigned foreign_left;
    bool over;
} world;

static inline bool is_possible(int rc)
{
    return rc == 0 || (world.cancels && (rc == -ECANCELED || rc == -ETIMEDOUT)) ||
           (world.errors && rc == -EIO) || (world.breaks && rc == -ESHUTDOWN);
}

/* Some time passes, in which others run. */
static inline void pass(void)
{
    if (sim_one_in(16))
        weft__virtual_burn(sim_below(3000000));
    else
        (void)sim_system->now();
}

/* Wakes the janitor: there is something for it to end. */
static inline void tell_janitor(void)
{
    weft__fetch_add_acq_rel(&world.opened, 1); /* acq_rel: as for real threads */
    sim_system->wake_all(&world.opened);
}

/* ---- futures ---- */

static inline weft_future_t *keep(weft_future_t *future)
{
    SIM_CHECK(world.future_count < FUTURES);
    world.futures[world.future_count++] = future;
    return future;
}

/* One that somebody will complete; NULL: there are enough. */
static inline weft_future_t *new_future(void)
{
    if (world.future_count == FUTURES)
        return NULL;
    weft_future_t *future = keep(weft_create_future(NULL));
    world.open[world.open_count++] = world.future_count - 1;
    tell_janitor();
    return future;
}

static inline void complete_one(void)
{
    if (world.open_count == 0)
        return;
    unsigned i = sim_below(world.open_count), index = world.open[i];
    world.open[i] = world.open[--world.open_count];
    weft_future_t *future = world.futures[index];
    int rc = world.errors && sim_one_in(4) ? weft_set_exception(future, -EIO)
                                           : weft_set_result(future, &world.futures[index]);
    SIM_CHECK(rc == 0 || (rc == WEFT_EINVALIDSTATE && (world.cancels || world.breaks)));
    SIM_CHECK(weft_done(future));
}

/* What is taken back has struck already, or never strikes: the wait ends well, or with -ECANCELED,
 * but not before its time. */
static inline void cancel_or_take_back(weft_task_t *task)
{
    if (weft_cancel(task) && sim_one_in(4))
        (void)weft_uncancel(task);
}

static inline void cancel_one(void)
{
    unsigned i = world.node_count ? sim_below(world.node_count) : 0;

    if (world.cancels && world.node_count && world.nodes[i].task)
        cancel_or_take_back(world.nodes[i].task);
}

/* To look at a task disturbs nothing. */
static inline void look_at_one(void)
{
    unsigned i = world.node_count ? sim_below(world.node_count) : 0;
    weft_task_t *task = world.node_count ? world.nodes[i].task : NULL;
    weft_call_graph_t *graph = NULL;
    void *frames[8];

    if (!task || weft__kind(task) != WEFT__KIND_TASK) /* a coroutine: gather has not begun it */
        return;
    int rc = weft_get_stack(task, frames, 8);
    SIM_CHECK(rc >= 0 || rc == -EBUSY);
    rc = weft_capture_call_graph(task, 4, &graph);
    SIM_CHECK(rc == 0 && graph->future == task);
    weft_call_graph_free(graph);
}

static inline void end_one_endless(void)
{
    if (world.endless_count > 0) {
        unsigned i = sim_below(world.endless_count);
        weft_task_t *task = world.endless[i];
        world.endless[i] = world.endless[--world.endless_count];
        (void)weft_cancel(task); /* or somebody else did */
    }
}

#endif
