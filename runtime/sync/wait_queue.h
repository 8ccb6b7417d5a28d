/* SPDX-License-Identifier: MIT */
/*
 * wait_queue: the tasks that wait at an object of synchronisation, and the one way to wait there.
 *
 * Locks, events, semaphores, queues: each is a state word with a lock in it (state.h), one or more
 * wait queues, and a class that says when a task need not wait. All that is delicate stands in
 * wait_queue.c, once: the commit, the interrupt, the hand-over.
 *
 * Hand-over   Whoever releases takes the oldest node out and marks it as granted, under the lock of
 *             the object: the lock, the permit, the item is that task's from there on, although it
 *             runs later. Nobody overtakes it, and a release is never too early or too late.
 * Waiting     The task leaves its stack first; the commit, on the next stack, publishes WAITING,
 *             takes the lock and looks once more (take): granted at once, cancelled, or linked.
 * Cancelled   A canceller, who holds the task, takes the node out under the same lock. So a node is
 *             granted or cancelled, not both; but a task that was granted may find, when it goes
 *             on, that it was cancelled meanwhile. Then what it was granted goes back (refuse),
 *             which hands it to the next: no grant is lost.
 * A choice    A task may wait at several objects at once (select.c). Its nodes share a choice,
 *             which is made once: who grants such a node makes it, or if it is made already, takes
 *             the node out and goes on to the next. Nodes whose choice is made count as nobody.
 * Shielded    A node that is shielded is not taken out by a canceller: the tokens stay pending, and
 *             the task goes on when it is granted (to acquire a lock again after a wait).
 * Modelled    in tests/models/wait_queue.pml, and a choice in select.pml.
 *
 * Invariant   linked == the node is in its queue; changed under the lock only. Who unlinks, wakes,
 *             exactly once, after the unlock. `next` of a node that was granted belongs to the one
 *             who wakes it.
 * Order       First come, first served. Tasks that are woken together become runnable in the order
 *             in which they came.
 * Lifetime    A node lies on the frame of the task that waits. The object must live until every
 *             call on it has returned: a canceller looks at it as long as a task is in a wait.
 *
 * Who         suspend, wait: the task. take, leave run under the lock, refuse in the task. All else
 *             any thread that holds the lock, and wake whoever has just released it.
 *
 * Not chosen  Waking without handing over (as asyncio's Lock does): the woken task has to look
 *             again, and on several workers somebody may always be faster. A lock of its own for
 *             each queue: an object with two queues would need both at once.
 */
#ifndef WEFT_SYNC_WAIT_QUEUE_H
#define WEFT_SYNC_WAIT_QUEUE_H

#include "runtime/sched/wait.h"
#include "runtime/sync/state.h"

struct weft__wait_node;

/* Which of several it was: the node that was granted, or what else its task goes on for. */
struct weft__choice {
    _Atomic(const void *) made; /* NULL: it is open */
};

/* First is the oldest. Zero is empty. */
struct weft__wait_queue {
    struct weft__wait_node *first, *last;
};

/* One for each way to wait at an object. Its kind comes from WEFT__WAIT_QUEUE_KIND. */
struct weft__wait_queue_class {
    struct weft__wait_kind kind;

    /* Under the lock, in the commit: true if the task need not wait; then it has taken what it came
     * for out of *word and the object. False if that is so for nobody; it may still choose the
     * queue of the node. Others that its coming lets go on are granted into [woken]. */
    bool (*take)(struct weft__wait_node *node, uint64_t *word, struct weft__wait_queue *woken);

    /* Under the lock: [node], for which take said false, goes without a grant: a canceller has
     * taken it out, or it was not even put in. What others wait for may be free now: they are
     * granted into [woken]. NULL: whoever leaves changes nothing. */
    void (*leave)(struct weft__wait_node *node, uint64_t *word, struct weft__wait_queue *woken);

    /* In the task, without the lock: it was granted, and is cancelled. Gives back what it got, to
     * the next. NULL: there is nothing to give back. */
    void (*refuse)(struct weft__wait_node *node);
};

/* On the frame of the task; may be the first member of more. */
struct weft__wait_node {
    struct weft__wait wait; /* its kind is the class's first member */
    struct weft_awaitable *task;
    struct weft__state *state; /* of the object: its lock protects the rest */
    struct weft__wait_queue *queue;
    struct weft__wait_node *next, *previous; /* younger, older */
    struct weft__choice *choice; /* NULL: it waits here alone; constant while it is linked */
    bool linked;
    bool granted;  /* written by who unlinks it, read by the task when it goes on */
    bool shielded; /* set before it waits */
};

bool weft__wait_queue_interrupt(struct weft_awaitable *task, struct weft__wait *wait,
                                struct weft__walk *walk);
void weft__wait_queue_commit(struct weft_awaitable *task, struct weft__wait *wait);
const void *weft__wait_queue_object(struct weft__wait *wait);

#define WEFT__WAIT_QUEUE_KIND(name)                                                                \
    {                                                                                              \
        (name), weft__wait_queue_commit, weft__wait_queue_interrupt, NULL, weft__wait_queue_object \
    }

/* A node for [task] (weft__wait_queue_task), ready to wait. */
#define WEFT__WAIT_NODE(class, task_, state_, queue_)                                              \
    {                                                                                              \
        .wait.kind = &(class)->kind, .task = (task_), .state = (state_), .queue = (queue_)         \
    }

/* True: it was open, and who calls has to wake the task. acq_rel: of all who try, one; what he
 * wrote comes before. */
WEFT__INLINE bool weft__choice_make(struct weft__choice *choice, const void *what)
{
    const void *open = NULL;

    return weft__cas_acq_rel(&choice->made, &open, what);
}

/* The task that runs here; NULL: none, and *error is what a call that needs one returns. */
struct weft_awaitable *weft__wait_queue_task(const char *call, int *error);

/* Suspends the task until it is granted (true), or is cancelled before. The tokens stay: the caller
 * raises (weft__raise_in), now or later, and gives back what was granted if it must. */
bool weft__wait_queue_suspend(struct weft__wait_node *node);

/* The whole of a wait: suspends; if the task was cancelled, gives back what was granted.
 * Returns 0 (granted), -ECANCELED. */
int weft__wait_queue_wait(struct weft__wait_node *node);

WEFT__INLINE bool weft__wait_queue_is_empty(const struct weft__wait_queue *queue)
{
    return queue->first == NULL;
}

/* The bit for the word of an object with this one queue. */
WEFT__INLINE uint64_t weft__wait_queue_waited(const struct weft__wait_queue *queue)
{
    return queue->first ? WEFT__STATE_WAITED : 0;
}

/* Under the lock: takes the oldest out of [queue], grants it, appends it to [woken], a queue on the
 * caller's stack. Returns it, or NULL if there is none. What it gets may be written into what
 * contains the node until the unlock. */
struct weft__wait_node *weft__wait_queue_grant(struct weft__wait_queue *queue,
                                               struct weft__wait_queue *woken);

/* Under the lock: grants all. */
void weft__wait_queue_grant_all(struct weft__wait_queue *queue, struct weft__wait_queue *woken);

/* Under the lock: the oldest of [from] waits in [to] from now on, as its youngest. Returns it, or
 * NULL if there is none. */
struct weft__wait_node *weft__wait_queue_move(struct weft__wait_queue *from,
                                              struct weft__wait_queue *to);

/* Under the lock: whether somebody could be granted, and not to [node]'s own task. */
bool weft__wait_queue_has_other(const struct weft__wait_queue *queue,
                                const struct weft__wait_node *node);

/* In the commit of a task that is held: links [node], unless its class says that the task need not
 * wait (false). */
bool weft__wait_queue_join(struct weft__wait_node *node);

/* Takes it out again, if it is linked. By the task, or who holds it. */
void weft__wait_queue_quit(struct weft__wait_node *node);

/* After the unlock: wakes them, oldest first; they and the object may be gone when this returns. */
void weft__wait_queue_wake(struct weft__wait_queue *woken);

#endif
