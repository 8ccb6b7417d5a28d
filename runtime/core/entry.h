/* SPDX-License-Identifier: MIT */
/*
 * entry: one word that names something runnable. It is what deques, the injector, mail and strands
 * hold.
 *
 * The low three bits say what the pointer is; every type that can be an entry begins with the link
 * word `next`, which belongs to the queue that holds the entry. An object is in at most one queue.
 * Zero is no entry. The words below WEFT__ENTRY_MIN are markers of the queues themselves (mpsc.h).
 */
#ifndef WEFT_CORE_ENTRY_H
#define WEFT_CORE_ENTRY_H

#include "runtime/base/atomic.h"
#include "runtime/base/base.h"

typedef uintptr_t weft__entry;

enum {
    WEFT__ENTRY_TASK = 0,   /* struct weft_awaitable, not started: whoever takes it may start it */
    WEFT__ENTRY_STACK = 1,  /* struct weft__stack, to be resumed */
    WEFT__ENTRY_HANDLE = 2, /* struct weft_handle, a callback to be called */
    WEFT__ENTRY_STRAND = 3, /* struct weft_strand, whose steps wait for a worker */
    WEFT__ENTRY_ASK = 4,    /* struct weft_awaitable: interrupt its operation again (asks only) */
    WEFT__ENTRY_WAITER = 5, /* struct weft__waiter, in no list any more, to be told */
    WEFT__ENTRY_TAG_MASK = 7,
};
#define WEFT__ENTRY_MIN ((weft__entry)4096)

/* What every object that can be an entry begins with. */
struct weft__link {
    weft__entry next;
};

/*
 * What every object that can be a TASK entry begins with, so that whoever awaits it finds its slot.
 * The deque's push writes pos (deque.h says what is in it), and anybody who wants to claim the task
 * reads it.
 */
struct weft__claimable {
    weft__entry next;
    _Atomic(uint64_t) pos;
};

WEFT__INLINE weft__entry weft__entry_make(void *object, unsigned tag)
{
    return (weft__entry)object | tag;
}

WEFT__INLINE unsigned weft__entry_tag(weft__entry e)
{
    return (unsigned)(e & WEFT__ENTRY_TAG_MASK);
}

WEFT__INLINE void *weft__entry_object(weft__entry e)
{
    return (void *)(e & ~(weft__entry)WEFT__ENTRY_TAG_MASK);
}

WEFT__INLINE struct weft__link *weft__entry_link(weft__entry e)
{
    return (struct weft__link *)weft__entry_object(e);
}

#endif
