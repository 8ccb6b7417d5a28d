/* SPDX-License-Identifier: MIT */
#include "weft/event.h"

#include "runtime/sync/wait_queue.h"

/* Nobody waits while it is set. */
#define SET WEFT__STATE_ONE

struct event {
    struct weft__state state;
    struct weft__wait_queue waiters;
};

_Static_assert(sizeof(struct event) == sizeof(weft_event_t), "the public object is as large");

static struct event *event_of(const weft_event_t *event)
{
    return (struct event *)(uintptr_t)event;
}

static bool take(struct weft__wait_node *node, uint64_t *word, struct weft__wait_queue *woken)
{
    (void)node;
    (void)woken;
    return *word & SET;
}

static const struct weft__wait_queue_class event_class = {WEFT__WAIT_QUEUE_KIND("event"), take,
                                                          NULL, NULL};

void weft_event_init(weft_event_t *event)
{
    *event = (weft_event_t)WEFT_EVENT_INIT;
}

int weft_event_wait(weft_event_t *public)
{
    struct event *event = event_of(public);
    int error;
    struct weft_awaitable *task = weft__wait_queue_task("event_wait", &error);

    if (weft__unlikely(!task))
        return error;
    if (weft__state_read(&event->state) & SET)
        return 0;
    struct weft__wait_node node =
        WEFT__WAIT_NODE(&event_class, task, &event->state, &event->waiters);
    return weft__wait_queue_wait(&node);
}

WEFT_CORO(event_wait)
{
    return weft_event_wait(arg);
}

weft_coro_t *weft_event_wait_coro_at(weft_event_t *event, const char *where)
{
    return weft_coro_at(&event_wait, event, where);
}

static void set_slow(struct event *event)
{
    struct weft__wait_queue woken = {0};

    weft__state_lock(&event->state);
    weft__wait_queue_grant_all(&event->waiters, &woken);
    weft__state_unlock(&event->state, SET);
    weft__wait_queue_wake(&woken);
}

void weft_event_set(weft_event_t *public)
{
    struct event *event = event_of(public);
    uint64_t word = weft__state_read(&event->state);

    while (!(word & SET)) {
        if (word & WEFT__STATE_WAITED) {
            set_slow(event);
            return;
        }
        if (weft__state_change(&event->state, &word, SET))
            return;
    }
}

void weft_event_clear(weft_event_t *public)
{
    struct event *event = event_of(public);
    uint64_t word = weft__state_read(&event->state);

    while (word & SET && !weft__state_change(&event->state, &word, 0))
        ;
}

bool weft_event_is_set(const weft_event_t *event)
{
    return weft__state_read(&event_of(event)->state) & SET;
}
