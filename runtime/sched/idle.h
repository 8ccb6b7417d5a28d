/* SPDX-License-Identifier: MIT */
/*
 * idle: who sleeps, who searches, and why no wake-up is lost.
 *
 * One word, searchers << 16 | parked, is what producers look at; the list of sleepers under a lock
 * is the truth, and every change of either is made under that lock, so that word and list agree.
 *
 * Sleeping. Two mirrored recipes; W is any worker, P whoever makes something runnable:
 *
 *      P   push the entry                         W   [lock] put itself on the list, parked + 1,
 *          look at the word                               searchers - 1 [unlock]
 *          parked and no searcher: wake one           if it was the last searcher: membarrier
 *                                                     look at every queue again
 *                                                     something there: take itself off the list,
 *                                                     search on (not on it any more: somebody woke
 *                                                     it, which counts) else sleep in the driver
 *
 * If P's look came before W's change, then P's push came before it too, and W's second look finds
 * the entry as long as P's push is not still in a store buffer. A push from outside is an RMW. A
 * worker's push onto its own deque is a plain release store, four times cheaper; for it the last
 * searcher calls membarrier(PRIVATE_EXPEDITED), after which every push of a running thread is
 * either visible, or followed by a look at the word that sees W parked. Only the last searcher
 * needs it: while another one searches, P wakes nobody and that one finds the entry. Where the
 * kernel refuses membarrier, pushes are seq_cst (deque.h). If P saw a searcher, that searcher has
 * its second look still to come.
 *
 * A searcher that finds work stops searching; if it was the last and someone is parked, it wakes
 * the next: so a burst of work brings up one worker after the other, and a single entry only one.
 *
 * A wake is a token (per worker, so that it cannot be lost between the list and the kernel) and one
 * write to the worker's driver. Modelled, with the store buffer, in tests/models/parking.pml.
 *
 * Throttle: waking a sleeping core costs the waker several us. After wakes that found nothing, at
 * most one per 5 us << level is sent for single entries; the monitor resets the level every ms, and
 * the owner's own turn takes the entry meanwhile.
 *
 * Not chosen: a futex per worker beside the ring (two places to sleep); waking all (a herd); the
 * parked bits alone in one word (at most 32 workers).
 */
#ifndef WEFT_SCHED_IDLE_H
#define WEFT_SCHED_IDLE_H

#include "weft/run.h"
#include "runtime/base/atomic.h"
#include "runtime/base/spin.h"

struct weft__worker;
struct weft_loop;

struct weft__idle {
    WEFT__ALIGNED_APART _Atomic(uint64_t) word;
    _Atomic(uint32_t) level; /* of the throttle */
    bool membarrier;         /* pushes are plain; constant */
    WEFT__ALIGNED_APART struct weft__spin lock;
    _Atomic(uint32_t) visitors; /* threads in a wake, or at something of the loop from outside */
    unsigned sleepers;
    uint16_t sleeper[WEFT_WORKERS_MAX]; /* worker ids, the one that slept last at the end */
};

#define WEFT__IDLE_SEARCHER ((uint64_t)1 << 16)
#define WEFT__IDLE_PARKED ((uint64_t)0xffff)

/* Whether membarrier works here; registers the process for it. */
bool weft__idle_membarrier(void);

/* Producer, after its push: whether somebody should be woken. */
WEFT__INLINE bool weft__idle_wanted(struct weft__idle *idle)
{
    /* seq_cst: after the push, see above. */
    uint64_t word = weft__load_seq_cst(&idle->word);

    return weft__unlikely(word != 0) && (word & WEFT__IDLE_PARKED) != 0 &&
           word < WEFT__IDLE_SEARCHER;
}

/* Wakes one sleeper, if there is one and nobody searches. */
void weft__idle_wake_one(struct weft_loop *loop);
/* The same for a single entry on the caller's own deque: throttled. */
void weft__idle_wake_throttled(struct weft_loop *loop, struct weft__worker *self);
/* Wakes [worker] if it sleeps (its mail has something). */
void weft__idle_wake_worker(struct weft_loop *loop, struct weft__worker *worker);
/* Wakes everybody: the loop stops. */
void weft__idle_wake_all(struct weft_loop *loop);

/* The loop is closed, nobody sleeps any more, no task waits: until those who were at it have left,
 * who use drivers (a worker was woken) and tasks (weft__loop_enter). */
void weft__idle_settle(struct weft_loop *loop);

/* Worker: begins and ends to search. end wakes the next one if it should. */
void weft__idle_search_begin(struct weft_loop *loop);
void weft__idle_search_end(struct weft_loop *loop, bool found);

/* Worker, searching: is parked from now on. After the barrier, where one is needed, it returns; the
 * caller looks at everything again. */
void weft__idle_park(struct weft_loop *loop, struct weft__worker *worker);
/* Worker, parked: is searching again. Takes the token if one was sent; true if so. */
bool weft__idle_unpark(struct weft_loop *loop, struct weft__worker *worker);

#endif
