/* SPDX-License-Identifier: MIT */
/*
 * scope: a cancel scope with a deadline.
 *
 * What it does to the waits of its task is sched/level.h; here are its deadline, as that of a
 * time-out (async/timeout.c), and who takes the blame at its exit: it does, if no scope further out
 * that reaches the task is cancelled too, and if nobody has cancelled the task itself since it
 * entered.
 */
#include "weft/scope.h"

#include "runtime/base/clock.h"
#include "runtime/sched/alarm.h"
#include "runtime/sched/block.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/level.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"

struct scope {
    struct weft__block block;
    struct weft__scope level;
    struct weft__alarm alarm;
    struct weft__mark mark;
    struct weft_awaitable *task;
    uint32_t base;
    int caught_as; /* what exit makes of its cancellation */
    bool caught;
};

_Static_assert(sizeof(struct scope) <= sizeof(weft_scope_t), "the public object is large enough");

static struct weft_awaitable *ring(struct weft__alarm *alarm)
{
    struct scope *scope = weft__container_of(alarm, struct scope, alarm);

    if (!weft__scope_cancel(scope->task, &scope->level))
        return NULL;
    return weft_ref(scope->task);
}

static void fill(struct scope *scope, struct weft_awaitable *task, bool shield, int caught_as)
{
    scope->block.shield = shield;
    scope->task = task;
    scope->base = weft__tokens_count(weft__load_relaxed(&task->tokens)); /* relaxed: a number */
    scope->caught_as = caught_as;
    scope->caught = false;
    scope->alarm.home = NULL;
    scope->alarm.ring = ring;
    weft__timer_init(&scope->alarm.timer);
    weft__scope_enter(task, &scope->level, shield);
}

static void abandon(struct weft__block *block)
{
    struct scope *scope = weft__container_of(block, struct scope, block);

    weft__mark_leave(&scope->mark);
    weft__scope_leave(scope->task, &scope->level);
}

/* The alarm stands for what was not cancelled before. Its place is reserved. Held by a worker of
 * its loop, or not open yet. */
static int set_alarm(struct scope *scope, struct weft__worker *worker, int64_t when)
{
    if (when != WEFT_NONE && weft__alarm_reserve(worker) < 0)
        return -ENOMEM;
    weft__alarm_unset(&scope->alarm);
    weft__store_relaxed(&scope->block.deadline, when); /* relaxed: a number, below too */
    return when == WEFT_NONE ? 0 : weft__alarm_set(worker, &scope->alarm, when);
}

static int enter(struct scope *scope, int64_t when, bool shield, int caught_as)
{
    struct weft__worker *worker = weft__self();
    struct weft_awaitable *task = worker ? weft__worker_task(worker) : NULL;
    int rc;

    if (!task)
        return weft__no_task("scope");
    rc = weft__block_enter(task, &scope->block, abandon);
    if (rc < 0)
        return rc == -EALREADY ? weft__misuse(rc, "a scope is entered twice") : rc;
    fill(scope, task, shield, caught_as);
    rc = set_alarm(scope, worker, when);
    if (rc < 0) {
        weft__block_leave(&scope->block);
        weft__scope_leave(task, &scope->level);
    } else {
        weft__mark_set(&scope->mark, WEFT__MARK_OPEN);
    }
    return rc;
}

static int64_t after(weft_ns_t delay)
{
    struct weft__worker *worker = weft__self();

    if (delay == WEFT_NONE || !worker)
        return WEFT_NONE;
    return weft__deadline_after(worker->loop->system->now(), delay);
}

int weft_scope_enter(weft_scope_t *scope, weft_ns_t when, bool shield)
{
    return enter((struct scope *)scope, when, shield, 0);
}

int weft_move_on_after(weft_scope_t *scope, weft_ns_t delay)
{
    return enter((struct scope *)scope, after(delay), false, 0);
}

int weft_fail_after(weft_scope_t *scope, weft_ns_t delay)
{
    return enter((struct scope *)scope, after(delay), false, -ETIMEDOUT);
}

int weft_scope_exit(weft_scope_t *public, int rc)
{
    struct scope *scope = (struct scope *)public;
    struct weft_awaitable *task;
    uint32_t count;

    if (!weft__block_leave(&scope->block))
        return weft__misuse(-EPERM, "a scope is left that was not entered here");
    task = scope->task;
    weft__mark_leave(&scope->mark);
    weft__alarm_unset(&scope->alarm);
    weft__scope_leave(task, &scope->level);
    count = weft__tokens_count(weft__load_relaxed(&task->tokens)); /* relaxed: a number */
    scope->caught = weft_scope_cancelled(public) && rc == -ECANCELED && !weft__scope_struck(task) &&
                    count <= scope->base;
    return scope->caught ? scope->caught_as : rc;
}

void weft_scope_cancel(weft_scope_t *public)
{
    struct scope *scope = (struct scope *)public;
    struct weft_awaitable *task;
    bool first;

    if (!weft__mark_hold(&scope->mark))
        return;
    task = weft_ref(scope->task);
    first = weft__scope_cancel(task, &scope->level);
    weft__mark_set(&scope->mark, WEFT__MARK_OPEN);
    if (first)
        weft__interrupt(task, false, NULL);
    weft_unref(task);
}

int weft_scope_set_deadline(weft_scope_t *public, weft_ns_t when)
{
    struct scope *scope = (struct scope *)public;
    struct weft__worker *worker = weft__self();
    int rc = -EPERM;

    if (worker && weft__mark_hold(&scope->mark)) {
        if (worker->loop == scope->task->loop)
            rc = set_alarm(scope, worker, when);
        weft__mark_set(&scope->mark, WEFT__MARK_OPEN);
    }
    return rc == -EPERM ? weft__misuse(rc, "the deadline of a scope that is not open in this loop")
                        : rc;
}

weft_ns_t weft_scope_deadline(const weft_scope_t *scope)
{
    return weft__load_relaxed(&((struct scope *)(uintptr_t)scope)->block.deadline);
}

bool weft_scope_cancelled(const weft_scope_t *scope)
{
    /* relaxed: no data hangs on it. */
    return weft__load_relaxed(&((struct scope *)(uintptr_t)scope)->level.cancelled);
}

bool weft_scope_caught(const weft_scope_t *scope)
{
    return ((const struct scope *)scope)->caught;
}

weft_ns_t weft_effective_deadline(void)
{
    weft_task_t *task = weft_current_task();
    struct weft__extra *extra = task ? weft__extra(task) : NULL;
    int64_t earliest = WEFT_NONE;

    if (task && weft__scope_struck(task))
        return INT64_MIN;
    for (struct weft__block *b = extra ? extra->blocks : NULL; b; b = b->outer) {
        int64_t deadline = weft__load_relaxed(&b->deadline);
        if (deadline < earliest)
            earliest = deadline;
        if (b->shield)
            break;
    }
    return earliest;
}
