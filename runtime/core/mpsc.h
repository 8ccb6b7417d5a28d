/* SPDX-License-Identifier: MIT */
/*
 * mpsc: an unbounded queue of entries that any thread may push to and one takes from at a time.
 *
 * Algorithm. Treiber's stack (1986), of which only the whole is ever taken: the head word names the
 * newest entry, each entry's link the next older one, and the last link is a marker word. A push is
 * one CAS; a take is one CAS and a reversal, which makes it first in, first out. Nothing is popped
 * alone, so a head that went away and came back harms nobody (no ABA): what the winning CAS finds
 * is the list, and no link is read before it.
 *
 * The head word is an entry, or one of three markers:
 *   EMPTY    nothing queued, nobody responsible: a push that finds it tells its caller, who then
 *            sees to it that somebody takes (submits the strand, wakes a worker)
 *   BUSY     nothing queued, but somebody is at it and will look again before leaving (a strand
 *            that a worker holds)
 *   CLOSED   for ever: a push is refused, and its entry remains the caller's
 *
 * A strand, with this: the push that was told WAS_EMPTY submits it; the worker that gets it takes
 * with BUSY, runs what it took, and releases; a release that fails means that more has come, or
 * that it was closed: the holder submits it once more. If the take after that finds nothing, it was
 * closed. So there is never a second holder and nothing stays behind.
 *
 * Who may call what: push, close and is_empty any thread, close and take also against each other.
 * Several threads may take one after the other, or at the same time if they do not mind which of
 * them gets the list. release: only the holder of BUSY.
 *
 * After a push the entry may be gone already: its pusher must not touch it again, and was-empty is
 * known from the word that the winning CAS replaced, never from the entry's link.
 *
 * Memory orders: those of the CAS in ck.h (acquire and release both ways). A push publishes the
 * object, the take that gets it acquires; a release publishes what the holder did, and the next
 * holder acquires it through the push that made it one (the CAS of that push continues the release
 * sequence). A push is also ordered before a later load of its thread, and is_empty after an
 * earlier RMW: "push, then look who sleeps" against "say I sleep, then is_empty" loses no wake-up.
 *
 * Rejected: Vyukov's queue (no reversal, but a producer that loses its core between its two steps
 * makes the consumer wait), and ck_stack_push, which can neither refuse nor tell was-empty.
 */
#ifndef WEFT_CORE_MPSC_H
#define WEFT_CORE_MPSC_H

#include "runtime/base/ck.h"
#include "runtime/core/entry.h"

#define WEFT__MPSC_EMPTY ((weft__entry)0)
#define WEFT__MPSC_BUSY ((weft__entry)8)
#define WEFT__MPSC_CLOSED ((weft__entry)16)

enum weft__mpsc_pushed {
    WEFT__MPSC_WAS_EMPTY,
    WEFT__MPSC_QUEUED,
    WEFT__MPSC_REFUSED,
};

/* Only the functions below touch the word. */
struct weft__mpsc {
    void *head;
};

WEFT__INLINE void weft__mpsc_init(struct weft__mpsc *q)
{
    q->head = (void *)WEFT__MPSC_EMPTY;
}

WEFT__INLINE bool weft__mpsc_is_marker(weft__entry head)
{
    return head < WEFT__ENTRY_MIN;
}

WEFT__INLINE enum weft__mpsc_pushed weft__mpsc_push(struct weft__mpsc *q, weft__entry e)
{
    weft__debug_assert(!weft__mpsc_is_marker(e));
    void *head = weft__ck_load(&q->head);
    do {
        if (weft__unlikely((weft__entry)head == WEFT__MPSC_CLOSED))
            return WEFT__MPSC_REFUSED;
        weft__entry_link(e)->next = (weft__entry)head;
        /* release: the object and its link, for take. acquire: passes on what release left. */
    } while (!weft__ck_cas(&q->head, &head, (void *)e));
    return (weft__entry)head == WEFT__MPSC_EMPTY ? WEFT__MPSC_WAS_EMPTY : WEFT__MPSC_QUEUED;
}

/* From newest first to oldest first; the marker at the old end becomes a zero at the new one. */
WEFT__INLINE weft__entry weft__mpsc_reverse(weft__entry newest)
{
    weft__entry oldest = 0;
    while (!weft__mpsc_is_marker(newest)) {
        struct weft__link *link = weft__entry_link(newest);
        weft__entry older = link->next;
        link->next = oldest;
        oldest = newest;
        newest = older;
    }
    return oldest;
}

/*
 * Everything queued, oldest first, linked by next, ended by zero; the head becomes `leave`, EMPTY
 * or BUSY. If nothing is queued the head stays what it is, and the result is zero.
 */
WEFT__INLINE weft__entry weft__mpsc_take(struct weft__mpsc *q, weft__entry leave)
{
    void *head = weft__ck_load(&q->head);
    /* A CAS, not an exchange: that might wipe out a CLOSED that came after the load. */
    do {
        if (weft__mpsc_is_marker((weft__entry)head))
            return 0;
        /* acquire, with the push's release: the objects and their links. */
    } while (!weft__ck_cas(&q->head, &head, (void *)leave));
    return weft__mpsc_reverse((weft__entry)head);
}

/* The holder leaves: BUSY becomes EMPTY. False: something was pushed, or the queue was closed. */
WEFT__INLINE bool weft__mpsc_release(struct weft__mpsc *q)
{
    void *head = (void *)WEFT__MPSC_BUSY;
    /* release: all that the holder did, for the next one. */
    return weft__ck_cas(&q->head, &head, (void *)WEFT__MPSC_EMPTY);
}

/* Refuses every later push; what was still queued is the caller's, oldest first, ended by zero. */
WEFT__INLINE weft__entry weft__mpsc_close(struct weft__mpsc *q)
{
    /* acquire: the objects, as in take. */
    return weft__mpsc_reverse((weft__entry)weft__ck_exchange(&q->head, (void *)WEFT__MPSC_CLOSED));
}

/* Nothing queued (EMPTY, BUSY or CLOSED). Ordered after an earlier RMW: good for a last look. */
WEFT__INLINE bool weft__mpsc_is_empty(struct weft__mpsc *q)
{
    return weft__mpsc_is_marker((weft__entry)weft__ck_load(&q->head));
}

WEFT__INLINE bool weft__mpsc_is_closed(struct weft__mpsc *q)
{
    return (weft__entry)weft__ck_load(&q->head) == WEFT__MPSC_CLOSED;
}

#endif
