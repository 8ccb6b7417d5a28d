/* SPDX-License-Identifier: MIT */
/*
 * workers: one case, run with 1, 2 and 4 workers.
 *
 *     CASE(task, its_value_reaches_the_awaiter) { ... run(&coroutine, arg) ... }
 *
 * CASE_ORDERED runs with one worker only: for what asyncio's order of steps promises.
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

static unsigned workers;
static char failure[512];
static pthread_mutex_t failure_lock = PTHREAD_MUTEX_INITIALIZER;

static inline bool check_failed(const char *where, const char *text, long long is, long long want)
{
    pthread_mutex_lock(&failure_lock);
    if (!failure[0])
        snprintf(failure, sizeof failure, "%s: with %u workers: %s (is %lld, must be %lld)", where,
                 workers, text, is, want);
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

static inline void run_case(void (*body)(void), unsigned most)
{
    for (workers = 1; workers <= most; workers *= 2) {
        body();
        cr_assert(!failure[0], "%s", failure);
    }
}

#define CASE_UP_TO(suite, name, most)                                                              \
    static void case_##name(void);                                                                 \
    Test(suite, name)                                                                              \
    {                                                                                              \
        run_case(case_##name, (most));                                                             \
    }                                                                                              \
    static void case_##name(void)

#define CASE(suite, name) CASE_UP_TO(suite, name, 4)
#define CASE_ORDERED(suite, name) CASE_UP_TO(suite, name, 1)

/* Runs a coroutine function in a loop of its own with the case's number of workers. */
#define run(fn, arg) weft_run(weft_coro((fn), (arg)), NULL, .workers = workers)

#endif
