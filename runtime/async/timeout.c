/* SPDX-License-Identifier: MIT */
/*
 * timeout: a scope whose deadline cancels what runs in it.
 *
 * Expiry, under the lock of the heap: the alarm is unlinked, the scope is marked, a token is put
 * into the task. The walk that delivers it follows, with a reference. Leaving the scope, or moving
 * its deadline, unlinks under the same lock. So an expiry has happened entirely, or never, and
 * cannot hit the task afterwards.
 *
 * Who moves the deadline holds the scope's mark meanwhile, as does the task to leave: one at a time
 * chooses a heap, which is that of the worker that it is on.
 *
 * On leaving an expired scope the token is taken back, if it is still there: it is, if nothing left
 * the task's tokens since (the sequence number). If the count is then what it was on entry, nobody
 * else cancelled, and a body that ended with -ECANCELED timed out (asyncio's rule).
 */
#include "weft/time.h"

#include "weft/error.h"

#include "runtime/base/clock.h"
#include "runtime/core/error.h"
#include "runtime/sched/alarm.h"
#include "runtime/sched/block.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/level.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"

struct scope {
    struct weft__block block;
    struct weft__alarm alarm;
    struct weft_awaitable *task;
    struct weft__mark mark;
    uint32_t base, sequence, depth;
    _Atomic(bool) expired; /* set under the heap's lock; relaxed: that orders it */
};

_Static_assert(sizeof(struct scope) <= sizeof(weft_timeout_t), "the public object is large enough");

static struct weft_awaitable *ring(struct weft__alarm *alarm)
{
    struct scope *scope = weft__container_of(alarm, struct scope, alarm);

    weft__store_relaxed(&scope->expired, true);
    if (!weft__token_put(scope->task, scope->depth, &scope->sequence))
        return NULL;
    weft__awaitable_ref(scope->task);
    return scope->task;
}

static void fill(struct scope *scope, struct weft_awaitable *task, int64_t when)
{
    weft__store_relaxed(&scope->block.deadline, when);
    scope->task = task;
    scope->base = weft__tokens_count(weft__load_relaxed(&task->tokens)); /* relaxed: a number */
    scope->depth = weft__scope_depth(task);
    weft__store_relaxed(&scope->expired, false);
    scope->alarm.home = NULL;
    scope->alarm.ring = ring;
    weft__timer_init(&scope->alarm.timer);
}

static void abandon(struct weft__block *block)
{
    weft__mark_leave(&weft__container_of(block, struct scope, block)->mark);
}

int weft_timeout_enter_at(weft_timeout_t *timeout, weft_ns_t when)
{
    struct scope *scope = (struct scope *)timeout;
    struct weft__worker *worker = weft__self();
    struct weft_awaitable *task = worker ? weft__worker_task(worker) : NULL;
    int rc;

    if (weft__unlikely(!task))
        return weft__no_task("timeout");
    rc = weft__block_enter(task, &scope->block, abandon);
    if (weft__unlikely(rc < 0))
        return rc == -EALREADY ? weft__misuse(rc, "a time-out scope is entered twice") : rc;
    fill(scope, task, when);
    if (when != WEFT_NONE)
        rc = weft__alarm_set(worker, &scope->alarm, when);
    if (weft__unlikely(rc < 0))
        weft__block_leave(&scope->block);
    else
        weft__mark_set(&scope->mark, WEFT__MARK_OPEN);
    return rc;
}

int weft_timeout_enter(weft_timeout_t *timeout, weft_ns_t delay)
{
    struct weft__worker *worker = weft__self();

    if (delay == WEFT_NONE || !worker)
        return weft_timeout_enter_at(timeout, WEFT_NONE);
    return weft_timeout_enter_at(timeout, weft__deadline_after(worker->loop->system->now(), delay));
}

/* Held, by a worker of its loop. */
static int move(struct scope *scope, struct weft__worker *worker, int64_t when)
{
    if (when != WEFT_NONE && weft__alarm_reserve(worker) < 0)
        return -ENOMEM;
    weft__alarm_unset(&scope->alarm); /* after which it has expired, or will not */
    if (weft__load_relaxed(&scope->expired))
        return WEFT_EINVALIDSTATE;
    weft__store_relaxed(&scope->block.deadline, when);
    if (when == WEFT_NONE)
        return 0;
    return weft__alarm_set(worker, &scope->alarm, when); /* reserved: it cannot fail */
}

int weft_timeout_reschedule(weft_timeout_t *timeout, weft_ns_t when)
{
    struct scope *scope = (struct scope *)timeout;
    struct weft__worker *worker = weft__self();
    int rc = -EPERM;

    if (worker && weft__mark_hold(&scope->mark)) {
        if (worker->loop == scope->task->loop)
            rc = move(scope, worker, when);
        weft__mark_set(&scope->mark, WEFT__MARK_OPEN);
    }
    if (rc == -EPERM)
        return weft__misuse(rc, "a time-out scope is rescheduled that is not open in this loop");
    if (rc == WEFT_EINVALIDSTATE)
        return weft__misuse(rc, "a time-out scope is rescheduled that has expired");
    return rc;
}

/* Another error came out of a body that had timed out: it says so. Lost when out of memory. */
static void add_context(struct weft_awaitable *task, int code)
{
    struct weft__extra *extra = weft__extra(task);
    struct weft_error *old = extra->error, *error;

    if (old && old->code != code)
        old = NULL;
    error = weft__error_new(code, old ? old->message : NULL, old ? old->count : 0);
    if (!error)
        return;
    error->context = -ETIMEDOUT;
    error->where = old ? old->where : NULL;
    for (size_t i = 0; i < error->count; i++) {
        error->entry[i].code = old->entry[i].code;
        error->entry[i].error = weft__error_ref(old->entry[i].error);
    }
    weft__error_set(task, error);
}

int weft_timeout_exit(weft_timeout_t *timeout, int rc)
{
    struct scope *scope = (struct scope *)timeout;
    uint32_t count;

    if (weft__unlikely(!weft__block_leave(&scope->block)))
        return weft__misuse(-EPERM, "a time-out scope is left that was not entered here");
    weft__mark_leave(&scope->mark);
    weft__alarm_unset(&scope->alarm);
    if (!weft__load_relaxed(&scope->expired))
        return rc;
    count = weft__token_take_back(scope->task, true, scope->sequence);
    if (rc == -ECANCELED)
        return count <= scope->base ? -ETIMEDOUT : rc;
    if (rc < 0)
        add_context(scope->task, rc);
    return rc;
}

bool weft_timeout_expired(const weft_timeout_t *timeout)
{
    return weft__load_relaxed(&((struct scope *)(uintptr_t)timeout)->expired);
}

weft_ns_t weft_timeout_when(const weft_timeout_t *timeout)
{
    return weft__load_relaxed(&((struct scope *)(uintptr_t)timeout)->block.deadline);
}
