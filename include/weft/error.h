/* SPDX-License-Identifier: MIT */
/*
 * error: the codes that calls return beside the negative errno values.
 *
 * Of errno's own, these have one meaning throughout: -ECANCELED cancelled (CancelledError),
 * -ETIMEDOUT a time-out (TimeoutError), -EINVAL a bad argument (ValueError), -EPROTOTYPE the wrong
 * kind of object (TypeError), -EPERM a call from the wrong place, -EBUSY somebody else does it
 * already, -EALREADY a coroutine that was used before, -EDEADLK waiting for oneself, -ESHUTDOWN a
 * loop that is closed or about to be (RuntimeError), -ENOMEM out of memory.
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
};

WEFT_BEGIN

/* What [error] means, in English. Any int is accepted; 0 or more is "success". Never NULL,
 * static. */
WEFT_API const char *weft_strerror(int error);

WEFT_END
#endif
