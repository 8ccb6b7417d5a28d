/* SPDX-License-Identifier: MIT */
/*
 * wait: the record of what a suspended task waits for.
 *
 * It lies on the task's frame, is written before the switch, and is read by a canceller only while
 * that holds the task (core/task.h). Each kind of wait is a few functions; no other file needs to
 * know it.
 *
 * At the end of a loop some tasks wait, and are withdrawn (weft__cancel_for_ever: interrupt);
 * others were woken, and have not gone on. None ever will. What names the frame still, as it is the
 * task that takes that out when it goes on, is taken out by abandon.
 *
 * Checklist for a new kind of wait
 *  1. Its node lies on the frame, and is linked and unlinked only under one lock of its list.
 *  2. commit, on the next stack: publish WAITING (weft__wait_publish); take the lock; satisfied
 *     already -> wake; tokens pending -> struck, wake, not linked; else link. Nothing of the frame
 *     is touched afterwards.
 *  3. Who unlinks the node wakes, exactly once (weft__wake), as the last access to the frame.
 *  4. interrupt, called by a holder: unlink under that lock; whoever did says so, and does not
 *     wake: the holder submits.
 *  5. The task goes on by weft__raise_in: a cancel that has struck is told although it was taken
 *     back since (asyncio: what was thrown is not taken back by uncancel). What was granted is
 *     passed on then.
 *  6. abandon: whatever the task itself does about it when it goes on, without going on.
 *  7. A model, or a test over seeds that cancels at every step.
 */
#ifndef WEFT_SCHED_WAIT_H
#define WEFT_SCHED_WAIT_H

#include "runtime/core/task.h"

struct weft__walk;

struct weft__wait {
    const struct weft__wait_kind *kind;
    /* A cancel has ended it, or has asked the kernel to. By its commit and by holders, which may
     * meet; read by the task when it goes on. relaxed: ordered by ws. */
    _Atomic(bool) struck;
    bool of_several; /* for those in whose lists it stands as awaiter (waiters.h): for reports */
};

struct weft__wait_kind {
    const char *name; /* "future", "sleep", ...: for reports; no two are the same */

    /* Runs when the task's context is saved, on the next stack. NULL: it waits for an inlined
     * child, and stands in no list. */
    void (*commit)(struct weft_awaitable *task, struct weft__wait *wait);

    /* Runs in a canceller that holds the task, while tokens are pending, or the wait was struck by
     * some that have left since. True: its node was
     * unlinked here, the task is to be resumed. The tokens may be passed on instead
     * (weft__walk_into). */
    bool (*interrupt)(struct weft_awaitable *task, struct weft__wait *wait,
                      struct weft__walk *walk);

    /* At the end of the loop, for a task that was woken or withdrawn and will not go on: afterwards
     * nobody looks at its frame. No alarm rings any more. NULL: whoever wakes it, or interrupt, has
     * seen to that. */
    void (*abandon)(struct weft_awaitable *task, struct weft__wait *wait);

    /* For reports: the address of the program's object at which it waits. NULL: there is none. */
    const void *(*object)(struct weft__wait *wait);
};

/* First step of a commit that takes the lock of a list. The store comes before the look at the
 * tokens, as a canceller puts tokens before it looks at ws; so one of the two sees the other. A
 * release store is enough, though a load may overtake it, because of the lock that is taken in
 * between: on x86 its RMW is a full barrier, elsewhere the seq_cst load of the tokens is not done
 * before an earlier release store. Where no lock comes in between, the store is seq_cst
 * (operation.c). */
WEFT__INLINE void weft__wait_publish(struct weft_awaitable *task)
{
    weft__store_release(&task->ws, WEFT__WAITING);
}

WEFT__INLINE void weft__wait_strike(struct weft__wait *wait)
{
    weft__store_relaxed(&wait->struck, true);
}

WEFT__INLINE bool weft__wait_struck(const struct weft__wait *wait)
{
    return weft__load_relaxed(&((struct weft__wait *)(uintptr_t)wait)->struck);
}

/* seq_cst: see weft__wait_publish. */
WEFT__INLINE uint32_t weft__wait_tokens(struct weft_awaitable *task)
{
    return weft__tokens_pending(weft__load_seq_cst(&task->tokens));
}

#endif
