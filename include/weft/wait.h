/* SPDX-License-Identifier: MIT */
/*
 * wait: several awaitables at once, one with a limit, one that is shielded.
 */
#ifndef WEFT_WAIT_H
#define WEFT_WAIT_H

#include "weft/task.h"
#include "weft/time.h"

typedef struct weft_gathered {
    int err; /* 0 or the error */
    void *value;
} weft_result_t;

/* When weft_wait returns. */
enum { WEFT_ALL_COMPLETED, WEFT_FIRST_COMPLETED, WEFT_FIRST_EXCEPTION };

typedef struct weft_completion weft_as_completed_t;

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
 * cancelled, so are all children that are not done; an error of a child's clean-up comes out.
 * If a coroutine cannot be started, those that were are cancelled and waited for.
 *     weft_result_t r[2];
 *     int rc = weft_gather(WEFT_AWS(weft_coro(&a, NULL), weft_coro(&b, NULL)), r);
 * Call from    a task, else -EPERM
 * Suspends     yes
 * Steals       the references in [aws], not the array
 * Returns      0, the first error (-ECANCELED if that child was cancelled, or the caller), -EXDEV
 *              (a future of another loop), -ENOMEM, or why a coroutine could not be started
 * Python       await asyncio.gather(*aws) */
#define weft_gather(aws_and_count, out, ...)                                                       \
    weft_gather_opts(aws_and_count, (out),                                                         \
                     &(weft_gather_opts_t){.size = sizeof(weft_gather_opts_t), __VA_ARGS__})
WEFT_API WEFT_MUST int weft_gather_opts(weft_awaitable_t *const *aws, size_t count,
                                        weft_result_t *out, const weft_gather_opts_t *opts);

/* The same as an object: a future whose result is the array of results (weft_gather_results).
 * Cancelling it cancels all children; a cancelled child is an error of it, it is not itself
 * cancelled then. If a coroutine cannot be started, those that were are cancelled, but not waited
 * for: what they use must stay until they have ended.
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

/* The same as a coroutine object, for gather and its kin. It takes a reference of its own to a task
 * or a future; a coroutine is stolen, and closed if the object is dropped unused. */
#define weft_wait_for_coro(aw, timeout) weft_wait_for_coro_at((aw), (timeout), WEFT_HERE)
WEFT_API weft_coro_t *weft_wait_for_coro_at(weft_awaitable_t *aw, weft_ns_t timeout,
                                            const char *where);

/* Waits until [return_when] holds for the [count] tasks and futures in [aws], or [timeout] has
 * passed (WEFT_NONE: for ever): ALL_COMPLETED, FIRST_COMPLETED, or FIRST_EXCEPTION, which is the
 * first that fails, a cancelled one not being failed, or all. Then the array has been rearranged:
 * aws[0..*done) are done, the others are not; in both parts they stand in the order in which they
 * were given. All that are done by then are among the first, which may be more than one, or none.
 * No awaitable is ever cancelled by it, and that some failed is none of its errors: look at them.
 * One that is given twice counts once, and stands twice on one side.
 * Call from    a task, else -EPERM
 * Suspends     yes, always
 * Borrows      the awaitables
 * Returns      0; -ECANCELED (the caller; the array is as it was), -EINVAL (none given, or no such
 *              return_when), -EPROTOTYPE (a coroutine: make it a task), -EXDEV, -ENOMEM
 * Python       asyncio.wait(aws, timeout=, return_when=): no error at a time-out either */
WEFT_API WEFT_MUST int weft_wait(weft_awaitable_t **aws, size_t count, weft_ns_t timeout,
                                 int return_when, size_t *done);

/* A future that ends as [aw] does, but whose cancellation does not reach it. So a task that is
 * cancelled while it awaits it leaves [aw] running; hold a reference to that. If [aw] then fails,
 * the exception handler is told, once. One that is done is returned as it is.
 * weft_run cancels all that is left at its end, shielded or not.
 * Call from    a task or a callback
 * Steals       a coroutine that was not used yet, which becomes a task; borrows a task or a future
 * Returns      a new reference; a failed object: -EPERM, -EPROTOTYPE, -EALREADY, -EXDEV, -ENOMEM,
 *              or why the coroutine could not be started
 * Python       asyncio.shield(aw) */
WEFT_API weft_future_t *weft_shield(weft_awaitable_t *aw);

/* The first of [count] awaitables to be done wins: its outcome is that of the call, *winner (may be
 * NULL) its place in [aws]. Of several that are done at the same time it is the first in the array.
 * All others are cancelled and waited for, and what comes of them is dropped. If the caller is
 * cancelled, so are all. Coroutines become tasks; if one cannot be started, those that were are
 * cancelled and waited for, and what was given as a task runs on.
 * Call from    a task, else -EPERM
 * Suspends     yes, always
 * Steals       the references in [aws], not the array
 * Returns      the winner's outcome, with *result set (may be NULL); -ECANCELED (the winner or the
 *              caller was cancelled), -EINVAL (none given), -EPROTOTYPE, -EALREADY, -EXDEV,
 *              -ENOMEM, or why a coroutine could not be started. *winner is set if there is one */
WEFT_API WEFT_MUST int weft_race(weft_awaitable_t *const *aws, size_t count, size_t *winner,
                                 void **result);

/* Starts the [count] coroutines one after the other, each when [delay] has passed since the one
 * before was started (WEFT_NONE: not before it failed), or at once when that one fails. The first
 * that succeeds wins: its result is that of the call, *winner (may be NULL) its place. The others
 * are cancelled and waited for; what was not started is closed.
 * Call from    a task, else -EPERM
 * Suspends     yes, always
 * Steals       the references in [coros], not the array
 * Returns      0 with *result set (may be NULL); WEFT_EGROUP: all failed, with their errors in the
 *              order of the array in weft_last_error; -ECANCELED (the caller), -EINVAL (none
 *              given), -EPROTOTYPE (no coroutine), -EALREADY, -ENOMEM
 * Python       asyncio.staggered.staggered_race(), which raises nothing when all fail */
WEFT_API WEFT_MUST int weft_staggered_race(weft_coro_t *const *coros, size_t count, weft_ns_t delay,
                                           size_t *winner, void **result);

/* The [count] awaitables in the order in which they become done. Coroutines become tasks; if one
 * cannot be started, those that were are cancelled, but not waited for: what they use must stay
 * until they have ended.
 *
 *     weft_as_completed_t *it = weft_as_completed(WEFT_AWS(a, b, c), WEFT_S(5));
 *     weft_awaitable_t *aw;
 *     while ((rc = weft_as_completed_next(it, &aw)) > 0)
 *         use(aw, weft_result(aw, &value));
 *     weft_as_completed_free(it);
 *
 * The time-out is for all of them, and begins now; it cancels none. One that is given twice comes
 * once. [count] may be 0.
 * Call from    a task or a callback
 * Steals       the references in [aws], not the array
 * Returns      an iterator, for weft_as_completed_free. When it fails, one that gives the error in
 *              each of its calls: -EINVAL (a NULL array of some), -EPERM, -EPROTOTYPE, -EALREADY,
 *              -EXDEV, -ENOMEM, or why a coroutine could not be started
 * Python       asyncio.as_completed(aws, timeout=) */
WEFT_API weft_as_completed_t *weft_as_completed(weft_awaitable_t *const *aws, size_t count,
                                                weft_ns_t timeout);

/* Waits for the next one, and gives the very awaitable that was given, borrowed until the iterator
 * is freed. Several tasks may call it at once: each gets another one, in the order in which they
 * came.
 * Call from    a task, else -EPERM
 * Suspends     yes, unless one is done (in asyncio's order: and that was told, a tick later)
 * Returns      1 with *aw set (may be NULL); 0: that were all; -ETIMEDOUT, once for each that is
 *              left; -ECANCELED (nothing is lost: ask again), -ENOMEM (likewise)
 * Python       async for aw in asyncio.as_completed(aws) */
WEFT_API WEFT_MUST int weft_as_completed_next(weft_as_completed_t *it, weft_awaitable_t **aw);

/* A coroutine object that gives the outcome of the next one: the first of them to be awaited gets
 * that of the first to be done. It may outlive the iterator.
 * Returns      a new reference; a failed object: WEFT_EINVALIDSTATE (there were as many as
 *              awaitables already), -ENOMEM, or the iterator's error
 * Python       for coro in asyncio.as_completed(aws) */
#define weft_as_completed_coro(it) weft_as_completed_coro_at((it), WEFT_HERE)
WEFT_API weft_coro_t *weft_as_completed_coro_at(weft_as_completed_t *it, const char *where);

/* What is not done runs on. NULL is allowed. */
WEFT_API void weft_as_completed_free(weft_as_completed_t *it);

WEFT_END
#endif
