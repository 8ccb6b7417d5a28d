/* SPDX-License-Identifier: MIT */
/*
 * barrier: two wait queues, of those who have come and of those who wait outside.
 *
 * Phases      FILLING until all parties have come; then DRAINING until all of them have gone on.
 *             RESETTING if there was a reset before that, until all are out. BROKEN from an abort
 *             to a reset.
 * Inside      Who has come is inside until it has gone on, itself, under the lock, also if it was
 *             cancelled: only then it learns from the phase whether it was broken. Who is the last
 *             one out opens the barrier for those outside.
 * Invariant   In FILLING nobody waits outside, and all that are inside wait, or were cancelled; in
 *             the other phases nobody waits inside: all are on their way out.
 * Numbers     are given when all have come, so that none is missing if one was cancelled before.
 */
#include "weft/barrier.h"

#include "weft/error.h"
#include "runtime/sched/misuse.h"
#include "runtime/sync/wait_queue.h"

enum phase { FILLING, DRAINING, RESETTING, BROKEN };

struct barrier {
    struct weft__state state; /* the lock of all below */
    uint64_t parties;         /* constant */
    struct weft__wait_queue waiters, outside;
    uint32_t inside;
    enum phase phase;
};

_Static_assert(sizeof(struct barrier) == sizeof(weft_barrier_t), "the public object is as large");
_Static_assert(FILLING == 0 && offsetof(struct barrier, parties) == 8,
               "the public initialiser says so");

struct visitor {
    struct weft__wait_node node;
    bool inside;
    int number;
};

static struct barrier *barrier_of(const weft_barrier_t *barrier)
{
    return (struct barrier *)(uintptr_t)barrier;
}

static struct barrier *barrier_at(struct weft__wait_node *node)
{
    return weft__container_of(node->state, struct barrier, state);
}

static struct visitor *visitor_at(struct weft__wait_node *node)
{
    return weft__container_of(node, struct visitor, node);
}

static void lock(struct barrier *barrier)
{
    weft__state_lock(&barrier->state);
}

static void unlock(struct barrier *barrier)
{
    weft__state_unlock(&barrier->state, 0);
}

static void unlock_and_wake(struct barrier *barrier, struct weft__wait_queue *woken)
{
    unlock(barrier);
    weft__wait_queue_wake(woken);
}

/* ---- coming in and going on, under the lock ---- */

/* Lets all that wait inside go on; returns how many they are. */
static int drain(struct barrier *barrier, struct weft__wait_queue *woken)
{
    int number = 0;

    barrier->phase = DRAINING;
    for (struct weft__wait_node *node; (node = weft__wait_queue_grant(&barrier->waiters, woken));)
        visitor_at(node)->number = number++;
    return number;
}

/* In FILLING. Returns whether all have come. */
static bool come_in(struct barrier *barrier, struct visitor *visitor)
{
    visitor->inside = true;
    return ++barrier->inside == barrier->parties;
}

/* One less is inside, on its way out. The last one lets those in who wait outside. */
static void go_out(struct barrier *barrier, struct weft__wait_queue *woken)
{
    struct weft__wait_node *node;

    if (--barrier->inside > 0 || barrier->phase == BROKEN)
        return;
    barrier->phase = FILLING;
    while (barrier->phase == FILLING &&
           (node = weft__wait_queue_move(&barrier->outside, &barrier->waiters))) {
        if (come_in(barrier, visitor_at(node)))
            drain(barrier, woken);
    }
}

static bool need_not_wait(const struct barrier *barrier)
{
    return barrier->phase == BROKEN ||
           (barrier->phase == FILLING && barrier->inside + 1 == barrier->parties);
}

static bool take(struct weft__wait_node *node, uint64_t *word, struct weft__wait_queue *woken)
{
    struct barrier *barrier = barrier_at(node);

    (void)word;
    if (barrier->phase != FILLING) {
        node->queue = &barrier->outside;
        return barrier->phase == BROKEN;
    }
    node->queue = &barrier->waiters;
    if (!come_in(barrier, visitor_at(node)))
        return false;
    visitor_at(node)->number = drain(barrier, woken);
    return true;
}

/* By the task, or when it will not go on. Returns its number, or that the barrier is broken; of one
 * that was cancelled that is nothing. */
static int go_on(struct visitor *visitor)
{
    struct barrier *barrier = barrier_at(&visitor->node);
    struct weft__wait_queue woken = {0};

    if (!visitor->inside)
        return WEFT_EBROKENBARRIER;
    lock(barrier);
    int rc = barrier->phase == DRAINING ? visitor->number : WEFT_EBROKENBARRIER;
    go_out(barrier, &woken);
    unlock_and_wake(barrier, &woken);
    return rc;
}

static void abandon(struct weft_awaitable *task, struct weft__wait *wait)
{
    (void)task;
    go_on(visitor_at(weft__container_of(wait, struct weft__wait_node, wait)));
}

static const struct weft__wait_queue_class barrier_class = {{"barrier", weft__wait_queue_commit,
                                                             weft__wait_queue_interrupt, abandon,
                                                             weft__wait_queue_object},
                                                            take,
                                                            NULL,
                                                            NULL};

/* ---- the calls ---- */

int weft_barrier_init(weft_barrier_t *barrier, int parties)
{
    if (parties < 1)
        return weft__misuse(-EINVAL, "a barrier for nobody");
    *barrier = (weft_barrier_t)WEFT_BARRIER_INIT(parties);
    return 0;
}

int weft_barrier_wait(weft_barrier_t *public)
{
    struct barrier *barrier = barrier_of(public);
    struct weft__wait_queue woken = {0};
    int rc;
    struct weft_awaitable *task = weft__wait_queue_task("barrier_wait", &rc);

    if (weft__unlikely(!task))
        return rc;
    struct visitor visitor = {
        .node = WEFT__WAIT_NODE(&barrier_class, task, &barrier->state, &barrier->waiters)};
    lock(barrier);
    bool taken = need_not_wait(barrier) && take(&visitor.node, NULL, &woken);
    unlock_and_wake(barrier, &woken);
    rc = taken ? 0 : weft__wait_queue_wait(&visitor.node);
    int number = go_on(&visitor);
    return rc < 0 ? rc : number;
}

void weft_barrier_reset(weft_barrier_t *public)
{
    struct barrier *barrier = barrier_of(public);
    struct weft__wait_queue woken = {0};

    lock(barrier);
    barrier->phase = barrier->inside > 0 ? RESETTING : FILLING;
    weft__wait_queue_grant_all(&barrier->waiters, &woken);
    unlock_and_wake(barrier, &woken);
}

void weft_barrier_abort(weft_barrier_t *public)
{
    struct barrier *barrier = barrier_of(public);
    struct weft__wait_queue woken = {0};

    lock(barrier);
    barrier->phase = BROKEN;
    weft__wait_queue_grant_all(&barrier->waiters, &woken);
    weft__wait_queue_grant_all(&barrier->outside, &woken);
    unlock_and_wake(barrier, &woken);
}

/* ---- looks ---- */

int weft_barrier_parties(const weft_barrier_t *barrier)
{
    return (int)barrier_of(barrier)->parties;
}

int weft_barrier_n_waiting(const weft_barrier_t *public)
{
    struct barrier *barrier = barrier_of(public);

    lock(barrier);
    int count = barrier->phase == FILLING ? (int)barrier->inside : 0;
    unlock(barrier);
    return count;
}

bool weft_barrier_broken(const weft_barrier_t *public)
{
    struct barrier *barrier = barrier_of(public);

    lock(barrier);
    bool broken = barrier->phase == BROKEN;
    unlock(barrier);
    return broken;
}
