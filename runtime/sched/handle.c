/* SPDX-License-Identifier: MIT */
#include "runtime/sched/handle.h"

#include "weft/future.h"
#include "weft/strand.h"
#include "runtime/core/slab.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/step.h"
#include "runtime/sched/submit.h"

struct weft_handle *weft__handle_new(struct weft_loop *loop, uint32_t refs)
{
    struct weft_handle *handle = weft__slab_get(WEFT__SLAB_HANDLE);
    struct weft__worker *self = weft__self();
    struct weft_strand *strand = self && self->loop == loop ? self->strand : NULL;

    if (!handle)
        return NULL;
    handle->loop = loop;
    handle->done_fn = NULL;
    handle->future = NULL;
    handle->timed = false;
    handle->holds = false;
    handle->where = NULL;
    handle->vars = weft__locals_inherit();
    handle->strand = strand && strand != &loop->strand ? weft_strand_ref(strand) : NULL;
    handle->alarm.home = NULL;
    weft__store_relaxed(&handle->state, WEFT__HANDLE_SCHEDULED); /* relaxed: not shared yet */
    weft__store_relaxed(&handle->refs, refs);
    return handle;
}

void weft__handle_hold(struct weft_handle *handle)
{
    handle->holds = true;
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

static void call(struct weft_handle *handle)
{
    struct weft__worker *worker = weft__self();
    weft__vars vars = weft__unlikely(handle->vars != 0) ? weft__vars_ref(handle->vars) : 0;
    weft__vars outer = weft__locals_enter(vars);

    if (handle->done_fn)
        handle->done_fn(handle->future, handle->arg);
    else
        handle->fn(handle->arg);
    weft__locals_leave(outer);
    if (weft__unlikely(worker->debug))
        weft__step_end(worker, NULL, handle);
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
    if (weft__load_acquire(&handle->refs) != 1 && weft__fetch_sub_acq_rel(&handle->refs, 1) != 1)
        return;
    weft_unref(handle->future);
    weft_strand_unref(handle->strand);
    if (weft__unlikely(handle->vars != 0))
        weft__vars_unref(handle->vars);
    if (handle->holds)
        weft__loop_drop(handle->loop);
    weft__slab_put(WEFT__SLAB_HANDLE, handle);
}
