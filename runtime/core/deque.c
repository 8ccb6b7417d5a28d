/* SPDX-License-Identifier: MIT */
/* deque: growth, overflow and what other workers do. deque.h has the essay. */
#include "runtime/core/deque.h"

#include <stdlib.h>

#define PAGE 4096
/*
 * Where in a page the slots begin. Descriptors and stacks begin pages, too: a store to a descriptor
 * and a load of a slot with the same low 12 address bits look like one address to the core, which
 * then waits (11 ns a task were measured). Five lines in, the two walk side by side.
 */
#define SLOTS_OFFSET (5 * WEFT__CACHE_LINE)
#define REFILL 64 /* entries that a take brings back from the overflow while it holds the lock */

/* After so many times its patience a thief stops watching a victim that it has not come back to. */
#define WATCH 4

/* In place of an entry, in a look at the overflow: the thief cannot read its first one. */
#define LOOK_OVERFLOW ((weft__entry)8)

static struct weft__slots *slots_create(uint64_t capacity)
{
    /* calloc, because a large block comes zeroed from the kernel, untouched. */
    void *block = calloc(1, PAGE + SLOTS_OFFSET + capacity * sizeof(weft__entry));
    if (!block)
        return NULL;
    uintptr_t page = ((uintptr_t)block + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    struct weft__slots *slots =
        (struct weft__slots *)(page + SLOTS_OFFSET - offsetof(struct weft__slots, slot));
    slots->mask = capacity - 1;
    slots->block = block;
    return slots;
}

int weft__deque_init(struct weft__deque *d, unsigned home, uint32_t capacity, bool solo,
                     bool ordered_push)
{
    WEFT__ASSERT(home < WEFT__DEQUE_MAX_HOMES, "more workers than pos can name");
    WEFT__ASSERT(capacity >= WEFT__DEQUE_MIN_CAPACITY && !(capacity & (capacity - 1)),
                 "bad capacity");
    struct weft__slots *slots = slots_create(capacity);
    if (!slots)
        return -ENOMEM;
    *d = (struct weft__deque){
        .limit = capacity,
        .home = (uint64_t)home << WEFT__DEQUE_HOME_SHIFT,
        .solo = solo,
        .ordered_push = ordered_push && !solo,
    };
    weft__spin_init(&d->overflow_lock);
    atomic_init(&d->slots, slots);
    return 0;
}

void weft__deque_destroy(struct weft__deque *d)
{
    struct weft__slots *slots = weft__load_relaxed(&d->slots); /* relaxed: nobody else is left */
    while (slots) {
        struct weft__slots *older = slots->older;
        free(slots->block);
        slots = older;
    }
}

/* Owner: past the slots that others have emptied. */
static uint64_t skip_empty(struct weft__deque *d)
{
    struct weft__slots *slots = weft__load_relaxed(&d->slots);
    uint64_t bottom = weft__load_relaxed(&d->bottom);
    uint64_t top = weft__load_relaxed(&d->top);
    while (top < bottom && !weft__load_relaxed(&slots->slot[top & slots->mask]))
        top++;
    weft__store_relaxed(&d->top, top);
    return top;
}

static bool grow(struct weft__deque *d)
{
    struct weft__slots *old = weft__load_relaxed(&d->slots);
    struct weft__slots *new = slots_create(2 * (old->mask + 1));
    if (!new)
        return false;
    new->older = old;
    uint64_t bottom = weft__load_relaxed(&d->bottom);
    for (uint64_t i = weft__load_relaxed(&d->top); i < bottom; i++) {
        /* By RMW, because thieves still take from the old ring. acquire: passes the object on. */
        weft__entry e = weft__exchange_acquire(&old->slot[i & old->mask], 0);
        /* release, with the CAS of whoever wins the slot: the object. */
        weft__store_release(&new->slot[i & new->mask], e);
    }
    /* release, with the acquire of steal, has_work and claim_foreign: the new ring's contents. */
    weft__store_release(&d->slots, new);
    return true;
}

static void overflow_append(struct weft__deque *d, weft__entry e)
{
    weft__entry_link(e)->next = 0;
    if (d->overflow_first)
        weft__entry_link(d->overflow_last)->next = e;
    else
        d->overflow_first = e;
    d->overflow_last = e;
    /* seq_cst, with has_work: the bottom of an ordered push, in this place. Rare, so always. */
    weft__store_seq_cst(&d->overflow_count, weft__load_relaxed(&d->overflow_count) + 1);
}

static weft__entry overflow_pop(struct weft__deque *d)
{
    weft__entry e = d->overflow_first;
    if (e)
        d->overflow_first = weft__entry_link(e)->next;
    return e;
}

/* Puts e behind what has overflowed. False: that is gone by now, the ring is the place for e. */
static bool overflow_follow(struct weft__deque *d, weft__entry e)
{
    weft__spin_lock(&d->overflow_lock);
    bool behind = d->overflow_first != 0;
    if (behind)
        overflow_append(d, e);
    weft__spin_unlock(&d->overflow_lock);
    return behind;
}

/*
 * Owner: push has reached the limit. True: there is a free slot at the bottom. False: no memory, e
 * went to the overflow. The ring grows unless a quarter is free, so that this happens at most once
 * in capacity / 4 pushes.
 */
WEFT__NOINLINE bool weft__deque_make_room(struct weft__deque *d, weft__entry e)
{
    if (d->limit == 0 && overflow_follow(d, e))
        return false;
    uint64_t top = skip_empty(d);
    uint64_t length = weft__load_relaxed(&d->bottom) - top;
    uint64_t capacity = weft__load_relaxed(&d->slots)->mask + 1;
    if (length > capacity - capacity / 4 && grow(d))
        capacity *= 2;
    if (weft__likely(length < capacity)) {
        d->limit = top + capacity;
        return true;
    }
    weft__spin_lock(&d->overflow_lock);
    overflow_append(d, e);
    weft__spin_unlock(&d->overflow_lock);
    d->limit = 0;
    return false;
}

/* Owner, with an empty ring: takes the overflow's first entry, moves some after it to the ring. */
WEFT__NOINLINE weft__entry weft__deque_take_overflow(struct weft__deque *d)
{
    uint64_t capacity = weft__load_relaxed(&d->slots)->mask + 1;
    uint64_t room = capacity < REFILL ? capacity : REFILL;
    uint64_t moved = 0;
    weft__spin_lock(&d->overflow_lock);
    weft__entry first = overflow_pop(d);
    for (weft__entry e; moved < room && (e = overflow_pop(d)); moved++)
        weft__deque_put(d, e);
    /* relaxed: who looks meanwhile may see neither; but the owner is awake, and takes them. */
    uint64_t left = weft__load_relaxed(&d->overflow_count) - moved - (first != 0);
    weft__store_relaxed(&d->overflow_count, left);
    weft__spin_unlock(&d->overflow_lock);
    if (left == 0)
        d->limit = weft__load_relaxed(&d->top) + capacity;
    return first;
}

/* Any other worker: the await of a task that was pushed elsewhere. */
bool weft__deque_claim_foreign(struct weft__deque *home, struct weft__claimable *task)
{
    uint64_t index = weft__load_relaxed(&task->pos) & WEFT__DEQUE_INDEX_MASK;
    /* acquire, with grow: what is in the ring. */
    struct weft__slots *slots = weft__load_acquire(&home->slots);
    _Atomic(weft__entry) *slot = &slots->slot[index & slots->mask];
    /* relaxed: saves the CAS where it would fail. */
    return weft__load_relaxed(slot) == (weft__entry)task &&
           weft__deque_win(home, slot, (weft__entry)task);
}

/* True on the second look: the same entry, the owner has not moved, and time has passed. */
static bool owner_stands_still(struct weft__deque *d, struct weft__deque_look *look, weft__entry e,
                               uint64_t now, uint64_t patience)
{
    uint64_t progress = weft__load_relaxed(&d->progress); /* relaxed: a guess is enough */
    bool watched = look->victim && look->entry != 0;
    if (watched && look->victim == d) {
        if (look->entry == e && look->progress == progress)
            return now - look->since > patience;
        look->entry = 0;
        look->progress = progress;
    } else if (!watched || now - look->since > WATCH * patience) {
        *look = (struct weft__deque_look){d, e, progress, now};
    }
    return false;
}

/* The first entry in [from, to) that can be won. */
static weft__entry steal_between(struct weft__deque *d, uint64_t from, uint64_t to)
{
    /* acquire, with grow: what is in the ring. */
    struct weft__slots *slots = weft__load_acquire(&d->slots);
    for (uint64_t i = from; i < to; i++) {
        _Atomic(weft__entry) *slot = &slots->slot[i & slots->mask];
        weft__entry e = weft__load_relaxed(slot); /* relaxed: the CAS acquires */
        if (e != 0 && weft__deque_win(d, slot, e)) {
            weft__store_relaxed(&d->hint, i + 1); /* relaxed: only where to look */
            return e;
        }
    }
    return 0;
}

static weft__entry steal_last(struct weft__deque *d, uint64_t index, struct weft__deque_look *look,
                              uint64_t now, uint64_t patience)
{
    struct weft__slots *slots = weft__load_acquire(&d->slots); /* as in steal_between */
    _Atomic(weft__entry) *slot = &slots->slot[index & slots->mask];
    weft__entry e = weft__load_relaxed(slot);
    if (e == 0 || !owner_stands_still(d, look, e, now, patience))
        return 0;
    *look = (struct weft__deque_look){0};
    return weft__deque_win(d, slot, e) ? e : 0;
}

/* A moving owner brings its overflow back itself, to where it can be stolen. */
static weft__entry steal_overflow(struct weft__deque *d, struct weft__deque_look *look,
                                  uint64_t now, uint64_t patience)
{
    if (!owner_stands_still(d, look, LOOK_OVERFLOW, now, patience) ||
        !weft__spin_try(&d->overflow_lock))
        return 0;
    weft__entry e = overflow_pop(d);
    if (e)
        weft__store_relaxed(&d->overflow_count, weft__load_relaxed(&d->overflow_count) - 1);
    weft__spin_unlock(&d->overflow_lock);
    return e;
}

weft__entry weft__deque_steal(struct weft__deque *d, struct weft__deque_look *look, uint64_t now,
                              uint64_t patience)
{
    /* acquire, with put: the slots below it, and the ring that they are in. */
    uint64_t bottom = weft__load_acquire(&d->bottom);
    uint64_t top = weft__load_relaxed(&d->top); /* relaxed: only where to look */
    weft__entry e = 0;
    if (top < bottom) {
        uint64_t last = bottom - 1;
        uint64_t hint = weft__load_relaxed(&d->hint);
        uint64_t start = top < hint && hint < last ? hint : top;
        e = steal_between(d, start, last);
        /* The hint may be wrong: the owner uses indices anew after claims at the bottom. */
        if (!e)
            e = steal_between(d, top, start);
        if (!e)
            e = steal_last(d, last, look, now, patience);
    }
    if (!e && weft__load_relaxed(&d->overflow_count) != 0) /* relaxed: looked at under the lock */
        e = steal_overflow(d, look, now, patience);
    return e;
}

bool weft__deque_has_work(struct weft__deque *d, const struct weft__deque_look *look)
{
    /* seq_cst, with an ordered push: not read before the caller's announcement that it parks. */
    uint64_t bottom = weft__load_seq_cst(&d->bottom);
    uint64_t top = weft__load_relaxed(&d->top); /* relaxed: never beyond an entry */
    /* acquire, with grow; after bottom, so that an entry below it is in this ring, taken, or being
     * moved by a grow, whose push has its look at who is parked to come. */
    struct weft__slots *slots = weft__load_acquire(&d->slots);
    for (uint64_t i = top; i < bottom; i++) {
        if (!weft__load_relaxed(&slots->slot[i & slots->mask]))
            continue;
        bool single = i + 1 == bottom;
        bool moving = look->victim == d &&
                      (look->entry == 0 || look->progress != weft__load_relaxed(&d->progress));
        return !(single && moving);
    }
    /* seq_cst: as bottom. */
    return weft__load_seq_cst(&d->overflow_count) != 0;
}

uint64_t weft__deque_length(struct weft__deque *d)
{
    /* relaxed: an estimate; for another thread top may already have passed this bottom. */
    uint64_t bottom = weft__load_relaxed(&d->bottom);
    uint64_t top = weft__load_relaxed(&d->top);
    return (top < bottom ? bottom - top : 0) + weft__load_relaxed(&d->overflow_count);
}

void weft__deque_check(struct weft__deque *d)
{
    struct weft__slots *slots = weft__load_relaxed(&d->slots);
    uint64_t capacity = slots->mask + 1;
    uint64_t bottom = weft__load_relaxed(&d->bottom);
    uint64_t top = weft__load_relaxed(&d->top);
    WEFT__ASSERT(top <= bottom && bottom - top <= capacity, "ends out of order");
    WEFT__ASSERT(d->limit <= top + capacity, "limit beyond the ring");
    for (uint64_t i = bottom; i < top + capacity; i++)
        WEFT__ASSERT(!weft__load_relaxed(&slots->slot[i & slots->mask]), "entry out of bounds");
    for (struct weft__slots *old = slots->older; old; old = old->older)
        for (uint64_t i = 0; i <= old->mask; i++)
            WEFT__ASSERT(!weft__load_relaxed(&old->slot[i]), "entry in an old ring");
    weft__spin_lock(&d->overflow_lock);
    uint64_t count = 0;
    for (weft__entry e = d->overflow_first; e; e = weft__entry_link(e)->next)
        count++;
    WEFT__ASSERT(count == weft__load_relaxed(&d->overflow_count), "overflow miscounted");
    WEFT__ASSERT(count == 0 || d->limit == 0, "overflow forgotten");
    weft__spin_unlock(&d->overflow_lock);
}
