/* SPDX-License-Identifier: MIT */
/*
 * testing: runs for tests, in which the clock jumps and a seed decides.
 *
 *     #include <weft/testing.h>
 *
 *     WEFT_CORO(gives_up_after_an_hour) { ... weft_sleep(WEFT_S(60)) ... }
 *
 *     int main(void)
 *     {
 *         return weft_testing_run(weft_coro(&gives_up_after_an_hour, NULL), NULL) < 0;
 *     }
 *
 * Clock   A run begins at some time, and time passes only when every task waits: then the clock
 *         jumps to the next deadline. An hour of time-outs takes as long as the steps of the tasks,
 *         and a task that slept for a minute finds that exactly a minute has passed. A task that
 *         yields until some time has come waits for ever: it has to sleep.
 * Order   One worker. Of the tasks that can make a step, the seed chooses the one that does; so it
 *         finds what rests on an order that nobody promised. What is promised holds: callbacks, and
 *         the steps in one strand, keep their order. With WEFT_ORDER_ASYNCIO all steps have
 *         asyncio's order, under every seed.
 * Replay  The same seed gives the same run. It is that of the environment's WEFT_SEED; else .seed;
 *         else a new one each time. It is written to standard error when the run fails, or is ended
 *         by abort() (an assertion).
 *
 * All of it happens on the thread that calls, that of weft_to_thread's functions too (each on a
 * stack of 256 KiB): one that blocks, blocks all. Other threads must not call into the loop. There
 * is no network: a connection fails with -EBADF, a server serves nobody.
 *
 * weft.h does not include this header.
 */
#ifndef WEFT_TESTING_H
#define WEFT_TESTING_H

#include "weft/run.h"
#include "weft/time.h"

typedef struct weft_testing_options {
    size_t size;
    uint64_t seed;   /* 0: a new one */
    weft_ns_t limit; /* of the run, by its own clock; 0: a day */
    int order;       /* WEFT_ORDER_...; the default is that the seed chooses */
    int debug;       /* WEFT_DEBUG_... */
} weft_testing_opts_t;

WEFT_BEGIN

/* As weft_run, in such a run. When it reaches its limit, which it does at once if all tasks wait
 * for what never comes, the tasks that are not done are named on standard error, and [coro] is
 * cancelled.
 * Call from    any thread in which no loop runs, else -EBUSY; not from a function of weft_to_thread
 *              in such a run (-EBUSY)
 * Steals       [coro]
 * Returns      as weft_run; -ETIMEDOUT (it reached its limit)
 * Python       none: Trio's MockClock(autojump_threshold=0) */
#define weft_testing_run(coro, result, ...)                                                        \
    weft_testing_run_opts(                                                                         \
        (coro), (result),                                                                          \
        &(weft_testing_opts_t){.size = sizeof(weft_testing_opts_t), __VA_ARGS__})
WEFT_API WEFT_MUST int weft_testing_run_opts(weft_coro_t *coro, void **result,
                                             const weft_testing_opts_t *opts);

/* The seed of the run on this thread; 0: there is none. */
WEFT_API uint64_t weft_testing_seed(void);

/* Waits until every other task has waited for [cushion] at a stretch (less than a nanosecond counts
 * as one): what they do at once, they have done.
 * Call from    a task in such a run, else -EPERM
 * Suspends     yes
 * Returns      0, -ECANCELED, -ENOMEM
 * Python       none: Trio's wait_all_tasks_blocked(cushion) */
WEFT_API WEFT_MUST int weft_wait_all_tasks_blocked(weft_ns_t cushion);

WEFT_END
#endif
