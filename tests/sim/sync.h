/* SPDX-License-Identifier: MIT */
/*
 * sync: objects of synchronisation under random cancels, on one to four workers, by the seed.
 *
 * Each seed takes one kind of object of those that the program knows. Some tasks use it at random,
 * beside foreign threads that make the calls that do not wait; anybody cancels any task at any
 * time, so that cancels meet each step of a wait: before the commit, in it, linked, granted, on the
 * way out. Time-out scopes expire.
 *
 * What is checked
 *   - what the object promises, at each step, by counters that plain code keeps (there is one
 *     thread)
 *   - nothing is lost: all tasks end. A wake-up that is lost leaves a task behind for ever, and the
 *     driver says that nothing can move. So in half of the seeds the foreign threads make no calls
 *     that might set right what was missed, unless the tasks need them
 *   - nothing is left: at the end the object is what it was when it was new
 *   - the same seed gives the same run
 */
#ifndef WEFT_TESTS_SIM_SYNC_H
#define WEFT_TESTS_SIM_SYNC_H

#include "loop.h"
#include "runtime/core/slab.h"
#include "runtime/core/task.h"
#include "runtime/sched/loop.h"
#include "weft.h"

enum { TASKS = 12, ROUNDS = 8, STEPS = 30 };

struct kind {
    const char *name;
    void (*make)(void);
    int (*act)(void);     /* by a task: 0 or an error of a wait */
    void (*meddle)(void); /* by a foreign thread, or NULL */
    void (*check)(void);  /* at the end */
    bool needed;          /* meddle ends what waits, and goes on until all is over */
    void (*leave)(void);  /* by a task that has ended, or NULL */
};

static struct {
    weft_task_t *tasks[TASKS]; /* references */
    unsigned begun, ended, cancels;
    bool cancelling, meddling, over;
    const struct kind *kind;
} world;

static const struct kind *sync_kinds;
static uint32_t sync_count;
static uint64_t cancelled_waits, waits;

/* Some time passes, in which others run. */
static inline void pass(void)
{
    if (sim_one_in(16))
        weft__virtual_burn(sim_below(3000000));
    else
        (void)sim_system->now();
}

/* A task stays a while, suspended or not; what comes of a cancel is forgotten. */
static inline void stay(void)
{
    int rc = 0;

    if (sim_one_in(2))
        pass();
    else
        rc = weft_sleep(sim_one_in(2) ? 0 : WEFT_US(sim_below(50)));
    SIM_CHECK(rc == 0 || world.cancelling);
}

/* None before all have begun: a task that is cancelled before its first step is nobody. */
static inline void cancel_one(void)
{
    weft_task_t *task = world.tasks[sim_below(TASKS)];

    if (!world.cancelling || world.begun < TASKS || !weft_cancel(task))
        return;
    world.cancels++;
    if (sim_one_in(4))
        (void)weft_uncancel(task); /* it has struck already, or never does */
}

/* ---- the run ---- */

static inline int act_within(weft_ns_t limit)
{
    weft_timeout_t scope;

    SIM_CHECK(weft_timeout_enter(&scope, limit) == 0);
    return weft_timeout_exit(&scope, world.kind->act());
}

WEFT_CORO(user)
{
    world.begun++;
    for (uint32_t n = 1 + sim_below(ROUNDS); n > 0; n--) {
        int rc = world.cancelling && sim_one_in(4) ? act_within(WEFT_US(sim_below(100)))
                                                   : world.kind->act();
        SIM_CHECK(rc == 0 || (world.cancelling && (rc == -ECANCELED || rc == -ETIMEDOUT)));
        waits++;
        cancelled_waits += rc < 0;
        if (sim_one_in(3))
            stay();
        if (sim_one_in(8))
            cancel_one();
    }
    world.ended++;
    if (world.kind->leave)
        world.kind->leave();
    return 0;
}

static inline void foreign(void *arg)
{
    (void)arg;
    for (int i = 0; i < STEPS || (!world.over && world.kind->needed); i++) {
        sim_idle(sim_below(100000));
        if (sim_one_in(2))
            cancel_one();
        else if (world.meddling)
            world.kind->meddle();
    }
}

WEFT_CORO(root)
{
    weft_strand_t *strand = sim_one_in(4) ? weft_strand_create() : NULL;

    for (unsigned i = 0; i < TASKS; i++) {
        world.tasks[i] =
            weft_create_task(weft_coro(&user, NULL), .strand = strand ? strand : WEFT_PARALLEL);
        if (sim_one_in(4))
            SIM_CHECK(weft_sleep(0) == 0);
    }
    for (unsigned i = 0; i < TASKS; i++) {
        int rc = weft_await(world.tasks[i], NULL);
        SIM_CHECK(rc == 0 || (world.cancelling && rc == -ECANCELED));
    }
    world.over = true;
    weft_strand_unref(strand);
    return 0;
}

static inline uint64_t sync_run(uint64_t seed)
{
    weft_loop_t *loop;

    sim_begin(weft__virtual_swarm(seed), 100 * WEFT__SECOND);
    memset(&world, 0, sizeof world);
    world.kind = &sync_kinds[sim_below(sync_count)];
    world.cancelling = !sim_one_in(4);
    world.meddling = world.kind->needed || (world.kind->meddle && sim_one_in(2));
    world.kind->make();
    loop = sim_loop_new();
    uint64_t hash = sim_loop_run(loop, &root, foreign);
    world.kind->check();
    for (unsigned i = 0; i < TASKS; i++)
        weft_unref(world.tasks[i]);
    sim_loop_end(loop);
    sim_end();
    return hash;
}

/* For main. */
static inline int sync_main(int argc, char **argv, const struct kind *kinds, uint32_t count)
{
    sync_kinds = kinds;
    sync_count = count;
    int rc = sim_main(argc, argv, sync_run, 300, false);

    printf("  %" PRIu64 " waits, %" PRIu64 " cancelled\n", waits, cancelled_waits);
    return rc;
}

#endif
