/* SPDX-License-Identifier: MIT */
/*
 * wait: until some of several awaitables are done.
 *
 * What wakes the caller is a count of those that it still waits for; what it then reports is read
 * anew, so that all that are done by then are among the done (asyncio's rule). The array is
 * partitioned by the caller itself, in both parts in the order in which it was given.
 */
#include "weft/wait.h"

#include <stdlib.h>

#include "runtime/async/gate.h"
#include "runtime/async/watch.h"
#include "runtime/base/clock.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/suspend.h"

struct waiting {
    struct weft__watch watch;
    struct weft__gate gate; /* its lock: left */
    int return_when;
    size_t left; /* that are not done */
};

static void one_done(struct weft__watch *watch, struct weft__watched *which,
                     struct weft__untold *untold)
{
    struct waiting *w = weft__container_of(watch, struct waiting, watch);
    struct weft_awaitable *aw = which->aw, *waiter = NULL;
    bool failed = aw->error < 0 && aw->error != -ECANCELED;

    (void)untold;
    weft__spin_lock(&w->gate.lock);
    w->left--;
    if (w->left == 0 || w->return_when == WEFT_FIRST_COMPLETED ||
        (w->return_when == WEFT_FIRST_EXCEPTION && failed))
        waiter = weft__gate_open(&w->gate);
    weft__spin_unlock(&w->gate.lock);
    if (waiter)
        weft__wake(waiter);
}

static struct waiting *new_waiting(weft_awaitable_t *const *aws, size_t count, int return_when)
{
    struct waiting *w = calloc(1, sizeof *w);

    if (!w || weft__watch_init(&w->watch, aws, count, one_done) < 0) {
        free(w);
        return NULL;
    }
    w->watch.awaiter = weft_current_task();
    w->gate.of_several = true;
    w->return_when = return_when;
    for (size_t i = 0; i < count; i++)
        w->left += w->watch.watched[i].same_as == i;
    return w;
}

/* The done ones first. A place that stands twice stands on the same side. */
static size_t partition(struct weft__watch *watch, weft_awaitable_t **aws)
{
    size_t done = 0, pending = watch->count;

    for (size_t i = 0; i < watch->count; i++) {
        struct weft__watched *first = &watch->watched[watch->watched[i].same_as];
        /* Looked at once: a mark in the first place, in `next`, which is ours. (Its node may be an
         * entry still, in an ordered loop.) */
        if (first == &watch->watched[i])
            first->next = weft__is_done(first->aw) ? first : NULL;
        if (first->next)
            aws[done++] = first->aw;
    }
    for (size_t i = watch->count; i-- > 0;) {
        if (!watch->watched[watch->watched[i].same_as].next)
            aws[--pending] = watch->watched[i].aw;
    }
    return done;
}

static int check(weft_awaitable_t **aws, size_t count, int return_when, size_t *done)
{
    struct weft__worker *worker = weft__self();

    if (!worker || !weft__worker_task(worker))
        return weft__no_task("wait");
    if (!done || (return_when != WEFT_ALL_COMPLETED && return_when != WEFT_FIRST_COMPLETED &&
                  return_when != WEFT_FIRST_EXCEPTION))
        return -EINVAL;
    return weft__watch_check(worker->loop, aws, count, false);
}

static void abandon(struct weft__gate *gate)
{
    struct waiting *w = weft__container_of(gate, struct waiting, gate);

    weft__watch_stop(&w->watch);
    weft__watch_unref(&w->watch, NULL);
}

int weft_wait(weft_awaitable_t **aws, size_t count, weft_ns_t timeout, int return_when,
              size_t *done)
{
    int64_t deadline = timeout;
    struct waiting *w;
    int rc = check(aws, count, return_when, done);

    if (rc < 0)
        return rc;
    w = new_waiting(aws, count, return_when);
    if (!w)
        return -ENOMEM;
    if (timeout != WEFT_NONE)
        deadline = weft__deadline_after(weft__self()->loop->system->now(), timeout);
    weft__watch_start(&w->watch, false);
    rc = weft__gate_wait(&w->gate, deadline, abandon);
    weft__watch_stop(&w->watch);
    if (rc == 0 || rc == -ETIMEDOUT) {
        *done = partition(&w->watch, aws);
        rc = 0;
    }
    weft__watch_unref(&w->watch, NULL);
    return rc;
}
