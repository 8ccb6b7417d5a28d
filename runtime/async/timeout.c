/* SPDX-License-Identifier: MIT */
/*
 * timeout: a scope whose deadline cancels what runs in it.
 *
 * Expiry, under the lock of the heap: the alarm is unlinked, the scope is marked, a token is put
 * into the task. The walk that delivers it follows, with a reference. Leaving the scope unlinks
 * under the same lock. So an expiry has happened entirely, or never, and cannot hit the task
 * afterwards.
 *
 * On leaving an expired scope the token is taken back, if it is still there: it is, if nothing left
 * the task's tokens since (the sequence number). If the count is then what it was on entry, nobody
 * else cancelled, and a body that ended with -ECANCELED timed out (asyncio's rule).
 */
#include "weft/time.h"
#include "runtime/base/clock.h"
#include "runtime/sched/alarm.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/level.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"

struct scope {
    struct weft__alarm alarm;
    struct weft_awaitable *task;
    int64_t when;
    uint32_t base, sequence, depth;
    bool expired; /* written under the heap's lock */
    uint32_t magic;
};

enum { SCOPE_OPEN = 0x57f7, SCOPE_LEFT = 0x57f8 };

_Static_assert(sizeof(struct scope) <= sizeof(weft_timeout_t), "the public object is large enough");

static struct weft_awaitable *ring(struct weft__alarm *alarm)
{
    struct scope *scope = weft__container_of(alarm, struct scope, alarm);

    scope->expired = true;
    if (!weft__token_put(scope->task, scope->depth, &scope->sequence))
        return NULL;
    weft__awaitable_ref(scope->task);
    return scope->task;
}

int weft_timeout_enter_at(weft_timeout_t *timeout, weft_ns_t when)
{
    struct scope *scope = (struct scope *)timeout;
    struct weft__worker *worker = weft__self();
    struct weft_awaitable *task = worker ? weft__worker_task(worker) : NULL;
    int rc = 0;

    if (weft__unlikely(!task))
        return weft__no_task("timeout");
    *scope = (struct scope){.task = task, .when = when, .magic = SCOPE_OPEN};
    scope->base = weft__tokens_count(weft__load_relaxed(&task->tokens)); /* relaxed: a number */
    scope->depth = weft__scope_depth(task);
    scope->alarm.ring = ring;
    weft__timer_init(&scope->alarm.timer);
    if (when != WEFT_NONE)
        rc = weft__alarm_set(worker, &scope->alarm, when);
    return rc;
}

int weft_timeout_enter(weft_timeout_t *timeout, weft_ns_t delay)
{
    struct weft__worker *worker = weft__self();

    if (delay == WEFT_NONE || !worker)
        return weft_timeout_enter_at(timeout, WEFT_NONE);
    return weft_timeout_enter_at(timeout, weft__deadline_after(worker->loop->system->now(), delay));
}

int weft_timeout_exit(weft_timeout_t *timeout, int rc)
{
    struct scope *scope = (struct scope *)timeout;

    if (scope->magic != SCOPE_OPEN || scope->task != weft_current_task())
        return weft__misuse(-EPERM, "a time-out scope is left that was not entered here");
    scope->magic = SCOPE_LEFT;
    weft__alarm_unset(&scope->alarm);
    if (!scope->expired)
        return rc;
    uint32_t count = weft__token_take_back(scope->task, true, scope->sequence);
    return rc == -ECANCELED && count <= scope->base ? -ETIMEDOUT : rc;
}

bool weft_timeout_expired(const weft_timeout_t *timeout)
{
    return ((const struct scope *)timeout)->expired;
}

weft_ns_t weft_timeout_when(const weft_timeout_t *timeout)
{
    return ((const struct scope *)timeout)->when;
}
