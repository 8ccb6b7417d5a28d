/* SPDX-License-Identifier: MIT */
/*
 * inspect: what the runtime counts, where tasks stand, who awaits whom.
 */
#ifndef WEFT_INSPECT_H
#define WEFT_INSPECT_H

#include <stdio.h>

#include "weft/task.h"

/* Counters since the loop began, summed over its workers; each only grows, but for the gauges. */
typedef struct weft_stats {
    size_t size;               /* set by the caller: sizeof(weft_stats_t), of whichever version */
    uint64_t spawned;          /* tasks created */
    uint64_t inlined;          /* of these: run on their parent's stack */
    uint64_t switches;         /* context switches */
    uint64_t steals;           /* entries taken from other workers */
    uint64_t parks;            /* times a worker slept in the kernel */
    uint64_t wakes;            /* times one was woken by another */
    uint64_t helper_reaps;     /* completions taken over from stuck workers */
    uint64_t kicks;            /* signals sent to stuck workers */
    uint64_t ring_submissions; /* operations given to the kernel */
    uint64_t ring_enters;      /* calls into the kernel for them */
    uint64_t ring_overflows;   /* times a completion queue overflowed */
    uint64_t stacks_unguarded; /* gauge: stacks without a guard, where the kernel refused more */
    unsigned workers;          /* gauge */
} weft_stats_t;

/* The same for one worker, as far as it has them, and its CPU time. */
typedef struct weft_worker_stats {
    size_t size;
    uint64_t switches;
    uint64_t steals;
    uint64_t parks;
    int64_t cpu_ns;
} weft_worker_stats_t;

/* An awaitable, where it stands, and who awaits it. */
typedef struct weft_call_graph {
    weft_awaitable_t *future; /* a reference */
    void **call_stack;        /* of a task: code addresses, innermost first */
    size_t frames;            /* how many; none if it runs on another thread, or is about to */
    struct weft_call_graph **awaited_by;
    size_t count; /* how many */
    bool cut;     /* the rest is not shown: it stands further out already (they await each other),
                     or the graph is too large */
} weft_call_graph_t;

#define WEFT_STACK_DEPTH 64 /* calls that weft_print_stack shows at most */

WEFT_BEGIN

/* Returns 0, -EPERM (NULL, and no loop runs here), -EINVAL (size). NULL: the running loop. */
WEFT_API int weft_loop_stats(weft_loop_t *loop, weft_stats_t *stats);
/* Returns 0, -EPERM, -EINVAL (size, or no such worker). */
WEFT_API int weft_loop_worker_stats(weft_loop_t *loop, unsigned worker, weft_worker_stats_t *stats);

/* Where [task] (NULL: the running one) stands: the code addresses of its calls, innermost first, at
 * most [capacity], into [frames]. All of its stack, that of a parent included on whose stack it
 * runs. Any thread, with a reference.
 * Returns      how many; 0: it is done; -EBUSY: it runs on another thread, or is about to run;
 *              -EPROTOTYPE (no task), -EPERM (NULL outside of a task)
 * Python       task.get_stack(), which has the oldest first, and no calls below the coroutine's */
WEFT_API int weft_get_stack(weft_task_t *task, void **frames, size_t capacity);

/* Writes that to [file] (NULL: standard error), one call a line: its function, if that is not
 * static, else the place that addr2line takes. Returns 0, or errors as above. Python's
 * task.print_stack(). */
WEFT_API int weft_print_stack(weft_task_t *task, FILE *file);

/* Who awaits [future] (NULL: the running task), who awaits those, and so on: the edges that await,
 * gather, wait, shield, task groups and races make; as_completed makes none (nor in Python). At
 * most [limit] addresses of each call stack; 0: none. Other tasks go on meanwhile, so what comes
 * out may be of different moments. Any thread.
 * Returns      0 with *graph, for weft_call_graph_free; -EPERM (NULL outside of a task),
 *              -EPROTOTYPE (no future), -EINVAL, -ENOMEM
 * Python       asyncio.capture_call_graph() */
WEFT_API int weft_capture_call_graph(weft_awaitable_t *future, size_t limit,
                                     weft_call_graph_t **graph);
WEFT_API void weft_call_graph_free(weft_call_graph_t *graph); /* NULL is allowed */

/* The same as a text: to [file] (NULL: standard output), or malloc'd in *text. Errors as above.
 * Python's asyncio.print_call_graph(), asyncio.format_call_graph(). */
WEFT_API int weft_print_call_graph(weft_awaitable_t *future, size_t limit, FILE *file);
WEFT_API int weft_format_call_graph(weft_awaitable_t *future, size_t limit, char **text);

/* The coroutine function that [task] runs: its name, where it is defined. NULL: no task. Python's
 * task.get_coro(). */
WEFT_API const weft_corofn_t *weft_get_coro(const weft_task_t *task);

WEFT_END
#endif
