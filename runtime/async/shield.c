/* SPDX-License-Identifier: MIT */
/*
 * shield: a future that follows another, and does not pass cancellation on to it.
 *
 * The outer future has a block with a waiter node in the inner one's list. That node holds a
 * reference to the outer, the block one to the inner: so both stay until the inner is done, whoever
 * cancels or drops the outer.
 *
 * An error of the inner that comes when the outer was cancelled reaches nobody through it: it goes
 * to the exception handler. However many shields an inner has, once: the first of them to find its
 * outer cancelled leaves a mark.
 */
#include "weft/wait.h"

#include <stdlib.h>

#include "runtime/async/children.h"
#include "runtime/core/waiters.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/report.h"
#include "runtime/sched/submit.h"

struct shield {
    struct weft__waiter waiter;
    struct weft_awaitable *outer; /* whose block this is */
    struct weft_awaitable *inner; /* a reference */
};

static void destroy(struct weft_awaitable *outer)
{
    struct shield *shield = weft__extra(outer)->data;

    weft__awaitable_unref_after(outer, shield->inner);
    free(shield);
}

static void report(struct weft_awaitable *inner)
{
    /* acq_rel: one of those who complete different shields of it. */
    if (weft__exchange_acq_rel(&weft__extra(inner)->shield_told, true))
        return;
    weft__report_about(inner, "an error in a shielded future, whose awaiter was cancelled");
}

static void tell(struct weft__waiter *waiter, struct weft_awaitable *inner,
                 struct weft__untold *untold)
{
    struct weft_awaitable *outer = weft__container_of(waiter, struct shield, waiter)->outer;

    bool followed = weft__awaitable_follow(outer, inner, untold);

    if (!followed && inner->error < 0 && inner->error != -ECANCELED)
        report(inner);
    else
        weft__store_relaxed(&inner->retrieved, 1); /* relaxed: see core/task.h */
    weft__awaitable_unref(outer, 1);
}

static void fire(struct weft__waiter *waiter, struct weft_awaitable *inner,
                 struct weft__untold *untold)
{
    weft__submit_waiter(waiter, inner, tell, untold);
}

static weft_future_t *make(struct weft_awaitable *inner)
{
    struct weft_awaitable *outer = weft__awaitable_new(WEFT__KIND_FUTURE, NULL, NULL, "");
    struct weft__extra *extra = outer ? weft__awaitable_extra(outer) : NULL;
    struct shield *shield = extra ? calloc(1, sizeof *shield) : NULL;
    uintptr_t newest;

    if (!shield || !weft__awaitable_extra(inner)) { /* the mark stands there */
        free(shield);
        weft_unref(outer);
        return weft__awaitable_failed(-ENOMEM);
    }
    *shield = (struct shield){
        .waiter = {.fire = fire, .awaiter = outer}, .outer = outer, .inner = weft_ref(inner)};
    outer->loop = inner->loop;
    extra->data = shield;
    extra->destroy = destroy;
    weft__awaitable_ref(outer);
    newest = weft__word_lock(inner);
    if (newest == WEFT__WORD_DONE)
        tell(&shield->waiter, inner, NULL);
    else
        weft__word_unlock(inner, weft__waiters_add(newest, &shield->waiter));
    return outer;
}

weft_future_t *weft_shield(weft_awaitable_t *aw)
{
    struct weft__worker *worker = weft__self();
    enum weft__kind kind = aw ? weft__kind(aw) : WEFT__KIND_FREE;
    weft_future_t *outer;
    int rc;

    if (!worker) {
        if (kind == WEFT__KIND_CORO)
            weft_coro_close(aw);
        return weft__awaitable_failed(weft__no_task("shield"));
    }
    if (kind == WEFT__KIND_CORO) {
        rc = weft__children_start(worker->loop, &aw, 1, false);
        if (rc < 0)
            return weft__awaitable_failed(rc);
        outer = make(aw);
        weft_unref(aw);
        return outer;
    }
    if (kind != WEFT__KIND_TASK && kind != WEFT__KIND_FUTURE && kind != WEFT__KIND_FAILED)
        return weft__awaitable_failed(kind == WEFT__KIND_SPENT ? -EALREADY : -EPROTOTYPE);
    if (weft__is_done(aw))
        return weft_ref(aw);
    if (aw->loop != worker->loop)
        return weft__awaitable_failed(-EXDEV);
    return make(aw);
}
