/* SPDX-License-Identifier: MIT */
/*
 * queue: items that some tasks put and others get, in order, with a limit.
 *
 *     weft_queue_t *queue;
 *     int rc = weft_queue_create(&queue, 10);                     Queue(10)
 *     int rc = weft_queue_create(&queue, 0, .lifo = true);        LifoQueue()
 *     int rc = weft_queue_create(&queue, 0, .key = urgency);      PriorityQueue()
 *
 * An item is a pointer, which the queue never looks behind; NULL is one like any other. It is the
 * queue's from a put that returned 0 to the get that returns it; a put that failed took nothing.
 * Who waits is served in the order in which he came, and nobody overtakes him. What holds for all
 * objects of synchronisation is said in weft/lock.h, but that a queue has memory of its own and so
 * is reference-counted: each who calls it holds a reference until the call has returned.
 */
#ifndef WEFT_QUEUE_H
#define WEFT_QUEUE_H

#include "weft/task.h"

typedef struct weft_queue weft_queue_t;

typedef struct weft_queue_options {
    size_t size;
    bool lifo; /* the youngest item comes first, not the oldest */
    /* The item with the smallest key comes first, among equals the oldest. Called once for each
     * item, in the put, outside of any lock; a put that has to wait has called it already. */
    int64_t (*key)(const void *item);
    /* Called for items that nobody will get: by an immediate shutdown and by the last unref. */
    void (*destroy)(void *item);
} weft_queue_opts_t;

WEFT_BEGIN

/* A new queue for at most [maxsize] items; zero or less: as many as there is memory for. Needs no
 * loop.
 * Returns      0 with a new reference in *queue, -EINVAL (.lifo and .key at once), -ENOMEM
 * Python       asyncio.Queue(maxsize), LifoQueue(maxsize), PriorityQueue(maxsize) */
#define weft_queue_create(queue, maxsize, ...)                                                     \
    weft_queue_create_opts((queue), (maxsize),                                                     \
                           &(weft_queue_opts_t){.size = sizeof(weft_queue_opts_t), __VA_ARGS__})
WEFT_API WEFT_MUST int weft_queue_create_opts(weft_queue_t **queue, ssize_t maxsize,
                                              const weft_queue_opts_t *opts);

/* One reference more; returns [queue]. */
WEFT_API weft_queue_t *weft_queue_ref(weft_queue_t *queue);

/* One reference less; NULL is allowed. The last one destroys the items that are left. */
WEFT_API void weft_queue_unref(weft_queue_t *queue);

/* Puts [item], waiting for room.
 * Call from    a task, else -EPERM
 * Suspends     if the queue is full
 * Returns      0, -ECANCELED, WEFT_EQUEUESHUTDOWN, -ENOMEM
 * Python       await queue.put(item) */
WEFT_API WEFT_MUST int weft_queue_put(weft_queue_t *queue, void *item);

/* Puts [item] if there is room that nobody waits for.
 * Returns      0, WEFT_EQUEUEFULL, WEFT_EQUEUESHUTDOWN, -ENOMEM
 * Python       queue.put_nowait(item) */
WEFT_API WEFT_MUST int weft_queue_put_nowait(weft_queue_t *queue, void *item);

/* Gets an item, waiting for one. *item is set on success only.
 * Call from    a task, else -EPERM
 * Suspends     if there is no item
 * Returns      0, -ECANCELED (no item was taken), WEFT_EQUEUESHUTDOWN (and none is left)
 * Python       await queue.get() */
WEFT_API WEFT_MUST int weft_queue_get(weft_queue_t *queue, void **item);

/* Gets an item if there is one that is not promised to somebody who waited.
 * Returns      0, WEFT_EQUEUEEMPTY, WEFT_EQUEUESHUTDOWN
 * Python       queue.get_nowait() */
WEFT_API WEFT_MUST int weft_queue_get_nowait(weft_queue_t *queue, void **item);

/* Both as coroutine objects, for weft_gather, weft_wait_for, weft_create_task and their kin. The
 * result of get is the item. They borrow the queue until they are done. A coroutine that is not run
 * takes no item and puts none; wait_for and its kin lose none.
 * Returns      a new reference; a failed object (-ENOMEM)
 * Python       queue.get(), queue.put(item) */
#define weft_queue_get_coro(queue) weft_queue_get_coro_at((queue), WEFT_HERE)
#define weft_queue_put_coro(queue, item) weft_queue_put_coro_at((queue), (item), WEFT_HERE)
WEFT_API weft_coro_t *weft_queue_get_coro_at(weft_queue_t *queue, const char *where);
WEFT_API weft_coro_t *weft_queue_put_coro_at(weft_queue_t *queue, void *item, const char *where);

/* How many items it has, those included that a task was woken for and did not take yet. */
WEFT_API size_t weft_queue_qsize(const weft_queue_t *queue);
WEFT_API bool weft_queue_empty(const weft_queue_t *queue);
/* Whether it has [maxsize] items; never, without a limit. */
WEFT_API bool weft_queue_full(const weft_queue_t *queue);

/* Says that the work on an item that was got is done: one call for each.
 * Returns      0, -EINVAL (more calls than items; a misuse: debug mode says so)
 * Python       queue.task_done() */
WEFT_API int weft_queue_task_done(weft_queue_t *queue);

/* Waits until task_done was called for each item that was put.
 * Call from    a task, else -EPERM
 * Suspends     if something is unfinished
 * Returns      0, -ECANCELED
 * Python       await queue.join() */
WEFT_API WEFT_MUST int weft_queue_join(weft_queue_t *queue);

/* From now on put is WEFT_EQUEUESHUTDOWN, and so is get when no item is left; who waits there wakes
 * with it. [immediate]: the items are dropped, and count as done. Idempotent.
 * Python       queue.shutdown(immediate) */
WEFT_API void weft_queue_shutdown(weft_queue_t *queue, bool immediate);

WEFT_END
#endif
