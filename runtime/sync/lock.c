/* SPDX-License-Identifier: MIT */
#include "runtime/sync/lock.h"

#include "runtime/sched/misuse.h"
#include "runtime/sync/wait_queue.h"

/* Held as long as somebody waits: so a free lock has an empty word. */
#define HELD WEFT__STATE_ONE

struct lock {
    struct weft__state state;
    struct weft__wait_queue waiters;
};

_Static_assert(sizeof(struct lock) == sizeof(weft_lock_t), "the public object is as large");

static struct lock *lock_of(const weft_lock_t *lock)
{
    return (struct lock *)(uintptr_t)lock;
}

static bool take(struct weft__wait_node *node, uint64_t *word, struct weft__wait_queue *woken)
{
    (void)node;
    (void)woken;
    if (*word & HELD)
        return false;
    *word = HELD;
    return true;
}

static void refuse(struct weft__wait_node *node)
{
    weft_lock_release((weft_lock_t *)weft__container_of(node->state, struct lock, state));
}

static const struct weft__wait_queue_class lock_class = {WEFT__WAIT_QUEUE_KIND("lock"), take, NULL,
                                                         refuse};

void weft_lock_init(weft_lock_t *lock)
{
    *lock = (weft_lock_t)WEFT_LOCK_INIT;
}

static bool try_acquire(struct lock *lock)
{
    uint64_t word = weft__state_read(&lock->state);

    while (!(word & HELD)) {
        if (weft__state_change(&lock->state, &word, HELD))
            return true;
    }
    return false;
}

bool weft_lock_try_acquire(weft_lock_t *lock)
{
    return try_acquire(lock_of(lock));
}

int weft_lock_acquire(weft_lock_t *public)
{
    struct lock *lock = lock_of(public);
    int error;
    struct weft_awaitable *task = weft__wait_queue_task("lock_acquire", &error);

    if (weft__unlikely(!task))
        return error;
    if (weft__likely(try_acquire(lock)))
        return 0;
    struct weft__wait_node node = WEFT__WAIT_NODE(&lock_class, task, &lock->state, &lock->waiters);
    return weft__wait_queue_wait(&node);
}

void weft__lock_acquire_shielded(weft_lock_t *public, struct weft_awaitable *task)
{
    struct lock *lock = lock_of(public);
    struct weft__wait_node node = WEFT__WAIT_NODE(&lock_class, task, &lock->state, &lock->waiters);

    node.shielded = true;
    if (!try_acquire(lock))
        weft__wait_queue_suspend(&node);
}

static int release_slow(struct lock *lock)
{
    struct weft__wait_queue woken = {0};
    uint64_t word = weft__state_lock(&lock->state);
    bool held = word & HELD;

    if (held) /* handed over, or free */
        word = weft__wait_queue_grant(&lock->waiters, &woken)
                   ? HELD | weft__wait_queue_waited(&lock->waiters)
                   : 0;
    weft__state_unlock(&lock->state, word);
    weft__wait_queue_wake(&woken);
    return held ? 0 : weft__misuse(-EPERM, "release of a lock that is not held");
}

int weft_lock_release(weft_lock_t *public)
{
    struct lock *lock = lock_of(public);
    uint64_t word = HELD;

    return weft__likely(weft__state_change(&lock->state, &word, 0)) ? 0 : release_slow(lock);
}

bool weft_lock_locked(const weft_lock_t *lock)
{
    return weft__state_read(&lock_of(lock)->state) & HELD;
}
