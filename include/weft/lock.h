/* SPDX-License-Identifier: MIT */
/*
 * lock: mutual exclusion between tasks, across their awaits.
 *
 *     static weft_lock_t lock = WEFT_LOCK_INIT;
 *
 *     int rc = weft_lock_acquire(&lock);
 *     if (rc < 0)
 *         return rc;
 *     ...                             the task may suspend in here
 *     weft_lock_release(&lock);
 *
 * A task that has to wait suspends; its worker runs others. The lock is fair: release hands it to
 * the task that has waited longest, and whoever comes later waits, the releasing task included. It
 * has no owner: any task may release it, and so may a callback or another thread.
 *
 * What holds for all objects of synchronisation in these headers: each is a value, in the caller's
 * memory; all zeros, its _INIT or its _init call make it new, and nothing has to be freed. It must
 * not be copied or moved while it is in use, and must live until every call on it has returned. It
 * may be used by tasks on any worker; the calls that do not wait, by callbacks and by any other
 * thread as well. A call that does not have to wait returns without suspending, and does not notice
 * a cancellation then. Tasks are served in the order in which they came, and none is lost because
 * another is cancelled. There are no time-outs: weft_timeout_enter is for that.
 */
#ifndef WEFT_LOCK_H
#define WEFT_LOCK_H

#include "weft/export.h"

typedef struct weft_lock {
    uint64_t opaque[3];
} weft_lock_t;

#define WEFT_LOCK_INIT                                                                             \
    {                                                                                              \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

WEFT_BEGIN

/* Makes it new: free, without waiters. Nobody may be using it. Python's asyncio.Lock(). */
WEFT_API void weft_lock_init(weft_lock_t *lock);

/* Takes the lock, waiting for its turn.
 * Call from    a task, else -EPERM
 * Suspends     if it is held
 * Returns      0, -ECANCELED (not taken; what was handed over already goes to the next)
 * Python       await lock.acquire() */
WEFT_API WEFT_MUST int weft_lock_acquire(weft_lock_t *lock);

/* Takes the lock if it is free, which it is not as long as somebody waits for it. Returns whether
 * it did. */
WEFT_API WEFT_MUST bool weft_lock_try_acquire(weft_lock_t *lock);

/* Gives the lock to the task that has waited longest, or frees it.
 * Returns      0, -EPERM (it is not held; a misuse: debug mode says so)
 * Python       lock.release(). There the lock counts as free until the next task has run; here it
 *              is held by that task at once */
WEFT_API int weft_lock_release(weft_lock_t *lock);

/* Whether somebody holds it. Python's lock.locked(). */
WEFT_API bool weft_lock_locked(const weft_lock_t *lock);

WEFT_END
#endif
