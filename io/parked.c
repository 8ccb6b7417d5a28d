/* SPDX-License-Identifier: MIT */
#include "io/parked.h"

#include "runtime/core/waiters.h"
#include "runtime/sched/worker.h"

static void append(struct weft__parked *parked, struct weft_awaitable *future)
{
    if (parked->last)
        parked->last->arg = future;
    else
        parked->first = future;
    parked->last = future;
}

static struct weft_awaitable *take_first(struct weft__parked *parked)
{
    struct weft_awaitable *future = parked->first;

    if (!future)
        return NULL;
    parked->first = future->arg;
    if (!parked->first)
        parked->last = NULL;
    return future;
}

/* Whether it stood in the list. */
static bool take(struct weft__parked *parked, struct weft_awaitable *future)
{
    struct weft_awaitable *before = NULL;

    for (struct weft_awaitable *f = parked->first; f; before = f, f = f->arg) {
        if (f != future)
            continue;
        if (before)
            before->arg = f->arg;
        else
            parked->first = f->arg;
        if (parked->last == f)
            parked->last = before;
        return true;
    }
    return false;
}

int weft__parked_wait(struct weft__parked *parked, struct weft__spin *lock, bool *woken)
{
    struct weft_awaitable *future = weft__awaitable_new(WEFT__KIND_FUTURE, NULL, NULL, "");
    bool left = false;
    int rc;

    *woken = false;
    if (!future) {
        weft__spin_unlock(lock);
        return -ENOMEM;
    }
    future->loop = weft__self()->loop;
    append(parked, weft_ref(future));
    weft__spin_unlock(lock);
    rc = weft_await(future, NULL);
    if (weft_done(future) && !weft_cancelled(future)) {
        *woken = true;
    } else {
        weft__spin_lock(lock);
        left = take(parked, future);
        weft__spin_unlock(lock);
    }
    weft__awaitable_unref(future, left ? 2 : 1);
    return rc;
}

bool weft__parked_wake_one(struct weft__parked *parked)
{
    struct weft_awaitable *future;
    bool woke = false;

    while (!woke && (future = take_first(parked))) {
        woke = weft__awaitable_complete(future, 0, NULL, NULL);
        weft_unref(future);
    }
    return woke;
}

void weft__parked_wake_all(struct weft__parked *parked)
{
    while (weft__parked_wake_one(parked))
        ;
}

void weft__parked_clear(struct weft__parked *parked)
{
    struct weft_awaitable *future;

    while ((future = take_first(parked)))
        weft_unref(future);
}
