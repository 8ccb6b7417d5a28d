/* SPDX-License-Identifier: MIT */
/*
 * gate: one task waits until somebody opens it, until a deadline, or until it is cancelled.
 *
 * A lock, a flag, and who waits. The lock is free for whatever the gate stands in: what has to be
 * decided together with the opening is done under it too. It is a leaf, but that submitting comes
 * after it.
 *
 * Invariant   Who takes `waiting` out, under the lock, wakes it, exactly once: who opens or rouses,
 *             the alarm, or a canceller. The opener touches the gate no more once it has let go of
 *             the lock, so that it may go with the frame it stands on.
 *
 * The end of a loop takes `waiting` out, or finds it taken out, and the task does not go on: then
 * whoever has the gate on its frame is asked to see to it that nobody finds it there (abandon).
 *
 * Unlike a future it needs no memory, so that a wait that must not fail cannot.
 */
#ifndef WEFT_ASYNC_GATE_H
#define WEFT_ASYNC_GATE_H

#include "runtime/base/spin.h"
#include "runtime/core/task.h"

struct weft__gate { /* zero: closed */
    struct weft__spin lock;
    bool open;
    bool of_several; /* the user's to set: see struct weft__wait */
    struct weft_awaitable *waiting;
};

/* With the lock held: opens it, for good. Returns who is to be woken once it is released
 * (weft__wake), or NULL. */
struct weft_awaitable *weft__gate_open(struct weft__gate *gate);

/* With the lock held: whoever waits is to look again at what it waits for. Returned as by open. */
struct weft_awaitable *weft__gate_rouse(struct weft__gate *gate);

/* At the end of the loop, for a task that waits at [gate], or was woken and did not go on. No lock
 * is held; the frame is there still. */
typedef void weft__gate_abandon_t(struct weft__gate *gate);

/* The running task waits, until [deadline] (WEFT_NONE: for ever); at least for one turn.
 * Returns 0 (it is open), -ETIMEDOUT (or roused), -ECANCELED (raised), -ENOMEM (no room for a
 * timer; never with WEFT_NONE). */
int weft__gate_wait(struct weft__gate *gate, int64_t deadline, weft__gate_abandon_t *abandon);

#endif
