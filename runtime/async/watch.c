/* SPDX-License-Identifier: MIT */
#include "runtime/async/watch.h"

#include <stdlib.h>

#include "runtime/sched/misuse.h"
#include "runtime/sched/submit.h"

int weft__watch_check(struct weft_loop *loop, struct weft_awaitable *const *aws, size_t count,
                      bool coroutines)
{
    if (count == 0 || !aws)
        return -EINVAL;
    for (size_t i = 0; i < count; i++) {
        enum weft__kind kind = aws[i] ? weft__kind(aws[i]) : WEFT__KIND_FREE;
        if (kind == WEFT__KIND_SPENT)
            return weft__misuse(-EALREADY, "a coroutine that was used before");
        if (kind == WEFT__KIND_FREE || (kind == WEFT__KIND_CORO && !coroutines))
            return weft__misuse(-EPROTOTYPE, "only tasks and futures can be waited for here");
        if ((kind == WEFT__KIND_TASK || kind == WEFT__KIND_FUTURE) && aws[i]->loop != loop)
            return -EXDEV;
    }
    return 0;
}

/* ---- places of the same awaitable: sorted by address, then by place ---- */

static int by_address(const void *a, const void *b)
{
    const struct weft__watched *x = *(struct weft__watched *const *)a;
    const struct weft__watched *y = *(struct weft__watched *const *)b;

    if (x->aw != y->aw)
        return (uintptr_t)x->aw < (uintptr_t)y->aw ? -1 : 1;
    return x < y ? -1 : x > y;
}

static int find_same(struct weft__watch *watch)
{
    struct weft__watched **sorted = malloc(watch->count * sizeof *sorted);

    if (!sorted)
        return -ENOMEM;
    for (size_t i = 0; i < watch->count; i++)
        sorted[i] = &watch->watched[i];
    qsort(sorted, watch->count, sizeof *sorted, by_address);
    for (size_t i = 0; i < watch->count; i++) {
        size_t own = (size_t)(sorted[i] - watch->watched);
        sorted[i]->same_as =
            i > 0 && sorted[i - 1]->aw == sorted[i]->aw ? sorted[i - 1]->same_as : own;
    }
    free(sorted);
    return 0;
}

int weft__watch_init(struct weft__watch *watch, struct weft_awaitable *const *aws, size_t count,
                     weft__watch_done_t *done)
{
    weft__store_relaxed(&watch->refs, 1); /* relaxed: not shared yet */
    watch->done = done;
    watch->count = count;
    watch->watched = calloc(count, sizeof watch->watched[0]);
    for (size_t i = 0; watch->watched && i < count; i++) {
        watch->watched[i].watch = watch;
        watch->watched[i].aw = aws[i];
    }
    if (!watch->watched || find_same(watch) < 0) {
        free(watch->watched);
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++)
        weft_ref(aws[i]);
    return 0;
}

void weft__watch_unref(struct weft__watch *watch, struct weft_awaitable *holder)
{
    /* acq_rel: the last one sees what the others did. */
    if (weft__fetch_sub_acq_rel(&watch->refs, 1) != 1)
        return;
    for (size_t i = 0; i < watch->count; i++) {
        if (holder)
            weft__awaitable_unref_after(holder, watch->watched[i].aw);
        else
            weft_unref(watch->watched[i].aw);
    }
    free(watch->watched);
    free(watch);
}

static void tell(struct weft__waiter *waiter, struct weft_awaitable *done,
                 struct weft__untold *untold)
{
    struct weft__watched *which = weft__container_of(waiter, struct weft__watched, waiter);
    struct weft__watch *watch = which->watch;

    (void)done;
    watch->done(watch, which, untold);
    weft__watch_unref(watch, NULL);
}

static void fire(struct weft__waiter *waiter, struct weft_awaitable *done,
                 struct weft__untold *untold)
{
    weft__submit_waiter(waiter, done, tell, untold);
}

void weft__watch_start(struct weft__watch *watch, bool at_once)
{
    for (size_t i = 0; i < watch->count; i++) {
        struct weft__watched *which = &watch->watched[i];
        uintptr_t newest;
        if (which->same_as != i)
            continue;
        weft__fetch_add_relaxed(&watch->refs, 1); /* relaxed: we hold one */
        which->waiter.fire = fire;
        which->waiter.awaiter = watch->awaiter;
        newest = weft__word_lock(which->aw);
        if (newest == WEFT__WORD_DONE)
            (at_once ? tell : fire)(&which->waiter, which->aw, NULL);
        else
            weft__word_unlock(which->aw, weft__waiters_add(newest, &which->waiter));
    }
}

void weft__watch_stop(struct weft__watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        struct weft__watched *which = &watch->watched[i];
        uintptr_t newest;
        if (which->same_as != i)
            continue;
        newest = weft__word_lock(which->aw);
        if (newest == WEFT__WORD_DONE)
            continue; /* it was told, or is about to be */
        weft__word_unlock(which->aw, weft__waiters_remove(newest, &which->waiter));
        weft__watch_unref(watch, NULL);
    }
}
