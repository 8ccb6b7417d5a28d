/* SPDX-License-Identifier: MIT */
/*
 * wait: several awaitables at once, and one with a limit.
 */
#ifndef WEFT_WAIT_H
#define WEFT_WAIT_H

#include "weft/task.h"
#include "weft/time.h"

typedef struct weft_gathered {
    int err; /* 0 or the error */
    void *value;
} weft_result_t;

typedef struct weft_gather_options {
    size_t size;
    bool return_exceptions; /* errors are results like others; the call itself does not fail */
} weft_gather_opts_t;

/* How several awaitables are given: listed in place, or as an array and its length. */
#define WEFT_ARRAY(array, count) (array), (count)
#define WEFT_AWS(...)                                                                              \
    (weft_awaitable_t *[]){__VA_ARGS__},                                                           \
        sizeof((weft_awaitable_t *[]){__VA_ARGS__}) / sizeof(weft_awaitable_t *)

WEFT_BEGIN

/* Runs all [count] awaitables and waits for them. Coroutines become tasks, in order. Their outcomes
 * go to out[0..count) in the order of the arguments (out may be NULL); the caller writes them
 * itself when it goes on: no child ever writes there. The same awaitable given twice runs once.
 * The first error is returned at once, out stays untouched, the others run on. If the caller is
 * cancelled, so are all children.
 *     weft_result_t r[2];
 *     int rc = weft_gather(WEFT_AWS(weft_coro(&a, NULL), weft_coro(&b, NULL)), r);
 * Call from    a task, else -EPERM
 * Suspends     yes
 * Steals       the references in [aws], not the array
 * Returns      0, the first error (-ECANCELED if that child was cancelled, or the caller), -EXDEV
 *              (a future of another loop), -ENOMEM
 * Python       await asyncio.gather(*aws) */
#define weft_gather(aws_and_count, out, ...)                                                       \
    weft_gather_opts(aws_and_count, (out),                                                         \
                     &(weft_gather_opts_t){.size = sizeof(weft_gather_opts_t), __VA_ARGS__})
WEFT_API WEFT_MUST int weft_gather_opts(weft_awaitable_t *const *aws, size_t count,
                                        weft_result_t *out, const weft_gather_opts_t *opts);

/* The same as an object: a future whose result is the array of results (weft_gather_results).
 * Cancelling it cancels all children; a cancelled child is an error of it, it is not itself
 * cancelled then.
 * Call from    a task or a callback
 * Returns      a new reference; a failed object as above
 * Python       asyncio.gather(*aws) */
WEFT_API weft_future_t *weft_gather_future_opts(weft_awaitable_t *const *aws, size_t count,
                                                const weft_gather_opts_t *opts);
#define weft_gather_future(aws_and_count, ...)                                                     \
    weft_gather_future_opts(                                                                       \
        aws_and_count, &(weft_gather_opts_t){.size = sizeof(weft_gather_opts_t), __VA_ARGS__})

/* The results of a gather future that is done, borrowed from it; NULL when it is not done, failed,
 * or is no gather future. *count is how many (may be NULL). */
WEFT_API const weft_result_t *weft_gather_results(const weft_future_t *future, size_t *count);

/* Awaits [aw] for at most [timeout] (WEFT_NONE: for ever). When it passes, [aw] is cancelled and
 * waited for, which may take longer; a result that comes out in spite of that is returned. A
 * coroutine runs in the caller's task. Zero or less: a done one gives its result, any other is
 * cancelled (a coroutine never begins).
 * Call from    a task, else -EPERM
 * Suspends     yes
 * Steals       a coroutine that was not used yet; borrows a task or a future
 * Returns      as weft_await; -ETIMEDOUT, -ENOMEM
 * Python       await asyncio.wait_for(aw, timeout) */
WEFT_API WEFT_MUST int weft_wait_for(weft_awaitable_t *aw, weft_ns_t timeout, void **result);

WEFT_END
#endif
