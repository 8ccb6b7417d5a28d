/* SPDX-License-Identifier: MIT */
#include "weft/notify.h"

#include "runtime/sync/wait_queue.h"

/* There is none as long as somebody waits. */
#define PERMIT WEFT__STATE_ONE

struct notify {
    struct weft__state state;
    struct weft__wait_queue waiters;
};

_Static_assert(sizeof(struct notify) == sizeof(weft_notify_t), "the public object is as large");

struct visitor {
    struct weft__wait_node node;
    bool one_of_all; /* woken with all others: there is nothing to give back */
};

static struct notify *notify_of(weft_notify_t *notify)
{
    return (struct notify *)notify;
}

static struct visitor *visitor_at(struct weft__wait_node *node)
{
    return weft__container_of(node, struct visitor, node);
}

static bool take(struct weft__wait_node *node, uint64_t *word, struct weft__wait_queue *woken)
{
    bool permitted = *word & PERMIT;

    (void)node;
    (void)woken;
    *word &= ~PERMIT;
    return permitted;
}

static void refuse(struct weft__wait_node *node)
{
    if (!visitor_at(node)->one_of_all)
        weft_notify_one((weft_notify_t *)weft__container_of(node->state, struct notify, state));
}

static const struct weft__wait_queue_class notify_class = {WEFT__WAIT_QUEUE_KIND("notify"), take,
                                                           NULL, refuse};

void weft_notify_init(weft_notify_t *notify)
{
    *notify = (weft_notify_t)WEFT_NOTIFY_INIT;
}

static bool try_wait(struct notify *notify)
{
    uint64_t word = weft__state_read(&notify->state);

    while (word & PERMIT) {
        if (weft__state_change(&notify->state, &word, word & ~PERMIT))
            return true;
    }
    return false;
}

int weft_notify_wait(weft_notify_t *public)
{
    struct notify *notify = notify_of(public);
    int error;
    struct weft_awaitable *task = weft__wait_queue_task("notify_wait", &error);

    if (weft__unlikely(!task))
        return error;
    if (try_wait(notify))
        return 0;
    struct visitor visitor = {
        .node = WEFT__WAIT_NODE(&notify_class, task, &notify->state, &notify->waiters)};
    return weft__wait_queue_wait(&visitor.node);
}

static void notify_one_slow(struct notify *notify)
{
    struct weft__wait_queue woken = {0};
    uint64_t word = weft__state_lock(&notify->state) & PERMIT;

    if (!weft__wait_queue_grant(&notify->waiters, &woken))
        word = PERMIT;
    weft__state_unlock(&notify->state, word | weft__wait_queue_waited(&notify->waiters));
    weft__wait_queue_wake(&woken);
}

void weft_notify_one(weft_notify_t *public)
{
    struct notify *notify = notify_of(public);
    uint64_t word = weft__state_read(&notify->state);

    do {
        if (word & WEFT__STATE_WAITED) {
            notify_one_slow(notify);
            return;
        }
        /* Also if there is one already: the RMW releases what the caller wrote before. */
    } while (!weft__state_change(&notify->state, &word, word | PERMIT));
}

void weft_notify_all(weft_notify_t *public)
{
    struct notify *notify = notify_of(public);
    struct weft__wait_queue woken = {0};
    uint64_t word = weft__state_lock(&notify->state) & PERMIT;

    for (struct weft__wait_node *node; (node = weft__wait_queue_grant(&notify->waiters, &woken));)
        visitor_at(node)->one_of_all = true;
    weft__state_unlock(&notify->state, word);
    weft__wait_queue_wake(&woken);
}
