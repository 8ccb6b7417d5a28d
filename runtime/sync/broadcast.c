/* SPDX-License-Identifier: MIT */
/*
 * broadcast: a ring of the last values, and readers that each know how far they have come.
 *
 * Numbers     Value number n lies in place n % capacity until number n + capacity overwrites it.
 *             `sent` numbers the next one. 64 bits do not run over.
 * Waiting     A subscription that has received all waits in the one wait queue. A send wakes all of
 *             it: that is no hand-over, they look again. So a task that is cancelled after it was
 *             woken has nothing to give back, and a value cannot be lost in it: the subscription's
 *             number moves under the lock together with the copy, and nowhere else.
 */
#include "weft/broadcast.h"

#include <stdlib.h>
#include <string.h>

#include "weft/error.h"
#include "runtime/sched/misuse.h"
#include "runtime/sync/wait_queue.h"

struct weft_broadcast {
    struct weft__state state; /* the lock of all below, and of the subscriptions' numbers */
    struct weft__wait_queue waiters;
    uint64_t sent;
    bool closed;

    char *values; /* constant from here on, but for the values */
    size_t capacity, size;
    _Atomic(uint32_t) refs;
};

struct weft_subscription {
    struct weft_broadcast *broadcast; /* a reference */
    uint64_t next;                    /* the number that it has not received */
    uint64_t lost;
};

/* A task that waits. */
struct reader {
    struct weft__wait_node node;
    struct weft_subscription *subscription;
};

static char *place(const struct weft_broadcast *broadcast, uint64_t number)
{
    return broadcast->values + (size_t)(number % broadcast->capacity) * broadcast->size;
}

/* ---- life ---- */

int weft_broadcast_create(weft_broadcast_t **broadcast, size_t capacity, size_t size)
{
    struct weft_broadcast *new;

    if (capacity == 0 || size == 0)
        return weft__misuse(-EINVAL, "a broadcast of nothing");
    new = capacity <= PTRDIFF_MAX / size ? calloc(1, sizeof *new) : NULL;
    if (!new)
        return -ENOMEM;
    new->values = calloc(capacity, size);
    if (!new->values) {
        free(new);
        return -ENOMEM;
    }
    new->capacity = capacity;
    new->size = size;
    weft__store_relaxed(&new->refs, 1); /* relaxed: nobody else knows it */
    *broadcast = new;
    return 0;
}

weft_broadcast_t *weft_broadcast_ref(weft_broadcast_t *broadcast)
{
    /* relaxed: who adds one holds one. */
    weft__fetch_add_relaxed(&broadcast->refs, 1);
    return broadcast;
}

void weft_broadcast_unref(weft_broadcast_t *broadcast)
{
    /* acq_rel: the last one sees what the others did. */
    if (!broadcast || weft__fetch_sub_acq_rel(&broadcast->refs, 1) > 1)
        return;
    weft__debug_assert(weft__wait_queue_is_empty(&broadcast->waiters));
    free(broadcast->values);
    free(broadcast);
}

int weft_subscription_create(weft_subscription_t **subscription, weft_broadcast_t *broadcast)
{
    struct weft_subscription *new = calloc(1, sizeof *new);

    if (!new)
        return -ENOMEM;
    new->broadcast = weft_broadcast_ref(broadcast);
    weft__state_lock(&broadcast->state);
    new->next = broadcast->sent;
    weft__state_unlock(&broadcast->state, 0);
    *subscription = new;
    return 0;
}

void weft_subscription_free(weft_subscription_t *subscription)
{
    if (!subscription)
        return;
    weft_broadcast_unref(subscription->broadcast);
    free(subscription);
}

/* ---- sending ---- */

/* Under the lock, which it releases. */
static void wake_all(struct weft_broadcast *broadcast)
{
    struct weft__wait_queue woken = {0};

    weft__wait_queue_grant_all(&broadcast->waiters, &woken);
    weft__state_unlock(&broadcast->state, 0);
    weft__wait_queue_wake(&woken);
}

int weft_broadcast_send(weft_broadcast_t *broadcast, const void *value)
{
    weft__state_lock(&broadcast->state);
    if (broadcast->closed) {
        weft__state_unlock(&broadcast->state, 0);
        return -EPIPE;
    }
    memcpy(place(broadcast, broadcast->sent++), value, broadcast->size);
    wake_all(broadcast);
    return 0;
}

void weft_broadcast_close(weft_broadcast_t *broadcast)
{
    weft__state_lock(&broadcast->state);
    broadcast->closed = true;
    wake_all(broadcast);
}

/* ---- receiving ---- */

/* Under the lock. */
static int recv_locked(struct weft_subscription *subscription, void *value)
{
    const struct weft_broadcast *broadcast = subscription->broadcast;
    uint64_t behind = broadcast->sent - subscription->next;

    if (behind == 0)
        return broadcast->closed ? -EPIPE : -EAGAIN;
    if (behind > broadcast->capacity) {
        subscription->lost = behind - broadcast->capacity;
        subscription->next += subscription->lost;
        return -EOVERFLOW;
    }
    memcpy(value, place(broadcast, subscription->next++), broadcast->size);
    return 0;
}

int weft_subscription_try_recv(weft_subscription_t *subscription, void *value)
{
    struct weft__state *state = &subscription->broadcast->state;

    weft__state_lock(state);
    int rc = recv_locked(subscription, value);
    weft__state_unlock(state, 0);
    return rc;
}

static bool may_receive(struct weft__wait_node *node, uint64_t *word,
                        struct weft__wait_queue *woken)
{
    const struct weft_subscription *subscription =
        weft__container_of(node, struct reader, node)->subscription;

    (void)word;
    (void)woken;
    return subscription->broadcast->closed || subscription->next != subscription->broadcast->sent;
}

static const struct weft__wait_queue_class recv_class = {WEFT__WAIT_QUEUE_KIND("broadcast recv"),
                                                         may_receive, NULL, NULL};

int weft_subscription_recv(weft_subscription_t *subscription, void *value)
{
    struct weft_broadcast *broadcast = subscription->broadcast;
    int rc;
    struct weft_awaitable *task = weft__wait_queue_task("subscription_recv", &rc);

    if (weft__unlikely(!task))
        return rc;
    while ((rc = weft_subscription_try_recv(subscription, value)) == -EAGAIN) {
        struct reader reader = {
            .node = WEFT__WAIT_NODE(&recv_class, task, &broadcast->state, &broadcast->waiters),
            .subscription = subscription};
        rc = weft__wait_queue_wait(&reader.node);
        if (rc < 0)
            break;
    }
    return rc;
}

uint64_t weft_subscription_lost(const weft_subscription_t *subscription)
{
    struct weft__state *state = &subscription->broadcast->state;

    weft__state_lock(state);
    uint64_t lost = subscription->lost;
    weft__state_unlock(state, 0);
    return lost;
}
