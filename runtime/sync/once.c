/* SPDX-License-Identifier: MIT */
#include "weft/once.h"

#include "runtime/sync/wait_queue.h"

/* BUSY: a task makes the value, or was granted its turn to. Nobody waits while it is not set.
 * DONE: the value is there, for ever; then BUSY is not set. */
#define BUSY WEFT__STATE_ONE
#define DONE (WEFT__STATE_ONE << 1)

struct once {
    struct weft__state state;
    struct weft__wait_queue waiters;
    void *value; /* constant after DONE */
};

_Static_assert(sizeof(struct once) == sizeof(weft_once_t), "the public object is as large");

static struct once *once_of(weft_once_t *once)
{
    return (struct once *)once;
}

static bool is_done(struct once *once)
{
    return weft__state_read(&once->state) & DONE;
}

/* True: there is a value, or the turn to make it is the task's. */
static bool take(struct weft__wait_node *node, uint64_t *word, struct weft__wait_queue *woken)
{
    (void)node;
    (void)woken;
    if (*word & BUSY)
        return false;
    if (!(*word & DONE))
        *word = BUSY;
    return true;
}

/* The turn goes to the next. */
static void give_up(struct once *once)
{
    struct weft__wait_queue woken = {0};

    weft__state_lock(&once->state);
    bool granted = weft__wait_queue_grant(&once->waiters, &woken);
    weft__state_unlock(&once->state, granted ? BUSY | weft__wait_queue_waited(&once->waiters) : 0);
    weft__wait_queue_wake(&woken);
}

static void finish(struct once *once, void *value)
{
    struct weft__wait_queue woken = {0};

    weft__state_lock(&once->state);
    once->value = value;
    weft__wait_queue_grant_all(&once->waiters, &woken);
    weft__state_unlock(&once->state, DONE);
    weft__wait_queue_wake(&woken);
}

static void refuse(struct weft__wait_node *node)
{
    struct once *once = weft__container_of(node->state, struct once, state);

    if (!is_done(once))
        give_up(once);
}

static const struct weft__wait_queue_class once_class = {WEFT__WAIT_QUEUE_KIND("once"), take, NULL,
                                                         refuse};

void weft_once_init(weft_once_t *once)
{
    *once = (weft_once_t)WEFT_ONCE_INIT;
}

/* As take, without the lock. */
static bool try_enter(struct once *once)
{
    uint64_t word = weft__state_read(&once->state);

    while (!(word & (BUSY | DONE))) {
        if (weft__state_change(&once->state, &word, BUSY))
            return true;
    }
    return word & DONE;
}

static int enter(struct once *once, struct weft_awaitable *task)
{
    if (weft__likely(try_enter(once)))
        return 0;
    struct weft__wait_node node = WEFT__WAIT_NODE(&once_class, task, &once->state, &once->waiters);
    return weft__wait_queue_wait(&node);
}

static int make(struct once *once, weft_fn_t fn, void *arg)
{
    void *value = NULL;
    int rc = fn(arg, &value);

    if (rc < 0) {
        give_up(once);
        return rc;
    }
    finish(once, value);
    return 0;
}

int weft_once_get_or_init(weft_once_t *public, weft_fn_t fn, void *arg, void **value)
{
    struct once *once = once_of(public);
    int rc;
    struct weft_awaitable *task = weft__wait_queue_task("once_get_or_init", &rc);

    if (weft__unlikely(!task))
        return rc;
    rc = enter(once, task);
    if (rc == 0 && !is_done(once))
        rc = make(once, fn, arg);
    if (rc == 0)
        *value = once->value;
    return rc;
}

bool weft_once_get(weft_once_t *public, void **value)
{
    struct once *once = once_of(public);

    if (!is_done(once))
        return false;
    *value = once->value;
    return true;
}

int weft_once_set(weft_once_t *public, void *value)
{
    struct once *once = once_of(public);
    uint64_t word = weft__state_lock(&once->state);

    if (!(word & (BUSY | DONE))) {
        once->value = value;
        weft__state_unlock(&once->state, DONE);
        return 0;
    }
    weft__state_unlock(&once->state, word);
    return word & DONE ? -EALREADY : -EBUSY;
}
