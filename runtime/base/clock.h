/* SPDX-License-Identifier: MIT */
/*
 * clock: time as the runtime counts it, in nanoseconds of CLOCK_MONOTONIC.
 *
 * A point in time and a span are both weft__ns. INT64_MAX is "never": deadlines saturate there, so
 * that no caller has to think about overflow. A span below zero counts as none.
 */
#ifndef WEFT_BASE_CLOCK_H
#define WEFT_BASE_CLOCK_H

#include <time.h>

#include "runtime/base/base.h"

typedef int64_t weft__ns;

#define WEFT__NEVER INT64_MAX
#define WEFT__SECOND ((weft__ns)1000000000)

WEFT__INLINE weft__ns weft__clock_now(void)
{
    struct timespec now;

    /* Cannot fail: the clock exists and the address is good. */
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (weft__ns)now.tv_sec * WEFT__SECOND + now.tv_nsec;
}

WEFT__INLINE weft__ns weft__deadline_after(weft__ns now, weft__ns delay)
{
    weft__ns deadline;

    if (delay <= 0)
        return now;
    return __builtin_add_overflow(now, delay, &deadline) ? WEFT__NEVER : deadline;
}

#endif
