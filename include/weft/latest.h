/* SPDX-License-Identifier: MIT */
/*
 * latest: one value, of which only the newest matters: a configuration, a state, a progress.
 *
 *     weft_latest_t *limit;
 *     int rc = weft_latest_create(&limit, sizeof(int), &(int){100});
 *     ...
 *     rc = weft_latest_send(limit, &(int){200});                  any number of tasks and threads
 *
 *     uint64_t seen = 0;                                          each who watches has one
 *     while ((rc = weft_latest_changed(limit, &seen, &value)) == 0)
 *         use(value);
 *
 * Each value that is sent takes the place of the one before, and has the next number; the first one
 * has number 1. Who watches keeps the number of the value that he saw last: 0 is none, so that what
 * is there counts as new. He may miss values, but never the last one.
 *
 * Values are copied in and out, under a spin lock, as with weft/channel.h. It is reference-counted:
 * each who calls it holds a reference until the call has returned.
 */
#ifndef WEFT_LATEST_H
#define WEFT_LATEST_H

#include "weft/export.h"

typedef struct weft_latest weft_latest_t;

WEFT_BEGIN

/* A new one with a copy of the [size] bytes at *value. Needs no loop.
 * Returns      0 with a new reference in *latest, -EINVAL (size 0), -ENOMEM */
WEFT_API WEFT_MUST int weft_latest_create(weft_latest_t **latest, size_t size, const void *value);

/* One reference more; returns [latest]. */
WEFT_API weft_latest_t *weft_latest_ref(weft_latest_t *latest);

/* One reference less; NULL is allowed. */
WEFT_API void weft_latest_unref(weft_latest_t *latest);

/* Replaces the value by a copy of *value, and wakes all who watch.
 * Returns      0, -EPIPE (it is closed; nothing is changed) */
WEFT_API WEFT_MUST int weft_latest_send(weft_latest_t *latest, const void *value);

/* Copies the value into *value, and returns its number. It stays there when closed. */
WEFT_API uint64_t weft_latest_get(weft_latest_t *latest, void *value);

/* Waits until the value's number is not *seen, then copies it into *value and its number into
 * *seen. On an error neither is written.
 * Call from    a task, else -EPERM
 * Suspends     if it is *seen
 * Returns      0, -EPIPE (it is closed, and the last value was seen), -ECANCELED */
WEFT_API WEFT_MUST int weft_latest_changed(weft_latest_t *latest, uint64_t *seen, void *value);

/* From now on a send is -EPIPE, and so is changed once the last value was seen. Idempotent. */
WEFT_API void weft_latest_close(weft_latest_t *latest);

WEFT_END
#endif
