/* SPDX-License-Identifier: MIT */
/*
 * channel: a ring of values, and two wait queues that are served by handing over.
 *
 * Hand-over   Whoever comes completes the oldest who waits for him: a sender copies its value into
 *             the memory of the receiver, a receiver takes the oldest value and lets the oldest
 *             sender's into the place, or straight out of the sender if there are no places. What
 *             came of it is written into the visit of the one who waited, under the lock, and he
 *             is woken. So a value moves once, and a rendezvous is nothing of its own.
 * Happened    A visit that was completed has happened, whatever comes after: a value that was
 *             handed over cannot be taken back, as the other side was told. So a task that finds
 *             itself cancelled too leaves the cancel to its next wait, like one whose read got its
 *             bytes. A visit that was not completed was taken out by the canceller, under the same
 *             lock: it has sent nothing, taken nothing.
 * Invariant   Under the lock: receivers wait only while there is no value and nobody waits to send;
 *             senders only while there is no place and nobody waits to receive; nobody waits once
 *             it is closed. So nobody overtakes, and a wake-up is never owed. Who waits in a select
 *             that has chosen something else is nobody (wait_queue.h).
 * The commit  of a wait only looks whether there is something to do meanwhile; if so the task does
 *             not wait, and tries once more. It must not complete others: it has nobody to wake
 *             them with.
 * Growth      of an unbounded ring goes on outside of the lock. Out of memory is the send's error.
 *
 * Not chosen  Promises, as weft_queue has them: they can be given back, so that a get can fail
 *             after it was woken; but they take a second turn under the lock, and no rendezvous can
 *             be had by them.
 */
#include "runtime/base/options.h"
#include "runtime/sync/channel.h"

#include <stdlib.h>
#include <string.h>

#include "weft/error.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/misuse.h"

enum { PLACES_MIN = 8 };

struct ring {
    char *values;
    size_t places, first, count;
};

struct weft_channel {
    struct weft__state state; /* the lock of all below */
    struct weft__wait_queue senders, receivers;
    struct ring ring; /* of all places that there may be; an unbounded one grows */
    bool closed;

    bool unbounded; /* constant from here on */
    uint64_t number;
    size_t size;
    void (*destroy)(void *value);
    _Atomic(uint32_t) refs;
};

static struct weft_channel *channel_of(struct weft__wait_node *node)
{
    return weft__container_of(node->state, struct weft_channel, state);
}

static void lock(struct weft_channel *channel)
{
    weft__state_lock(&channel->state);
}

static void unlock(struct weft_channel *channel)
{
    weft__state_unlock(&channel->state, 0);
}

/* ---- the ring, under the lock ---- */

static char *place(const struct weft_channel *channel, size_t i)
{
    const struct ring *ring = &channel->ring;
    size_t room = ring->places - ring->first; /* as far as the end: the sum might not fit */

    return ring->values + (i < room ? ring->first + i : i - room) * channel->size;
}

static void push(struct weft_channel *channel, const void *value)
{
    memcpy(place(channel, channel->ring.count++), value, channel->size);
}

static void pop(struct weft_channel *channel, void *value)
{
    struct ring *ring = &channel->ring;

    memcpy(value, place(channel, 0), channel->size);
    ring->count--;
    if (++ring->first == ring->places)
        ring->first = 0;
}

static bool is_full(const struct weft_channel *channel)
{
    return channel->ring.count == channel->ring.places;
}

/* Doubles the ring, without the lock meanwhile: look at everything again. False: no memory. */
static bool grow(struct weft_channel *channel)
{
    struct ring larger = {.places =
                              channel->ring.places ? 2 * channel->ring.places : (size_t)PLACES_MIN};
    char *rest;

    unlock(channel);
    rest = larger.values = calloc(larger.places, channel->size);
    lock(channel);
    if (!larger.values)
        return false;
    if (channel->ring.places < larger.places) { /* else another one was faster */
        for (; larger.count < channel->ring.count; larger.count++)
            memcpy(larger.values + larger.count * channel->size, place(channel, larger.count),
                   channel->size);
        rest = channel->ring.values;
        channel->ring = larger;
    }
    unlock(channel);
    free(rest);
    lock(channel);
    return true;
}

/* ---- sending and receiving, under the lock ---- */

/* Completes the oldest of [queue]; he is woken after the unlock. NULL: nobody waits. */
static struct weft__visit *complete(struct weft__wait_queue *queue, int rc,
                                    struct weft__wait_queue *woken)
{
    struct weft__wait_node *node = weft__wait_queue_grant(queue, woken);
    struct weft__visit *visit = node ? weft__container_of(node, struct weft__visit, node) : NULL;

    if (visit)
        visit->rc = rc;
    return visit;
}

static int send_locked(struct weft_channel *channel, const void *value,
                       struct weft__wait_queue *woken)
{
    struct weft__visit *receiver;

    if (channel->closed)
        return -EPIPE;
    receiver = complete(&channel->receivers, 0, woken);
    if (receiver)
        memcpy(receiver->value, value, channel->size);
    else if (is_full(channel))
        return -EAGAIN;
    else
        push(channel, value);
    return 0;
}

static int recv_locked(struct weft_channel *channel, void *value, struct weft__wait_queue *woken)
{
    bool held = channel->ring.count > 0;
    struct weft__visit *sender;

    if (held)
        pop(channel, value);
    sender = complete(&channel->senders, 0, woken);
    if (sender && held)
        push(channel, sender->value);
    else if (sender)
        memcpy(value, sender->value, channel->size);
    return held || sender ? 0 : channel->closed ? -EPIPE : -EAGAIN;
}

int weft_channel_try_send(weft_channel_t *channel, const void *value)
{
    struct weft__wait_queue woken = {0};
    int rc;

    lock(channel);
    while ((rc = send_locked(channel, value, &woken)) == -EAGAIN && channel->unbounded) {
        if (!grow(channel)) {
            rc = -ENOMEM;
            break;
        }
    }
    unlock(channel);
    weft__wait_queue_wake(&woken);
    return rc;
}

int weft_channel_try_recv(weft_channel_t *channel, void *value)
{
    struct weft__wait_queue woken = {0};
    int rc;

    lock(channel);
    rc = recv_locked(channel, value, &woken);
    unlock(channel);
    weft__wait_queue_wake(&woken);
    return rc;
}

/* ---- waiting ---- */

static bool may_send(struct weft__wait_node *node, uint64_t *word, struct weft__wait_queue *woken)
{
    struct weft_channel *channel = channel_of(node);

    (void)word;
    (void)woken;
    return channel->closed || !is_full(channel) ||
           weft__wait_queue_has_other(&channel->receivers, node);
}

static bool may_receive(struct weft__wait_node *node, uint64_t *word,
                        struct weft__wait_queue *woken)
{
    struct weft_channel *channel = channel_of(node);

    (void)word;
    (void)woken;
    return channel->closed || channel->ring.count > 0 ||
           weft__wait_queue_has_other(&channel->senders, node);
}

static const struct weft__wait_queue_class send_class = {WEFT__WAIT_QUEUE_KIND("channel send"),
                                                         may_send, NULL, NULL};
static const struct weft__wait_queue_class recv_class = {WEFT__WAIT_QUEUE_KIND("channel recv"),
                                                         may_receive, NULL, NULL};

struct weft__visit weft__visit(struct weft_channel *channel, struct weft_awaitable *task,
                               const void *value, bool sends)
{
    return (struct weft__visit){
        .node = WEFT__WAIT_NODE(sends ? &send_class : &recv_class, task, &channel->state,
                                sends ? &channel->senders : &channel->receivers),
        .value = (void *)(uintptr_t)value,
        .rc = -EAGAIN};
}

/* -EAGAIN: there is something to do; try. */
static int wait(struct weft__visit *visit)
{
    weft__wait_queue_suspend(&visit->node);
    if (visit->rc != -EAGAIN)
        return visit->rc;
    return weft__raise_in(visit->node.task, &visit->node.wait) ? -ECANCELED : -EAGAIN;
}

int weft_channel_send(weft_channel_t *channel, const void *value)
{
    int rc;
    struct weft_awaitable *task = weft__wait_queue_task("channel_send", &rc);

    if (weft__unlikely(!task))
        return rc;
    while ((rc = weft_channel_try_send(channel, value)) == -EAGAIN) {
        struct weft__visit visit = weft__visit(channel, task, value, true);
        rc = wait(&visit);
        if (rc != -EAGAIN)
            break;
    }
    return rc;
}

int weft_channel_recv(weft_channel_t *channel, void *value)
{
    int rc;
    struct weft_awaitable *task = weft__wait_queue_task("channel_recv", &rc);

    if (weft__unlikely(!task))
        return rc;
    while ((rc = weft_channel_try_recv(channel, value)) == -EAGAIN) {
        struct weft__visit visit = weft__visit(channel, task, value, false);
        rc = wait(&visit);
        if (rc != -EAGAIN)
            break;
    }
    return rc;
}

/* ---- life ---- */

static _Atomic(uint64_t) numbers;

uint64_t weft__channel_number(const struct weft_channel *channel)
{
    return channel->number;
}

int weft_channel_create_opts(weft_channel_t **channel, size_t capacity, size_t size,
                             const weft_channel_opts_t *given)
{
    weft_channel_opts_t full;
    const weft_channel_opts_t *opts = weft__options(given, &full, sizeof full);
    struct weft_channel *new;
    size_t places;

    if (size == 0)
        return weft__misuse(-EINVAL, "a channel of values without size");
    if (!opts)
        return weft__bad_options();
    places = capacity == WEFT_UNBOUNDED ? 0 : capacity;
    new = places <= PTRDIFF_MAX / size ? calloc(1, sizeof *new) : NULL;
    if (!new)
        return -ENOMEM;
    new->unbounded = capacity == WEFT_UNBOUNDED;
    new->number = weft__fetch_add_relaxed(&numbers, 1); /* relaxed: no two are the same */
    new->ring.places = places;
    new->ring.values = places ? calloc(places, size) : NULL;
    if (places && !new->ring.values) {
        free(new);
        return -ENOMEM;
    }
    new->size = size;
    new->destroy = opts->destroy;
    weft__store_relaxed(&new->refs, 1); /* relaxed: nobody else knows it */
    *channel = new;
    return 0;
}

weft_channel_t *weft_channel_ref(weft_channel_t *channel)
{
    /* relaxed: who adds one holds one. */
    weft__fetch_add_relaxed(&channel->refs, 1);
    return channel;
}

void weft_channel_unref(weft_channel_t *channel)
{
    /* acq_rel: the last one sees what the others did. */
    if (!channel || weft__fetch_sub_acq_rel(&channel->refs, 1) > 1)
        return;
    weft__debug_assert(weft__wait_queue_is_empty(&channel->senders));
    weft__debug_assert(weft__wait_queue_is_empty(&channel->receivers));
    for (size_t i = 0; channel->destroy && i < channel->ring.count; i++)
        channel->destroy(place(channel, i));
    free(channel->ring.values);
    free(channel);
}

void weft_channel_close(weft_channel_t *channel)
{
    struct weft__wait_queue woken = {0};

    lock(channel);
    channel->closed = true;
    while (complete(&channel->senders, -EPIPE, &woken) ||
           complete(&channel->receivers, -EPIPE, &woken))
        ;
    unlock(channel);
    weft__wait_queue_wake(&woken);
}

/* ---- looks ---- */

static struct weft_channel *looked_at(const weft_channel_t *channel)
{
    return (struct weft_channel *)(uintptr_t)channel;
}

bool weft_channel_is_closed(const weft_channel_t *channel)
{
    lock(looked_at(channel));
    bool closed = channel->closed;
    unlock(looked_at(channel));
    return closed;
}

size_t weft_channel_count(const weft_channel_t *channel)
{
    lock(looked_at(channel));
    size_t count = channel->ring.count;
    unlock(looked_at(channel));
    return count;
}
