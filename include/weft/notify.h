/* SPDX-License-Identifier: MIT */
/*
 * notify: telling tasks that something has happened, without a lock and without a value: tokio's
 * Notify. What holds for all objects of synchronisation is said in weft/lock.h.
 *
 * A call of notify_one is never lost: if nobody waits, the next wait returns at once. So whoever
 * looks at a state of its own and then waits, in a loop, misses no change of it that was made
 * before notify_one. Several calls while nobody waits are one.
 */
#ifndef WEFT_NOTIFY_H
#define WEFT_NOTIFY_H

#include "weft/export.h"

typedef struct weft_notify {
    uint64_t opaque[3];
} weft_notify_t;

#define WEFT_NOTIFY_INIT                                                                           \
    {                                                                                              \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

WEFT_BEGIN

/* Makes it new: without waiters, with nothing to tell. Nobody may be using it. */
WEFT_API void weft_notify_init(weft_notify_t *notify);

/* Waits until it is notified.
 * Call from    a task, else -EPERM
 * Suspends     if there was no notify_one that nobody got
 * Returns      0, -ECANCELED (what notify_one told it already goes to the next) */
WEFT_API WEFT_MUST int weft_notify_wait(weft_notify_t *notify);

/* Wakes the task that has waited longest; if there is none, the next wait returns at once. */
WEFT_API void weft_notify_one(weft_notify_t *notify);

/* Wakes all that wait now, and leaves nothing for those who come later. */
WEFT_API void weft_notify_all(weft_notify_t *notify);

WEFT_END
#endif
