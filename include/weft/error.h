/* SPDX-License-Identifier: MIT */
/*
 * error: the codes that calls return beside the negative errno values.
 *
 * Of errno's own, these have one meaning throughout: -ECANCELED cancelled (CancelledError),
 * -ETIMEDOUT a time-out (TimeoutError), -EINVAL a bad argument (ValueError), -EPROTOTYPE the wrong
 * kind of object (TypeError), -EPERM a call from the wrong place, -EBUSY somebody else does it
 * already, -EALREADY a coroutine that was used before, -EDEADLK waiting for oneself, -ESHUTDOWN a
 * loop that is closed or about to be (RuntimeError), -ENOMEM out of memory, -EAGAIN not without
 * waiting, -EPIPE a channel or a stream that is closed. A program may return any other errno of its
 * own, or any other negative int.
 */
#ifndef WEFT_ERROR_H
#define WEFT_ERROR_H

#include <errno.h>

#include "weft/export.h"

enum {
    WEFT_EINVALIDSTATE = -4097, /* not done yet, or done already (InvalidStateError) */
    WEFT_EINCOMPLETE =
        -4098,           /* the stream ended before all that was asked for (IncompleteReadError) */
    WEFT_ELIMIT = -4099, /* no separator within the limit (LimitOverrunError) */
    WEFT_ESTOPPED = -4100, /* the loop was stopped before the awaitable was done (RuntimeError) */
    WEFT_EQUEUEEMPTY = -4101,    /* nothing to get now (QueueEmpty) */
    WEFT_EQUEUEFULL = -4102,     /* no room now (QueueFull) */
    WEFT_EQUEUESHUTDOWN = -4103, /* the queue was shut down (QueueShutDown) */
    WEFT_EGROUP = -4104,         /* several errors, which weft_last_error lists (ExceptionGroup) */
    WEFT_EBROKENBARRIER = -4105, /* the barrier was aborted or reset (BrokenBarrierError) */
};

WEFT_BEGIN

/* What [error] means, in English. Any int is accepted; 0 or more is "success". Never NULL,
 * static. */
WEFT_API const char *weft_strerror(int error);

struct weft_awaitable; /* weft/task.h */

/* What is known of an error beside its code. Constant. */
typedef struct weft_error weft_error_t;

/* What is known of the last error that the running task got: what its calls returned, if it was a
 * group of errors, a cancellation, or what an awaitable failed with that had more to say than its
 * code. Borrowed, until the task gets the next one; NULL: nothing. It is the task's own, whichever
 * thread it runs on; what it ends with, who awaits it finds here.
 * Call from    a task (elsewhere: NULL) */
WEFT_API const weft_error_t *weft_last_error(void);

/* The same of a task or future that is done, borrowed from it. */
WEFT_API const weft_error_t *weft_error_of(const struct weft_awaitable *aw);

/* How many errors there are in the group; 0: it is none, or NULL. */
WEFT_API size_t weft_error_count(const weft_error_t *error);

/* The code of the [i]-th of a group, in the order in which they came; 0 if there is none. */
WEFT_API int weft_error_code(const weft_error_t *error, size_t i);

/* What is known of the [i]-th, which may be a group again; borrowed; NULL: no more than its code.
 */
WEFT_API const weft_error_t *weft_error_at(const weft_error_t *error, size_t i);

/* The message of weft_raise or weft_cancel_message, borrowed; NULL: none. */
WEFT_API const char *weft_error_message(const weft_error_t *error);

/* Where weft_raise stands, as "file.c:12"; NULL: not known. */
WEFT_API const char *weft_error_where(const weft_error_t *error);

/* The error during which it came (-ETIMEDOUT: while it cleaned up after a time-out), 0 if none.
 * Python's __context__. */
WEFT_API int weft_error_context(const weft_error_t *error);

/* Returns [error], with something to say (copied, may be NULL) and this place:
 *     return weft_raise(-EIO, "no such table");
 * Call from    a task; elsewhere, and when out of memory, it only returns [error]
 * Python       raise */
#define weft_raise(error, message) weft_raise_at((error), (message), WEFT_HERE)
WEFT_API int weft_raise_at(int error, const char *message, const char *where);

WEFT_END
#endif
