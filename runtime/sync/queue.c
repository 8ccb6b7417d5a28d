/* SPDX-License-Identifier: MIT */
/*
 * queue: items, and two wait queues that are served by promises.
 *
 * Promises    A getter that waited is not handed an item but the promise of one, a putter that of
 *             room: the item moves when the task goes on, under the lock. So a task that is
 *             cancelled after all gives back a number, and an item neither needs memory to return
 *             nor loses its place; and a put that failed has put nothing. As in asyncio, an item
 *             counts as in the queue until its getter runs.
 * Invariant   Under the lock: who waits for an item, does so while items <= promised; who waits for
 *             room, while items + promised room == maxsize. What becomes free is promised to the
 *             oldest at once, so whoever comes later cannot overtake.
 * Shutdown    ends waiters without a promise. An immediate one drops items that were promised too:
 *             who finds none is told of the shutdown.
 * Items       a ring; with a key a binary heap in the same array, from index 0. It grows outside of
 *             the lock, with nothing promised that is not kept: out of memory is the put's error.
 *
 * Not chosen  A compare function, as Python's items have: it would be user code under a spin lock.
 */
#include "weft/queue.h"

#include <stdlib.h>

#include "weft/error.h"
#include "runtime/base/options.h"
#include "runtime/sched/misuse.h"
#include "runtime/sync/wait_queue.h"

enum { CAPACITY_MIN = 8 };

struct entry {
    void *item;
    int64_t key;
    uint64_t number; /* of the put: among equal keys the oldest comes first */
};

struct items {
    struct entry *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t first, count;
};

struct weft_queue {
    struct weft__state state; /* the lock of all below */
    struct weft__wait_queue getters, putters, joiners;
    struct items items;
    size_t maxsize;       /* 0: none */
    size_t promised;      /* items that getters were woken for */
    size_t promised_room; /* places that putters were woken for */
    size_t unfinished;
    uint64_t puts;
    bool shut_down;

    bool lifo; /* constant from here on */
    int64_t (*key)(const void *item);
    void (*destroy)(void *item);
    _Atomic(uint32_t) refs;
};

/* Who waits to get or to put. */
struct visitor {
    struct weft__wait_node node;
    bool ended; /* by a shutdown: nothing was promised */
};

static struct weft_queue *queue_of(struct weft__wait_node *node)
{
    return weft__container_of(node->state, struct weft_queue, state);
}

static void lock(struct weft_queue *queue)
{
    weft__state_lock(&queue->state);
}

static void unlock(struct weft_queue *queue)
{
    weft__state_unlock(&queue->state, 0);
}

static void unlock_and_wake(struct weft_queue *queue, struct weft__wait_queue *woken)
{
    unlock(queue);
    weft__wait_queue_wake(woken);
}

/* ---- items ---- */

static struct entry *entry_at(struct items *items, size_t i)
{
    return &items->entries[(items->first + i) & (items->capacity - 1)];
}

static bool comes_before(const struct entry *a, const struct entry *b)
{
    return a->key != b->key ? a->key < b->key : a->number < b->number;
}

static void heap_up(struct items *items, size_t i)
{
    struct entry entry = items->entries[i];

    for (size_t above; i > 0 && comes_before(&entry, &items->entries[above = (i - 1) / 2]);) {
        items->entries[i] = items->entries[above];
        i = above;
    }
    items->entries[i] = entry;
}

/* Puts [entry] where the first was. */
static void heap_down(struct items *items, struct entry entry)
{
    size_t i = 0, below;

    while ((below = 2 * i + 1) < items->count) {
        if (below + 1 < items->count &&
            comes_before(&items->entries[below + 1], &items->entries[below]))
            below++;
        if (!comes_before(&items->entries[below], &entry))
            break;
        items->entries[i] = items->entries[below];
        i = below;
    }
    items->entries[i] = entry;
}

static void push(struct weft_queue *queue, struct entry entry)
{
    struct items *items = &queue->items;

    entry.number = queue->puts++;
    *entry_at(items, items->count++) = entry;
    if (queue->key)
        heap_up(items, items->count - 1);
}

static void *pop(struct weft_queue *queue)
{
    struct items *items = &queue->items;
    void *item = entry_at(items, 0)->item;

    items->count--;
    if (queue->lifo)
        return entry_at(items, items->count)->item;
    if (queue->key)
        heap_down(items, items->entries[items->count]);
    else
        items->first = (items->first + 1) & (items->capacity - 1);
    return item;
}

/* Doubles the array, without the lock meanwhile: look at everything again. False: no memory. */
static bool grow(struct weft_queue *queue)
{
    struct items larger = {.capacity = queue->items.capacity ? 2 * queue->items.capacity
                                                             : (size_t)CAPACITY_MIN};
    struct entry *rest;

    unlock(queue);
    rest = larger.entries = calloc(larger.capacity, sizeof *larger.entries);
    lock(queue);
    if (!larger.entries)
        return false;
    if (queue->items.capacity < larger.capacity) { /* else another one was faster */
        for (; larger.count < queue->items.count; larger.count++)
            larger.entries[larger.count] = *entry_at(&queue->items, larger.count);
        rest = queue->items.entries;
        queue->items = larger;
    }
    unlock(queue);
    free(rest);
    lock(queue);
    return true;
}

/* Without the lock: ends items that nobody will get. */
static void destroy_items(struct weft_queue *queue, struct items *items)
{
    for (size_t i = 0; queue->destroy && i < items->count; i++)
        queue->destroy(entry_at(items, i)->item);
    free(items->entries);
}

/* ---- promises, under the lock ---- */

static bool has_item(const struct weft_queue *queue)
{
    return queue->items.count > queue->promised;
}

static bool has_room(const struct weft_queue *queue)
{
    return queue->maxsize == 0 || queue->items.count + queue->promised_room < queue->maxsize;
}

/* Promises what is free to those who wait for it. */
static void promise(struct weft_queue *queue, struct weft__wait_queue *woken)
{
    while (has_item(queue) && weft__wait_queue_grant(&queue->getters, woken))
        queue->promised++;
    while (has_room(queue) && weft__wait_queue_grant(&queue->putters, woken))
        queue->promised_room++;
}

static bool take_item(struct weft__wait_node *node, uint64_t *word, struct weft__wait_queue *woken)
{
    struct weft_queue *queue = queue_of(node);
    struct visitor *visitor = weft__container_of(node, struct visitor, node);

    (void)word;
    (void)woken;
    if (has_item(queue)) {
        queue->promised++;
        return true;
    }
    return visitor->ended = queue->shut_down;
}

static bool take_room(struct weft__wait_node *node, uint64_t *word, struct weft__wait_queue *woken)
{
    struct weft_queue *queue = queue_of(node);
    struct visitor *visitor = weft__container_of(node, struct visitor, node);

    (void)word;
    (void)woken;
    visitor->ended = queue->shut_down;
    if (!visitor->ended && has_room(queue)) {
        queue->promised_room++;
        return true;
    }
    return visitor->ended;
}

static bool take_end(struct weft__wait_node *node, uint64_t *word, struct weft__wait_queue *woken)
{
    (void)word;
    (void)woken;
    return queue_of(node)->unfinished == 0;
}

/* Gives a promise back, to the next. */
static void give_back(struct weft__wait_node *node, size_t *promised)
{
    struct weft_queue *queue = queue_of(node);
    struct weft__wait_queue woken = {0};

    if (weft__container_of(node, struct visitor, node)->ended)
        return;
    lock(queue);
    --*promised;
    promise(queue, &woken);
    unlock_and_wake(queue, &woken);
}

static void refuse_item(struct weft__wait_node *node)
{
    give_back(node, &queue_of(node)->promised);
}

static void refuse_room(struct weft__wait_node *node)
{
    give_back(node, &queue_of(node)->promised_room);
}

static const struct weft__wait_queue_class get_class = {WEFT__WAIT_QUEUE_KIND("queue get"),
                                                        take_item, NULL, refuse_item};
static const struct weft__wait_queue_class put_class = {WEFT__WAIT_QUEUE_KIND("queue put"),
                                                        take_room, NULL, refuse_room};
static const struct weft__wait_queue_class join_class = {WEFT__WAIT_QUEUE_KIND("queue join"),
                                                         take_end, NULL, NULL};

/* ---- life ---- */

int weft_queue_create_opts(weft_queue_t **queue, ssize_t maxsize, const weft_queue_opts_t *given)
{
    weft_queue_opts_t full;
    const weft_queue_opts_t *opts = weft__options(given, &full, sizeof full);
    struct weft_queue *new;

    if (!opts)
        return weft__bad_options();
    if (opts->lifo && opts->key)
        return -EINVAL;
    new = calloc(1, sizeof *new);
    if (!new)
        return -ENOMEM;
    new->maxsize = maxsize > 0 ? (size_t)maxsize : 0;
    new->lifo = opts->lifo;
    new->key = opts->key;
    new->destroy = opts->destroy;
    weft__store_relaxed(&new->refs, 1); /* relaxed: nobody else knows it */
    *queue = new;
    return 0;
}

weft_queue_t *weft_queue_ref(weft_queue_t *queue)
{
    /* relaxed: who adds one holds one. */
    weft__fetch_add_relaxed(&queue->refs, 1);
    return queue;
}

void weft_queue_unref(weft_queue_t *queue)
{
    /* acq_rel: the last one sees what the others did. */
    if (!queue || weft__fetch_sub_acq_rel(&queue->refs, 1) > 1)
        return;
    weft__debug_assert(weft__wait_queue_is_empty(&queue->getters));
    weft__debug_assert(weft__wait_queue_is_empty(&queue->putters));
    destroy_items(queue, &queue->items);
    free(queue);
}

/* ---- put ---- */

static struct entry entry_of(const struct weft_queue *queue, void *item)
{
    return (struct entry){.item = item, .key = queue->key ? queue->key(item) : 0};
}

/* Under the lock, which it may let go of meanwhile. [promised]: there is room for this one. */
static int put_locked(struct weft_queue *queue, struct entry entry, bool promised)
{
    for (;;) {
        if (queue->shut_down)
            return WEFT_EQUEUESHUTDOWN;
        if (!promised && !has_room(queue))
            return WEFT_EQUEUEFULL;
        if (queue->items.count < queue->items.capacity)
            break;
        if (!grow(queue))
            return -ENOMEM;
    }
    push(queue, entry);
    queue->unfinished++;
    return 0;
}

static int put(struct weft_queue *queue, struct entry entry, bool promised)
{
    struct weft__wait_queue woken = {0};

    lock(queue);
    int rc = put_locked(queue, entry, promised);
    if (promised)
        queue->promised_room--;
    promise(queue, &woken);
    unlock_and_wake(queue, &woken);
    return rc;
}

int weft_queue_put_nowait(weft_queue_t *queue, void *item)
{
    return put(queue, entry_of(queue, item), false);
}

int weft_queue_put(weft_queue_t *queue, void *item)
{
    int rc;
    struct weft_awaitable *task = weft__wait_queue_task("queue_put", &rc);

    if (weft__unlikely(!task))
        return rc;
    struct entry entry = entry_of(queue, item);
    rc = put(queue, entry, false);
    if (weft__likely(rc != WEFT_EQUEUEFULL))
        return rc;
    struct visitor visitor = {
        .node = WEFT__WAIT_NODE(&put_class, task, &queue->state, &queue->putters)};
    rc = weft__wait_queue_wait(&visitor.node);
    if (rc < 0)
        return rc;
    return visitor.ended ? WEFT_EQUEUESHUTDOWN : put(queue, entry, true);
}

/* ---- get ---- */

static int get(struct weft_queue *queue, void **item, bool promised)
{
    struct weft__wait_queue woken = {0};

    lock(queue);
    bool got = promised ? queue->items.count > 0 : has_item(queue);
    queue->promised -= promised;
    if (got)
        *item = pop(queue);
    int rc = got ? 0 : queue->shut_down ? WEFT_EQUEUESHUTDOWN : WEFT_EQUEUEEMPTY;
    promise(queue, &woken);
    unlock_and_wake(queue, &woken);
    return rc;
}

int weft_queue_get_nowait(weft_queue_t *queue, void **item)
{
    return get(queue, item, false);
}

int weft_queue_get(weft_queue_t *queue, void **item)
{
    int rc;
    struct weft_awaitable *task = weft__wait_queue_task("queue_get", &rc);

    if (weft__unlikely(!task))
        return rc;
    rc = get(queue, item, false);
    if (weft__likely(rc != WEFT_EQUEUEEMPTY))
        return rc;
    struct visitor visitor = {
        .node = WEFT__WAIT_NODE(&get_class, task, &queue->state, &queue->getters)};
    rc = weft__wait_queue_wait(&visitor.node);
    if (rc < 0)
        return rc;
    return visitor.ended ? WEFT_EQUEUESHUTDOWN : get(queue, item, true);
}

/* ---- as coroutines ---- */

struct put_arguments {
    weft_queue_t *queue;
    void *item;
};

WEFT_CORO(queue_get)
{
    return weft_queue_get(arg, result);
}

WEFT_CORO(queue_put)
{
    struct put_arguments *arguments = arg;

    return weft_queue_put(arguments->queue, arguments->item);
}

weft_coro_t *weft_queue_get_coro_at(weft_queue_t *queue, const char *where)
{
    return weft_coro_at(&queue_get, queue, where);
}

weft_coro_t *weft_queue_put_coro_at(weft_queue_t *queue, void *item, const char *where)
{
    struct put_arguments arguments = {queue, item};

    return weft_coro_copy_at(&queue_put, &arguments, sizeof arguments, where);
}

/* ---- looks ---- */

size_t weft_queue_qsize(const weft_queue_t *queue)
{
    struct weft_queue *q = (struct weft_queue *)(uintptr_t)queue;

    lock(q);
    size_t count = q->items.count;
    unlock(q);
    return count;
}

bool weft_queue_empty(const weft_queue_t *queue)
{
    return weft_queue_qsize(queue) == 0;
}

bool weft_queue_full(const weft_queue_t *queue)
{
    return queue->maxsize > 0 && weft_queue_qsize(queue) >= queue->maxsize;
}

/* ---- the end ---- */

/* Under the lock: [count] items are done. */
static void finish(struct weft_queue *queue, size_t count, struct weft__wait_queue *woken)
{
    queue->unfinished -= count < queue->unfinished ? count : queue->unfinished;
    if (queue->unfinished == 0)
        weft__wait_queue_grant_all(&queue->joiners, woken);
}

int weft_queue_task_done(weft_queue_t *queue)
{
    struct weft__wait_queue woken = {0};

    lock(queue);
    bool expected = queue->unfinished > 0;
    finish(queue, 1, &woken);
    unlock_and_wake(queue, &woken);
    return expected ? 0 : weft__misuse(-EINVAL, "task_done more often than items were put");
}

int weft_queue_join(weft_queue_t *queue)
{
    int error;
    struct weft_awaitable *task = weft__wait_queue_task("queue_join", &error);

    if (weft__unlikely(!task))
        return error;
    lock(queue);
    bool finished = queue->unfinished == 0;
    unlock(queue);
    if (finished)
        return 0;
    struct weft__wait_node node =
        WEFT__WAIT_NODE(&join_class, task, &queue->state, &queue->joiners);
    return weft__wait_queue_wait(&node);
}

static void end_all(struct weft__wait_queue *queue, struct weft__wait_queue *woken)
{
    for (struct weft__wait_node *node; (node = weft__wait_queue_grant(queue, woken));)
        weft__container_of(node, struct visitor, node)->ended = true;
}

void weft_queue_shutdown(weft_queue_t *queue, bool immediate)
{
    struct weft__wait_queue woken = {0};
    struct items dropped = {0};

    lock(queue);
    queue->shut_down = true;
    if (immediate) {
        dropped = queue->items;
        queue->items = (struct items){0};
        finish(queue, dropped.count, &woken);
    }
    end_all(&queue->getters, &woken);
    end_all(&queue->putters, &woken);
    unlock_and_wake(queue, &woken);
    destroy_items(queue, &dropped);
}
