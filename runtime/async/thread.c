/* SPDX-License-Identifier: MIT */
/*
 * thread: a future that blocks an OS thread, and calls on threads that may block.
 *
 * A cfuture holds the task in the loop by a reference and waits in its list; the task's end copies
 * the outcome and wakes whoever blocks on the state word. It owns its memory, so either side may
 * let go first.
 */
#include "weft/thread.h"

#include <stdlib.h>

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
    struct weft_awaitable *task; /* a reference, or NULL when it could not start */
    int error;
    void *result;
};

static void unref(struct weft_cfuture *cf)
{
    if (weft__fetch_sub_acq_rel(&cf->refs, 1) !=
        1) /* acq_rel: the last one sees what the other did */
        return;
    weft_unref(cf->task);
    free(cf);
}

static void complete(struct weft_cfuture *cf, int error, void *result)
{
    cf->error = error;
    cf->result = result;
    /* acq_rel: release the outcome to whoever reads DONE. */
    if (weft__exchange_acq_rel(&cf->state, DONE) == BLOCKED)
        cf->system->wake_all(&cf->state);
}

static void fire(struct weft__waiter *waiter, struct weft_awaitable *done)
{
    struct weft_cfuture *cf = weft__container_of(waiter, struct weft_cfuture, waiter);

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
        fire(&cf->waiter, cf->task);
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

bool weft_cfuture_cancel(weft_cfuture_t *cf)
{
    return cf->task && weft_cancel(cf->task);
}

bool weft_cfuture_done(const weft_cfuture_t *cf)
{
    return weft__load_acquire(&((weft_cfuture_t *)(uintptr_t)cf)->state) == DONE;
}

void weft_cfuture_unref(weft_cfuture_t *cf)
{
    if (cf && cf != &out_of_memory && cf != &no_coroutine)
        unref(cf);
}
