/* SPDX-License-Identifier: MIT */
/*
 * Wake-ups: whatever becomes runnable runs soon, whoever made it runnable and whoever was just
 * falling asleep.
 *
 * Sources push bursts of entries and pause in between for about as long as a worker spins before it
 * sleeps, so that pushes meet parking at every instant. A source is a foreign thread (callbacks,
 * futures that it completes, coroutines whose result it waits for) or a task (children; children
 * that must run elsewhere, because the task blocks its worker until they have). In most phases
 * there is one source only: nobody else's wake-up makes up for a lost one. A burst that has not run
 * after 10 s was lost; at the end all counts agree.
 *
 * Usage: idle [--seed N] [--seconds S] [--workers N]
 */
#include <sched.h>

#include "watchdog.h"
#include "runtime/base/base.h"
#include "weft.h"

enum { FOREIGN = 2, INSIDE = 2, SOURCES = FOREIGN + INSIDE, MOST = 48, BLOCKER = SOURCES };
enum { SPIN_NS = 50000 }; /* how long a worker looks around before it parks */

struct source {
    unsigned slot;
    uint64_t pushed; /* the source's own */
    _Atomic(uint64_t) ran;
};

static struct source sources[SOURCES];
static weft_loop_t *loop;
static _Atomic(uintptr_t) box; /* a future that a foreign thread completes; a reference */
static _Atomic(bool) over, blocking;
static _Atomic(uint64_t) bursts, entries, blocked;
static uint64_t parks, wakes;

static uint64_t burst_size(void)
{
    return 1 + stress_random(stress_random(4) ? 3 : MOST);
}

/* Mostly around the spin time, sometimes nothing, sometimes long enough for everyone to sleep. */
static int64_t pause_ns(void)
{
    switch (stress_random(8)) {
    case 0:
        return 0;
    case 1:
        return 1000000;
    default:
        return (int64_t)stress_random(3 * SPIN_NS);
    }
}

static void sleep_thread(int64_t ns)
{
    struct timespec t = {.tv_nsec = ns};

    nanosleep(&t, NULL);
}

static void burst_begin(struct source *s, uint64_t n)
{
    watchdog_begin(s->slot);
    s->pushed += n;
    atomic_fetch_add(&entries, n);
}

static void burst_end(struct source *s)
{
    watchdog_end(s->slot);
    atomic_fetch_add(&bursts, 1);
}

/* ---- foreign sources ---- */

static void count(void *arg)
{
    atomic_fetch_add(&((struct source *)arg)->ran, 1);
}

WEFT_CORO(count_and_answer)
{
    count(arg);
    *result = arg;
    return 0;
}

static void push_calls(struct source *s)
{
    uint64_t n = burst_size();

    burst_begin(s, n);
    for (uint64_t i = 0; i < n; i++)
        STRESS_CHECK(weft_loop_call_soon_threadsafe(loop, count, s, NULL) == 0);
    while (atomic_load(&s->ran) < s->pushed)
        sleep_thread(1000);
    burst_end(s);
}

static void push_coroutine(struct source *s)
{
    weft_cfuture_t *future;
    void *value = NULL;

    burst_begin(s, 1);
    future = weft_run_coroutine_threadsafe(weft_coro(&count_and_answer, s), loop);
    STRESS_CHECK(weft_cfuture_result(future, WEFT_S(WATCHDOG_SECONDS), &value) == 0);
    STRESS_CHECK(value == s);
    weft_cfuture_unref(future);
    burst_end(s);
}

WEFT_CORO(wait_for_thread)
{
    weft_future_t *future = weft_create_future(NULL);

    atomic_store(&box, (uintptr_t)weft_ref(future));
    STRESS_CHECK(weft_await(future, result) == 0 && *result == arg);
    count(arg);
    weft_unref(future);
    return 0;
}

/* A task that waits for us, perhaps on a worker that sleeps by now. */
static void push_future(struct source *s)
{
    weft_cfuture_t *task;
    weft_future_t *future;
    void *value = NULL;

    burst_begin(s, 1);
    task = weft_run_coroutine_threadsafe(weft_coro(&wait_for_thread, s), loop);
    while (!(future = (weft_future_t *)atomic_exchange(&box, 0)))
        sleep_thread(1000);
    sleep_thread(pause_ns());
    STRESS_CHECK(weft_set_result(future, s) == 0);
    weft_unref(future);
    STRESS_CHECK(weft_cfuture_result(task, WEFT_S(WATCHDOG_SECONDS), &value) == 0 && value == s);
    weft_cfuture_unref(task);
    burst_end(s);
}

static void *foreign_main(void *arg)
{
    struct source *s = arg;

    while (!atomic_load(&over)) {
        uint64_t kind = stress_random(4);
        if (kind == 0 && s == &sources[0]) /* one at a time: there is one box */
            push_future(s);
        else if (kind == 1)
            push_coroutine(s);
        else
            push_calls(s);
        sleep_thread(pause_ns());
    }
    return NULL;
}

/* ---- sources in the loop ---- */

WEFT_CORO(child)
{
    count(arg);
    return 0;
}

/* Children, then a sleep: they run while it lasts, here or elsewhere. */
static void push_children(struct source *s)
{
    uint64_t n = burst_size();
    weft_task_t *tasks[MOST + 1];

    burst_begin(s, n);
    for (uint64_t i = 0; i < n; i++)
        tasks[i] = weft_create_task(weft_coro(&child, s));
    STRESS_CHECK(weft_sleep(pause_ns()) == 0);
    for (uint64_t i = 0; i < n; i++)
        STRESS_CHECK(weft_join(tasks[i], NULL) == 0);
    STRESS_CHECK(atomic_load(&s->ran) == s->pushed);
    burst_end(s);
}

/* Children that only others can run, since this worker does nothing else until they have. */
static void push_and_block(struct source *s)
{
    uint64_t n = burst_size();

    if (atomic_exchange(&blocking, true)) {
        push_children(s); /* one at a time, or all workers might block */
        return;
    }
    burst_begin(s, n);
    for (uint64_t i = 0; i < n; i++)
        STRESS_CHECK(!weft_create_task(weft_coro(&child, s), .detached = true));
    while (atomic_load(&s->ran) < s->pushed)
        sleep_thread(1000);
    burst_end(s);
    atomic_store(&blocking, false);
    atomic_fetch_add(&blocked, n);
}

WEFT_CORO(inside)
{
    struct source *s = arg;

    while (!atomic_load(&over)) {
        if (stress_workers > 1 && stress_random(2))
            push_and_block(s);
        else
            push_children(s);
        STRESS_CHECK(weft_sleep(pause_ns()) == 0);
    }
    return 0;
}

/* ---- the run ---- */

struct phase {
    unsigned inside;
    weft_future_t *end;
};

WEFT_CORO(root)
{
    struct phase *phase = arg;
    weft_task_t *tasks[INSIDE];

    for (unsigned i = 0; i < phase->inside; i++)
        tasks[i] = weft_create_task(weft_coro(&inside, &sources[FOREIGN + i]));
    STRESS_CHECK(weft_await(phase->end, NULL) == 0);
    for (unsigned i = 0; i < phase->inside; i++)
        STRESS_CHECK(weft_join(tasks[i], NULL) == 0);
    return 0;
}

static void *run_loop(void *arg)
{
    STRESS_CHECK(weft_loop_run_until_complete(loop, weft_coro(&root, arg), NULL) == 0);
    return NULL;
}

/* The loop lives on through all phases of one number of workers: it is run again and again. */
static void run_phase(unsigned foreign, unsigned inside_count, int64_t ns)
{
    struct phase phase = {inside_count, weft_create_future(loop)};
    pthread_t threads[FOREIGN], runner;

    atomic_store(&over, false);
    STRESS_CHECK(pthread_create(&runner, NULL, run_loop, &phase) == 0);
    for (unsigned i = 0; i < foreign; i++)
        STRESS_CHECK(pthread_create(&threads[i], NULL, foreign_main, &sources[i]) == 0);
    for (int64_t until = stress_now() + ns; stress_now() < until;)
        sleep_thread(5000000);
    atomic_store(&over, true);
    for (unsigned i = 0; i < foreign; i++)
        pthread_join(threads[i], NULL);
    watchdog_begin(BLOCKER);
    STRESS_CHECK(weft_set_result(phase.end, NULL) == 0);
    pthread_join(runner, NULL);
    watchdog_end(BLOCKER);
    weft_unref(phase.end);
}

static void run_with(unsigned workers, int64_t ns)
{
    weft_stats_t stats = {.size = sizeof stats};

    stress_workers = workers;
    STRESS_CHECK(weft_new_event_loop(&loop, .workers = workers, .order = WEFT_ORDER_FREE) == 0);
    run_phase(1, 0, ns / 4);
    run_phase(0, 1, ns / 4);
    run_phase(FOREIGN, 0, ns / 4);
    run_phase(FOREIGN, INSIDE, ns / 4);
    STRESS_CHECK(weft_loop_stats(loop, &stats) == 0);
    parks += stats.parks;
    wakes += stats.wakes;
    STRESS_CHECK(weft_loop_close(loop) == 0);
    weft_loop_unref(loop);
}

int main(int argc, char **argv)
{
    unsigned counts[] = {1, 2, 4}, asked;

    stress_begin(argc, argv);
    asked = stress_workers;
    for (unsigned i = 0; i < SOURCES; i++)
        sources[i].slot = i;
    watchdog_start();
    for (int i = 0; i < (asked ? 1 : 3); i++)
        run_with(asked ? asked : counts[i], (int64_t)(stress_seconds * 1e9) / (asked ? 1 : 3));
    watchdog_stop();
    for (unsigned i = 0; i < SOURCES; i++)
        STRESS_CHECK(atomic_load(&sources[i].ran) == sources[i].pushed);
    STRESS_CHECK(parks > 0);
    printf("idle: ok, %" PRIu64 " bursts of %" PRIu64 " entries, %" PRIu64
           " behind a blocked worker, %" PRIu64 " parks, %" PRIu64 " wakes\n",
           atomic_load(&bursts), atomic_load(&entries), atomic_load(&blocked), parks, wakes);
    return 0;
}
