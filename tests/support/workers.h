/* SPDX-License-Identifier: MIT */
/*
 * workers: one case, run with 1, 2 and 4 workers.
 *
 *     CASE(task, its_value_reaches_the_awaiter) { ... run(&coroutine, arg) ... }
 *
 * CASE_ORDERED runs with one worker only: for what asyncio's order of steps promises.
 *
 * In a suite that is linked with the library as the simulation sees it (WEFT_SIM), each case is
 * also run on the virtual driver, with each number of workers and several seeds. A seed chooses
 * which worker goes on; and with one worker, except in CASE_ORDERED, which task does.
 * CASE_REAL and CASE_REAL_UP_TO are for what cannot be simulated, each with its reason: threads
 * that the library did not start, calls that block, signals, forks.
 *
 * The checks of a case may stand on any thread and on any stack, where Criterion's own must not:
 * they jump out of the function that fails. So CHECK and CHECK_INT remember the first one that
 * fails, and the case fails when it is over. They are expressions: `if (!CHECK(x)) return -1;`.
 */
#ifndef TESTS_SUPPORT_WORKERS_H
#define TESTS_SUPPORT_WORKERS_H

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <weft.h>

#ifdef WEFT_SIM
#include "io/driver/virtual.h"
#include "runtime/sched/loop.h"
#endif

static unsigned workers;
static unsigned sim_seed; /* of the simulation; 0: none, the case runs on the real driver */
static char failure[512];
static pthread_mutex_t failure_lock = PTHREAD_MUTEX_INITIALIZER;

static inline bool check_failed(const char *where, const char *text, long long is, long long want)
{
    pthread_mutex_lock(&failure_lock);
    if (!failure[0])
        snprintf(failure, sizeof failure,
                 "%s: with %u workers, seed %u: %s (is %lld, must be %lld)", where, workers,
                 sim_seed, text, is, want);
    pthread_mutex_unlock(&failure_lock);
    return false;
}

static inline bool check_int(long long is, long long want, const char *where, const char *text)
{
    return is == want || check_failed(where, text, is, want);
}

#define CHECK(condition) check_int(!!(condition), 1, WEFT_HERE, #condition)
#define CHECK_INT(is, want)                                                                        \
    check_int((long long)(is), (long long)(want), WEFT_HERE, #is " == " #want)

static inline void run_body(void (*body)(void))
{
    body();
    cr_assert(!failure[0], "%s", failure);
}

static inline void run_real(void (*body)(void), unsigned most)
{
    for (workers = 1; workers <= most; workers *= 2)
        run_body(body);
}

#ifdef WEFT_SIM
enum { SEEDS = 3 };

static bool shuffles;

static inline int new_virtual_loop(weft_loop_t **loop, const weft_run_opts_t *opts)
{
    struct weft__loop_config config = {.class = &weft__driver_virtual,
                                       .workers = opts->workers,
                                       .order = opts->order,
                                       .debug = opts->debug};

    if (shuffles && opts->workers == 1 && !opts->order) {
        config.order = WEFT_ORDER_FREE;
        config.seed = sim_seed;
    }
    return weft__loop_new(loop, &config);
}

static inline void simulate(void (*body)(void))
{
    struct weft__virtual *sim = weft__virtual_new(&(struct weft__virtual_config){.seed = sim_seed});

    cr_assert_not_null(sim);
    run_body(body);
    weft__virtual_free(sim);
}

static inline void run_virtual(void (*body)(void), unsigned most)
{
    static const weft_event_loop_policy_t policy = {
        .size = sizeof policy, .name = "virtual", .new_event_loop = new_virtual_loop};

    shuffles = most > 1;
    weft_set_event_loop_policy(&policy);
    for (workers = 1; workers <= most; workers *= 2)
        for (sim_seed = 1; sim_seed <= SEEDS; sim_seed++)
            simulate(body);
}
#else
static inline void run_virtual(void (*body)(void), unsigned most)
{
    (void)body;
    (void)most;
}
#endif

static inline void run_case(void (*body)(void), unsigned most)
{
    run_real(body, most);
    run_virtual(body, most);
}

#define CASE_RUN_BY(run_by, suite, name, most)                                                     \
    static void case_##name(void);                                                                 \
    Test(suite, name)                                                                              \
    {                                                                                              \
        run_by(case_##name, (most));                                                               \
    }                                                                                              \
    static void case_##name(void)

#define CASE(suite, name) CASE_RUN_BY(run_case, suite, name, 4)
#define CASE_ORDERED(suite, name) CASE_RUN_BY(run_case, suite, name, 1)
#define CASE_REAL(suite, name) CASE_RUN_BY(run_real, suite, name, 4)
#define CASE_REAL_UP_TO(suite, name, most) CASE_RUN_BY(run_real, suite, name, most)

/* Runs a coroutine function in a loop of its own with the case's number of workers. */
#define run(fn, arg) weft_run(weft_coro((fn), (arg)), NULL, .workers = workers)

#endif
