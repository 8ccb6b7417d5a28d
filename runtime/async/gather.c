/* SPDX-License-Identifier: MIT */
/*
 * gather: many awaitables, one result.
 *
 * A gather is a future with a block behind it: the children with a waiter node each, and their
 * results. A child that is done fires its node, which counts it off; the last one, or the first
 * error, completes the future. Nodes fire on whatever worker completes the child and touch the
 * block only, never the frame of whoever awaits the gather: that one copies the results out itself.
 *
 * The block lives in the future's extra part. References: each child that is not done holds one to
 * the future (its node is in the block), the block holds one to each child.
 *
 * Cancelling the future cancels all children that are not done. It ends with the first that ends
 * so; when none does, or errors are results, with the last of them, as cancelled (asyncio's rules).
 */
#include "weft/wait.h"

#include <stdlib.h>

#include "runtime/async/create_task.h"
#include "runtime/core/waiters.h"
#include "runtime/sched/await.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"

struct child {
    struct weft__waiter waiter;
    struct gather *gather;
    struct weft_awaitable *aw; /* a reference */
    size_t same_as;            /* an earlier child that is the same awaitable, or its own index */
};

struct gather {
    struct weft_awaitable *future; /* whose block this is */
    bool return_exceptions;
    size_t count;
    _Atomic(size_t) left; /* children that are not done, and one while they are being added */
    _Atomic(bool) cancel_asked;
    weft_result_t *results;
    struct child child[];
};

static void destroy(struct weft_awaitable *future)
{
    struct gather *gather = weft__extra(future)->data;

    for (size_t i = 0; i < gather->count; i++)
        weft_unref(gather->child[i].aw);
    free(gather->results);
    free(gather);
}

static void collect(struct gather *gather)
{
    for (size_t i = 0; i < gather->count; i++) {
        struct weft_awaitable *aw = gather->child[gather->child[i].same_as].aw;
        gather->results[i].err = aw->error < 0 ? aw->error : 0;
        gather->results[i].value = aw->error < 0 ? NULL : aw->result;
    }
}

static int first_error(struct gather *gather)
{
    for (size_t i = 0; i < gather->count; i++) {
        if (gather->results[i].err < 0)
            return gather->results[i].err;
    }
    return 0;
}

/* Ends as cancelled, as one of the children did, with what there is to say of it. */
static void end_cancelled(struct gather *gather)
{
    for (size_t i = gather->count; i-- > 0;) {
        if (gather->results[i].err == -ECANCELED) {
            weft__awaitable_follow(gather->future, gather->child[gather->child[i].same_as].aw);
            return;
        }
    }
    weft__awaitable_complete(gather->future, -ECANCELED, NULL);
}

/* Counts one off; the last one completes. */
static void count_off(struct gather *gather)
{
    struct weft_awaitable *future = gather->future;
    int error = 0;

    /* acq_rel: the last one sees the outcome of all. */
    if (weft__fetch_sub_acq_rel(&gather->left, 1) != 1)
        return;
    collect(gather);
    if (weft__load_acquire(&gather->cancel_asked)) {
        end_cancelled(gather);
        return;
    }
    if (!gather->return_exceptions)
        error = first_error(gather);
    weft__awaitable_complete(future, error, gather->results);
}

static void fire(struct weft__waiter *waiter, struct weft_awaitable *done)
{
    struct gather *gather = weft__container_of(waiter, struct child, waiter)->gather;
    struct weft_awaitable *future = gather->future;

    weft__store_relaxed(&done->retrieved,
                        1); /* relaxed: see core/task.h; later errors are not reported */
    if (done->error < 0 && !gather->return_exceptions)
        weft__awaitable_follow(future, done);
    count_off(gather);
    weft__awaitable_unref(future, 1);
}

static bool cancel(struct weft_awaitable *future, struct weft__walk *outer)
{
    struct gather *gather = weft__extra(future)->data;
    bool any = false;

    if (weft__is_done(future))
        return false;
    /* seq_cst: seen by whoever counts the last child off after it was cancelled. */
    weft__store_seq_cst(&gather->cancel_asked, true);
    for (size_t i = 0; i < gather->count; i++) {
        if (gather->child[i].same_as == i)
            any = weft__cancel(gather->child[i].aw, outer) || any;
    }
    return any;
}

/* The first place of the awaitable at [i]. Each place has a reference of its own: a coroutine
 * object that has one only, as most have, needs no search. */
static size_t find_same(weft_awaitable_t *const *aws, size_t i)
{
    size_t same = 0;

    /* relaxed: nobody else knows a coroutine object with one reference, beside that of its run to
     * come. */
    if (weft__kind(aws[i]) == WEFT__KIND_CORO && weft__load_relaxed(&aws[i]->refs) == 2)
        return i;
    while (aws[same] != aws[i])
        same++;
    return same;
}

static int check(struct weft_loop *loop, weft_awaitable_t *const *aws, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum weft__kind kind = aws[i] ? weft__kind(aws[i]) : WEFT__KIND_FREE;
        if (kind == WEFT__KIND_FAILED)
            return aws[i]->error;
        if (kind == WEFT__KIND_SPENT)
            return weft__misuse(-EALREADY, "gather of a coroutine that was used before");
        if (kind != WEFT__KIND_CORO && kind != WEFT__KIND_TASK && kind != WEFT__KIND_FUTURE)
            return -EPROTOTYPE;
        if (kind != WEFT__KIND_CORO && aws[i]->loop != loop)
            return -EXDEV;
    }
    return 0;
}

static struct gather *new_gather(struct weft_loop *loop, size_t count,
                                 const weft_gather_opts_t *opts)
{
    struct weft_awaitable *future;
    struct weft__extra *extra;
    struct gather *gather;

    if (count > PTRDIFF_MAX / sizeof(struct child) - 1)
        return NULL;
    future = weft__awaitable_new(WEFT__KIND_FUTURE, NULL, NULL, "");
    extra = future ? weft__awaitable_extra(future) : NULL;
    gather = extra ? calloc(1, sizeof *gather + count * sizeof gather->child[0]) : NULL;
    if (gather)
        gather->results = calloc(count ? count : 1, sizeof gather->results[0]);
    if (!gather || !gather->results) {
        free(gather);
        if (future)
            weft__awaitable_free(future);
        return NULL;
    }
    future->loop = loop;
    extra->data = gather;
    extra->cancel = cancel;
    extra->destroy = destroy;
    gather->future = future;
    gather->return_exceptions = opts->return_exceptions;
    weft__store_relaxed(&gather->left, 1); /* relaxed: not shared yet */
    return gather;
}

/* Watches child [i]; its reference is the block's already. */
static void watch(struct gather *gather, size_t i)
{
    struct child *child = &gather->child[i];
    uintptr_t newest;

    weft__awaitable_ref(gather->future);
    weft__fetch_add_relaxed(&gather->left, 1); /* relaxed: we hold one ourselves */
    child->waiter.fire = fire;
    newest = weft__word_lock(child->aw);
    if (newest == WEFT__WORD_DONE)
        fire(&child->waiter, child->aw);
    else
        weft__word_unlock(child->aw, weft__waiters_add(newest, &child->waiter));
}

static void drop_all(weft_awaitable_t *const *aws, size_t from, size_t count)
{
    for (size_t i = from; i < count; i++) {
        if (weft_iscoroutine(aws[i]) && find_same(aws, i) == i)
            weft_coro_close(aws[i]);
        else
            weft_unref(aws[i]);
    }
}

/* Makes tasks of coroutines and takes the references over. On failure those that were started are
 * cancelled, and their references are the block's. */
static int adopt(struct gather *gather, struct weft_loop *loop, weft_awaitable_t *const *aws,
                 size_t count)
{
    weft_task_opts_t opts = {.size = sizeof opts};

    for (size_t i = 0; i < count; i++) {
        struct child *child = &gather->child[i];
        size_t same = find_same(aws, i);
        weft_task_t *task = aws[i];
        int rc = 0;

        if (same == i && weft__kind(aws[i]) == WEFT__KIND_CORO)
            rc = weft__create_task(loop, aws[i], &opts, &task);
        if (rc < 0) {
            drop_all(aws, i + 1, count);
            for (size_t k = 0; k < i; k++)
                weft_cancel(gather->child[k].aw);
            return rc;
        }
        child->gather = gather;
        child->same_as = same;
        child->aw = task;
        gather->count = i + 1;
    }
    return 0;
}

static weft_future_t *start(struct weft_loop *loop, weft_awaitable_t *const *aws, size_t count,
                            const weft_gather_opts_t *opts)
{
    int rc = check(loop, aws, count);
    struct gather *gather = rc == 0 ? new_gather(loop, count, opts) : NULL;

    if (!gather) {
        drop_all(aws, 0, count);
        return weft__awaitable_failed(rc < 0 ? rc : -ENOMEM);
    }
    struct weft_awaitable *future = gather->future;
    rc = adopt(gather, loop, aws, count);
    if (rc < 0) {
        weft__awaitable_unref(future, 1);
        return weft__awaitable_failed(rc);
    }
    for (size_t i = 0; i < count; i++) {
        if (gather->child[i].same_as == i)
            watch(gather, i);
    }
    count_off(gather);
    return future;
}

weft_future_t *weft_gather_future_opts(weft_awaitable_t *const *aws, size_t count,
                                       const weft_gather_opts_t *opts)
{
    static const weft_gather_opts_t defaults = {.size = sizeof defaults};
    struct weft__worker *worker = weft__self();

    if (!worker) {
        drop_all(aws, 0, count);
        return weft__awaitable_failed(weft__no_task("gather"));
    }
    return start(worker->loop, aws, count, opts ? opts : &defaults);
}

const weft_result_t *weft_gather_results(const weft_future_t *future, size_t *count)
{
    if (!future || weft__kind(future) != WEFT__KIND_FUTURE || !weft__extra(future) ||
        weft__extra(future)->cancel != cancel || !weft__is_done(future) || future->error < 0)
        return NULL;
    struct gather *gather = weft__extra(future)->data;
    if (count)
        *count = gather->count;
    return gather->results;
}

int weft_gather_opts(weft_awaitable_t *const *aws, size_t count, weft_result_t *out,
                     const weft_gather_opts_t *opts)
{
    weft_future_t *future;
    const weft_result_t *results;
    size_t n = 0;
    int rc;

    if (!weft_current_task()) {
        drop_all(aws, 0, count);
        return weft__no_task("gather");
    }
    future = weft_gather_future_opts(aws, count, opts);
    rc = weft_await(future, NULL);
    results = rc == 0 && out ? weft_gather_results(future, &n) : NULL;
    for (size_t i = 0; i < n && results; i++)
        out[i] = results[i];
    weft_unref(future);
    return rc;
}
