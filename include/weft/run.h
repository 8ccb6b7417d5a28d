/* SPDX-License-Identifier: MIT */
/*
 * run: a whole program in one call.
 */
#ifndef WEFT_RUN_H
#define WEFT_RUN_H

#include "weft/task.h"

/* Debug mode, by default if WEFT_DEBUG=1 is set, tells the exception handler of a step that takes
 * long, of cancellations that are swallowed, of loops and streams that are dropped unclosed, and,
 * in a program that LD_PRELOADs libweft-mutexes.so, of a task that suspends with a pthread mutex
 * locked. On standard error it says, with the task's name and where it was created, which coroutine
 * was never awaited, and which call was wrong (twice awaited, outside of a task, on a closed loop,
 * options without their size, ...), beside the error that the call returns. */
enum { WEFT_DEBUG_DEFAULT, WEFT_DEBUG_ON, WEFT_DEBUG_OFF };

/* What order steps and callbacks have. ASYNCIO (the default with one worker): one FIFO of steps and
 * callbacks, exactly as asyncio's, but that what comes from outside (time, I/O, signals, other
 * threads) reaches a task one tick sooner; and that, but for debug mode, whoever awaited a child
 * before anything else could run goes on behind those that came to await the child later. FREE (the
 * default with more): only what weft promises on many cores. */
enum { WEFT_ORDER_DEFAULT, WEFT_ORDER_ASYNCIO, WEFT_ORDER_FREE };

#define WEFT_WORKERS_MAX 256

typedef struct weft_run_options weft_run_opts_t;

/* What makes a new loop: weft_new_event_loop_opts is one, and each policy has one. */
typedef int (*weft_loop_factory_t)(weft_loop_t **loop, const weft_run_opts_t *opts);

struct weft_run_options {
    size_t size;
    int debug;        /* WEFT_DEBUG_... */
    unsigned workers; /* 0: one per core of the affinity mask and the cgroup's quota; at most 256 */
    int order;        /* WEFT_ORDER_...; ASYNCIO needs one worker */
    /* weft_run and runners: makes the loop, of these options. NULL: weft_new_event_loop, and the
     * loop is the current one of its thread (weft_get_event_loop) until it is closed. */
    weft_loop_factory_t loop_factory;
};

WEFT_BEGIN

/* Runs [coro] in a new loop until it is done, then cancels and awaits all tasks that are left,
 * reports those that failed, waits for the calls in its default executor (after 300 s the
 * exception handler is told that some are not over), closes the loop.
 *
 * Ctrl-C: in the main thread of a program that has left SIGINT as it is, the first one cancels the
 * main task. If that then ends cancelled, and nobody else cancelled it, the call returns -EINTR; if
 * it returns a value in spite of it, that is the result. The second one ends the process by SIGINT
 * at once. One that comes too late for the main task to notice gives -EINTR. Afterwards SIGINT is
 * what it was. A program that handles or ignores SIGINT itself, also by a handler that its main
 * task adds to the loop, keeps that.
 *
 * Call from    any thread in which no loop runs, else -EBUSY
 * Steals       [coro]
 * Returns      what the main task returned, with *result set (may be NULL); -EPROTOTYPE (no
 *              coroutine object), -EINVAL (options), -EINTR (Ctrl-C), -ENOMEM and other errors of
 *              the system when no loop could start
 * Python       asyncio.run(coro): there Ctrl-C raises KeyboardInterrupt, which a second one does at
 *              once; here nothing can be raised out of code that does not suspend */
#define weft_run(coro, result, ...)                                                                \
    weft_run_opts((coro), (result),                                                                \
                  &(weft_run_opts_t){.size = sizeof(weft_run_opts_t), __VA_ARGS__})
WEFT_API int weft_run_opts(weft_coro_t *coro, void **result, const weft_run_opts_t *opts);

WEFT_END
#endif
