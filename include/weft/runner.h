/* SPDX-License-Identifier: MIT */
/*
 * runner: one loop for several main tasks, one after the other.
 *
 *     weft_runner_t runner;
 *     weft_runner_init(&runner, .workers = 4);
 *     int rc = weft_runner_run(&runner, weft_coro(&begin, NULL), NULL);
 *     if (rc == 0)
 *         rc = weft_runner_run(&runner, weft_coro(&go_on, NULL), NULL);
 *     weft_runner_close(&runner);
 *
 * weft_run is one run, then close. The object is the caller's, and may not be copied; one thread
 * uses it, from the first call that makes the loop until close. Python's asyncio.Runner.
 */
#ifndef WEFT_RUNNER_H
#define WEFT_RUNNER_H

#include "weft/run.h"

typedef struct weft_runner {
    uint64_t opaque[10];
} weft_runner_t;

WEFT_BEGIN

/* Makes it new. Nothing happens before the first run or get_loop: only then the options, which are
 * those of weft_run, are looked at.
 * Python       asyncio.Runner(debug=, loop_factory=) */
#define weft_runner_init(runner, ...)                                                              \
    weft_runner_init_opts((runner),                                                                \
                          &(weft_run_opts_t){.size = sizeof(weft_run_opts_t), __VA_ARGS__})
WEFT_API void weft_runner_init_opts(weft_runner_t *runner, const weft_run_opts_t *opts);

/* Runs [coro] as the main task until it is done. What it leaves is not touched: other tasks go on
 * in the next run. So do context variables: all main tasks share one context, a copy of what was
 * seen by whoever had the loop made. Ctrl-C as of weft_run.
 * Call from    a thread in which no loop runs, else -EBUSY
 * Steals       [coro]
 * Returns      what the main task returned, with *result set (may be NULL); -EINTR (Ctrl-C),
 *              WEFT_ESTOPPED (the loop was stopped: the main task goes on in the next run),
 *              -EPROTOTYPE (no coroutine object), -ESHUTDOWN (it was closed), and whatever the loop
 *              could not be made for: -EINVAL (options), -ENOMEM, errors of the system
 * Python       runner.run(coro). There since 3.14 it may be any awaitable */
WEFT_API int weft_runner_run(weft_runner_t *runner, weft_coro_t *coro, void **result);

/* The same in [context]; NULL: in that of the runner.
 * Python       runner.run(coro, context=context) */
WEFT_API int weft_runner_run_in_context(weft_runner_t *runner, weft_context_t *context,
                                        weft_coro_t *coro, void **result);

/* The loop, borrowed until close; made, if this is the first call.
 * Returns      0, -ESHUTDOWN (it was closed), else as weft_new_event_loop
 * Python       runner.get_loop() */
WEFT_API WEFT_MUST int weft_runner_get_loop(weft_runner_t *runner, weft_loop_t **loop);

/* Cancels and awaits all tasks that are left, reports those that failed, waits for the executor,
 * closes the loop. Does nothing to a runner that has no loop (it may still be used) or is closed.
 * Call from    a thread in which no loop runs, else -EBUSY (nothing happens)
 * Returns      0; an error that kept the tasks from being awaited: the loop is closed all the same
 * Python       runner.close(), or the end of the with statement */
WEFT_API int weft_runner_close(weft_runner_t *runner);

WEFT_END
#endif
