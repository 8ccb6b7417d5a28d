/* SPDX-License-Identifier: MIT */
/*
 * alarm: a timer that does something.
 *
 * Alarms stand in the heap of the worker that set them, under that heap's lock. Expiry unlinks an
 * alarm and rings it within one hold of the lock, and to unset one takes the same lock: so an alarm
 * has rung entirely, or never. Anyone may expire the heap of a stuck worker.
 */
#ifndef WEFT_SCHED_ALARM_H
#define WEFT_SCHED_ALARM_H

#include "runtime/core/timers.h"
#include "runtime/sched/worker.h"

struct weft__alarm {
    struct weft__timer timer;
    struct weft__timers
        *home; /* the heap that it will be in: set before anybody may unset it; or NULL */
    /* Under the lock; the alarm is unlinked, and may be gone when this returns. Must not take
     * another heap's lock. Returns a task, with a reference, that is to be interrupted once the
     * lock is released; or NULL. */
    struct weft_awaitable *(*ring)(struct weft__alarm *alarm);
};

/* Worker: makes room in its heap, so that the next set cannot fail. 0, -ENOMEM. */
int weft__alarm_reserve(struct weft__worker *worker);
/* Worker, holding the lock of its heap, which is alarm->home; after reserve. */
void weft__alarm_set_locked(struct weft__alarm *alarm, int64_t deadline);
/* Worker: reserves, locks, sets. 0, -ENOMEM. */
int weft__alarm_set(struct weft__worker *worker, struct weft__alarm *alarm, int64_t deadline);
/* Any thread. True: it will not ring; false: it has rung (or was never set). */
bool weft__alarm_unset(struct weft__alarm *alarm);
/* Rings all that are due, by deadline. Returns at once if somebody else is at it. */
void weft__alarm_expire(struct weft__timers *timers, int64_t now);

#endif
