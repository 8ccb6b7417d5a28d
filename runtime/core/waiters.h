/* SPDX-License-Identifier: MIT */
/*
 * waiters: who wants to know that an awaitable is done.
 *
 * An intrusive list under the awaitable's word: the word holds the newest waiter, with the lock in
 * its low bit. A waiter is a node on the frame of whoever waits (or in an object, for callbacks)
 * and a function that is called once, when the awaitable is done, in the order in which the waiters
 * came.
 *
 * Invariant   A node is linked and unlinked only under the lock of the word; who unlinks it, fires
 *             it.
 * Firing      happens after DONE is published, outside the lock, since a fired node may be gone
 *             before fire() returns: its successor is read first. So may the awaitable, with the
 *             last of them: nothing of it is touched after that.
 * Chains      A waiter may stand for another awaitable, which becomes done as it is fired (a
 *             gather, a shield). The waiters of that one are told after all that are to be told
 *             already, not within: it goes to the list `untold` of the outermost completion. So a
 *             chain of any length needs no stack, and the order is that of asyncio's callbacks.
 * Callbacks   If it may have done callbacks (`retrieved` says so), the word says FIRING instead of
 *             DONE until all were told, and a reference is held for it: a callback that is added
 *             late waits for that, to come after those before it.
 */
#ifndef WEFT_CORE_WAITERS_H
#define WEFT_CORE_WAITERS_H

#include "runtime/core/task.h"

/* Futures that are done and have waiters to be told, each with a reference. On the frame of whoever
 * completed the first one. */
struct weft__untold {
    struct weft_awaitable *first, *last;
};

/* Tells [waiter] that [done] is. [untold]: for what it completes. */
typedef void weft__fire_t(struct weft__waiter *waiter, struct weft_awaitable *done,
                          struct weft__untold *untold);

struct weft__waiter {
    union {
        struct weft__waiter *older;
        weft__entry next; /* it is in no list any more, but an entry (submit.h) */
    };
    union {
        struct weft__waiter *newer;
        struct weft_awaitable *done; /* likewise: what it is to be told of */
    };
    weft__fire_t *fire;
    struct weft_awaitable *awaiter; /* whose node it is, which lives as long as it is linked, for
                                       reports; or NULL */
};

/* retrieved, under the lock of the word: a done callback was added. */
enum { WEFT__HAS_CALLBACKS = 2 };

/* Locks the word. Returns the newest waiter (or 0), or WEFT__WORD_DONE, which is not locked. */
uintptr_t weft__word_lock_slow(struct weft_awaitable *aw);

WEFT__INLINE uintptr_t weft__word_lock(struct weft_awaitable *aw)
{
    uintptr_t word = 0;

    /* acquire: pairs with the release of unlock and of the completion. On failure too: what is
     * found is then the outcome. */
    if (weft__likely(weft__cas_acq_rel(&aw->word, &word, WEFT__WORD_LOCKED)))
        return 0;
    if (word & WEFT__WORD_DONE)
        return WEFT__WORD_DONE;
    return weft__word_lock_slow(aw);
}

WEFT__INLINE void weft__word_unlock(struct weft_awaitable *aw, uintptr_t newest)
{
    /* release: pairs with lock. */
    weft__store_release(&aw->word, newest);
}

/* With the lock held; [newest] is what lock returned. They return the new newest, for unlock. */
WEFT__INLINE uintptr_t weft__waiters_add(uintptr_t newest, struct weft__waiter *waiter)
{
    waiter->newer = NULL;
    waiter->older = (struct weft__waiter *)newest;
    if (newest)
        waiter->older->newer = waiter;
    return (uintptr_t)waiter;
}

WEFT__INLINE uintptr_t weft__waiters_remove(uintptr_t newest, struct weft__waiter *waiter)
{
    if (waiter->older)
        waiter->older->newer = waiter->newer;
    if (waiter->newer)
        waiter->newer->older = waiter->older;
    return newest == (uintptr_t)waiter ? (uintptr_t)waiter->older : newest;
}

/* Of an entry. */
WEFT__INLINE void weft__waiter_tell(struct weft__waiter *waiter)
{
    waiter->fire(waiter, waiter->done, NULL);
}

/* With the lock held and the outcome stored: publishes DONE, lets go, fires all waiters, oldest
 * first. [untold]: in a fire, what it was given; else NULL. A task has none. */
void weft__word_complete(struct weft_awaitable *aw, uintptr_t newest, struct weft__untold *untold);

/* Any thread, with [aw] done: waits until all its waiters were told. Not in a fire. */
void weft__word_settle(struct weft_awaitable *aw);

/* References to those who wait for [aw], oldest first, in a malloc'd array *awaiters; 0 of them: no
 * array. Returns how many, or -ENOMEM. */
long weft__awaiters(struct weft_awaitable *aw, struct weft_awaitable ***awaiters);

/* Stores the outcome and completes. False: it was done already. */
bool weft__awaitable_complete(struct weft_awaitable *aw, int error, void *result,
                              struct weft__untold *untold);

/* The same with the outcome of [done], and what is known of its error. */
bool weft__awaitable_follow(struct weft_awaitable *aw, const struct weft_awaitable *done,
                            struct weft__untold *untold);

#endif
