/* SPDX-License-Identifier: MIT */
/*
 * cancel: how a task is woken, and how it is interrupted.
 *
 * A cancel is a token put into the task. Tokens are delivered by level: as long as one is pending
 * and the task waits, the wait is interrupted. The lock of the list that a task is in decides who
 * wakes it. A canceller that must look at a frame holds the task; a waker that meets a hold leaves
 * the submit to the holder. Modelled in tests/models/{wait,operation,chain}.pml, stressed in
 * tests/stress/cancel.c.
 *
 * The walk. A task that awaits another passes its tokens inward, as asyncio's cancel does: the
 * innermost is interrupted, and the outer ones see what comes out of it. It is a loop, not a
 * recursion: one task is held at a time, with a reference. A tortoise finds cycles of tasks that
 * await each other: there the wait is unlinked and the task resumed instead. A gather that is
 * cancelled on the way begins one walk for each child, within the outer one; if such a walk comes
 * to a task that an outer one holds, that is a cycle for the outer. Gathers that are too deep in
 * each other for a stack are put off until the outermost has come to its end (async/gather.c).
 *
 * Not chosen: a lock per task around suspend and resume (a waker would wait for a canceller); a
 * generation per wait (does not keep the frame alive); cancelling by a message to the task's worker
 * (a stuck worker would delay it for ever).
 */
#ifndef WEFT_SCHED_CANCEL_H
#define WEFT_SCHED_CANCEL_H

#include "runtime/core/task.h"
#include "runtime/sched/wait.h"

struct weft__walk {
    struct weft_awaitable *next; /* the inner task that got the tokens, with a reference; or NULL */
    bool cycle;                  /* the walk came back to where it was: pass nothing on */
    bool owner;                  /* by the worker whose ring the operation is in, after a flush */
    struct weft_error *message;  /* that the cancel brings along, borrowed, or NULL */
    struct weft__walk
        *outer; /* on this thread's stack: the walk in whose interrupt this one began */
    struct weft_awaitable *held; /* where it is */

    /* of cancels of gathers within each other (async/gather.c) */
    struct weft__walk *root; /* the outermost gather's, or NULL */
    unsigned depth;          /* how many gathers there are around this one */
    /* the root's */
    unsigned rounds;              /* how often it went on with what was put off */
    struct weft_awaitable *later; /* gathers that were put off, the first one first */
    struct weft_awaitable **end;  /* of that list: where the next one goes */
};

/* Each round goes deeper. After so many it must be a cycle, of which the first task is no part.
 * (Tasks in it get a token in each round, until their count stops.) */
enum { WEFT__WALK_ROUNDS = 1 << 16 };

/* Resumes [task]: its node was unlinked by the caller. The last access to its frame. */
void weft__wake(struct weft_awaitable *task);

/* For the commit of a wait in several places at once, of which some may wake the task while others
 * are prepared still: first, in the place of weft__wait_publish, publishes the task as held by the
 * caller; last, looks for tokens and lets go of it. */
void weft__wait_publish_held(struct weft_awaitable *task);
void weft__wait_let_go(struct weft_awaitable *task);

/* Puts a token into [task] and interrupts it. The caller holds a reference. [outer]: of struct
 * weft__walk, or NULL. False: it is done. */
bool weft__cancel_task(struct weft_awaitable *task, struct weft__walk *outer);

/* Calls look(task, arg) while [task] waits and cannot go on: its stack, its wait and what that
 * names may be read. False: it does not wait, and nothing was called. The caller holds a reference,
 * or looks at the task on whose stack it runs. [look] may look further, inward only; it does not
 * wake, cancel or suspend. */
bool weft__look(struct weft_awaitable *task, void (*look)(struct weft_awaitable *task, void *arg),
                void *arg);

/* At the end of the loop: takes [task] out of whatever it waits in. It waits no more, so that
 * nobody looks at its frame or resumes it, and it will not run. */
void weft__cancel_for_ever(struct weft_awaitable *task);

/* Puts a token, from [depth] (sched/level.h); the interrupt is left to the caller. Returns false if
 * the task is done; *sequence (may be NULL) is the token's, to be withdrawn by. */
bool weft__token_put(struct weft_awaitable *task, uint32_t depth, uint32_t *sequence);

/* Interrupts what [task] waits for, if tokens are pending. The caller holds a reference, or a lock
 * that keeps the task alive. [owner], [outer]: see struct weft__walk. */
void weft__interrupt(struct weft_awaitable *task, bool owner, struct weft__walk *outer);

/* For interrupt functions, under the lock of [inner]'s word, with [inner] not done: moves the
 * tokens that are pending in [task] to it, and has the walk go on there. */
void weft__walk_into(struct weft__walk *walk, struct weft_awaitable *task,
                     struct weft_awaitable *inner);

/* By the task, or who holds it: takes all pending tokens out, but for a scope's, and returns how
 * many; the sequence moves on. */
uint32_t weft__tokens_take(struct weft_awaitable *task);

/* Likewise: [n] that were not passed on, were withheld, or are to strike once more, are pending
 * again, unless every request was taken back meanwhile. */
void weft__tokens_return(struct weft_awaitable *task, uint32_t n);

bool weft__raise_pending(struct weft_awaitable *task);

/* By the task itself, going on after a wait: all pending tokens become one -ECANCELED. True: there
 * were. */
WEFT__INLINE bool weft__raise(struct weft_awaitable *task)
{
    /* relaxed: a token that comes later is met by the next wait. */
    return weft__unlikely(weft__tokens_pending(weft__load_relaxed(&task->tokens)) != 0) &&
           weft__raise_pending(task);
}

/* The same for a cancel that was taken back since it struck: there is one -ECANCELED all the same.
 */
bool weft__raise_struck(struct weft_awaitable *task);

/* By the task itself, going on after [wait]. True: it was cancelled. */
WEFT__INLINE bool weft__raise_in(struct weft_awaitable *task, const struct weft__wait *wait)
{
    return weft__raise(task) ||
           (weft__unlikely(weft__wait_struck(wait)) && weft__raise_struck(task));
}

/* Takes one request back (never below zero); at zero nothing stays pending. With [own], a pending
 * token is withdrawn too if none left since [sequence]. Returns the count that is left. */
uint32_t weft__token_take_back(struct weft_awaitable *task, bool own, uint32_t sequence);

#endif
