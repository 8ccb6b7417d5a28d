/* SPDX-License-Identifier: MIT */
#include "weft/semaphore.h"

#include "runtime/sched/misuse.h"
#include "runtime/sync/wait_queue.h"

/* The word holds the permits. There are none as long as somebody waits: so whoever sees one may
 * take it, also if WAITED is still set. */
#define PERMIT WEFT__STATE_ONE

struct semaphore {
    struct weft__state state;
    uint64_t bound; /* 0: none; else one more than it may have */
    struct weft__wait_queue waiters;
};

_Static_assert(sizeof(struct semaphore) == sizeof(weft_semaphore_t),
               "the public object is as large");
_Static_assert(PERMIT == 4 && offsetof(struct semaphore, bound) == 8,
               "the public initialisers say so");

static struct semaphore *semaphore_of(const weft_semaphore_t *semaphore)
{
    return (struct semaphore *)(uintptr_t)semaphore;
}

static bool take(struct weft__wait_node *node, uint64_t *word, struct weft__wait_queue *woken)
{
    (void)node;
    (void)woken;
    if (*word < PERMIT)
        return false;
    *word -= PERMIT;
    return true;
}

static void refuse(struct weft__wait_node *node)
{
    weft_semaphore_release(
        (weft_semaphore_t *)weft__container_of(node->state, struct semaphore, state));
}

static const struct weft__wait_queue_class semaphore_class = {WEFT__WAIT_QUEUE_KIND("semaphore"),
                                                              take, NULL, refuse};

int weft_semaphore_init(weft_semaphore_t *semaphore, int value)
{
    if (value < 0)
        return weft__misuse(-EINVAL, "a semaphore with a negative value");
    *semaphore = (weft_semaphore_t)WEFT_SEMAPHORE_INIT(value);
    return 0;
}

int weft_bounded_semaphore_init(weft_semaphore_t *semaphore, int value)
{
    if (value < 0)
        return weft__misuse(-EINVAL, "a bounded semaphore with a negative value");
    *semaphore = (weft_semaphore_t)WEFT_BOUNDED_SEMAPHORE_INIT(value);
    return 0;
}

static bool try_acquire(struct semaphore *semaphore)
{
    uint64_t word = weft__state_read(&semaphore->state);

    while (word >= PERMIT) {
        if (weft__state_change(&semaphore->state, &word, word - PERMIT))
            return true;
    }
    return false;
}

bool weft_semaphore_try_acquire(weft_semaphore_t *semaphore)
{
    return try_acquire(semaphore_of(semaphore));
}

int weft_semaphore_acquire(weft_semaphore_t *public)
{
    struct semaphore *semaphore = semaphore_of(public);
    int error;
    struct weft_awaitable *task = weft__wait_queue_task("semaphore_acquire", &error);

    if (weft__unlikely(!task))
        return error;
    if (weft__likely(try_acquire(semaphore)))
        return 0;
    struct weft__wait_node node =
        WEFT__WAIT_NODE(&semaphore_class, task, &semaphore->state, &semaphore->waiters);
    return weft__wait_queue_wait(&node);
}

static bool is_full(const struct semaphore *semaphore, uint64_t word)
{
    return semaphore->bound && word >= (semaphore->bound - 1) * PERMIT;
}

static bool release_slow(struct semaphore *semaphore)
{
    struct weft__wait_queue woken = {0};
    uint64_t word = weft__state_lock(&semaphore->state) & ~WEFT__STATE_WAITED;
    bool full = is_full(semaphore, word);

    if (!full && !weft__wait_queue_grant(&semaphore->waiters, &woken))
        word += PERMIT;
    weft__state_unlock(&semaphore->state, word | weft__wait_queue_waited(&semaphore->waiters));
    weft__wait_queue_wake(&woken);
    return !full;
}

static bool release(struct semaphore *semaphore)
{
    uint64_t word = weft__state_read(&semaphore->state);

    do {
        if (word & WEFT__STATE_WAITED)
            return release_slow(semaphore);
        if (is_full(semaphore, word))
            return false;
    } while (!weft__state_change(&semaphore->state, &word, word + PERMIT));
    return true;
}

int weft_semaphore_release(weft_semaphore_t *semaphore)
{
    return weft__likely(release(semaphore_of(semaphore)))
               ? 0
               : weft__misuse(-EINVAL, "release of a bounded semaphore that has all permits");
}

bool weft_semaphore_locked(const weft_semaphore_t *semaphore)
{
    return weft__state_read(&semaphore_of(semaphore)->state) < PERMIT;
}
