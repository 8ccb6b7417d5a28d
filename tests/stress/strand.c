/* SPDX-License-Identifier: MIT */
/*
 * Strands: between two awaits the tasks and callbacks of one strand are alone, and they come in
 * order.
 *
 * The witnesses are plain memory: each strand has an owner word and a counter that steps change
 * without any synchronisation (to a thread sanitizer every overlap is a race besides). Producers
 * outside put tasks into random strands; those yield, sleep, wait for futures, call back, have
 * children in their strand, in another one and in none. Tasks that one producer put into one strand
 * begin in the order in which it did, and so do callbacks. The creator lets go of each strand while
 * it is in use. Callbacks outside of any strand run in the loop's own, one at a time as well,
 * whatever thread they come from.
 *
 * Usage: strand [--seed N] [--seconds S] [--workers N]
 */
#include "watchdog.h"
#include "runtime/base/base.h"
#include "weft.h"

#ifdef WEFT__TSAN
enum { TASKS = 24 }; /* each producer's; a task is a fiber to the sanitizer: few at once */
#else
enum { TASKS = 200 };
#endif
enum { STRANDS = 8, PRODUCERS = 3, ROOT_SLOT = 0, FOREIGN_SLOT = 1 };

struct lane { /* a strand and what its steps alone touch */
    weft_strand_t *strand;
    const void *owner;
    uint64_t steps;
    uint64_t next[PRODUCERS]; /* the number of the next task that each producer put here */
    uint64_t called;          /* the number of the next callback of `poster` */
    _Atomic(uint64_t) expected;
    _Atomic(uint64_t) callbacks; /* that were registered and have not run */
};

struct job {
    struct lane *lane;
    unsigned producer;
    uint64_t number;
};

struct call {
    struct lane *lane;
    uint64_t number;
};

static struct lane lanes[STRANDS], own; /* own: the loop's strand */
static unsigned lane_count;
static _Atomic(bool) over;
static _Atomic(uint64_t) parallel, tasks_run, rounds;
static uint64_t steps, calls;

/* One step: nobody else is in here. */
static void step(struct lane *lane, const void *self)
{
    STRESS_CHECK(lane->owner == NULL);
    lane->owner = self;
    for (uint64_t n = stress_random(20); n > 0; n--)
        __asm__ volatile("" ::: "memory");
    lane->steps++;
    STRESS_CHECK(lane->owner == self);
    lane->owner = NULL;
}

static void expect_step(struct lane *lane)
{
    atomic_fetch_add(&lane->expected, 1);
}

/* ---- what tasks in a strand do ---- */

static void called_back(void *arg)
{
    struct call *call = arg;

    step(call->lane, call);
    atomic_fetch_sub(&call->lane->callbacks, 1);
    free(call);
}

/* In order, as one task of the strand registers them without an await between. */
static void called_in_order(void *arg)
{
    struct call *call = arg;

    STRESS_CHECK(call->lane->called == call->number);
    call->lane->called++;
    called_back(call);
}

static void register_call(struct lane *lane, weft_callback_t fn, uint64_t number)
{
    struct call *call = malloc(sizeof *call);

    STRESS_CHECK(call);
    *call = (struct call){lane, number};
    expect_step(lane);
    atomic_fetch_add(&lane->callbacks, 1);
    STRESS_CHECK(weft_loop_call_soon(weft_get_running_loop(), fn, call, NULL) == 0);
}

static void future_done(weft_future_t *future, void *arg)
{
    struct call *call = arg;

    STRESS_CHECK(weft_done(future));
    called_back(call);
}

static void watch_future(struct lane *lane)
{
    weft_future_t *future = weft_create_future(NULL);
    struct call *call = malloc(sizeof *call);

    STRESS_CHECK(call);
    *call = (struct call){lane, 0};
    expect_step(lane);
    atomic_fetch_add(&lane->callbacks, 1);
    STRESS_CHECK(weft_add_done_callback(future, future_done, call) == 0);
    STRESS_CHECK(weft_set_result(future, NULL) == 0);
    weft_unref(future);
}

WEFT_CORO(child_in_strand)
{
    struct lane *lane = arg;

    step(lane, &arg);
    return stress_random(4) ? 0 : weft_sleep(0);
}

/* Outside: it may run while its parent's strand is held; so may its own children. */
WEFT_CORO(child_outside)
{
    uintptr_t depth = (uintptr_t)arg;

    atomic_fetch_add(&parallel, 1);
    if (stress_random(2))
        STRESS_CHECK(weft_sleep(0) == 0);
    if (depth > 0)
        return weft_join(weft_create_task(weft_coro(&child_outside, (void *)(depth - 1))), NULL);
    return 0;
}

static int have_child(struct lane *lane)
{
    struct lane *other = &lanes[stress_random(lane_count)];
    weft_task_t *task;

    switch (stress_random(3)) {
    case 0:
        expect_step(lane); /* ours, as nothing was said */
        return weft_join(weft_create_task(weft_coro(&child_in_strand, lane)), NULL);
    case 1:
        expect_step(other);
        task = weft_create_task(weft_coro(&child_in_strand, other), .strand = other->strand);
        return weft_join(task, NULL);
    default:
        task = weft_create_task(weft_coro(&child_outside, (void *)2), .strand = WEFT_PARALLEL);
        return weft_join(task, NULL);
    }
}

static int live(struct lane *lane)
{
    switch (stress_random(6)) {
    case 0:
        return weft_sleep(0);
    case 1:
        return weft_sleep(WEFT_US(stress_random(30)));
    case 2:
        watch_future(lane);
        return 0;
    case 3:
        register_call(lane, called_back, 0);
        return 0;
    case 4:
        return have_child(lane);
    default:
        return 0;
    }
}

WEFT_CORO(in_strand)
{
    struct job *job = arg;
    struct lane *lane = job->lane;

    STRESS_CHECK(lane->next[job->producer] == job->number);
    lane->next[job->producer]++;
    for (uint64_t n = 1 + stress_random(3); n > 0; n--) {
        expect_step(lane);
        step(lane, job);
        STRESS_CHECK(live(lane) == 0);
    }
    atomic_fetch_add(&tasks_run, 1);
    return 0;
}

/* Registers callbacks in order, all before the first of them can run: this is a step too. */
WEFT_CORO(poster)
{
    struct lane *lane = arg;

    for (uint64_t number = 0; number < TASKS; number++)
        register_call(lane, called_in_order, number);
    return 0;
}

/* ---- producers ---- */

struct producer {
    unsigned id;
    struct job jobs[TASKS];
    weft_task_t *tasks[TASKS];
};

static struct producer producers[PRODUCERS];

WEFT_CORO(produce)
{
    struct producer *p = arg;
    uint64_t numbers[STRANDS] = {0};

    for (unsigned i = 0; i < TASKS; i++) {
        unsigned k = (unsigned)stress_random(lane_count);
        p->jobs[i] = (struct job){&lanes[k], p->id, numbers[k]++};
        p->tasks[i] =
            weft_create_task(weft_coro(&in_strand, &p->jobs[i]), .strand = lanes[k].strand);
        if (stress_random(32) == 0)
            STRESS_CHECK(weft_sleep(0) == 0);
    }
    for (unsigned i = 0; i < TASKS; i++)
        STRESS_CHECK(weft_join(p->tasks[i], NULL) == 0);
    return 0;
}

static void open_lanes(void)
{
    lane_count = 1 + (unsigned)stress_random(STRANDS);
    for (unsigned i = 0; i < lane_count; i++) {
        memset(&lanes[i], 0, sizeof lanes[i]);
        lanes[i].strand = weft_strand_create();
        STRESS_CHECK(lanes[i].strand);
    }
}

/* Everything has been put in; callbacks may still be on their way. */
static void close_lane(struct lane *lane)
{
    while (atomic_load(&lane->callbacks) > 0)
        STRESS_CHECK(weft_sleep(0) == 0);
    STRESS_CHECK(lane->owner == NULL);
    STRESS_CHECK(lane->steps == atomic_load(&lane->expected));
    STRESS_CHECK(lane->called == TASKS);
    steps += lane->steps;
}

/* A strand that is let go of at once: its tasks keep it. */
WEFT_CORO(orphan)
{
    struct lane *lane = arg;

    for (int i = 0; i < 3; i++) {
        step(lane, &i);
        STRESS_CHECK(weft_sleep(0) == 0);
    }
    return 0;
}

static void run_orphans(void)
{
    struct lane lane = {.strand = weft_strand_create()};
    weft_task_t *tasks[4];

    STRESS_CHECK(lane.strand);
    for (int i = 0; i < 4; i++)
        tasks[i] = weft_create_task(weft_coro(&orphan, &lane), .strand = lane.strand);
    weft_strand_unref(lane.strand);
    for (int i = 0; i < 4; i++)
        STRESS_CHECK(weft_join(tasks[i], NULL) == 0);
    STRESS_CHECK(lane.steps == 12);
}

static void run_round(void)
{
    weft_task_t *tasks[PRODUCERS], *posters[STRANDS];

    watchdog_begin(ROOT_SLOT);
    open_lanes();
    for (unsigned i = 0; i < lane_count; i++)
        posters[i] = weft_create_task(weft_coro(&poster, &lanes[i]), .strand = lanes[i].strand);
    for (unsigned i = 0; i < PRODUCERS; i++) {
        producers[i].id = i;
        tasks[i] = weft_create_task(weft_coro(&produce, &producers[i]));
    }
    run_orphans();
    for (unsigned i = 0; i < PRODUCERS; i++)
        STRESS_CHECK(weft_join(tasks[i], NULL) == 0);
    for (unsigned i = 0; i < lane_count; i++) {
        STRESS_CHECK(weft_join(posters[i], NULL) == 0);
        close_lane(&lanes[i]);
        weft_strand_unref(lanes[i].strand);
    }
    watchdog_end(ROOT_SLOT);
    atomic_fetch_add(&rounds, 1);
}

/* ---- the loop's own strand ---- */

static void called_outside(void *arg)
{
    struct call *call = arg;

    step(&own, call);
    if (call->number > 0) { /* the foreign thread's: in its order */
        STRESS_CHECK(own.called + 1 == call->number);
        own.called = call->number;
    }
    atomic_fetch_sub(&own.callbacks, 1);
    free(call);
}

static void *foreign(void *loop)
{
    for (uint64_t number = 1; !atomic_load(&over); number++) {
        struct call *call = malloc(sizeof *call);
        STRESS_CHECK(call);
        *call = (struct call){&own, number};
        expect_step(&own);
        atomic_fetch_add(&own.callbacks, 1);
        STRESS_CHECK(weft_loop_call_soon_threadsafe(loop, called_outside, call, NULL) == 0);
        watchdog_begin(FOREIGN_SLOT);
        while (atomic_load(&own.callbacks) > 100) {
            struct timespec t = {.tv_nsec = 20000};
            nanosleep(&t, NULL);
        }
        watchdog_end(FOREIGN_SLOT);
    }
    return NULL;
}

WEFT_CORO(root)
{
    pthread_t thread;

    own = (struct lane){0};
    atomic_store(&over, false);
    STRESS_CHECK(pthread_create(&thread, NULL, foreign, weft_get_running_loop()) == 0);
    while (stress_now() < stress_end) {
        for (uint64_t n = stress_random(10); n > 0; n--)
            register_call(&own, called_outside, 0);
        run_round();
    }
    atomic_store(&over, true);
    watchdog_begin(ROOT_SLOT);
    while (atomic_load(&own.callbacks) > 0)
        STRESS_CHECK(weft_sleep(0) == 0);
    pthread_join(thread, NULL);
    while (atomic_load(&own.callbacks) > 0)
        STRESS_CHECK(weft_sleep(0) == 0);
    watchdog_end(ROOT_SLOT);
    STRESS_CHECK(own.steps == atomic_load(&own.expected));
    calls += own.steps;
    return 0;
}

static void run(void)
{
    STRESS_CHECK(weft_run(weft_coro(&root, NULL), NULL, .workers = stress_workers,
                          .order = WEFT_ORDER_FREE) == 0);
}

int main(int argc, char **argv)
{
    stress_begin(argc, argv);
    watchdog_start();
    stress_with_workers(run);
    watchdog_stop();
    printf("strand: ok, %" PRIu64 " rounds, %" PRIu64 " tasks and %" PRIu64
           " steps in strands, %" PRIu64 " children outside, %" PRIu64
           " callbacks in the loop's own\n",
           atomic_load(&rounds), atomic_load(&tasks_run), steps, atomic_load(&parallel), calls);
    return 0;
}
