/* SPDX-License-Identifier: MIT */
/*
 * block: what a task has entered and must leave: time-outs, groups, scopes.
 *
 * Their objects are the caller's, on its stack, and hold anything before they are entered: so
 * whether one is open is not asked of the object, but of a list of the task's. That is what tells a
 * second enter, or an exit of what was never entered, from the right ones.
 *
 * The list is the task's alone: no lock. Others, who may cancel a group or a scope, or move a
 * deadline, ask its mark: a number mixed with the mark's address, which memory holds by chance only
 * once in 2^64 times. Who holds a mark keeps the task from leaving: for a handful of instructions,
 * as a spin lock.
 *
 * At the end of a loop its pending tasks are taken out of what they have entered, before the first
 * of them ends: the objects may lie in what goes with a task, or in memory of somebody who frees it
 * when he learns of that end; and others may ask a group or a scope to cancel its task later.
 */
#ifndef WEFT_SCHED_BLOCK_H
#define WEFT_SCHED_BLOCK_H

#include "runtime/core/task.h"

struct weft__block { /* first in each such object */
    struct weft__block *outer;
    _Atomic(int64_t) deadline; /* of what expires, else INT64_MAX. relaxed: a number */
    /* At the end of the loop, of a task that is pending: sees to it that nobody comes to the task
     * through this object any more, nor to the object. Alarms were dropped before. */
    void (*abandon)(struct weft__block *block);
    bool shield; /* deadlines further out do not reach what is inside */
};

enum weft__mark_value {
    WEFT__MARK_OPEN = 0x67f1a5,
    WEFT__MARK_LEFT,
    WEFT__MARK_ASKED, /* it was cancelled before it was entered */
    WEFT__MARK_HELD,  /* it is open, and somebody is at it */
};

struct weft__mark {
    _Atomic(uintptr_t) word;
};

/* acquire: pairs with set: what is marked as open is filled in. */
WEFT__INLINE bool weft__mark_is(struct weft__mark *mark, enum weft__mark_value value)
{
    return weft__load_acquire(&mark->word) == ((uintptr_t)mark ^ value);
}

WEFT__INLINE void weft__mark_set(struct weft__mark *mark, enum weft__mark_value value)
{
    weft__store_release(&mark->word, (uintptr_t)mark ^ value); /* release: pairs with is, hold */
}

/* Any thread: holds what is open until it is marked as open again, or as left. False: it is not
 * open. The timers lock and the word lock may be taken under it. */
bool weft__mark_hold(struct weft__mark *mark);

/* By its task, or with the loop at rest: marks it as left, once nobody holds it. */
void weft__mark_leave(struct weft__mark *mark);

/* By the running [task]; [abandon] as above. 0, -EALREADY (it is open: nothing of it was touched),
 * -ENOMEM. */
int weft__block_enter(struct weft_awaitable *task, struct weft__block *block,
                      void (*abandon)(struct weft__block *block));

/* Takes it off the list of the running task. False: it does not stand there. */
bool weft__block_leave(const struct weft__block *block);

/* With the loop at rest: takes the pending [task] out of all. */
void weft__block_abandon_all(struct weft_awaitable *task);

#endif
