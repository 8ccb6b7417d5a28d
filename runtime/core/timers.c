/* SPDX-License-Identifier: MIT */
/* timers: the sifting. timers.h has the essay. */
#include "runtime/core/timers.h"

#include <stdlib.h>

#define CHILDREN 4
#define MIN_CAPACITY 64
/* With less than a 16th in use three quarters are given back: what is left suffices for a while. */
#define SPARSE 16

void weft__timers_init(struct weft__timers *h)
{
    *h = (struct weft__timers){.count = 0};
    weft__spin_init(&h->lock);
    atomic_init(&h->first, WEFT__TIMERS_NEVER);
}

void weft__timers_destroy(struct weft__timers *h)
{
    WEFT__ASSERT(h->count == 0, "timers left at the end");
    free(h->heap);
}

static bool is_before(const struct weft__timers_element *a, const struct weft__timers_element *b)
{
    if (a->deadline != b->deadline)
        return a->deadline < b->deadline;
    return (int32_t)(a->timer->order - b->timer->order) < 0;
}

static void place(struct weft__timers *h, uint32_t at, struct weft__timers_element e)
{
    h->heap[at] = e;
    e.timer->index = at;
}

/* `at` is a hole: fills it with e or with an ancestor. */
static void sift_up(struct weft__timers *h, uint32_t at, struct weft__timers_element e)
{
    while (at > 0) {
        uint32_t parent = (at - 1) / CHILDREN;
        if (!is_before(&e, &h->heap[parent]))
            break;
        place(h, at, h->heap[parent]);
        at = parent;
    }
    place(h, at, e);
}

static uint32_t earliest_of(struct weft__timers *h, uint32_t from, uint32_t to)
{
    uint32_t best = from;
    for (uint32_t i = from + 1; i < to; i++)
        if (is_before(&h->heap[i], &h->heap[best]))
            best = i;
    return best;
}

/* `at` is a hole: fills it with e or with a descendant. */
static void sift_down(struct weft__timers *h, uint32_t at, struct weft__timers_element e)
{
    for (;;) {
        uint32_t from = at * CHILDREN + 1;
        if (from >= h->count)
            break;
        uint32_t to = from + CHILDREN < h->count ? from + CHILDREN : h->count;
        uint32_t child = earliest_of(h, from, to);
        if (!is_before(&h->heap[child], &e))
            break;
        place(h, at, h->heap[child]);
        at = child;
    }
    place(h, at, e);
}

static void publish_first(struct weft__timers *h)
{
    int64_t first = h->count ? h->heap[0].deadline : WEFT__TIMERS_NEVER;
    weft__store_relaxed(&h->first, first); /* relaxed: see weft__timers_first */
}

static bool resize(struct weft__timers *h, uint32_t capacity)
{
    void *heap = realloc(h->heap, capacity * sizeof(*h->heap));
    if (!heap)
        return false;
    h->heap = heap;
    h->capacity = capacity;
    return true;
}

int weft__timers_reserve(struct weft__timers *h)
{
    weft__debug_assert(weft__spin_is_held(&h->lock));
    if (weft__likely(h->count < h->capacity))
        return 0;
    if (h->capacity > WEFT__TIMER_IDLE / 2)
        return -ENOMEM;
    return resize(h, h->capacity ? h->capacity * 2 : MIN_CAPACITY) ? 0 : -ENOMEM;
}

void weft__timers_add(struct weft__timers *h, struct weft__timer *t)
{
    weft__debug_assert(weft__spin_is_held(&h->lock));
    WEFT__ASSERT(h->count < h->capacity, "add without reserve");
    weft__debug_assert(!weft__timer_is_linked(t));
    t->order = h->added++;
    sift_up(h, h->count++, (struct weft__timers_element){t->deadline, t});
    publish_first(h);
}

/* Takes element `at` out and fills the hole with the last one. */
static void unlink_at(struct weft__timers *h, uint32_t at)
{
    h->heap[at].timer->index = WEFT__TIMER_IDLE;
    struct weft__timers_element last = h->heap[--h->count];
    if (at < h->count) {
        if (at > 0 && is_before(&last, &h->heap[(at - 1) / CHILDREN]))
            sift_up(h, at, last);
        else
            sift_down(h, at, last);
    }
    publish_first(h);
    if (h->capacity > MIN_CAPACITY && h->count < h->capacity / SPARSE)
        resize(h, h->capacity / 4); /* if it fails, the old memory is still there */
}

bool weft__timers_remove(struct weft__timers *h, struct weft__timer *t)
{
    weft__debug_assert(weft__spin_is_held(&h->lock));
    if (!weft__timer_is_linked(t))
        return false;
    WEFT__ASSERT(t->index < h->count && h->heap[t->index].timer == t, "timer of another heap");
    unlink_at(h, t->index);
    return true;
}

struct weft__timer *weft__timers_due(struct weft__timers *h, int64_t now)
{
    weft__debug_assert(weft__spin_is_held(&h->lock));
    if (h->count == 0 || h->heap[0].deadline > now)
        return NULL;
    struct weft__timer *t = h->heap[0].timer;
    unlink_at(h, 0);
    return t;
}

void weft__timers_check(struct weft__timers *h)
{
    WEFT__ASSERT(h->count <= h->capacity, "more timers than room");
    for (uint32_t i = 0; i < h->count; i++) {
        const struct weft__timers_element *e = &h->heap[i];
        WEFT__ASSERT(e->timer->index == i, "timer that does not know its place");
        WEFT__ASSERT(e->timer->deadline == e->deadline, "deadline changed while linked");
        WEFT__ASSERT(i == 0 || !is_before(e, &h->heap[(i - 1) / CHILDREN]), "heap out of order");
    }
    int64_t first = h->count ? h->heap[0].deadline : WEFT__TIMERS_NEVER;
    WEFT__ASSERT(weft__timers_first(h) == first, "first is not the first");
}
