/* SPDX-License-Identifier: MIT */
/*
 * slab: objects of one size whose memory never becomes anything else.
 *
 * Type-stable: an address that was once an object of a slab stays one until the process ends, in
 * use or free. So a stale pointer may be read (by a prefetch, by the walk behind weft_all_tasks),
 * and what it finds is an object of that type, old or new. Free objects keep their first
 * WEFT__SLAB_HEADER bytes as they were, but for the link.
 *
 * Each thread has a magazine, a private list of free objects; full ones go to the slab's depot in
 * batches and come back from there, so an object may be freed on any thread and the price is some 2
 * ns. A thread that ends gives its magazines back.
 *
 * Who   get, put   any thread
 *       each       any thread; it sees every object of every chunk, in use or free
 * Not chosen: malloc (a task freed by another worker than its creator's costs an arena lock), one
 * slab per loop (coroutine objects are made before their loop, and outlive it).
 */
#ifndef WEFT_CORE_SLAB_H
#define WEFT_CORE_SLAB_H

#include "runtime/base/base.h"
#include "runtime/base/spin.h"
#include "runtime/base/thread_local.h"
#include "runtime/core/entry.h"

#ifdef WEFT__ASAN
#include <sanitizer/asan_interface.h>
#endif

enum {
    WEFT__SLAB_BATCH = 64,  /* objects that move between a magazine and the depot at once */
    WEFT__SLAB_HEADER = 64, /* bytes of a free object that stay readable */
};

enum weft__slab_id { WEFT__SLAB_AWAITABLE, WEFT__SLAB_HANDLE, WEFT__SLAB_COUNT };

struct weft__slab_free { /* what the head of a free object is */
    struct weft__link link;
    struct weft__slab_free
        *batch; /* in the depot: the next batch; only the first object of one has it */
};

struct weft__slab_chunk;
struct weft__slab {
    const size_t size; /* of an object, a multiple of a cache line */
    struct weft__spin lock;
    struct weft__slab_free *depot;
    struct weft__slab_chunk *chunks;
};

extern struct weft__slab weft__slabs[WEFT__SLAB_COUNT];

/* The rare halves of get and put. */
bool weft__slab_refill(enum weft__slab_id id, struct weft__magazine *m);
void weft__slab_spill(enum weft__slab_id id, struct weft__magazine *m);
/* Has what this thread has left given back when it ends. */
void weft__slab_watch_exit(void);

WEFT__INLINE void weft__slab_poison(void *object, size_t size)
{
    (void)object;
    (void)size;
#ifdef WEFT__ASAN
    __asan_poison_memory_region((char *)object + WEFT__SLAB_HEADER, size - WEFT__SLAB_HEADER);
#endif
}

/* An object with undefined content (its header is as the last user left it), or NULL: the thread
 * has none left. */
WEFT__INLINE void *weft__slab_take(enum weft__slab_id id)
{
    struct weft__magazine *m = &weft__thread_local()->magazines[id];
    struct weft__slab_free *f = m->head;

    if (weft__unlikely(!f))
        return NULL;
    m->head = (struct weft__slab_free *)f->link.next;
    m->count--;
#ifdef WEFT__ASAN
    __asan_unpoison_memory_region(f, weft__slabs[id].size);
#endif
    return f;
}

/* The same; NULL: out of memory. */
WEFT__INLINE void *weft__slab_get(enum weft__slab_id id)
{
    void *object = weft__slab_take(id);

    if (weft__unlikely(!object) && weft__slab_refill(id, &weft__thread_local()->magazines[id]))
        object = weft__slab_take(id);
    return object;
}

WEFT__INLINE void weft__slab_put(enum weft__slab_id id, void *object)
{
    struct weft__magazine *m = &weft__thread_local()->magazines[id];
    struct weft__slab_free *f = object;

    if (weft__unlikely(!m->head))
        weft__slab_watch_exit(); /* a thread that only puts never refills */
    f->link.next = (weft__entry)m->head;
    m->head = f;
    weft__slab_poison(f, weft__slabs[id].size);
    if (weft__unlikely(++m->count >= 2 * WEFT__SLAB_BATCH))
        weft__slab_spill(id, m);
}

/* Calls visit(object, arg) for every object there is, in use or free. */
void weft__slab_each(enum weft__slab_id id, void (*visit)(void *object, void *arg), void *arg);

#endif
