/* SPDX-License-Identifier: MIT */
#include "weft/future.h"

#include "weft/error.h"

#include "runtime/async/future.h"
#include "runtime/core/waiters.h"
#include "runtime/sched/handle.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"

/* A done callback is a handle that waits in the awaitable's list: its alarm's place holds the node.
 * While it waits it holds no reference, or a future that is dropped without an outcome would never
 * go. */
struct done_callback {
    struct weft__waiter waiter;
};

_Static_assert(sizeof(struct done_callback) <= sizeof(struct weft__alarm), "fits in a handle");

static struct weft__waiter *waiter_of(struct weft_handle *handle)
{
    return (struct weft__waiter *)&handle->alarm;
}

static struct weft_handle *handle_of(struct weft__waiter *waiter)
{
    return weft__container_of((struct weft__alarm *)waiter, struct weft_handle, alarm);
}

weft_future_t *weft_create_future_at(weft_loop_t *loop, const char *where)
{
    struct weft__worker *worker = weft__self();
    struct weft_awaitable *aw;

    if (!loop) {
        if (weft__unlikely(!worker))
            return weft__awaitable_failed(weft__no_task("create_future"));
        loop = worker->loop;
    }
    aw = weft__awaitable_new(WEFT__KIND_FUTURE, NULL, NULL, where);
    if (weft__unlikely(!aw))
        return weft__awaitable_failed(-ENOMEM);
    aw->loop = loop;
    return aw;
}

weft_future_t *weft_ensure_future(weft_awaitable_t *aw, weft_loop_t *loop)
{
    enum weft__kind kind = aw ? weft__kind(aw) : WEFT__KIND_FREE;

    if (kind == WEFT__KIND_CORO)
        return weft_loop_create_task_opts(loop, aw, NULL);
    if (kind == WEFT__KIND_SPENT)
        return weft__awaitable_failed(weft__misuse(-EALREADY, "a coroutine that was used before"));
    if (!weft_isfuture(aw))
        return weft__awaitable_failed(weft__misuse(-EPROTOTYPE, "neither coroutine nor future"));
    if (loop && kind != WEFT__KIND_FAILED && aw->loop != loop)
        return weft__awaitable_failed(-EXDEV);
    return weft_ref(aw);
}

weft_loop_t *weft_get_loop(const weft_future_t *future)
{
    enum weft__kind kind = future ? weft__kind(future) : WEFT__KIND_FREE;

    return kind == WEFT__KIND_TASK || kind == WEFT__KIND_FUTURE ? future->loop : NULL;
}

static int complete(struct weft_awaitable *future, int error, void *result)
{
    enum weft__kind kind = future ? weft__kind(future) : WEFT__KIND_FREE;

    if (kind == WEFT__KIND_FAILED)
        return WEFT_EINVALIDSTATE;
    if (kind != WEFT__KIND_FUTURE || (weft__extra(future) && weft__extra(future)->composite))
        return weft__misuse(-EPROTOTYPE, "only a plain future can be completed");
    return weft__awaitable_complete(future, error, result, NULL) ? 0 : WEFT_EINVALIDSTATE;
}

int weft_set_result(weft_future_t *future, void *result)
{
    return complete(future, 0, result);
}

int weft_set_exception(weft_future_t *future, int error)
{
    if (error >= 0 || error == -ECANCELED)
        return -EINVAL;
    return complete(future, error, NULL);
}

/* Who completes the future need hold nothing of the handle's loop. So its end waits for us, as what
 * stands in the handle's strand must not end before we are through with that; and as the handle,
 * which holds the loop's memory, may be gone by then, we hold it too. */
static WEFT__NOINLINE void submit_from_outside(struct weft_handle *handle)
{
    struct weft_loop *loop = handle->loop;
    bool entered;

    weft__loop_hold(loop);
    entered = weft__loop_enter(loop);
    (void)!weft__handle_submit(handle); /* closed: nobody is left to be told */
    weft__loop_leave(loop, entered);
    weft__loop_drop(loop);
}

static void fire(struct weft__waiter *waiter, struct weft_awaitable *done,
                 struct weft__untold *untold)
{
    struct weft_handle *handle = handle_of(waiter);
    struct weft__worker *self = weft__self();

    (void)untold;
    handle->alarm.home = NULL; /* the place of the node is an alarm's again */
    handle->future = weft_ref(done);
    if (weft__likely(self && self->loop == handle->loop))
        weft__handle_submit(handle);
    else
        submit_from_outside(handle);
}

/* Into the list of a future that is not done. False: it is. */
static bool link_callback(struct weft_awaitable *future, struct weft_handle *handle)
{
    uintptr_t newest = weft__word_lock(future);

    if (newest == WEFT__WORD_DONE)
        return false;
    waiter_of(handle)->fire = fire;
    waiter_of(handle)->awaiter = NULL;
    weft__store_relaxed(&future->retrieved, WEFT__HAS_CALLBACKS); /* relaxed: under the lock */
    weft__word_unlock(future, weft__waiters_add(newest, waiter_of(handle)));
    return true;
}

int weft_add_done_callback(weft_future_t *future, weft_done_fn_t fn, void *arg)
{
    struct weft__worker *worker = weft__self();
    struct weft_handle *handle;
    struct weft_loop *loop;

    if (!weft_isfuture(future))
        return weft__misuse(-EPROTOTYPE, "a callback for something that is no future");
    if (!fn)
        return -EINVAL;
    loop = future->loop ? future->loop : worker ? worker->loop : NULL;
    if (!loop || weft__loop_closed(loop))
        return -ESHUTDOWN;
    handle = weft__handle_new(loop);
    if (!handle)
        return -ENOMEM;
    weft__handle_hold(handle); /* the future may outlive the loop */
    handle->done_fn = fn;
    handle->arg = arg;
    handle->where = __builtin_return_address(0);
    if (link_callback(future, handle))
        return 0;
    weft__word_settle(future); /* what was added before may be on its way still, elsewhere */
    handle->future = weft_ref(future);
    return weft__handle_submit(handle);
}

size_t weft_remove_done_callback(weft_future_t *future, weft_done_fn_t fn, void *arg)
{
    uintptr_t newest = weft__word_lock(future);
    struct weft__waiter *removed = NULL;
    size_t count = 0;

    if (newest == WEFT__WORD_DONE)
        return 0;
    for (struct weft__waiter *w = (struct weft__waiter *)newest, *older; w; w = older) {
        older = w->older;
        if (w->fire != fire || handle_of(w)->done_fn != fn || handle_of(w)->arg != arg)
            continue;
        newest = weft__waiters_remove(newest, w);
        w->older = removed;
        removed = w;
    }
    weft__word_unlock(future, newest);
    for (struct weft__waiter *older; removed; removed = older, count++) {
        older = removed->older;
        handle_of(removed)->alarm.home = NULL;
        weft_handle_unref(handle_of(removed));
    }
    return count;
}

void weft__future_drop_callbacks(struct weft_awaitable *future)
{
    uintptr_t newest = weft__word_lock(future);

    if (newest == WEFT__WORD_DONE)
        return;
    weft__word_unlock(future, 0);
    for (struct weft__waiter *w = (struct weft__waiter *)newest, *older; w; w = older) {
        older = w->older;
        handle_of(w)->alarm.home = NULL;
        weft_handle_unref(handle_of(w));
    }
}
