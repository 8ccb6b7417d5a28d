/* SPDX-License-Identifier: MIT */
/*
 * thread: a future that blocks an OS thread, and its way into a loop.
 *
 * A cfuture holds its source by a reference and waits in its list; the source's end copies the
 * outcome and wakes whoever blocks on the state word. It owns its memory, so either side may let go
 * first. The source is a task in a loop, or, if the program is to complete it, a promise: a future
 * of no loop. When its last user lets go of a promise only the node in the list is left; it is
 * cancelled then. Who cancels before a task is done takes the node out of its list, and so has the
 * say instead of the task: that is asked to end, but the thread does not wait for it.
 *
 * A wrapping future has a block with a node in the source's list, which holds a reference to it,
 * and one in its own list, which sees it cancelled and cancels the source. Each of the two
 * completes the other only if that is not done yet: so it ends there.
 */
#include "weft/thread.h"

#include <stdlib.h>

#include "weft/error.h"
#include "weft/future.h"
#include "runtime/async/create_task.h"
#include "runtime/base/clock.h"
#include "runtime/core/waiters.h"
#include "runtime/sched/await.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/report.h"
#include "runtime/sched/suspend.h"

enum { PENDING, BLOCKED, DONE }; /* BLOCKED: somebody sleeps on the word */

enum { SPIN_CYCLES = 130000 }; /* 50 us at 2.6 GHz: less than what sleeping and being woken costs */

struct weft_cfuture {
    struct weft__waiter waiter;
    _Atomic(uint32_t) refs; /* the caller's, and the task's while it is not done */
    _Atomic(uint32_t) state;
    const struct weft__system *system;
    struct weft_awaitable *task; /* the source: a reference, or NULL when it could not start */
    bool promise;                /* it is a future that the program completes */
    int error;
    void *result;
};

/* Returns how many are left. */
static uint32_t unref(struct weft_cfuture *cf)
{
    /* acq_rel: the last one sees what the other did. */
    uint32_t left = weft__fetch_sub_acq_rel(&cf->refs, 1) - 1;

    if (left > 0)
        return left;
    weft_unref(cf->task);
    free(cf);
    return 0;
}

static void complete(struct weft_cfuture *cf, int error, void *result)
{
    cf->error = error;
    cf->result = result;
    /* acq_rel: release the outcome to whoever reads DONE. */
    if (weft__exchange_acq_rel(&cf->state, DONE) == BLOCKED)
        cf->system->wake_all(&cf->state);
}

static void fire(struct weft__waiter *waiter, struct weft_awaitable *done,
                 struct weft__untold *untold)
{
    struct weft_cfuture *cf = weft__container_of(waiter, struct weft_cfuture, waiter);

    (void)untold;
    weft__store_relaxed(&done->retrieved, 1); /* relaxed: see core/task.h */
    complete(cf, done->error, done->result);
    unref(cf);
}

/* Never counted: see weft_cfuture_unref. */
static struct weft_cfuture out_of_memory = {.state = DONE, .error = -ENOMEM, .refs = 1};
static struct weft_cfuture no_coroutine = {.state = DONE, .error = -EPROTOTYPE, .refs = 1};

static void watch(struct weft_cfuture *cf)
{
    uintptr_t newest = weft__word_lock(cf->task);

    cf->waiter.fire = fire;
    if (newest == WEFT__WORD_DONE)
        fire(&cf->waiter, cf->task, NULL);
    else
        weft__word_unlock(cf->task, weft__waiters_add(newest, &cf->waiter));
}

weft_cfuture_t *weft_run_coroutine_threadsafe(weft_coro_t *coro, weft_loop_t *loop)
{
    weft_task_opts_t opts = {.size = sizeof opts, .strand = WEFT_PARALLEL};
    struct weft_cfuture *cf;
    bool startable = weft_iscoroutine(coro);
    int rc;

    if (!loop || !coro) {
        weft_coro_close(coro);
        return &no_coroutine;
    }
    cf = calloc(1, sizeof *cf);
    if (!cf) {
        weft_coro_close(coro);
        return &out_of_memory;
    }
    cf->system = loop->system;
    weft__store_relaxed(&cf->refs, 2); /* relaxed: not shared yet */
    rc = weft__create_task(loop, coro, &opts, &cf->task);
    if (rc == 0) {
        watch(cf);
    } else {
        if (startable && rc != -ESHUTDOWN)
            weft__report_error(loop, "a coroutine could not be started from a thread", rc, NULL);
        complete(cf, rc, NULL);
        unref(cf);
    }
    return cf;
}

weft_cfuture_t *weft_cfuture_create_at(const char *where)
{
    struct weft_cfuture *cf = calloc(1, sizeof *cf);

    if (cf)
        cf->task = weft__awaitable_new(WEFT__KIND_FUTURE, NULL, NULL, where);
    if (!cf || !cf->task) {
        free(cf);
        return &out_of_memory;
    }
    cf->system = &weft__system_posix;
    cf->promise = true;
    weft__store_relaxed(&cf->refs, 2); /* relaxed: not shared yet */
    watch(cf);
    return cf;
}

int weft_cfuture_set_result(weft_cfuture_t *cf, void *result)
{
    return cf->task ? weft_set_result(cf->task, result) : WEFT_EINVALIDSTATE;
}

int weft_cfuture_set_exception(weft_cfuture_t *cf, int error)
{
    return cf->task ? weft_set_exception(cf->task, error) : WEFT_EINVALIDSTATE;
}

/* Spins for as long as sleeping would take anyway, then blocks. */
static void block(struct weft_cfuture *cf, int64_t deadline)
{
    uint64_t start = weft__cpu_cycles();
    bool in_time = true;

    while (weft__load_acquire(&cf->state) != DONE && weft__cpu_cycles() - start < SPIN_CYCLES)
        weft__pause();
    while (in_time) {
        uint32_t state = PENDING;
        /* acquire: DONE may be found. */
        if (!weft__cas_acquire(&cf->state, &state, BLOCKED) && state == DONE)
            return;
        in_time = cf->system->wait(&cf->state, BLOCKED, deadline);
    }
}

int weft_cfuture_result(weft_cfuture_t *cf, weft_ns_t timeout, void **result)
{
    struct weft__worker *self = weft__self();

    /* acquire: pairs with the exchange in complete. */
    if (weft__load_acquire(&cf->state) != DONE) {
        if (self && cf->task && self->loop == cf->task->loop)
            return weft__misuse(-EDEADLK, "a worker would block on its own loop");
        if (timeout > 0)
            block(cf, timeout == WEFT_NONE ? INT64_MAX
                                           : weft__deadline_after(cf->system->now(), timeout));
        if (weft__load_acquire(&cf->state) != DONE)
            return -ETIMEDOUT;
    }
    if (cf->error < 0)
        return cf->error;
    if (result)
        *result = cf->result;
    return 0;
}

int weft_cfuture_exception(weft_cfuture_t *cf, weft_ns_t timeout)
{
    return weft_cfuture_result(cf, timeout, NULL);
}

/* False: the task is done, and has told its outcome or is about to. *first: this caller has taken
 * it out. */
static bool take_out(struct weft_cfuture *cf, bool *first)
{
    uintptr_t newest = weft__word_lock(cf->task);

    if (newest == WEFT__WORD_DONE)
        return false;
    *first = cf->waiter.fire != NULL;
    if (*first)
        newest = weft__waiters_remove(newest, &cf->waiter);
    cf->waiter.fire = NULL;
    weft__word_unlock(cf->task, newest);
    return true;
}

static bool cancel_apart(struct weft_cfuture *cf)
{
    bool first;

    if (!take_out(cf, &first))
        return !cf->waiter.fire || cf->task->error == -ECANCELED;
    if (first) {
        complete(cf, -ECANCELED, NULL);
        weft_cancel(cf->task);
        unref(cf); /* its place in the list; the caller has one */
    }
    return true;
}

bool weft_cfuture_cancel(weft_cfuture_t *cf)
{
    if (!cf->task)
        return false;
    if (cf->promise)
        return weft_cancel(cf->task) || weft_cancelled(cf->task);
    return cancel_apart(cf);
}

bool weft_cfuture_cancelled(const weft_cfuture_t *cf)
{
    return weft_cfuture_done(cf) && cf->error == -ECANCELED;
}

bool weft_cfuture_done(const weft_cfuture_t *cf)
{
    return weft__load_acquire(&((weft_cfuture_t *)(uintptr_t)cf)->state) == DONE;
}

static bool is_static(const struct weft_cfuture *cf)
{
    return cf == &out_of_memory || cf == &no_coroutine;
}

weft_cfuture_t *weft_cfuture_ref(weft_cfuture_t *cf)
{
    if (cf && !is_static(cf))
        weft__fetch_add_relaxed(&cf->refs, 1); /* relaxed: the caller holds one */
    return cf;
}

void weft_cfuture_unref(weft_cfuture_t *cf)
{
    weft_future_t *promise;

    if (!cf || is_static(cf))
        return;
    promise = cf->promise ? weft_ref(cf->task) : NULL;
    if (unref(cf) == 1)
        weft_cancel(promise); /* if it is not done, the one that is left is its list's */
    weft_unref(promise);
}

/* ---- into a loop -------------------------------------------------------------------------------
 */

struct wrap { /* the data of the wrapping future: it goes with that */
    struct weft__waiter inner_done, outer_done;
    struct weft_awaitable *inner; /* a reference */
    struct weft_awaitable *outer;
};

static void destroy_wrap(struct weft_awaitable *outer)
{
    struct wrap *wrap = weft__extra(outer)->data;

    weft__awaitable_unref_after(outer, wrap->inner);
    free(wrap);
}

static void pass_outward(struct weft__waiter *waiter, struct weft_awaitable *inner,
                         struct weft__untold *untold)
{
    struct weft_awaitable *outer = weft__container_of(waiter, struct wrap, inner_done)->outer;

    weft__store_relaxed(&inner->retrieved, 1); /* relaxed: see core/task.h */
    weft__awaitable_follow(outer, inner, untold);
    weft__awaitable_unref(outer, 1);
}

static void pass_inward(struct weft__waiter *waiter, struct weft_awaitable *outer,
                        struct weft__untold *untold)
{
    struct wrap *wrap = weft__container_of(waiter, struct wrap, outer_done);

    (void)untold;
    if (outer->error == -ECANCELED)
        weft_cancel(wrap->inner);
}

/* Both nodes into their lists; nobody else knows [outer] yet. */
static void link_wrap(struct wrap *wrap)
{
    uintptr_t newest = weft__word_lock(wrap->outer);

    weft__word_unlock(wrap->outer, weft__waiters_add(newest, &wrap->outer_done));
    weft__awaitable_ref(wrap->outer);
    newest = weft__word_lock(wrap->inner);
    if (newest == WEFT__WORD_DONE)
        pass_outward(&wrap->inner_done, wrap->inner, NULL);
    else
        weft__word_unlock(wrap->inner, weft__waiters_add(newest, &wrap->inner_done));
}

weft_future_t *weft_wrap_future_at(weft_cfuture_t *cf, weft_loop_t *loop, const char *where)
{
    struct weft_awaitable *outer;
    struct weft__extra *extra;
    struct wrap *wrap;

    if (!cf->task)
        return weft__awaitable_failed(cf->error);
    outer = weft_create_future_at(loop, where);
    if (weft__kind(outer) == WEFT__KIND_FAILED)
        return outer;
    extra = weft__awaitable_extra(outer);
    wrap = extra ? calloc(1, sizeof *wrap) : NULL;
    if (!wrap) {
        weft_unref(outer);
        return weft__awaitable_failed(-ENOMEM);
    }
    *wrap = (struct wrap){.inner_done.fire = pass_outward,
                          .outer_done.fire = pass_inward,
                          .inner = weft_ref(cf->task),
                          .outer = outer};
    extra->data = wrap;
    extra->destroy = destroy_wrap;
    link_wrap(wrap);
    return outer;
}
