/* SPDX-License-Identifier: MIT */
/*
 * time: nanoseconds, sleeping, time-out scopes.
 *
 * Time is int64_t nanoseconds of CLOCK_MONOTONIC. WEFT_NONE is "for ever" (Python's None). A delay
 * of zero or less means now. A time-out is always a parameter by position, never an option: zero is
 * a legal time-out and must not be a silent default.
 */
#ifndef WEFT_TIME_H
#define WEFT_TIME_H

#include "weft/task.h"

typedef int64_t weft_ns_t;

#define WEFT_NONE INT64_MAX
#define WEFT_S(x) weft_seconds(x)
#define WEFT_MS(x) ((weft_ns_t)(x)*1000000)
#define WEFT_US(x) ((weft_ns_t)(x)*1000)

WEFT_BEGIN

/* Seconds as nanoseconds. Saturates: +inf is WEFT_NONE; NaN is 0. */
WEFT_API weft_ns_t weft_seconds(double seconds);

/* Sleeps for [delay]; a delay of zero or less yields once, to everything that is runnable now.
 * Call from    a task, else -EPERM
 * Suspends     yes, always
 * Returns      0, -ECANCELED (the timer is gone), -ENOMEM (nothing happened)
 * Python       await asyncio.sleep(delay) */
WEFT_API WEFT_MUST int weft_sleep(weft_ns_t delay);

/* The same as a coroutine object, whose result is [result].
 * Python       asyncio.sleep(delay, result) */
#define weft_sleep_coro(delay, result) weft_sleep_coro_at((delay), (result), WEFT_HERE)
WEFT_API weft_coro_t *weft_sleep_coro_at(weft_ns_t delay, void *result, const char *where);

/* A time-out scope: what runs between enter and exit is cancelled when the deadline passes.
 *
 *     weft_timeout_t t;
 *     int rc = weft_timeout_enter(&t, WEFT_MS(50));
 *     if (rc == 0)
 *         rc = weft_timeout_exit(&t, do_something());
 *
 * The object is the caller's, on its stack, and must not move or be left without exit. Scopes nest.
 * Python's async with asyncio.timeout(). */
typedef struct weft_timeout {
    unsigned char opaque[96];
} __attribute__((aligned(16))) weft_timeout_t;

/* Opens the scope [delay] from now (WEFT_NONE: never expires).
 * Call from    a task, else -EPERM
 * Returns      0; -ENOMEM (then there is no scope to leave); -EALREADY (this object is open; it
 *              stays as it is) */
WEFT_API WEFT_MUST int weft_timeout_enter(weft_timeout_t *scope, weft_ns_t delay);

/* The same with an absolute deadline of weft_loop_time(). Python's asyncio.timeout_at(). */
WEFT_API WEFT_MUST int weft_timeout_enter_at(weft_timeout_t *scope, weft_ns_t when);

/* Leaves the scope. [rc] is what its body returned, and what comes back, but for one case: the
 * scope expired, rc is -ECANCELED, and nobody else cancelled the task: then it is -ETIMEDOUT.
 * Another error of a body that timed out passes, and weft_error_context says -ETIMEDOUT.
 * Call from    the task that entered
 * Returns      [rc], -ETIMEDOUT; -EPERM (it is not open) */
WEFT_API WEFT_MUST int weft_timeout_exit(weft_timeout_t *scope, int rc);

/* Whether the deadline has cancelled the body; also true after exit. Any thread. */
WEFT_API bool weft_timeout_expired(const weft_timeout_t *scope);

/* Moves the deadline of an open scope to [when] of weft_loop_time() (WEFT_NONE: no deadline).
 * Call from    any task or callback of its loop, as long as the object is there: others than the
 *              task that entered must be over before that leaves, or the memory must outlive them
 * Returns      0; -EPERM (it is not open; from elsewhere), WEFT_EINVALIDSTATE (it has expired),
 *              -ENOMEM: the old deadline stays
 * Python       Timeout.reschedule() */
WEFT_API WEFT_MUST int weft_timeout_reschedule(weft_timeout_t *scope, weft_ns_t when);

/* The deadline, WEFT_NONE if there is none. Any thread. */
WEFT_API weft_ns_t weft_timeout_when(const weft_timeout_t *scope);

WEFT_END
#endif
