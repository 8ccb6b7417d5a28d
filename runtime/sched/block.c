/* SPDX-License-Identifier: MIT */
#include "runtime/sched/block.h"

#include "runtime/base/spin.h"
#include "runtime/sched/worker.h"

bool weft__mark_hold(struct weft__mark *mark)
{
    uintptr_t open = (uintptr_t)mark ^ WEFT__MARK_OPEN, held = (uintptr_t)mark ^ WEFT__MARK_HELD;
    uintptr_t found = open;
    unsigned rounds = 0;

    /* acquire: pairs with set: what is open is filled in, and what the last holder did. */
    while (!weft__cas_acquire(&mark->word, &found, held)) {
        if (found != held)
            return false;
        weft__spin_pause(&rounds);
        found = open;
    }
    return true;
}

void weft__mark_leave(struct weft__mark *mark)
{
    weft__mark_hold(mark);
    weft__mark_set(mark, WEFT__MARK_LEFT);
}

/* Where [block] hangs in the list of the running task, or NULL. */
static struct weft__block **find(const struct weft__block *block)
{
    struct weft__worker *worker = weft__self();
    struct weft_awaitable *task = worker ? weft__worker_task(worker) : NULL;
    struct weft__extra *extra = task ? weft__extra(task) : NULL;
    struct weft__block **p = extra ? &extra->blocks : NULL;

    while (p && *p && *p != block)
        p = &(*p)->outer;
    return p && *p ? p : NULL;
}

int weft__block_enter(struct weft_awaitable *task, struct weft__block *block,
                      void (*abandon)(struct weft__block *block))
{
    struct weft__extra *extra = weft__awaitable_extra(task);

    if (weft__unlikely(!extra))
        return -ENOMEM;
    if (weft__unlikely(find(block) != NULL))
        return -EALREADY;
    block->outer = extra->blocks;
    weft__store_relaxed(&block->deadline, INT64_MAX); /* relaxed: a number */
    block->abandon = abandon;
    block->shield = false;
    extra->blocks = block;
    return 0;
}

bool weft__block_leave(const struct weft__block *block)
{
    struct weft__block **p = find(block);

    if (p)
        *p = block->outer;
    return p != NULL;
}

void weft__block_abandon_all(struct weft_awaitable *task)
{
    struct weft__extra *extra = weft__extra(task);
    struct weft__block *block;

    while (extra && (block = extra->blocks)) {
        extra->blocks = block->outer;
        block->abandon(block);
    }
}
