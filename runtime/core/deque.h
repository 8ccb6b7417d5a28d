/* SPDX-License-Identifier: MIT */
/*
 * deque: the run queue of one worker, whose entries are claimed by slot.
 *
 * Algorithm. One growable ring of slots. The owner pushes at the bottom; the owner and thieves take
 * the oldest entry; an await takes its own child out of the middle, wherever it stands, because the
 * child's pos names its slot. An entry belongs to whoever takes it out of its slot by one CAS
 * (entry -> 0), so every way out costs one RMW, nothing is taken twice, and nothing stale is left
 * behind. top and bottom say only where to look: the owner writes them, for everybody else they are
 * hints. (Chase and Lev 2005 decide by a CAS on top instead: then nothing can leave from the
 * middle, and a child that is not the newest has to be awaited by suspending.)
 *
 * Invariant. Every entry stands in a slot with top <= index < bottom, or, younger than all of
 * those, in the overflow. Every other slot is zero. Only the owner makes a slot non-zero; anybody
 * may make it zero.
 *
 * Why a claim cannot take the wrong thing. Only TASK entries are claimed. A task not started stands
 * in one place at most, and the claimer holds a reference, so its address is not used anew: a slot
 * that holds the task is the place where it stands, however stale the pos was that led there. A
 * claim that finds something else is final: the task was taken, or is on its way in a thief's hand,
 * or the ring has grown. Trying again would be a race against a thief that only suspending ends.
 *
 * Growing moves each entry by an exchange with zero and then publishes the new ring. Old rings stay
 * until destroy: a late thief or claimer finds only zeros there. All rings together are less than
 * twice the last one. If there is no memory, entries queue in the overflow, a list through the
 * objects themselves, under a lock. A push cannot fail, therefore, and order is kept: as long as
 * the overflow has entries, each push goes there, and the owner's take brings them back in bunches.
 *
 * The last entry of a worker that moves is left alone: its owner takes it within nanoseconds, and
 * to move it would tear a ping-pong apart. A thief takes it on a second look, when the entry is the
 * same, the owner's progress counter too, and `patience` has passed.
 *
 * Parking. A producer pushes and then reads who is parked; a worker that parks announces it and
 * then looks at each deque (has_work). A store and a later load may pass each other, so one side
 * needs a full barrier: with membarrier the parking side has it, and a push is a release store;
 * where the kernel refuses membarrier, ordered_push makes the push's last store seq_cst.
 *
 * A loop with one worker sets `solo`: plain loads and stores, no CAS, no thieves.
 *
 * "home" is the number of the worker whose deque it is. pos has it in its upper 8 bits and the
 * index below, so that from a task alone one gets to its slot.
 *
 * Who may call what: "owner" is the worker the deque belongs to; claim, the worker that owns `own`;
 * steal and has_work, any other thread; length, anybody.
 */
#ifndef WEFT_CORE_DEQUE_H
#define WEFT_CORE_DEQUE_H

#include "runtime/base/spin.h"
#include "runtime/core/entry.h"

#define WEFT__DEQUE_MIN_CAPACITY 4
#define WEFT__DEQUE_MAX_HOMES 256
#define WEFT__DEQUE_HOME_SHIFT 56
#define WEFT__DEQUE_INDEX_MASK ((UINT64_C(1) << WEFT__DEQUE_HOME_SHIFT) - 1)

struct weft__slots {
    uint64_t mask;             /* capacity - 1; capacity is a power of two */
    struct weft__slots *older; /* the ring before the last growth */
    void *block;               /* what to free */
    _Atomic(weft__entry) slot[];
};

struct weft__deque {
    /* The owner writes, everybody reads. Indices only name slots modulo the capacity. */
    WEFT__ALIGNED_APART _Atomic(struct weft__slots *) slots;
    _Atomic(uint64_t) bottom;
    _Atomic(uint64_t) top;
    _Atomic(uint64_t) progress; /* takes and claims of the owner, for the second look */
    /* The owner alone. */
    uint64_t limit; /* the bottom at which a push must first make room; 0 while overflowing */
    uint64_t home;  /* shifted, as in pos */
    bool solo;
    bool ordered_push;

    /* Anybody writes. */
    WEFT__ALIGNED_APART _Atomic(uint64_t) hint; /* where the last thief left off */
    struct weft__spin overflow_lock;
    weft__entry overflow_first; /* under the lock, linked by next */
    weft__entry overflow_last;
    _Atomic(uint64_t) overflow_count;
};

/*
 * What one thief remembers of the last entry that it left alone. It watches one victim at a time,
 * so that it comes to a result even where several stand still. Zero: nothing yet.
 */
struct weft__deque_look {
    const struct weft__deque *victim;
    weft__entry entry; /* 0: the victim was seen to move, another may be watched */
    uint64_t progress;
    uint64_t since;
};

/* 0 or -ENOMEM. capacity: a power of two >= 4. home < 256. */
int weft__deque_init(struct weft__deque *d, unsigned home, uint32_t capacity, bool solo,
                     bool ordered_push);
void weft__deque_destroy(struct weft__deque *d);

/*
 * Any thread but the owner: the oldest entry, or 0. `now` and `patience` are in one unit of the
 * caller's; see above for the last entry.
 */
weft__entry weft__deque_steal(struct weft__deque *d, struct weft__deque_look *look, uint64_t now,
                              uint64_t patience);

/*
 * Any thread, as its last look before it parks: is there an entry to come back for? One that its
 * moving owner is about to take does not count.
 */
bool weft__deque_has_work(struct weft__deque *d, const struct weft__deque_look *look);

/* Any thread: entries, about. Slots emptied from the middle still count. */
uint64_t weft__deque_length(struct weft__deque *d);

/* The owner, for tests: dies if the invariant does not hold. */
void weft__deque_check(struct weft__deque *d);

/* The rare halves of push, take and claim. */
bool weft__deque_make_room(struct weft__deque *d, weft__entry e);
weft__entry weft__deque_take_overflow(struct weft__deque *d);
bool weft__deque_claim_foreign(struct weft__deque *home, struct weft__claimable *task);

/* Whose deque the task was last pushed to. Only a hint: it may have moved on. */
WEFT__INLINE unsigned weft__deque_home_of(struct weft__claimable *task)
{
    /* relaxed: what it leads to is checked in the slot. */
    return (unsigned)(weft__load_relaxed(&task->pos) >> WEFT__DEQUE_HOME_SHIFT);
}

/* The one decision of the whole structure: true if e left its slot by this call. */
WEFT__INLINE bool weft__deque_win(struct weft__deque *d, _Atomic(weft__entry) *slot, weft__entry e)
{
    if (d->solo) {
        weft__store_relaxed(slot, 0); /* nobody else looks */
        return true;
    }
    /* acquire, with the release in put: the object. */
    return weft__cas_acquire(slot, &e, 0);
}

/* Owner: e into the free slot at the bottom. */
WEFT__INLINE void weft__deque_put(struct weft__deque *d, weft__entry e)
{
    uint64_t bottom = weft__load_relaxed(&d->bottom); /* relaxed: our own */
    struct weft__slots *slots = weft__load_relaxed(&d->slots);
    _Atomic(weft__entry) *slot = &slots->slot[bottom & slots->mask];
    weft__debug_assert(weft__load_relaxed(slot) == 0);
    if (weft__entry_tag(e) == WEFT__ENTRY_TASK) {
        struct weft__claimable *task = weft__entry_object(e);
        /* relaxed: a hint for claimers, who check the slot. */
        weft__store_relaxed(&task->pos, d->home | bottom);
    }
    /* release, with the CAS of whoever wins the slot: the object. */
    weft__store_release(slot, e);
    /*
     * release, with has_work and steal: who sees this bottom sees the slot (and the ring it is in).
     * seq_cst where the parking side has no membarrier: not passed by the later look at who parks.
     */
    if (d->ordered_push)
        weft__store_seq_cst(&d->bottom, bottom + 1);
    else
        weft__store_release(&d->bottom, bottom + 1);
}

/* Owner: cannot fail. */
WEFT__INLINE void weft__deque_push(struct weft__deque *d, weft__entry e)
{
    if (weft__unlikely(weft__load_relaxed(&d->bottom) >= d->limit)) {
        if (!weft__deque_make_room(d, e))
            return; /* e is in the overflow */
    }
    weft__deque_put(d, e);
}

/* Owner: the oldest entry, or 0. */
WEFT__INLINE weft__entry weft__deque_take(struct weft__deque *d)
{
    /* relaxed throughout: the owner's own words; the slot decides. */
    struct weft__slots *slots = weft__load_relaxed(&d->slots);
    uint64_t bottom = weft__load_relaxed(&d->bottom);
    uint64_t top = weft__load_relaxed(&d->top);
    weft__entry e = 0;
    weft__count(&d->progress, 1);
    while (top < bottom) {
        _Atomic(weft__entry) *slot = &slots->slot[top++ & slots->mask];
        e = weft__load_relaxed(slot);
        if (e != 0 && weft__deque_win(d, slot, e))
            break;
        e = 0;
    }
    weft__store_relaxed(&d->top, top); /* a hint for the others */
    if (weft__unlikely(e == 0 && d->limit == 0))
        return weft__deque_take_overflow(d);
    return e;
}

/* Owner: slot `index` was just emptied; bring in the end that it stood at, if any. */
WEFT__INLINE void weft__deque_trim(struct weft__deque *d, struct weft__slots *slots, uint64_t index)
{
    uint64_t bottom = weft__load_relaxed(&d->bottom);
    uint64_t top = weft__load_relaxed(&d->top);
    /* The only entry counts as the oldest: where nothing else is claimed (an ordered loop) bottom
     * so never falls below a mark (weft__deque_mark). */
    if (index == top) {
        weft__store_relaxed(&d->top, top + 1);
    } else if (index + 1 == bottom) {
        do
            bottom--;
        while (bottom > top && !weft__load_relaxed(&slots->slot[(bottom - 1) & slots->mask]));
        /* relaxed: it takes entries out of nobody's sight, there are none. */
        weft__store_relaxed(&d->bottom, bottom);
    }
}

WEFT__INLINE bool weft__deque_claim_own(struct weft__deque *d, struct weft__claimable *task)
{
    struct weft__slots *slots = weft__load_relaxed(&d->slots);
    uint64_t index = weft__load_relaxed(&task->pos) & WEFT__DEQUE_INDEX_MASK;
    _Atomic(weft__entry) *slot = &slots->slot[index & slots->mask];
    weft__count(&d->progress, 1);
    /* A task that stands in our slot was pushed by us, so pos is the one that we wrote then. */
    if (weft__load_relaxed(slot) != (weft__entry)task ||
        !weft__deque_win(d, slot, (weft__entry)task))
        return false;
    weft__deque_trim(d, slots, index);
    return true;
}

/*
 * Takes exactly this task, which the caller holds a reference to, out of its slot. home is the
 * deque that weft__deque_home_of named, own the caller's. False is final: never try again.
 */
WEFT__INLINE bool weft__deque_claim(struct weft__deque *own, struct weft__deque *home,
                                    struct weft__claimable *task)
{
    if (weft__likely(own == home))
        return weft__deque_claim_own(own, task);
    return weft__deque_claim_foreign(home, task);
}

/* Owner, a hint: what slot k after the oldest holds, 0 if nothing. It may be gone by now. */
WEFT__INLINE weft__entry weft__deque_peek(struct weft__deque *d, unsigned k)
{
    uint64_t at = weft__load_relaxed(&d->top) + k;
    if (at >= weft__load_relaxed(&d->bottom))
        return 0;
    struct weft__slots *slots = weft__load_relaxed(&d->slots);
    return weft__load_relaxed(&slots->slot[at & slots->mask]);
}

/*
 * Owner: a tick runs what was queued when it began. mark is taken then; passed says that all of it
 * has left. Claims from the middle may lower bottom below a mark, and then a later push counts as
 * part of the tick; in an ordered loop, which claims only the only entry, that does not happen.
 */
WEFT__INLINE uint64_t weft__deque_mark(struct weft__deque *d)
{
    return weft__load_relaxed(&d->bottom);
}

/* The same for a tick of the oldest entry only, if there is any. */
WEFT__INLINE uint64_t weft__deque_mark_first(struct weft__deque *d)
{
    uint64_t second = weft__load_relaxed(&d->top) + 1, end = weft__deque_mark(d);

    return second < end ? second : end;
}

WEFT__INLINE bool weft__deque_passed(struct weft__deque *d, uint64_t mark)
{
    return weft__load_relaxed(&d->top) >= mark;
}

#endif
