/* SPDX-License-Identifier: MIT */
/*
 * sync: objects of synchronisation on real workers.
 *
 * Each round takes one kind of those that the program knows. Some tasks use it, each for a number
 * of turns; foreign threads make the calls that any thread may make; anybody cancels any task at
 * any time, in the commit of a wait, linked, granted, on the way out; time-outs expire.
 *
 * What is checked
 *   - what the object promises
 *   - nobody waits for ever: a round ends by what its own tasks do. What the foreign threads do
 *     they do to the end and then no more, so that they hide no wake-up that is lost
 *   - nothing is left: at the end the object is as when it was new, and there is no task
 *
 * Usage: PROGRAM [--object NAME] [--seed N] [--seconds S] [--workers N] [--rounds N]
 */
#ifndef WEFT_TESTS_STRESS_SYNC_H
#define WEFT_TESTS_STRESS_SYNC_H

#include <sched.h>

#include "watchdog.h"
#include "runtime/core/slab.h"
#include "runtime/core/task.h"
#include "weft.h"

enum { TASKS = 12, TURNS = 16, FOREIGN = 2, STEPS = 40 };

struct kind {
    const char *name;
    void (*make)(void);
    int (*act)(unsigned who); /* by a task: 0, or an error of a wait */
    void (*meddle)(void);     /* by a foreign thread; leaves as much as it takes */
    void (*check)(void);      /* at the end */
};

static struct {
    const struct kind *kind;
    bool cancelling, meddling;
    weft_task_t *tasks[TASKS]; /* references */
    unsigned turn[TASKS];      /* each task's own */
    _Atomic(unsigned) ready;   /* tasks that have begun, and one more when all are known */
    _Atomic(bool) over;
} world;

static const struct kind *sync_kinds, *sync_only; /* NULL: any */
static unsigned sync_count;
static uint64_t rounds;
static _Atomic(uint64_t) acts, cancelled_acts;

static inline bool one_in(unsigned n)
{
    return stress_random(n) == 0;
}

static inline bool is_cancel(int rc)
{
    return world.cancelling && (rc == -ECANCELED || rc == -ETIMEDOUT);
}

/* Whoever it is runs on. */
static inline void spin(void)
{
    for (uint64_t n = stress_random(2000); n > 0; n--)
        __asm__ volatile("");
}

/* A task stays a while, suspended or not; what comes of a cancel is forgotten. */
static inline void stay(void)
{
    int rc = 0;

    if (one_in(2))
        spin();
    else
        rc = weft_sleep(one_in(2) ? 0 : WEFT_US(stress_random(30)));
    STRESS_CHECK(rc == 0 || is_cancel(rc));
}

/* None before all have begun: a task that is cancelled before its first step makes none. */
static inline void cancel_one(void)
{
    weft_task_t *task;

    if (!world.cancelling || atomic_load(&world.ready) <= TASKS)
        return;
    task = world.tasks[stress_random(TASKS)];
    if (weft_cancel(task) && one_in(4))
        (void)weft_uncancel(task); /* it has struck already, or never does */
}

static inline bool is_last_turn(unsigned who)
{
    return world.turn[who] == TURNS - 1;
}

/* ---- a round ---- */

static inline int act_within(weft_ns_t limit, unsigned who)
{
    weft_timeout_t scope;

    STRESS_CHECK(weft_timeout_enter(&scope, limit) == 0);
    return weft_timeout_exit(&scope, world.kind->act(who));
}

WEFT_CORO(user)
{
    unsigned who = (unsigned)(uintptr_t)arg;

    atomic_fetch_add(&world.ready, 1);
    for (; world.turn[who] < TURNS; world.turn[who]++) {
        int rc = world.cancelling && one_in(4) ? act_within(WEFT_US(stress_random(100)), who)
                                               : world.kind->act(who);
        STRESS_CHECK(rc == 0 || is_cancel(rc));
        atomic_fetch_add(&acts, 1);
        atomic_fetch_add(&cancelled_acts, rc < 0);
        if (one_in(4))
            stay();
        if (one_in(4))
            cancel_one();
    }
    return 0;
}

static inline void *foreign(void *arg)
{
    for (int i = 0; i < STEPS && !atomic_load(&world.over); i++) {
        spin();
        if (one_in(2))
            sched_yield();
        if (one_in(2))
            cancel_one();
        else if (world.meddling)
            world.kind->meddle();
    }
    return arg;
}

static inline void begin_round(void)
{
    memset(&world, 0, sizeof world);
    world.kind = sync_only ? sync_only : &sync_kinds[stress_random(sync_count)];
    world.cancelling = !one_in(4);
    world.meddling = one_in(2);
    stress_object = world.kind->name;
    watchdog_begin(0);
    world.kind->make();
}

static inline void end_round(void)
{
    for (unsigned i = 0; i < TASKS; i++)
        weft_unref(world.tasks[i]);
    world.kind->check();
    watchdog_end(0);
    rounds++;
}

static inline void create_tasks(void)
{
    weft_strand_t *strand = one_in(8) ? weft_strand_create() : NULL;

    for (uintptr_t i = 0; i < TASKS; i++)
        world.tasks[i] = weft_create_task(weft_coro(&user, (void *)i),
                                          .strand = strand ? strand : WEFT_PARALLEL);
    atomic_fetch_add(&world.ready, 1);
    weft_strand_unref(strand);
}

static inline void play_round(void)
{
    pthread_t threads[FOREIGN];

    begin_round();
    create_tasks();
    for (int i = 0; i < FOREIGN; i++)
        STRESS_CHECK(pthread_create(&threads[i], NULL, foreign, NULL) == 0);
    for (unsigned i = 0; i < TASKS; i++) {
        int rc = weft_await(world.tasks[i], NULL);
        STRESS_CHECK(rc == 0 || is_cancel(rc));
    }
    atomic_store(&world.over, true);
    for (int i = 0; i < FOREIGN; i++)
        pthread_join(threads[i], NULL);
    end_round();
}

/* ---- a run ---- */

WEFT_CORO(root)
{
    uint64_t first = rounds;

    (void)arg;
    while (stress_rounds ? rounds - first < stress_rounds : stress_now() < stress_end)
        play_round();
    return 0;
}

static inline void count_awaitable(void *object, void *count)
{
    *(unsigned *)count += weft__load_relaxed(&((struct weft_awaitable *)object)->refs) != 0;
}

static inline void run(void)
{
    unsigned left = 0;

    STRESS_CHECK(weft_run(weft_coro(&root, NULL), NULL, .workers = stress_workers,
                          .order = WEFT_ORDER_FREE) == 0);
    weft__slab_each(WEFT__SLAB_AWAITABLE, count_awaitable, &left);
    STRESS_CHECK(left == 0);
    printf("%u workers: %" PRIu64 " rounds, %" PRIu64 " acts, %" PRIu64 " cancelled\n",
           stress_workers, rounds, atomic_load(&acts), atomic_load(&cancelled_acts));
    fflush(stdout);
}

static inline void choose_object(const char *name)
{
    for (unsigned i = 0; i < sync_count && !sync_only; i++)
        sync_only = strcmp(sync_kinds[i].name, name) == 0 ? &sync_kinds[i] : NULL;
    if (!sync_only)
        stress_fail("no such object");
}

/* For main. */
static inline int sync_main(int argc, char **argv, const struct kind *kinds, unsigned count)
{
    stress_begin(argc, argv);
    sync_kinds = kinds;
    sync_count = count;
    if (stress_only)
        choose_object(stress_only);
    watchdog_start();
    stress_with_workers(run);
    watchdog_stop();
    return 0;
}

#endif
