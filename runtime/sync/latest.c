/* SPDX-License-Identifier: MIT */
/*
 * latest: a value, its number, and who waits for another one.
 *
 * A send wakes all who wait; that is no hand-over, they look again. What was seen is a number of
 * the caller's own, which is written together with the copy: so a task that is cancelled after it
 * was woken has seen nothing, and sees it the next time.
 */
#include "weft/latest.h"

#include <stdlib.h>
#include <string.h>

#include "weft/error.h"
#include "runtime/sched/misuse.h"
#include "runtime/sync/wait_queue.h"

struct weft_latest {
    struct weft__state state; /* the lock of all below */
    struct weft__wait_queue waiters;
    uint64_t number; /* of the value */
    bool closed;
    size_t size; /* constant */
    _Atomic(uint32_t) refs;
    _Alignas(16) char value[];
};

/* A task that waits. */
struct watcher {
    struct weft__wait_node node;
    uint64_t seen;
};

static void lock(struct weft_latest *latest)
{
    weft__state_lock(&latest->state);
}

static void unlock(struct weft_latest *latest)
{
    weft__state_unlock(&latest->state, 0);
}

/* ---- life ---- */

int weft_latest_create(weft_latest_t **latest, size_t size, const void *value)
{
    struct weft_latest *new;

    if (size == 0)
        return weft__misuse(-EINVAL, "a value without size");
    new = size <= PTRDIFF_MAX - sizeof *new ? calloc(1, sizeof *new + size) : NULL;
    if (!new)
        return -ENOMEM;
    new->number = 1;
    new->size = size;
    memcpy(new->value, value, size);
    weft__store_relaxed(&new->refs, 1); /* relaxed: nobody else knows it */
    *latest = new;
    return 0;
}

weft_latest_t *weft_latest_ref(weft_latest_t *latest)
{
    /* relaxed: who adds one holds one. */
    weft__fetch_add_relaxed(&latest->refs, 1);
    return latest;
}

void weft_latest_unref(weft_latest_t *latest)
{
    /* acq_rel: the last one sees what the others did. */
    if (!latest || weft__fetch_sub_acq_rel(&latest->refs, 1) > 1)
        return;
    weft__debug_assert(weft__wait_queue_is_empty(&latest->waiters));
    free(latest);
}

/* ---- sending ---- */

/* Under the lock, which it releases. */
static void wake_all(struct weft_latest *latest)
{
    struct weft__wait_queue woken = {0};

    weft__wait_queue_grant_all(&latest->waiters, &woken);
    unlock(latest);
    weft__wait_queue_wake(&woken);
}

int weft_latest_send(weft_latest_t *latest, const void *value)
{
    lock(latest);
    if (latest->closed) {
        unlock(latest);
        return -EPIPE;
    }
    memcpy(latest->value, value, latest->size);
    latest->number++;
    wake_all(latest);
    return 0;
}

void weft_latest_close(weft_latest_t *latest)
{
    lock(latest);
    latest->closed = true;
    wake_all(latest);
}

/* ---- watching ---- */

uint64_t weft_latest_get(weft_latest_t *latest, void *value)
{
    lock(latest);
    memcpy(value, latest->value, latest->size);
    uint64_t number = latest->number;
    unlock(latest);
    return number;
}

static int look(struct weft_latest *latest, uint64_t *seen, void *value)
{
    int rc = 0;

    lock(latest);
    if (latest->number != *seen) {
        memcpy(value, latest->value, latest->size);
        *seen = latest->number;
    } else {
        rc = latest->closed ? -EPIPE : -EAGAIN;
    }
    unlock(latest);
    return rc;
}

static bool has_changed(struct weft__wait_node *node, uint64_t *word,
                        struct weft__wait_queue *woken)
{
    const struct weft_latest *latest = weft__container_of(node->state, struct weft_latest, state);

    (void)word;
    (void)woken;
    return latest->closed || latest->number != weft__container_of(node, struct watcher, node)->seen;
}

static const struct weft__wait_queue_class changed_class = {WEFT__WAIT_QUEUE_KIND("latest"),
                                                            has_changed, NULL, NULL};

int weft_latest_changed(weft_latest_t *latest, uint64_t *seen, void *value)
{
    int rc;
    struct weft_awaitable *task = weft__wait_queue_task("latest_changed", &rc);

    if (weft__unlikely(!task))
        return rc;
    while ((rc = look(latest, seen, value)) == -EAGAIN) {
        struct watcher watcher = {
            .node = WEFT__WAIT_NODE(&changed_class, task, &latest->state, &latest->waiters),
            .seen = *seen};
        rc = weft__wait_queue_wait(&watcher.node);
        if (rc < 0)
            break;
    }
    return rc;
}
