/* SPDX-License-Identifier: MIT */
/*
 * registry: all tasks there are, without a list that each would have to be linked into.
 *
 * The slab of awaitables is the registry: weft__registry_each walks its chunks and takes a
 * reference to each task that is not done, by CAS on refs unless they are zero.
 *
 * One path ends and frees tasks without an RMW: an inlined child of which nobody else has a
 * reference. It would miss a reference that the walk takes in between. So that path says which task
 * it ends (worker->freeing), then looks whether a walk is on; the walk says that it is on, has all
 * threads pass a barrier (membarrier), and waits until no worker is inside with an older look. A
 * store and a load on the frequent side, no fence; where membarrier is refused the path is not
 * taken at all.
 */
#ifndef WEFT_SCHED_REGISTRY_H
#define WEFT_SCHED_REGISTRY_H

#include "runtime/core/task.h"
#include "runtime/sched/worker.h"

/* Calls visit(task, arg) for each task of [loop] that is not done, with a reference of the
 * callee's. */
void weft__registry_each(struct weft_loop *loop,
                         void (*visit)(struct weft_awaitable *task, void *arg), void *arg);

extern _Atomic(uint32_t) weft__registry_walks; /* how many are on, or membarrier is not there */

/* Whether the two references that the caller has the right to drop, the handle's and the run's, are
 * all that there are of the finished child [task], and no cancel is pending in it. If so, no walk
 * gets hold of it until weft__registry_free_alone, which must follow. */
WEFT__INLINE bool weft__registry_alone(struct weft__worker *worker, struct weft_awaitable *task)
{
    /* relaxed + compiler barrier: the walk's membarrier makes it visible, or lets us see the
     * walk. */
    weft__store_relaxed(&worker->freeing, task);
    __asm__ volatile("" ::: "memory");
    /* acquire: pairs with the release of whoever dropped a reference before. */
    if (weft__likely(weft__load_relaxed(&weft__registry_walks) == 0 &&
                     weft__load_acquire(&task->refs) == 2 && !task->strand &&
                     !weft__tokens_pending(weft__load_relaxed(&task->tokens))))
        return true;
    weft__store_relaxed(&worker->freeing, NULL);
    return false;
}

WEFT__INLINE void weft__registry_free_alone(struct weft__worker *worker,
                                            struct weft_awaitable *task)
{
    weft__awaitable_free(task);
    /* release: what was done stands before the walk goes on. */
    weft__store_release(&worker->freeing, NULL);
}

#endif
