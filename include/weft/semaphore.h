/* SPDX-License-Identifier: MIT */
/*
 * semaphore: a number of permits, of which each task takes one. What holds for all objects of
 * synchronisation is said in weft/lock.h.
 *
 * One type is both of asyncio's: a bounded semaphore refuses to have more permits than it began
 * with, which is a release too many.
 */
#ifndef WEFT_SEMAPHORE_H
#define WEFT_SEMAPHORE_H

#include "weft/export.h"

typedef struct weft_semaphore {
    uint64_t opaque[4];
} weft_semaphore_t;

/* With [value] permits, 0 to INT_MAX; all zeros is a semaphore without permits. */
#define WEFT_SEMAPHORE_INIT(value)                                                                 \
    {                                                                                              \
        {                                                                                          \
            (uint64_t)(value) * 4                                                                  \
        }                                                                                          \
    }

#define WEFT_BOUNDED_SEMAPHORE_INIT(value)                                                         \
    {                                                                                              \
        {                                                                                          \
            (uint64_t)(value) * 4, (uint64_t)(value) + 1                                           \
        }                                                                                          \
    }

WEFT_BEGIN

/* Makes it new, with [value] permits and without waiters. Nobody may be using it.
 * Returns      0, -EINVAL (a negative value; nothing is changed)
 * Python       asyncio.Semaphore(value) */
WEFT_API WEFT_MUST int weft_semaphore_init(weft_semaphore_t *semaphore, int value);

/* The same, bounded: it never has more than [value] permits. Python's asyncio.BoundedSemaphore().
 */
WEFT_API WEFT_MUST int weft_bounded_semaphore_init(weft_semaphore_t *semaphore, int value);

/* Takes a permit, waiting for its turn.
 * Call from    a task, else -EPERM
 * Suspends     if there is none
 * Returns      0, -ECANCELED (none taken; what was handed over already goes to the next)
 * Python       await semaphore.acquire() */
WEFT_API WEFT_MUST int weft_semaphore_acquire(weft_semaphore_t *semaphore);

/* Takes a permit if there is one, which there is not as long as somebody waits. Returns whether it
 * did. */
WEFT_API WEFT_MUST bool weft_semaphore_try_acquire(weft_semaphore_t *semaphore);

/* Gives a permit to the task that has waited longest, or one more to the semaphore.
 * Returns      0, -EINVAL (it is bounded and has all its permits; a misuse: debug mode says so)
 * Python       semaphore.release() */
WEFT_API int weft_semaphore_release(weft_semaphore_t *semaphore);

/* Whether acquire would have to wait. Python's semaphore.locked(). */
WEFT_API bool weft_semaphore_locked(const weft_semaphore_t *semaphore);

WEFT_END
#endif
