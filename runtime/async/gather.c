/* SPDX-License-Identifier: MIT */
/*
 * gather: many awaitables, one result.
 *
 * A gather is a future with a block behind it, which watches the children (async/watch.h) and has
 * their results. Each that is done is counted off; the last one, or the first error, completes the
 * future. That happens on whatever worker completes the child, and touches the block only, never
 * the frame of whoever awaits the gather: that one copies the results out itself.
 *
 * The block lives in the future's extra part, and holds a reference to the future until all
 * children are counted off.
 *
 * Cancelling the future cancels all children that are not done. It ends with the first that ends
 * so; when none does, or errors are results, with the last of them, as cancelled (asyncio's rules).
 *
 * A child may be a gather, or a task that awaits one, which is cancelled within the cancel of the
 * first; to some depth. What is deeper is put off: it goes into a list of the outermost, which goes
 * on with it when all within it have returned. So each stack is large enough, and the depth is
 * memory's. A gather that is in a list already, of whatever thread, is not put off twice: who has
 * it there, takes it out before it looks at the children. So no request is lost, but two that meet
 * in the list become one.
 */
#include "weft/wait.h"

#include <stdlib.h>

#include "runtime/async/children.h"
#include "runtime/async/watch.h"
#include "runtime/base/options.h"
#include "runtime/base/sim.h"
#include "runtime/core/waiters.h"
#include "runtime/sched/await.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/message.h"
#include "runtime/sched/misuse.h"

struct gather {
    struct weft__watch watch;
    struct weft_awaitable *future; /* whose block this is */
    bool return_exceptions;
    _Atomic(size_t) left; /* awaitables that are not done, one while they are being added, and one
                             for each cancel that is at work */
    _Atomic(bool) cancel_asked; /* and a child was not done then */
    bool put_off; /* a cancel of it: it is in a list, with a reference; under the word's lock */
    struct weft_awaitable *later; /* the next one there: of whoever has put it off */
    weft_result_t *results;
};

static void destroy(struct weft_awaitable *future)
{
    struct gather *gather = weft__extra(future)->data;

    free(gather->results);
    weft__watch_unref(&gather->watch, future);
}

/* What stands at [i]. */
static struct weft_awaitable *child(const struct gather *gather, size_t i)
{
    return gather->watch.watched[i].aw;
}

static void collect(struct gather *gather)
{
    for (size_t i = 0; i < gather->watch.count; i++) {
        struct weft_awaitable *aw = child(gather, i);
        gather->results[i].err = aw->error < 0 ? aw->error : 0;
        gather->results[i].value = aw->error < 0 ? NULL : aw->result;
    }
}

static int first_error(struct gather *gather)
{
    for (size_t i = 0; i < gather->watch.count; i++) {
        if (gather->results[i].err < 0)
            return gather->results[i].err;
    }
    return 0;
}

/* Ends as cancelled, as one of the children did, with what there is to say of it. */
static void end_cancelled(struct gather *gather, struct weft__untold *untold)
{
    for (size_t i = gather->watch.count; i-- > 0;) {
        if (gather->results[i].err == -ECANCELED) {
            weft__awaitable_follow(gather->future, child(gather, i), untold);
            return;
        }
    }
    weft__awaitable_complete(gather->future, -ECANCELED, NULL, untold);
}

/* Counts one off; the last one completes. */
static void count_off(struct gather *gather, struct weft__untold *untold)
{
    struct weft_awaitable *future = gather->future;

    /* acq_rel: the last one sees the outcome of all. */
    if (weft__fetch_sub_acq_rel(&gather->left, 1) != 1)
        return;
    collect(gather);
    bool asked = weft__load_acquire(&gather->cancel_asked);
    weft__sim_point("counted off");
    if (asked)
        end_cancelled(gather, untold);
    else
        weft__awaitable_complete(future, gather->return_exceptions ? 0 : first_error(gather),
                                 gather->results, untold);
    weft__awaitable_unref(future, 1);
}

static void one_done(struct weft__watch *watch, struct weft__watched *which,
                     struct weft__untold *untold)
{
    struct gather *gather = weft__container_of(watch, struct gather, watch);
    struct weft_awaitable *aw = which->aw;

    weft__store_relaxed(&aw->retrieved, 1); /* relaxed: core/task.h; no later error is reported */
    if (aw->error < 0 && !gather->return_exceptions)
        weft__awaitable_follow(gather->future, aw, untold);
    count_off(gather, untold);
}

/* ---- cancelling ---- */

enum { DEPTH = 8 }; /* of cancels within each other, of half a KiB of stack each */

/* Counts one in, so that it does not end. False: all are counted off. */
static bool keep_open(struct gather *gather)
{
    size_t left = weft__load_relaxed(&gather->left); /* relaxed: the CAS decides */

    while (left > 0 && !weft__cas_acq_rel(&gather->left, &left, left + 1))
        ;
    return left > 0;
}

/* Open meanwhile: the children may all be done and counted off by others before it is known whether
 * one of them was asked. */
static bool cancel_children(struct gather *gather, struct weft__walk *walk)
{
    bool any = false;

    if (weft__is_done(gather->future) || !keep_open(gather))
        return false;
    for (size_t i = 0; i < gather->watch.count; i++) {
        if (gather->watch.watched[i].same_as == i)
            any = weft__cancel(child(gather, i), walk) || any;
    }
    if (any)
        weft__store_relaxed(&gather->cancel_asked, true); /* relaxed: released by the count */
    count_off(gather, NULL);
    return any;
}

/* False: it is done, or its last child is being counted off. Open until cancel_asked can be seen by
 * who counts off the last one. */
static bool put_off(struct gather *gather, struct weft__walk *walk)
{
    uintptr_t newest = weft__word_lock(gather->future);
    bool listed = gather->put_off;

    if (newest == WEFT__WORD_DONE)
        return false;
    if (!keep_open(gather)) {
        weft__word_unlock(gather->future, newest);
        return false;
    }
    gather->put_off = true;
    /* Its children may be done before it is taken up. release: pairs with the load in count_off. */
    weft__store_release(&gather->cancel_asked, true);
    weft__message_put(gather->future, walk->message);
    weft__word_unlock(gather->future, newest);
    weft__sim_point("put off");
    if (!listed) {
        gather->later = NULL;
        *walk->root->end = weft_ref(gather->future);
        walk->root->end = &gather->later;
    }
    count_off(gather, NULL);
    return true;
}

/* Takes [gather], which was put off, out. A request that comes after this puts it off anew. */
static void take_up(struct gather *gather, struct weft__walk *root)
{
    uintptr_t newest = weft__word_lock(gather->future);

    if (newest == WEFT__WORD_DONE)
        return;
    gather->put_off = false;
    root->message = weft__message_take(gather->future);
    weft__word_unlock(gather->future, newest);
    weft__sim_point("take up");
    cancel_children(gather, root);
    weft__error_unref(root->message);
}

/* One round: all that the last one has put off. */
static void go_on(struct weft__walk *root)
{
    struct weft_awaitable *future = root->later, *later;

    root->later = NULL;
    root->end = &root->later;
    root->rounds++;
    for (; future; future = later) {
        struct gather *gather = weft__extra(future)->data;
        later = gather->later;
        take_up(gather, root);
        weft_unref(future);
    }
}

static bool cancel(struct weft_awaitable *future, struct weft__walk *outer)
{
    struct gather *gather = weft__extra(future)->data;
    struct weft__walk walk = {.outer = outer, .root = &walk, .end = &walk.later};
    bool any;

    if (outer)
        walk.message = outer->message;
    if (outer && outer->root) {
        walk.root = outer->root;
        walk.depth = outer->depth + 1;
    }
    if (walk.depth > DEPTH)
        return put_off(gather, &walk);
    any = cancel_children(gather, &walk);
    while (walk.later)
        go_on(&walk);
    return any;
}

/* ---- making one ---- */

static size_t left(struct weft_awaitable *future)
{
    struct gather *gather = weft__extra(future)->data;

    return weft__load_acquire(&gather->left); /* acquire: what is looked at next is as late */
}

static const struct weft__composite composite = {cancel, left};

/* An object that stands for an error is one of the call. */
static int error_among(weft_awaitable_t *const *aws, size_t count)
{
    for (size_t i = 0; aws && i < count; i++) {
        if (aws[i] && weft__kind(aws[i]) == WEFT__KIND_FAILED)
            return aws[i]->error;
    }
    return 0;
}

/* The block of [aws], which holds references of its own to them; NULL when out of memory. */
static struct gather *new_block(weft_awaitable_t *const *aws, size_t count)
{
    struct gather *gather = calloc(1, sizeof *gather);
    size_t left = 1;

    if (!gather)
        return NULL;
    gather->results = calloc(count ? count : 1, sizeof gather->results[0]);
    if (!gather->results || weft__watch_init(&gather->watch, aws, count, one_done) < 0) {
        free(gather->results);
        free(gather);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        left += gather->watch.watched[i].same_as == i;
    weft__store_relaxed(&gather->left, left); /* relaxed: not shared yet */
    return gather;
}

static struct gather *new_gather(struct weft_loop *loop, weft_awaitable_t *const *aws, size_t count,
                                 const weft_gather_opts_t *opts)
{
    struct weft_awaitable *future = weft__awaitable_new(WEFT__KIND_FUTURE, NULL, NULL, "");
    struct weft__extra *extra = future ? weft__awaitable_extra(future) : NULL;
    struct gather *gather = extra ? new_block(aws, count) : NULL;

    if (!gather) {
        if (future)
            weft__awaitable_free(future);
        return NULL;
    }
    future->loop = loop;
    extra->data = gather;
    extra->composite = &composite;
    extra->destroy = destroy;
    gather->future = weft_ref(future);
    gather->watch.awaiter = future;
    gather->return_exceptions = opts->return_exceptions;
    return gather;
}

/* [wait]: of weft__children_start. */
static weft_future_t *start(weft_awaitable_t *const *aws, size_t count,
                            const weft_gather_opts_t *given, bool wait)
{
    weft_gather_opts_t full;
    const weft_gather_opts_t *opts = weft__options(given, &full, sizeof full);
    struct weft_loop *loop = weft__self()->loop;
    int rc = opts ? error_among(aws, count) : weft__bad_options();
    struct gather *gather;
    struct weft_awaitable *future;

    gather = rc == 0 ? new_gather(loop, aws, count, opts) : NULL;
    if (!gather) {
        weft__children_drop(aws, count);
        return weft__awaitable_failed(rc < 0 ? rc : -ENOMEM);
    }
    future = gather->future;
    if (count > 0)
        rc = weft__children_start(loop, aws, count, wait);
    if (rc < 0) {
        weft__awaitable_unref(future, 2);
        return weft__awaitable_failed(rc);
    }
    weft__children_drop(aws, count);
    weft__watch_start(&gather->watch, true);
    count_off(gather, NULL);
    return future;
}

weft_future_t *weft_gather_future_opts(weft_awaitable_t *const *aws, size_t count,
                                       const weft_gather_opts_t *opts)
{
    if (!weft__self()) {
        weft__children_drop(aws, count);
        return weft__awaitable_failed(weft__no_task("gather"));
    }
    return start(aws, count, opts, false);
}

const weft_result_t *weft_gather_results(const weft_future_t *future, size_t *count)
{
    if (!future || weft__kind(future) != WEFT__KIND_FUTURE || !weft__extra(future) ||
        weft__extra(future)->composite != &composite || !weft__is_done(future) || future->error < 0)
        return NULL;
    struct gather *gather = weft__extra(future)->data;
    if (count)
        *count = gather->watch.count;
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
        weft__children_drop(aws, count);
        return weft__no_task("gather");
    }
    future = start(aws, count, opts, true);
    if (weft__kind(future) == WEFT__KIND_FAILED && future->error == -ECANCELED)
        return -ECANCELED; /* raised already: the message stays */
    rc = weft_await(future, NULL);
    results = rc == 0 && out ? weft_gather_results(future, &n) : NULL;
    for (size_t i = 0; i < n && results; i++)
        out[i] = results[i];
    weft_unref(future);
    return rc;
}
