/* SPDX-License-Identifier: MIT */
#include "runtime/sched/registry.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/core/slab.h"
#include "runtime/sched/loop.h"

_Atomic(uint32_t) weft__registry_walks;

struct walk {
    struct weft_loop *loop;
    void (*visit)(struct weft_awaitable *task, void *arg);
    void *arg;
};

/* A reference, unless it is free. The object is of its type whatever happens (core/slab.h). */
static bool take(struct weft_awaitable *aw)
{
    uint32_t refs = weft__load_acquire(&aw->refs);

    while (refs > 0) {
        /* acq_rel: pairs with the release of weft__awaitable_new: the object is complete. */
        if (weft__cas_acq_rel(&aw->refs, &refs, refs + 1))
            return true;
    }
    return false;
}

/* acquire of the kind: pairs with the release in create_task, so that the task's loop can be
 * read. */
static void look(void *object, void *arg)
{
    struct weft_awaitable *aw = object;
    struct walk *walk = arg;

    /* acquire: as below. Coroutines are left alone: they are their owner's. */
    if (weft__load_acquire(&aw->kind) != WEFT__KIND_TASK || !take(aw))
        return;
    if (weft__load_acquire(&aw->kind) == WEFT__KIND_TASK && aw->loop == walk->loop &&
        !weft__is_done(aw))
        walk->visit(aw, walk->arg);
    else
        weft__awaitable_unref(aw, 1);
}

/* No worker is past its look at weft__registry_walks without having seen us. */
static void settle(struct weft_loop *loop)
{
    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    for (unsigned i = 0; i < loop->count; i++) {
        struct weft__worker *worker = &loop->workers[i];
        if (worker == weft__self())
            continue;
        /* acquire: pairs with the release of free_alone. */
        while (weft__load_acquire(&worker->freeing))
            weft__pause();
    }
}

void weft__registry_each(struct weft_loop *loop,
                         void (*visit)(struct weft_awaitable *task, void *arg), void *arg)
{
    struct walk walk = {loop, visit, arg};

    weft__fetch_add_seq_cst(&weft__registry_walks, 1);
    settle(loop);
    weft__slab_each(WEFT__SLAB_AWAITABLE, look, &walk);
    weft__fetch_sub_seq_cst(&weft__registry_walks, 1);
}
