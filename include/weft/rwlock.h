/* SPDX-License-Identifier: MIT */
/*
 * rwlock: a lock that many tasks hold at once to read, or one alone to write: tokio's RwLock. What
 * holds for all objects of synchronisation is said in weft/lock.h.
 *
 *     static weft_rwlock_t lock = WEFT_RWLOCK_INIT;
 *
 *     int rc = weft_rwlock_acquire_read(&lock);
 *     if (rc < 0)
 *         return rc;
 *     ...                             others may read, too; the task may suspend in here
 *     weft_rwlock_release(&lock);
 *
 * It is fair: readers and writers wait in one line, and who comes after a writer that waits, waits
 * behind it. So neither kind keeps the other out for ever; and a task that holds it must not
 * acquire it once more, to read either: a writer may wait in between. It has no owner: any task
 * may release it, and so may a callback or another thread.
 */
#ifndef WEFT_RWLOCK_H
#define WEFT_RWLOCK_H

#include "weft/export.h"

typedef struct weft_rwlock {
    uint64_t opaque[3];
} weft_rwlock_t;

#define WEFT_RWLOCK_INIT                                                                           \
    {                                                                                              \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

WEFT_BEGIN

/* Makes it new: free, without waiters. Nobody may be using it. */
WEFT_API void weft_rwlock_init(weft_rwlock_t *lock);

/* Takes the lock together with others that read, waiting for its turn.
 * Call from    a task, else -EPERM
 * Suspends     if a writer holds it, or somebody waits
 * Returns      0, -ECANCELED (not taken; what was handed over already is given back) */
WEFT_API WEFT_MUST int weft_rwlock_acquire_read(weft_rwlock_t *lock);

/* Takes the lock alone, waiting for its turn.
 * Call from    a task, else -EPERM
 * Suspends     if anybody holds it
 * Returns      0, -ECANCELED (not taken; what was handed over already is given back) */
WEFT_API WEFT_MUST int weft_rwlock_acquire_write(weft_rwlock_t *lock);

/* Takes the lock to read if no writer holds it and nobody waits for it. Returns whether it did. */
WEFT_API WEFT_MUST bool weft_rwlock_try_acquire_read(weft_rwlock_t *lock);

/* Takes the lock to write if nobody holds it. Returns whether it did. */
WEFT_API WEFT_MUST bool weft_rwlock_try_acquire_write(weft_rwlock_t *lock);

/* Ends the writing of the one who writes, or the reading of one of those who read. Once it is free
 * for the task that has waited longest, it is that one's; if that one reads, also theirs who have
 * waited behind it to read, up to the next who wants to write.
 * Returns      0, -EPERM (it is not held; a misuse: debug mode says so) */
WEFT_API int weft_rwlock_release(weft_rwlock_t *lock);

WEFT_END
#endif
