/* SPDX-License-Identifier: MIT */
/*
 * barrier: a number of tasks that wait until all of them have come. What holds for all objects of
 * synchronisation is said in weft/lock.h.
 *
 * It can be used again and again: as long as those who came together have not all gone on, whoever
 * comes for the next time waits outside.
 */
#ifndef WEFT_BARRIER_H
#define WEFT_BARRIER_H

#include "weft/export.h"

typedef struct weft_barrier {
    uint64_t opaque[7];
} weft_barrier_t;

/* For [parties] tasks, 1 to INT_MAX. All zeros is no barrier. */
#define WEFT_BARRIER_INIT(parties)                                                                 \
    {                                                                                              \
        {                                                                                          \
            0, (uint64_t)(parties)                                                                 \
        }                                                                                          \
    }

WEFT_BEGIN

/* Makes it new, for [parties] tasks. Nobody may be using it.
 * Returns      0, -EINVAL (less than 1; nothing is changed)
 * Python       asyncio.Barrier(parties) */
WEFT_API WEFT_MUST int weft_barrier_init(weft_barrier_t *barrier, int parties);

/* Waits until [parties] tasks have come. One that is cancelled has not come, once it has gone on;
 * if the last one comes before that, the others go on.
 * Call from    a task, else -EPERM
 * Suspends     unless it is the last one, or the barrier is broken
 * Returns      0 to parties - 1: which one of those that came together it is, in the order in which
 *              they came; -ECANCELED; WEFT_EBROKENBARRIER (it was aborted, or reset before this
 *              task went on)
 * Python       await barrier.wait() */
WEFT_API WEFT_MUST int weft_barrier_wait(weft_barrier_t *barrier);

/* Ends the waits of those who have come, and of those who were to go on and did not yet, with
 * WEFT_EBROKENBARRIER; those who wait outside come then. An aborted barrier is as new.
 * Python       await barrier.reset(), which suspends there */
WEFT_API void weft_barrier_reset(weft_barrier_t *barrier);

/* Ends all waits, and every wait from now on until a reset, with WEFT_EBROKENBARRIER.
 * Python       await barrier.abort(), which suspends there */
WEFT_API void weft_barrier_abort(weft_barrier_t *barrier);

/* How many it is for. Python's barrier.parties. */
WEFT_API int weft_barrier_parties(const weft_barrier_t *barrier);

/* How many have come, and wait for the others. Python's barrier.n_waiting. */
WEFT_API int weft_barrier_n_waiting(const weft_barrier_t *barrier);

/* Whether it was aborted. Python's barrier.broken. */
WEFT_API bool weft_barrier_broken(const weft_barrier_t *barrier);

WEFT_END
#endif
