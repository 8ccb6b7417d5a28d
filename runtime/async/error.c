/* SPDX-License-Identifier: MIT */
#include "weft/error.h"

#include <string.h>

#include "weft/version.h"

const char *weft_strerror(int error)
{
    const char *text;

    if (error >= 0)
        return "success";
    switch (error) {
    case WEFT_EINVALIDSTATE:
        return "invalid state: not done yet, or done already";
    case WEFT_EINCOMPLETE:
        return "the stream ended before all of it was read";
    case WEFT_ELIMIT:
        return "no separator within the limit";
    case WEFT_ESTOPPED:
        return "the loop was stopped before it was done";
    case WEFT_EQUEUEEMPTY:
        return "the queue is empty";
    case WEFT_EQUEUEFULL:
        return "the queue is full";
    case WEFT_EQUEUESHUTDOWN:
        return "the queue was shut down";
    case WEFT_EGROUP:
        return "several errors";
    case WEFT_EBROKENBARRIER:
        return "the barrier is broken";
    default:
        text = error > -4096 ? strerrordesc_np(-error) : NULL;
        return text ? text : "unknown error";
    }
}

const char *weft_version(void)
{
    return WEFT_VERSION;
}
