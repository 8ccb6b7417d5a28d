/* SPDX-License-Identifier: MIT */
/*
 * parked: tasks that wait for a change of an object, oldest first.
 *
 * Each waits for a future of its own, as asyncio's streams do it: so cancelling one is the future's
 * affair, and there is no further kind of wait to prove. These waits are rare (a full buffer, a
 * connection that closes); what waits often has an operation or a node on its frame.
 *
 * The list lies under its object's lock. A future that was cancelled cannot be woken, which
 * wake_one notices; so what is granted by a wake-up never gets lost.
 */
#ifndef WEFT_IO_PARKED_H
#define WEFT_IO_PARKED_H

#include "runtime/base/spin.h"
#include "runtime/core/task.h"

struct weft__parked {
    struct weft_awaitable *first,
        *last; /* linked by `arg`, which a future does not use; references */
};

/* Task. Enters with [lock] held, which it lets go of, and returns without. *woken: whether a wake
 * was meant for this task; it may be together with -ECANCELED, and what was granted is then to be
 * passed on. 0, -ECANCELED, -ENOMEM. */
int weft__parked_wait(struct weft__parked *parked, struct weft__spin *lock, bool *woken);

/* With the lock held. Whether there was one. */
bool weft__parked_wake_one(struct weft__parked *parked);
void weft__parked_wake_all(struct weft__parked *parked);

/* Drops what tasks left that a closed loop has ended. The object is nobody else's any more. */
void weft__parked_clear(struct weft__parked *parked);

#endif
