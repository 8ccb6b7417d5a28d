/* SPDX-License-Identifier: MIT */
#include "runtime/sched/handle.h"

#include "weft/future.h"
#include "weft/strand.h"
#include "runtime/core/slab.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/step.h"
#include "runtime/sched/submit.h"

struct weft_handle *weft__handle_new(struct weft_loop *loop)
{
    struct weft_handle *handle = weft__slab_get(WEFT__SLAB_HANDLE);
    struct weft__worker *self = weft__self();
    struct weft_strand *strand = self && self->loop == loop ? self->strand : NULL;

    if (!handle)
        return NULL;
    handle->loop = loop;
    handle->future = NULL;
    handle->timed = false;
    handle->where = NULL;
    handle->vars = weft__locals_inherit();
    handle->strand = strand && strand != &loop->strand ? weft_strand_ref(strand) : NULL;
    handle->alarm.home = NULL;
    weft__store_relaxed(&handle->state, WEFT__HANDLE_SCHEDULED); /* relaxed: not shared yet */
    weft__store_relaxed(&handle->refs, 1);
    return handle;
}

void weft__handle_hold(struct weft_handle *handle)
{
    /* relaxed: not shared yet. */
    weft__store_relaxed(&handle->refs, weft__load_relaxed(&handle->refs) | WEFT__HANDLE_HOLDS);
    weft__loop_hold(handle->loop);
}

void weft__handle_leave(struct weft_handle *handle)
{
    weft_strand_unref(handle->strand);
    weft__vars_unref(handle->vars);
    handle->strand = NULL;
    handle->vars = 0;
}

int weft__handle_submit(struct weft_handle *handle)
{
    struct weft_loop *loop = handle->loop;
    weft__entry e = weft__entry_make(handle, WEFT__ENTRY_HANDLE);
    bool taken;

    if (loop->ordered)
        taken = weft__submit_entry(loop, e);
    else
        taken = weft__strand_push(handle->strand ? handle->strand : &loop->strand, e);
    if (taken)
        return 0;
    weft_handle_unref(handle);
    return -ESHUTDOWN;
}

void weft__handle_drop(struct weft_handle *handle)
{
    uint32_t state = WEFT__HANDLE_SCHEDULED;

    /* acq_rel: as in weft__handle_run. A cancel that comes later does not look for its timer any
     * more. */
    weft__cas_acq_rel(&handle->state, &state, WEFT__HANDLE_DONE);
    weft_handle_unref(handle);
}

struct weft_awaitable *weft__handle_ring(struct weft__alarm *alarm)
{
    /* The timer's reference goes on to the queue. */
    weft__handle_submit(weft__container_of(alarm, struct weft_handle, alarm));
    return NULL;
}

static void invoke(struct weft_handle *handle)
{
    if (handle->future)
        handle->done_fn(handle->future, handle->arg);
    else
        handle->fn(handle->arg);
}

static WEFT__NOINLINE void call_seeing(struct weft_handle *handle, struct weft__thread_local *here)
{
    weft__vars outer = weft__locals_enter(here, weft__vars_ref(handle->vars));

    invoke(handle);
    weft__locals_leave(here, outer);
}

static void call(struct weft_handle *handle)
{
    struct weft__thread_local *here = weft__thread_local(); /* a callback does not suspend */

    if (weft__unlikely((handle->vars | here->vars) != 0)) {
        call_seeing(handle, here);
    } else {
        invoke(handle);
        weft__locals_leave(here, 0);
    }
    if (weft__unlikely(here->worker->debug))
        weft__step_end(here->worker, NULL, handle);
}

void weft__handle_run(struct weft_handle *handle)
{
    uint32_t state = WEFT__HANDLE_SCHEDULED;

    /* acq_rel: pairs with the cancel's CAS; one of the two wins. */
    if (weft__cas_acq_rel(&handle->state, &state, WEFT__HANDLE_RUNNING)) {
        call(handle);
        /* acq_rel: what the callback did is seen by whoever waited for it. */
        if (weft__exchange_acq_rel(&handle->state, WEFT__HANDLE_DONE) == WEFT__HANDLE_WAITED)
            handle->loop->system->wake_all(&handle->state);
    }
    weft_handle_unref(handle);
}

static void wait_for_call(struct weft_handle *handle, uint32_t state)
{
    while (state == WEFT__HANDLE_RUNNING || state == WEFT__HANDLE_WAITED) {
        /* acq_rel: acquire what the callback did, should it just have ended. */
        if (state == WEFT__HANDLE_RUNNING &&
            !weft__cas_acq_rel(&handle->state, &state, WEFT__HANDLE_WAITED))
            continue;
        weft__sim_point("handle wait");
        handle->loop->system->wait(&handle->state, WEFT__HANDLE_WAITED, INT64_MAX);
        state = weft__load_acquire(&handle->state);
    }
}

void weft_handle_cancel(weft_handle_t *handle)
{
    struct weft__worker *self = weft__self();
    uint32_t state = WEFT__HANDLE_SCHEDULED;

    /* acq_rel: see weft__handle_run. A cancelled one stays in its queue and is skipped. */
    if (!weft__cas_acq_rel(&handle->state, &state, WEFT__HANDLE_CANCELLED)) {
        if (!self || self->loop != handle->loop)
            wait_for_call(handle, state);
        return;
    }
    weft__sim_point("handle cancelled");
    if (handle->timed && weft__alarm_unset(&handle->alarm))
        weft_handle_unref(handle); /* the timer's reference */
}

bool weft_handle_cancelled(const weft_handle_t *handle)
{
    /* relaxed: no data hangs on it. */
    return weft__load_relaxed(&((weft_handle_t *)(uintptr_t)handle)->state) ==
           WEFT__HANDLE_CANCELLED;
}

weft_ns_t weft_handle_when(const weft_handle_t *handle)
{
    return handle->timed ? handle->alarm.timer.deadline : 0;
}

weft_handle_t *weft_handle_ref(weft_handle_t *handle)
{
    if (handle)
        weft__fetch_add_relaxed(&handle->refs, 1); /* relaxed: the caller holds one */
    return handle;
}

void weft_handle_unref(weft_handle_t *handle)
{
    if (!handle)
        return;
    /* The only holder needs no RMW. acquire: pairs with the release of the others' last drop. */
    uint32_t refs = weft__load_acquire(&handle->refs);
    if ((refs & ~WEFT__HANDLE_HOLDS) != 1 &&
        (weft__fetch_sub_acq_rel(&handle->refs, 1) & ~WEFT__HANDLE_HOLDS) != 1)
        return;
    /* A plain callback has none of these, and calls nothing for them. */
    if (handle->future)
        weft_unref(handle->future);
    if (handle->strand)
        weft_strand_unref(handle->strand);
    if (handle->vars)
        weft__vars_unref(handle->vars);
    if (refs & WEFT__HANDLE_HOLDS)
        weft__loop_drop(handle->loop);
    weft__slab_put(WEFT__SLAB_HANDLE, handle);
}
