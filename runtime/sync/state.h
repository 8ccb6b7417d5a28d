/* SPDX-License-Identifier: MIT */
/*
 * state: the word of an object of synchronisation, with the object's spin lock in it.
 *
 * Layout      LOCKED   somebody changes the object; all else in the word, and the object's wait
 *                      queues, are his
 *             WAITED   a task may be in one of the queues (a canceller leaves it set: it is a hint
 *                      to look, not a promise)
 *             the rest is the object's own: held, set, a number of permits
 *
 * Fast path   While neither LOCKED nor WAITED is set, an uncontended call is one CAS from state to
 *             state: to acquire, release or set takes one atomic operation and no lock.
 * Invariant   While LOCKED is set nobody but the holder changes the word: a CAS expects a word
 *             without it. So the holder may put the new state and the unlock into one store.
 * Last access That store, or the CAS, is the last access of a call to the object: whoever sees the
 *             new state may free the object. A lock and a state in two words could not promise
 *             that.
 *
 * Whoever holds the lock may not suspend its task, block, call user code, or take another lock:
 * a leaf. Tasks are woken after the unlock.
 */
#ifndef WEFT_SYNC_STATE_H
#define WEFT_SYNC_STATE_H

#include "runtime/base/atomic.h"
#include "runtime/base/base.h"
#include "runtime/base/sim.h"
#include "runtime/base/spin.h"

#define WEFT__STATE_LOCKED ((uint64_t)1)
#define WEFT__STATE_WAITED ((uint64_t)2)
#define WEFT__STATE_ONE ((uint64_t)4) /* the lowest bit of the object's own */

struct weft__state {
    _Atomic(uint64_t) word; /* zero at the start of every object */
};

/* Waits until the word is not locked, and returns it. acquire: pairs with the release of whoever
 * made it what it is. */
WEFT__INLINE uint64_t weft__state_read(struct weft__state *state)
{
    unsigned rounds = 0;
    uint64_t word;

    while ((word = weft__load_acquire(&state->word)) & WEFT__STATE_LOCKED)
        weft__spin_pause(&rounds);
    return word;
}

/* Replaces *word, as read without LOCKED, by [next]; false: *word is what it is instead. acq_rel:
 * acquires what the last one left in the object's care, releases what we leave. */
WEFT__INLINE bool weft__state_change(struct weft__state *state, uint64_t *word, uint64_t next)
{
    weft__sim_point("state change");
    if (weft__likely(weft__cas_acq_rel(&state->word, word, next)))
        return true;
    if (*word & WEFT__STATE_LOCKED)
        *word = weft__state_read(state);
    return false;
}

/* Takes the lock; returns the word without LOCKED, for unlock. acq_rel: acquire pairs with the
 * release of the last holder; an RMW also stands between a commit's WAITING and its look at the
 * tokens (sched/wait.h). */
WEFT__INLINE uint64_t weft__state_lock(struct weft__state *state)
{
    uint64_t word;

    while ((word = weft__fetch_or_acq_rel(&state->word, WEFT__STATE_LOCKED)) & WEFT__STATE_LOCKED)
        weft__state_read(state);
    return word;
}

/* The new state, and the unlock. release: all that the holder wrote. */
WEFT__INLINE void weft__state_unlock(struct weft__state *state, uint64_t word)
{
    weft__debug_assert(!(word & WEFT__STATE_LOCKED));
    weft__debug_assert(weft__load_relaxed(&state->word) & WEFT__STATE_LOCKED);
    weft__store_release(&state->word, word);
}

#endif
