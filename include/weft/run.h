/* SPDX-License-Identifier: MIT */
/*
 * run: a whole program in one call.
 */
#ifndef WEFT_RUN_H
#define WEFT_RUN_H

#include "weft/task.h"

enum {
    WEFT_DEBUG_DEFAULT,
    WEFT_DEBUG_ON,
    WEFT_DEBUG_OFF
}; /* default: whether WEFT_DEBUG=1 is set */

/* What order steps and callbacks have. ASYNCIO (the default with one worker): one FIFO of steps and
 * callbacks, exactly as asyncio's. FREE (the default with more): only what weft promises on many
 * cores. */
enum { WEFT_ORDER_DEFAULT, WEFT_ORDER_ASYNCIO, WEFT_ORDER_FREE };

#define WEFT_WORKERS_MAX 256

typedef struct weft_run_options {
    size_t size;
    int debug;        /* WEFT_DEBUG_... */
    unsigned workers; /* 0: one per core of the affinity mask and the cgroup's quota; at most 256 */
    int order;        /* WEFT_ORDER_...; ASYNCIO needs one worker */
} weft_run_opts_t;

WEFT_BEGIN

/* Runs [coro] in a new loop until it is done, then cancels and awaits all tasks that are left,
 * reports those that failed, waits for the blocking pool, closes the loop.
 * The first Ctrl-C cancels the main task, the second ends the process by SIGINT at once; the
 * handler that was there before is restored. A program that has its own SIGINT handler keeps it.
 * Call from    any thread in which no loop runs, else -EBUSY
 * Steals       [coro]
 * Returns      what the main task returned, with *result set (may be NULL); -EINVAL (options),
 *              -EINTR (ended by Ctrl-C), -ENOMEM and other errors of the system when no loop could
 *              start
 * Python       asyncio.run(coro) */
#define weft_run(coro, result, ...)                                                                \
    weft_run_opts((coro), (result),                                                                \
                  &(weft_run_opts_t){.size = sizeof(weft_run_opts_t), __VA_ARGS__})
WEFT_API int weft_run_opts(weft_coro_t *coro, void **result, const weft_run_opts_t *opts);

WEFT_END
#endif
