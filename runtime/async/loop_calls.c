/* SPDX-License-Identifier: MIT */
/* loop_calls: the loop's public calls: life, callbacks, what it can be asked. */
#include "weft/loop.h"

#include <stdlib.h>

#include "weft/future.h"
#include "weft/error.h"
#include "weft/thread.h"
#include "runtime/async/create_task.h"
#include "runtime/base/clock.h"
#include "runtime/sched/await.h"
#include "runtime/sched/handle.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/report.h"
#include "runtime/async/signal.h"

weft_loop_t *weft_loop_ref(weft_loop_t *loop)
{
    if (loop)
        weft__fetch_add_relaxed(&loop->refs, 1); /* relaxed: the caller holds one */
    return loop;
}

void weft_loop_unref(weft_loop_t *loop)
{
    /* acq_rel: the last one sees what all others did. */
    if (!loop || weft__fetch_sub_acq_rel(&loop->refs, 1) != 1)
        return;
    /* It stays until the loop is closed, as whoever is told of an error may take one and let go.
     * relaxed: nobody else has one. */
    weft__store_relaxed(&loop->refs, 1);
    if (weft__load_relaxed(&loop->debug) && !weft__loop_closed(loop)) /* relaxed: a switch */
        weft__report_error(loop, "a loop was dropped that was not closed", 0, NULL);
    weft_loop_close(loop);
    if (weft__fetch_sub_acq_rel(&loop->refs, 1) != 1) /* acq_rel: as above */
        return;
    weft__loop_forget(loop); /* not before: its end may have errors to report */
    weft__loop_drop(loop);
}

int weft_loop_close(weft_loop_t *loop)
{
    uint32_t state = WEFT__LOOP_STOPPED;

    if (loop->generation != weft__fork_generation())
        return -ESHUTDOWN;
    /* seq_cst: from here on calls say -ESHUTDOWN, or we wait for them (weft__loop_enter); we see
     * what the last run did. */
    if (!weft__cas_seq_cst(&loop->state, &state, WEFT__LOOP_CLOSED))
        return state == WEFT__LOOP_CLOSED ? 0 : -EBUSY;
    weft__signal_forget(loop);
    weft__loop_end(loop);
    return 0;
}

weft_loop_t *weft_get_running_loop(void)
{
    struct weft__worker *worker = weft__self();

    return worker ? worker->loop : NULL;
}

static void stop_when_done(weft_future_t *future, void *loop)
{
    (void)future;
    weft__loop_stop(loop);
}

static int run_until(weft_loop_t *loop, weft_awaitable_t *aw, void **result)
{
    int rc = weft_add_done_callback(aw, stop_when_done, loop);

    if (rc < 0)
        return rc;
    rc = weft__loop_run(loop);
    if (!weft_done(aw)) {
        weft_remove_done_callback(aw, stop_when_done, loop);
        return rc < 0 ? rc : WEFT_ESTOPPED;
    }
    return rc < 0 ? rc : weft_result(aw, result);
}

static int can_run(weft_loop_t *loop)
{
    uint32_t state = weft__load_acquire(&loop->state); /* acquire: as weft__loop_closed */

    if (weft__loop_closed(loop))
        return weft__on_closed(loop, "run");
    return weft__self() || state == WEFT__LOOP_RUNNING
               ? weft__misuse(-EBUSY, "a loop is run while one is running")
               : 0;
}

int weft_loop_run_until_complete(weft_loop_t *loop, weft_awaitable_t *aw, void **result)
{
    weft_task_opts_t opts = {.size = sizeof opts};
    bool created = weft_iscoroutine(aw);
    int rc = can_run(loop);

    if (rc < 0) {
        if (created)
            weft_coro_close(aw);
        return rc;
    }
    if (created) {
        rc = weft__create_task(loop, aw, &opts, &aw);
        if (rc < 0)
            return rc;
    } else if (!aw || !weft_isfuture(aw)) {
        return weft__misuse(-EPROTOTYPE, "neither a coroutine nor a future");
    } else if (weft__kind(aw) == WEFT__KIND_FAILED) {
        return aw->error;
    } else if (aw->loop != loop) {
        return -EXDEV;
    }
    rc = run_until(loop, aw, result);
    if (created && rc != WEFT_ESTOPPED && !weft_done(aw))
        weft_cancel(aw); /* the run could not start: nobody waits for it any more */
    if (created)
        weft_unref(aw);
    return rc;
}

int weft_loop_run_forever(weft_loop_t *loop)
{
    int rc = can_run(loop);

    return rc < 0 ? rc : weft__loop_run(loop);
}

void weft_loop_stop(weft_loop_t *loop)
{
    weft__loop_stop(loop);
}

bool weft_loop_is_running(const weft_loop_t *loop)
{
    return weft__loop_runs(loop);
}

bool weft_loop_is_closed(const weft_loop_t *loop)
{
    return weft__loop_closed(loop);
}

weft_ns_t weft_loop_time(const weft_loop_t *loop)
{
    return loop->system->now();
}

bool weft_loop_get_debug(const weft_loop_t *loop)
{
    return weft__load_relaxed(&((weft_loop_t *)(uintptr_t)loop)->debug); /* relaxed: a switch */
}

void weft_loop_set_debug(weft_loop_t *loop, bool debug)
{
    weft__store_relaxed(&loop->debug, debug); /* relaxed: a switch */
}

weft_ns_t weft_loop_get_slow_callback_duration(const weft_loop_t *loop)
{
    /* relaxed: a setting. */
    return weft__load_relaxed(&((weft_loop_t *)(uintptr_t)loop)->slow_step);
}

void weft_loop_set_slow_callback_duration(weft_loop_t *loop, weft_ns_t duration)
{
    weft__store_relaxed(&loop->slow_step, duration); /* relaxed: a setting */
}

/* ---- callbacks ---- */

WEFT__INLINE int takes(weft_loop_t *loop, weft_callback_t fn)
{
    if (!loop || !fn)
        return -EINVAL;
    return weft__unlikely(weft__loop_closed(loop)) ? weft__on_closed(loop, "a callback") : 0;
}

/* A handle for fn(arg), with a reference more if somebody [wants] one; or NULL. */
static struct weft_handle *make(weft_loop_t *loop, weft_callback_t fn, void *arg, bool wants,
                                const void *where)
{
    struct weft_handle *handle = weft__handle_new(loop);

    if (weft__unlikely(!handle))
        return NULL;
    handle->fn = fn;
    handle->arg = arg;
    handle->where = where;
    if (wants)
        weft__handle_hold(weft_handle_ref(handle));
    return handle;
}

static int call_soon(weft_loop_t *loop, weft_callback_t fn, void *arg, weft_handle_t **handle,
                     const void *where)
{
    struct weft_handle *made;
    int rc = takes(loop, fn);

    if (rc < 0)
        return rc;
    made = make(loop, fn, arg, handle, where);
    if (!made)
        return -ENOMEM;
    rc = weft__handle_submit(made);
    if (rc == 0 && handle)
        *handle = made;
    else if (handle)
        weft_handle_unref(made);
    return rc;
}

int weft_loop_call_soon_threadsafe(weft_loop_t *loop, weft_callback_t fn, void *arg,
                                   weft_handle_t **handle)
{
    return call_soon(loop, fn, arg, handle, __builtin_return_address(0));
}

/* The loop's own threads, and any thread while it does not run: the one that is about to run it. */
static int may_call(weft_loop_t *loop)
{
    struct weft__worker *self = weft__self();

    if (self ? self->loop == loop : loop && !weft_loop_is_running(loop))
        return 0;
    return loop ? weft__misuse(-EPERM, "call_soon from outside of the loop") : -EINVAL;
}

int weft_loop_call_soon(weft_loop_t *loop, weft_callback_t fn, void *arg, weft_handle_t **handle)
{
    int rc = may_call(loop);

    return rc < 0 ? rc : call_soon(loop, fn, arg, handle, __builtin_return_address(0));
}

static int call_at(weft_loop_t *loop, weft_ns_t when, weft_callback_t fn, void *arg,
                   weft_handle_t **handle, const void *where)
{
    int rc = when == WEFT_NONE ? -EINVAL : may_call(loop);
    struct weft_handle *made;

    if (rc < 0 || (rc = takes(loop, fn)) < 0)
        return rc;
    made = make(loop, fn, arg, handle, where);
    if (!made)
        return -ENOMEM;
    made->timed = true;
    made->alarm.ring = weft__handle_ring;
    rc = weft__alarm_set(weft__self() ? weft__self() : &loop->workers[0], &made->alarm, when);
    if (rc == 0 && handle) {
        *handle = made;
    } else if (rc < 0) {
        weft_handle_unref(made);
        if (handle)
            weft_handle_unref(made);
    }
    return rc;
}

int weft_loop_call_at(weft_loop_t *loop, weft_ns_t when, weft_callback_t fn, void *arg,
                      weft_handle_t **handle)
{
    return call_at(loop, when, fn, arg, handle, __builtin_return_address(0));
}

int weft_loop_call_later(weft_loop_t *loop, weft_ns_t delay, weft_callback_t fn, void *arg,
                         weft_handle_t **handle)
{
    if (!loop)
        return -EINVAL;
    if (delay == WEFT_NONE)
        return -EINVAL;
    /* A negative delay is earlier than now: more negative, sooner. */
    int64_t now = loop->system->now();
    return call_at(loop, delay < 0 ? now + delay : weft__deadline_after(now, delay), fn, arg,
                   handle, __builtin_return_address(0));
}
