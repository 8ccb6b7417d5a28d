/* SPDX-License-Identifier: MIT */
/*
 * once: a value that is made when it is first needed, by whoever needs it first: tokio's OnceCell.
 * What holds for all objects of synchronisation is said in weft/lock.h.
 *
 *     static weft_once_t connection = WEFT_ONCE_INIT;
 *
 *     int rc = weft_once_get_or_init(&connection, connects, address, &value);
 *
 * One task makes the value, in a call that may suspend, and the others wait for it. If that task
 * fails or is cancelled, the one that has waited longest makes it instead. The value never changes
 * once it is there; the cell only keeps it, and does not own what it points to.
 */
#ifndef WEFT_ONCE_H
#define WEFT_ONCE_H

#include "weft/task.h"

typedef struct weft_once {
    uint64_t opaque[4];
} weft_once_t;

#define WEFT_ONCE_INIT                                                                             \
    {                                                                                              \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

WEFT_BEGIN

/* Makes it new: without a value. Nobody may be using it. */
WEFT_API void weft_once_init(weft_once_t *once);

/* Stores the value in *value. If there is none, and nobody makes it, calls fn(arg, &made) in the
 * task that called this; *made is NULL before. fn may suspend, but not ask the same cell: it would
 * wait for itself. If fn returns less than 0, there is still no value, and the next in turn calls
 * its own fn. On an error *value is not written.
 * Call from    a task, else -EPERM
 * Suspends     while another task makes the value, and where fn does
 * Returns      0, what fn returned (less than 0), -ECANCELED (while it waited) */
WEFT_API WEFT_MUST int weft_once_get_or_init(weft_once_t *once, weft_fn_t fn, void *arg,
                                             void **value);

/* Stores the value in *value if there is one. Returns whether it did. */
WEFT_API WEFT_MUST bool weft_once_get(weft_once_t *once, void **value);

/* [value] is the cell's value from now on.
 * Returns      0, -EALREADY (it has one), -EBUSY (a task makes it) */
WEFT_API WEFT_MUST int weft_once_set(weft_once_t *once, void *value);

WEFT_END
#endif
