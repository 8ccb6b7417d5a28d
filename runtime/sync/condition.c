/* SPDX-License-Identifier: MIT */
/*
 * condition: a wait queue beside a lock.
 *
 * Wait        One step enqueues the task and releases the lock: the commit, on the next stack, when
 *             the task has left its own. So who gets the lock finds the waiter in the queue.
 * Again       The lock is acquired shielded: a cancel stays pending meanwhile, and is raised after
 *             that, once, as what it was.
 * Passed on   Who was notified and is cancelled, before or after it had the lock again, notifies
 *             the next.
 */
#include "weft/condition.h"

#include "runtime/sched/cancel.h"
#include "runtime/sched/misuse.h"
#include "runtime/sync/lock.h"
#include "runtime/sync/wait_queue.h"

struct condition {
    weft_lock_t own;
    weft_lock_t *shared; /* NULL: it is on its own lock */
    struct weft__state state;
    struct weft__wait_queue waiters;
};

_Static_assert(sizeof(struct condition) == sizeof(weft_condition_t),
               "the public object is as large");

static struct condition *condition_of(const weft_condition_t *condition)
{
    return (struct condition *)(uintptr_t)condition;
}

static weft_lock_t *lock_of(struct condition *condition)
{
    return condition->shared ? condition->shared : &condition->own;
}

static bool take(struct weft__wait_node *node, uint64_t *word, struct weft__wait_queue *woken)
{
    (void)node;
    (void)word;
    (void)woken;
    return false;
}

/* The lock is ours until its release, for which the task waits to go on: it is the last access. */
static void commit(struct weft_awaitable *task, struct weft__wait *wait)
{
    struct weft__wait_node *node = weft__container_of(wait, struct weft__wait_node, wait);
    weft_lock_t *lock = lock_of(weft__container_of(node->state, struct condition, state));

    weft__wait_queue_commit(task, wait);
    weft_lock_release(lock);
}

static const struct weft__wait_queue_class condition_class = {
    {"condition", commit, weft__wait_queue_interrupt, NULL, weft__wait_queue_object},
    take,
    NULL,
    NULL};

void weft_condition_init(weft_condition_t *condition, weft_lock_t *lock)
{
    *condition = (weft_condition_t)WEFT_CONDITION_INIT;
    condition_of(condition)->shared = lock;
}

int weft_condition_acquire(weft_condition_t *condition)
{
    return weft_lock_acquire(lock_of(condition_of(condition)));
}

int weft_condition_release(weft_condition_t *condition)
{
    return weft_lock_release(lock_of(condition_of(condition)));
}

bool weft_condition_locked(const weft_condition_t *condition)
{
    return weft_lock_locked(lock_of(condition_of(condition)));
}

static void notify(struct condition *condition, size_t n)
{
    struct weft__wait_queue woken = {0};

    weft__state_lock(&condition->state);
    while (n > 0 && weft__wait_queue_grant(&condition->waiters, &woken))
        n--;
    weft__state_unlock(&condition->state, 0);
    weft__wait_queue_wake(&woken);
}

static int check_held(struct condition *condition, const char *misuse)
{
    return weft__likely(weft_lock_locked(lock_of(condition))) ? 0 : weft__misuse(-EPERM, misuse);
}

int weft_condition_wait(weft_condition_t *public)
{
    struct condition *condition = condition_of(public);
    int error;
    struct weft_awaitable *task = weft__wait_queue_task("condition_wait", &error);

    if (weft__unlikely(!task))
        return error;
    error = check_held(condition, "a wait at a condition without its lock");
    if (error < 0)
        return error;
    struct weft__wait_node node =
        WEFT__WAIT_NODE(&condition_class, task, &condition->state, &condition->waiters);
    bool notified = weft__wait_queue_suspend(&node);
    weft__lock_acquire_shielded(lock_of(condition), task);
    if (weft__likely(!weft__raise_in(task, &node.wait)))
        return 0;
    if (notified)
        notify(condition, 1);
    return -ECANCELED;
}

int weft_condition_wait_for(weft_condition_t *condition, bool (*predicate)(void *arg), void *arg)
{
    int rc = check_held(condition_of(condition), "a wait at a condition without its lock");

    while (rc == 0 && !predicate(arg))
        rc = weft_condition_wait(condition);
    return rc;
}

int weft_condition_notify(weft_condition_t *public, size_t n)
{
    struct condition *condition = condition_of(public);
    int rc = check_held(condition, "a notify at a condition without its lock");

    if (rc == 0)
        notify(condition, n);
    return rc;
}

int weft_condition_notify_all(weft_condition_t *condition)
{
    return weft_condition_notify(condition, SIZE_MAX);
}
