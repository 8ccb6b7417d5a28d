/* SPDX-License-Identifier: MIT */
/*
 * block: what a task has entered and must leave: time-outs, groups, scopes.
 *
 * Their objects are the caller's, on its stack, and hold anything before they are entered: so
 * whether one is open is not asked of the object, but of a list of the task's. That is what tells a
 * second enter, or an exit of what was never entered, from the right ones.
 *
 * The list is the task's alone: no lock. Others, who may cancel a group or a scope, ask its mark: a
 * number mixed with the mark's address, which memory holds by chance only once in 2^64 times.
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
    int64_t deadline; /* of what expires, else INT64_MAX */
    /* At the end of the loop, of a task that is pending: sees to it that nobody comes to the task
     * through this object any more, nor to the object. NULL: it has but an alarm, which was dropped
     * before. */
    void (*abandon)(struct weft__block *block);
    bool shield; /* deadlines further out do not reach what is inside */
};

enum weft__mark_value {
    WEFT__MARK_OPEN = 0x67f1a5,
    WEFT__MARK_LEFT,
    WEFT__MARK_ASKED, /* it was cancelled before it was entered */
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
    weft__store_release(&mark->word, (uintptr_t)mark ^ value); /* release: pairs with is */
}

/* By the running [task]; [abandon] as above. 0, -EALREADY (it is open: nothing of it was touched),
 * -ENOMEM. */
int weft__block_enter(struct weft_awaitable *task, struct weft__block *block,
                      void (*abandon)(struct weft__block *block));

/* Whether the running task has it open. */
bool weft__block_is_open(const struct weft__block *block);

/* Takes it off the list. False: it does not stand there. */
bool weft__block_leave(const struct weft__block *block);

/* With the loop at rest: takes the pending [task] out of all. */
void weft__block_abandon_all(struct weft_awaitable *task);

#endif
