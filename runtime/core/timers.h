/* SPDX-License-Identifier: MIT */
/*
 * timers: the deadlines of one worker, earliest first.
 *
 * Algorithm. A 4-ary min-heap (Johnson 1975) in an array; a node knows its index, so a timer that
 * is cancelled, as most are, is removed from the middle. Four children make the tree half as deep
 * as two do, and lie side by side: an element is the deadline beside the node's address, and the
 * nodes themselves, which are strewn over stacks, are read only when two deadlines are equal. Equal
 * deadlines fire in the order in which they were added.
 *
 * Invariant. For each i > 0: element (i - 1) / 4 is before element i; each node's index names the
 * element that names it; first is the deadline of element 0, or WEFT__TIMERS_NEVER.
 *
 * Who may call what: each function expects `lock` to be held by the caller, except first, which
 * anybody may read at any time, and init and destroy. The lock is a try-lock that is held for one
 * call or for a round of expiry; another worker that finds the owner stuck takes it and fires what
 * is due. A node belongs to who added it, and must stay in place until it was removed or is due;
 * who unlinks it, under the lock, has decided alone what becomes of its timer.
 *
 * Room is made before it is used: reserve may fail, add may not, so nothing has to be undone.
 *
 * Measured against a heap of pointers alone, 20 000 timers (1 million): to add 5 ns (13) against 3
 * (11), to cancel one anywhere 15 (90) against 18 (76), to expire 48 (360) against 130 (800).
 *
 * Rejected: that heap of pointers; a pairing heap (slower still to expire); a kernel timer per
 * sleep (0.4 to 0.9 us each); and, until a bench asks for it, a wheel in front for far deadlines.
 */
#ifndef WEFT_CORE_TIMERS_H
#define WEFT_CORE_TIMERS_H

#include "runtime/base/spin.h"

#define WEFT__TIMER_IDLE UINT32_MAX
#define WEFT__TIMERS_NEVER INT64_MAX

struct weft__timer {
    int64_t deadline; /* ns of the loop's clock; set before add */
    uint32_t index;   /* in the heap, or WEFT__TIMER_IDLE */
    uint32_t order;   /* of being added; compared modulo 2^32 */
};

/* A copy of the deadline beside the node, so that sifting stays within the array. */
struct weft__timers_element {
    int64_t deadline;
    struct weft__timer *timer;
};

struct weft__timers {
    struct weft__spin lock;
    uint32_t count;
    uint32_t capacity;
    uint32_t added; /* gives nodes their order */
    struct weft__timers_element *heap;
    _Atomic(int64_t) first;
};

WEFT__INLINE void weft__timer_init(struct weft__timer *t)
{
    *t = (struct weft__timer){.index = WEFT__TIMER_IDLE};
}

WEFT__INLINE bool weft__timer_is_linked(const struct weft__timer *t)
{
    return t->index != WEFT__TIMER_IDLE;
}

void weft__timers_init(struct weft__timers *h);
void weft__timers_destroy(struct weft__timers *h);

/*
 * Owner: room for one more, 0 or -ENOMEM. It is kept until the owner's next add, also if the lock
 * is let go in between: a shrink leaves more than that.
 */
int weft__timers_reserve(struct weft__timers *h);

/* Owner (nobody else adds), after reserve: cannot fail. t->deadline is set, t is not linked. */
void weft__timers_add(struct weft__timers *h, struct weft__timer *t);

/* False if t was not linked. */
bool weft__timers_remove(struct weft__timers *h, struct weft__timer *t);

/* Unlinks the earliest timer if its deadline is not after now; else NULL. */
struct weft__timer *weft__timers_due(struct weft__timers *h, int64_t now);

/* Dies if the invariant does not hold. For tests. */
void weft__timers_check(struct weft__timers *h);

/* The earliest deadline, WEFT__TIMERS_NEVER if there is none. Any thread, without the lock. */
WEFT__INLINE int64_t weft__timers_first(struct weft__timers *h)
{
    /* relaxed: who acts on it takes the lock and looks again. */
    return weft__load_relaxed(&h->first);
}

#endif
