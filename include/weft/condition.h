/* SPDX-License-Identifier: MIT */
/*
 * condition: tasks that hold a lock wait until another one, which holds it too, says that something
 * has changed. What holds for all objects of synchronisation is said in weft/lock.h.
 *
 *     weft_condition_t condition = WEFT_CONDITION_INIT;
 *
 *     int rc = weft_condition_acquire(&condition);
 *     if (rc < 0)
 *         return rc;
 *     while (rc == 0 && !something)
 *         rc = weft_condition_wait(&condition);      the lock is free meanwhile, and held again now
 *     ...
 *     weft_condition_release(&condition);            also if the wait failed
 *
 * A condition has a lock of its own, or shares one with others.
 */
#ifndef WEFT_CONDITION_H
#define WEFT_CONDITION_H

#include "weft/lock.h"

typedef struct weft_condition {
    uint64_t opaque[7];
} weft_condition_t;

/* With a lock of its own. */
#define WEFT_CONDITION_INIT                                                                        \
    {                                                                                              \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

WEFT_BEGIN

/* Makes it new: without waiters, on [lock], which it borrows; NULL: on a lock of its own. Nobody
 * may be using it. Python's asyncio.Condition(lock). */
WEFT_API void weft_condition_init(weft_condition_t *condition, weft_lock_t *lock);

/* Those of its lock: weft_lock_acquire, weft_lock_release, weft_lock_locked. A thread that is no
 * task takes a lock that it shares by weft_lock_try_acquire. */
WEFT_API WEFT_MUST int weft_condition_acquire(weft_condition_t *condition);
WEFT_API int weft_condition_release(weft_condition_t *condition);
WEFT_API bool weft_condition_locked(const weft_condition_t *condition);

/* Releases the lock, waits until it is notified, and acquires the lock again: the lock is held when
 * this returns, whatever it returns (but -EPERM). Nobody can notify between the release and the
 * wait. It may return although nothing has changed, or has changed back: look in a loop.
 * Call from    a task that holds the lock, else -EPERM (the lock is free: a misuse, debug mode says
 *              so)
 * Suspends     always
 * Returns      0, -ECANCELED (the lock is held again, however long that took; a notification that
 *              came goes to the next)
 * Python       await condition.wait() */
WEFT_API WEFT_MUST int weft_condition_wait(weft_condition_t *condition);

/* Waits until [predicate] says true of [arg]. It is called with the lock held, by this task.
 * Call from    as weft_condition_wait
 * Suspends     if the predicate is false
 * Returns      0 (it is true), -ECANCELED; the lock is held
 * Python       await condition.wait_for(predicate) */
WEFT_API WEFT_MUST int weft_condition_wait_for(weft_condition_t *condition,
                                               bool (*predicate)(void *arg), void *arg);

/* Wakes the [n] tasks that have waited longest, or all if there are less. They go on one after the
 * other, as each gets the lock.
 * Call from    who holds the lock, on any thread
 * Returns      0, -EPERM (the lock is free; a misuse: debug mode says so)
 * Python       condition.notify(n) */
WEFT_API int weft_condition_notify(weft_condition_t *condition, size_t n);

/* Wakes all. Python's condition.notify_all(). */
WEFT_API int weft_condition_notify_all(weft_condition_t *condition);

WEFT_END
#endif
