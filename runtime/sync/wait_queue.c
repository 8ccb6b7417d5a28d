/* SPDX-License-Identifier: MIT */
#include "runtime/sync/wait_queue.h"

#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/suspend.h"

static struct weft__wait_node *node_of(struct weft__wait *wait)
{
    return weft__container_of(wait, struct weft__wait_node, wait);
}

static const struct weft__wait_queue_class *class_of(const struct weft__wait_node *node)
{
    return (const struct weft__wait_queue_class *)node->wait.kind;
}

/* ---- the list, under the lock ---- */

static void append(struct weft__wait_queue *queue, struct weft__wait_node *node)
{
    node->next = NULL;
    node->previous = queue->last;
    if (queue->last)
        queue->last->next = node;
    else
        queue->first = node;
    queue->last = node;
}

static void take_out(struct weft__wait_queue *queue, struct weft__wait_node *node)
{
    weft__debug_assert(node->linked);
    if (node->previous)
        node->previous->next = node->next;
    else
        queue->first = node->next;
    if (node->next)
        node->next->previous = node->previous;
    else
        queue->last = node->previous;
    node->linked = false;
}

struct weft__wait_node *weft__wait_queue_grant(struct weft__wait_queue *queue,
                                               struct weft__wait_queue *woken)
{
    struct weft__wait_node *node;

    while ((node = queue->first)) {
        take_out(queue, node);
        if (node->choice && !weft__choice_make(node->choice, node))
            continue; /* it goes on for something else */
        node->granted = true;
        append(woken, node);
        break;
    }
    return node;
}

void weft__wait_queue_grant_all(struct weft__wait_queue *queue, struct weft__wait_queue *woken)
{
    while (weft__wait_queue_grant(queue, woken))
        ;
}

struct weft__wait_node *weft__wait_queue_move(struct weft__wait_queue *from,
                                              struct weft__wait_queue *to)
{
    struct weft__wait_node *node = from->first;

    if (!node)
        return NULL;
    take_out(from, node);
    append(to, node);
    node->linked = true;
    node->queue = to;
    return node;
}

static bool could_be_granted(const struct weft__wait_node *node)
{
    /* relaxed: a hint, as it may be made elsewhere at any time. */
    return !node->choice || !weft__load_relaxed(&node->choice->made);
}

bool weft__wait_queue_has_other(const struct weft__wait_queue *queue,
                                const struct weft__wait_node *node)
{
    const struct weft__wait_node *other = queue->first;

    while (other && (other->task == node->task || !could_be_granted(other)))
        other = other->next;
    return other != NULL;
}

bool weft__wait_queue_join(struct weft__wait_node *node)
{
    struct weft__wait_queue woken = {0};
    uint64_t word = weft__state_lock(node->state);
    bool stays = !class_of(node)->take(node, &word, &woken);

    if (stays) {
        append(node->queue, node);
        node->linked = true;
        word |= WEFT__STATE_WAITED;
    }
    weft__state_unlock(node->state, word);
    weft__wait_queue_wake(&woken);
    return stays;
}

void weft__wait_queue_quit(struct weft__wait_node *node)
{
    uint64_t word = weft__state_lock(node->state);

    if (node->linked)
        take_out(node->queue, node);
    weft__state_unlock(node->state, word);
}

void weft__wait_queue_wake(struct weft__wait_queue *woken)
{
    struct weft__wait_node *next;

    weft__sim_point("granted");
    for (struct weft__wait_node *node = woken->first; node; node = next) {
        next = node->next; /* read before the wake, which is the last access to the frame */
        weft__wake(node->task);
    }
}

/* ---- the wait ---- */

void weft__wait_queue_commit(struct weft_awaitable *task, struct weft__wait *wait)
{
    struct weft__wait_node *node = node_of(wait);
    const struct weft__wait_queue_class *class = class_of(node);
    struct weft__state *state = node->state;
    struct weft__wait_queue woken = {0};

    weft__wait_publish(task);
    weft__sim_point("wait queue commit");
    uint64_t word = weft__state_lock(state);
    bool taken = class->take(node, &word, &woken);
    bool struck = !taken && !node->shielded && weft__wait_tokens(task);
    bool stays = !taken && !struck;
    if (weft__likely(stays)) {
        append(node->queue, node);
        node->linked = true;
        word |= WEFT__STATE_WAITED;
    } else if (struck) {
        weft__wait_strike(wait);
        if (class->leave)
            class->leave(node, &word, &woken);
    }
    node->granted = taken;
    weft__state_unlock(state, word);
    /* From here on the task may be running elsewhere, if it was linked. */
    weft__wait_queue_wake(&woken);
    if (!stays)
        weft__wake(task);
}

bool weft__wait_queue_interrupt(struct weft_awaitable *task, struct weft__wait *wait,
                                struct weft__walk *walk)
{
    struct weft__wait_node *node = node_of(wait);
    struct weft__wait_queue woken = {0};

    (void)task;
    if (node->shielded && !walk->cycle) /* a cycle: the end of the loop, out in any case */
        return false;
    weft__sim_point("wait queue interrupt");
    uint64_t word = weft__state_lock(node->state);
    bool unlinked = node->linked;
    if (unlinked) {
        take_out(node->queue, node);
        if (class_of(node)->leave)
            class_of(node)->leave(node, &word, &woken);
    }
    weft__state_unlock(node->state, word);
    weft__wait_queue_wake(&woken);
    return unlinked;
}

const void *weft__wait_queue_object(struct weft__wait *wait)
{
    return node_of(wait)->state;
}

struct weft_awaitable *weft__wait_queue_task(const char *call, int *error)
{
    struct weft__worker *worker = weft__self();
    struct weft_awaitable *task = worker ? weft__worker_task(worker) : NULL;

    if (weft__unlikely(!task))
        *error = weft__no_task(call);
    return task;
}

bool weft__wait_queue_suspend(struct weft__wait_node *node)
{
    weft__suspend_wait(node->task, &node->wait);
    return node->granted;
}

int weft__wait_queue_wait(struct weft__wait_node *node)
{
    bool granted = weft__wait_queue_suspend(node);

    if (weft__likely(!weft__raise_in(node->task, &node->wait)))
        return 0;
    if (granted && class_of(node)->refuse)
        class_of(node)->refuse(node);
    return -ECANCELED;
}
