/* SPDX-License-Identifier: MIT */
/*
 * strand: steps that at most one worker runs at a time, in order.
 *
 * An MPSC queue whose head says who is responsible (core/mpsc.h): EMPTY, nobody; BUSY or a list,
 * somebody: the strand's entry is in a deque, or a worker holds it. Whoever pushes onto EMPTY
 * submits the strand. The worker that gets the entry runs steps until none are left or its budget
 * is spent; the strand is then released, which means to look once more: BUSY -> EMPTY, or the entry
 * goes to the tail of a deque again.
 *
 * It is held from the switch to a step until that step's commit is done (worker->leaving): a task
 * that suspends may be woken, but not resumed, before its context is saved and its strand let go.
 *
 * In an ordered loop everything is serial already: entries go straight to the one deque, no strand
 * is used.
 *
 * References: its creator, each task in it, each handle in it, and the entry as long as it is
 * responsible.
 */
#ifndef WEFT_SCHED_STRAND_H
#define WEFT_SCHED_STRAND_H

#include "runtime/base/atomic.h"
#include "runtime/core/entry.h"
#include "runtime/core/mpsc.h"

struct weft_loop;
struct weft__worker;

struct weft_strand {
    weft__entry next; /* first: a strand is an entry */
    struct weft_loop *loop;
    _Atomic(uint32_t) refs;
    struct weft__mpsc queue;
    weft__entry batch; /* the holder's: what it took and has not run, oldest first */
};

enum { WEFT__STRAND_BUDGET = 64 };

void weft__strand_init(struct weft_strand *strand, struct weft_loop *loop);

/* What a call in [loop] was given as .strand: 0; -EXDEV, of another loop. */
int weft__strand_check(const struct weft_strand *strand, const struct weft_loop *loop);

/* Any thread. False: the loop is closed, [e] is the caller's still. */
bool weft__strand_push(struct weft_strand *strand, weft__entry e);

/* Holder: the next step, or 0. */
weft__entry weft__strand_next(struct weft_strand *strand);

/* Holder: whether nothing waits in it. */
bool weft__strand_is_empty(struct weft_strand *strand);

/* Holder: takes [e] out, if it is the only step. */
bool weft__strand_claim(struct weft_strand *strand, weft__entry e);

/* Holder: lets go, looking once more. */
void weft__strand_release(struct weft_strand *strand);

#endif
