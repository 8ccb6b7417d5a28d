/* SPDX-License-Identifier: MIT */
/*
 * task group: tasks that end before the group is left.
 *
 * Each task has a member, an object with a waiter node in the task's list, a reference to the task,
 * and a place in one of three lists of the group: not cancelled yet, cancelled, failed. The lists,
 * the count and the state are under one lock, that of the gate at which exit waits. Whoever ends
 * the last task opens the gate under that lock and touches the group no more.
 *
 * A failure cancels the other tasks and, while the body runs, the task of the body, by a token of
 * the group's own that exit takes back (as a time-out does: async/timeout.c). While exit waits
 * there is nothing to interrupt: it is only roused, to wait on behind its shield, or to find that
 * all have ended, a tick before the last of them is told of (asyncio's order). The token is put
 * under the lock, the walk comes after it, with a reference; so are the tasks cancelled, one after
 * the other, as members can only end by running, and wait for the lock then.
 *
 * Once the tasks are cancelled, exit waits behind a shield (sched/level.h): what cancels the caller
 * meanwhile can make nothing end sooner; it stays pending, and is neither lost nor spun on.
 *
 * At the end of a loop the group and its tasks are parted before the first of them ends, whether
 * its body runs or exit waits: the group may be gone with the first.
 *
 * A failed member keeps its task, and with it what is known of its error, until exit makes the list
 * of errors. If there is no memory for that, the code is all that comes out.
 */
#include "weft/taskgroup.h"

#include <stdlib.h>

#include "weft/error.h"
#include "weft/strand.h"
#include "weft/time.h"

#include "runtime/async/create_task.h"
#include "runtime/async/gate.h"
#include "runtime/base/options.h"
#include "runtime/core/error.h"
#include "runtime/core/waiters.h"
#include "runtime/sched/await.h"
#include "runtime/sched/block.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/level.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/submit.h"

struct member {
    struct weft__waiter waiter;
    struct group *group;
    struct weft_awaitable *task; /* a reference */
    struct member **link, *next; /* its place in a list */
};

struct group {
    struct weft__block block;
    struct weft__mark mark;
    struct weft__gate gate; /* its lock: all below */
    bool exiting;           /* the body is over */
    bool ending;            /* the tasks are cancelled, no new ones come */
    bool body_struck;       /* our token is in the task of the body */
    int fatal;              /* the first error that is not to be hidden in a group, or 0 */
    size_t left;            /* tasks that are not done, or being created */
    size_t failures;
    struct member *fresh, *struck, *failed;
    struct member **last_failed;
    struct weft_awaitable *parent;
    struct weft_strand *strand; /* a reference, PARALLEL, or NULL */
    uint32_t base, sequence, depth;
};

_Static_assert(sizeof(struct group) <= sizeof(weft_taskgroup_t),
               "the public object is large enough");

static bool is_fatal(int error)
{
    return error == -EINTR || error == -ESHUTDOWN;
}

/* ---- lists, under the lock ---- */

static void link_member(struct member **where, struct member *member)
{
    member->link = where;
    member->next = *where;
    if (member->next)
        member->next->link = &member->next;
    *where = member;
}

static void unlink_member(struct member *member)
{
    *member->link = member->next;
    if (member->next)
        member->next->link = member->link;
}

static void add_failed(struct group *group, struct member *member)
{
    link_member(group->last_failed, member);
    group->last_failed = &member->next;
    group->failures++;
}

static void free_member(struct member *member)
{
    weft_unref(member->task);
    free(member);
}

static void free_failed(struct group *group)
{
    for (struct member *m = group->failed, *next; m; m = next) {
        next = m->next;
        free_member(m);
    }
}

/* ---- ending ---- */

/* Cancels all tasks that were not yet, and the body; exit, if it waits, looks again. With the lock,
 * which it lets go of in between: only by who holds the group open, a task of it that has not been
 * counted off, or its parent. */
static void end_group(struct group *group)
{
    struct weft_awaitable *parent = NULL, *waiting;
    struct member *member;

    group->ending = true;
    if (!group->exiting && !group->body_struck &&
        weft__token_put(group->parent, group->depth, &group->sequence)) {
        group->body_struck = true;
        parent = weft_ref(group->parent);
    }
    while ((member = group->fresh)) {
        struct weft_awaitable *task = weft_ref(member->task);
        unlink_member(member);
        link_member(&group->struck, member);
        weft__spin_unlock(&group->gate.lock);
        weft__cancel(task, NULL);
        weft_unref(task);
        weft__spin_lock(&group->gate.lock);
    }
    waiting = weft__gate_rouse(&group->gate);
    weft__spin_unlock(&group->gate.lock);
    if (waiting)
        weft__wake(waiting);
    if (parent)
        weft__interrupt(parent, false, NULL);
    weft_unref(parent);
    weft__spin_lock(&group->gate.lock);
}

/* The last access to the group by whoever ends a task of it; the lock is let go of. */
static void count_off(struct group *group)
{
    struct weft_awaitable *waiting = NULL;

    if (--group->left == 0 && group->exiting)
        waiting = weft__gate_open(&group->gate);
    weft__spin_unlock(&group->gate.lock);
    if (waiting)
        weft__wake(waiting);
}

static void tell(struct weft__waiter *waiter, struct weft_awaitable *task,
                 struct weft__untold *untold)
{
    struct member *member = weft__container_of(waiter, struct member, waiter);
    struct group *group = member->group;
    bool failed = task->error < 0 && task->error != -ECANCELED;

    (void)untold;
    weft__store_relaxed(&task->retrieved, 1); /* relaxed: see core/task.h */
    weft__spin_lock(&group->gate.lock);
    unlink_member(member);
    if (failed) {
        add_failed(group, member);
        if (is_fatal(task->error) && !group->fatal)
            group->fatal = task->error;
        if (!group->ending)
            end_group(group);
    }
    count_off(group);
    if (!failed)
        free_member(member);
}

static void fire(struct weft__waiter *waiter, struct weft_awaitable *task,
                 struct weft__untold *untold)
{
    weft__submit_waiter(waiter, task, tell, untold);
}

/* ---- the end of the loop ---- */

/* Nothing runs, so that whoever is done has been told of, and is in no list. */
static void part_from(struct member *member)
{
    for (struct member *next; member; member = next) {
        uintptr_t newest = weft__word_lock(member->task);
        weft__debug_assert(newest != WEFT__WORD_DONE);
        next = member->next;
        weft__word_unlock(member->task, weft__waiters_remove(newest, &member->waiter));
        free_member(member);
    }
}

/* Whoever cancels the group from outside may be at it, under the lock. */
static void abandon(struct group *group)
{
    weft__mark_set(&group->mark, WEFT__MARK_LEFT);
    weft__spin_lock(&group->gate.lock);
    part_from(group->fresh);
    part_from(group->struck);
    group->fresh = group->struck = NULL;
    weft__spin_unlock(&group->gate.lock);
    free_failed(group);
    weft_strand_unref(group->strand);
}

static void abandon_block(struct weft__block *block)
{
    abandon(weft__container_of(block, struct group, block));
}

static void abandon_gate(struct weft__gate *gate)
{
    abandon(weft__container_of(gate, struct group, gate));
}

/* ---- the object ---- */

static void fill(struct group *group, struct weft_awaitable *task)
{
    struct weft__block block = group->block;

    *group = (struct group){.block = block, .gate.of_several = true, .parent = task};
    group->last_failed = &group->failed;
    group->base = weft__tokens_count(weft__load_relaxed(&task->tokens)); /* relaxed: a number */
    group->depth = weft__scope_depth(task);
}

int weft_taskgroup_enter_opts(weft_taskgroup_t *tg, const weft_taskgroup_opts_t *given)
{
    struct group *group = (struct group *)tg;
    struct weft__worker *worker = weft__self();
    struct weft_awaitable *task = worker ? weft__worker_task(worker) : NULL;
    weft_taskgroup_opts_t full;
    const weft_taskgroup_opts_t *opts = weft__options(given, &full, sizeof full);
    bool asked;
    int rc;

    if (!task)
        return weft__no_task("task group");
    rc = opts ? weft__strand_check(opts->strand, worker->loop) : weft__bad_options();
    if (rc < 0)
        return rc;
    rc = weft__block_enter(task, &group->block, abandon_block);
    if (rc < 0)
        return rc == -EALREADY ? weft__misuse(rc, "a task group is entered twice") : rc;
    asked = weft__mark_is(&group->mark, WEFT__MARK_ASKED);
    fill(group, task);
    group->strand = weft_strand_ref(opts->strand);
    weft__mark_set(&group->mark, WEFT__MARK_OPEN);
    if (asked)
        weft_taskgroup_cancel(tg);
    return 0;
}

void weft_taskgroup_cancel(weft_taskgroup_t *tg)
{
    struct group *group = (struct group *)tg;

    if (weft__mark_is(&group->mark, WEFT__MARK_LEFT))
        return;
    if (!weft__mark_is(&group->mark, WEFT__MARK_OPEN)) {
        weft__mark_set(&group->mark, WEFT__MARK_ASKED);
        return;
    }
    weft__spin_lock(&group->gate.lock);
    if (!group->ending && !(group->exiting && group->left == 0))
        end_group(group);
    weft__spin_unlock(&group->gate.lock);
}

/* ---- a new task ---- */

/* Counts one in, if tasks may come. */
static int admit(struct group *group)
{
    bool open;

    if (!weft__mark_is(&group->mark, WEFT__MARK_OPEN))
        return weft__misuse(WEFT_EINVALIDSTATE, "a task group is not open");
    if (weft__self()->loop != group->parent->loop)
        return -EXDEV;
    weft__spin_lock(&group->gate.lock);
    open = !group->ending && !(group->exiting && group->left == 0);
    group->left += open;
    weft__spin_unlock(&group->gate.lock);
    return open ? 0 : WEFT_EINVALIDSTATE;
}

/* Into the lists; the task runs already. */
static void join_group(struct group *group, struct member *member, struct weft_awaitable *task)
{
    uintptr_t newest;
    bool ending;

    member->waiter.fire = fire;
    member->waiter.awaiter = group->parent;
    member->group = group;
    member->task = task;
    weft_ref(task); /* ours, as it may be done and gone in between */
    weft__spin_lock(&group->gate.lock);
    ending = group->ending;
    link_member(ending ? &group->struck : &group->fresh, member);
    weft__spin_unlock(&group->gate.lock);
    newest = weft__word_lock(task);
    if (newest == WEFT__WORD_DONE)
        fire(&member->waiter, task, NULL);
    else
        weft__word_unlock(task, weft__waiters_add(newest, &member->waiter));
    if (ending)
        weft_cancel(task);
    weft_unref(task);
}

static int start(struct group *group, weft_coro_t *coro, weft_task_t **out,
                 const weft_task_opts_t *opts)
{
    struct member *member = malloc(sizeof *member);
    weft_task_opts_t of_group = *opts;
    weft_task_t *task;
    int rc;

    if (!opts->strand && !opts->pinned)
        of_group.strand = group->strand;
    if (member) {
        rc = weft__create_task(group->parent->loop, coro, &of_group, &task);
    } else {
        weft_coro_close(coro);
        rc = -ENOMEM;
    }
    if (rc < 0) {
        free(member);
        weft__spin_lock(&group->gate.lock);
        count_off(group);
        return rc;
    }
    if (out)
        *out = weft_ref(task);
    join_group(group, member, task);
    return 0;
}

int weft_taskgroup_create_task_opts(weft_taskgroup_t *tg, weft_coro_t *coro, weft_task_t **task,
                                    const weft_task_opts_t *given)
{
    weft_task_opts_t full;
    const weft_task_opts_t *opts = weft__options(given, &full, sizeof full);
    int rc = 0;

    if (!coro)
        return weft__misuse(-EPROTOTYPE, "a task of no coroutine");
    if (!weft__self())
        rc = weft__no_task("a task of a group");
    else if (!opts)
        rc = weft__bad_options();
    else if (opts->detached)
        rc = -EINVAL;
    else
        rc = admit((struct group *)tg);
    if (rc < 0) {
        weft_coro_close(coro);
        return rc;
    }
    return start((struct group *)tg, coro, task, opts);
}

/* ---- exit ---- */

/* Until no task is left. With the lock. True: a cancel was raised meanwhile. */
static bool wait_for_tasks(struct group *group)
{
    struct weft__scope shield;
    bool cancelled = false, shielded;

    while (group->left > 0) {
        shielded = group->ending;
        weft__spin_unlock(&group->gate.lock);
        if (shielded)
            weft__scope_enter(group->parent, &shield, true);
        if (weft__gate_wait(&group->gate, WEFT_NONE, abandon_gate) == -ECANCELED)
            cancelled = true;
        if (shielded)
            weft__scope_leave(group->parent, &shield);
        weft__spin_lock(&group->gate.lock);
        if (cancelled && !group->ending)
            end_group(group);
    }
    return cancelled;
}

/* All errors, the body's last, as what is known of the caller's WEFT_EGROUP. Lost when out of
 * memory. */
static void tell_errors(struct group *group, int rc)
{
    size_t count = group->failures + (rc < 0 && rc != -ECANCELED), i = 0;
    struct weft_error *error = weft__error_new(WEFT_EGROUP, NULL, count);
    struct weft_error *last = weft__extra(group->parent)->error;

    for (struct member *m = group->failed; error && m; m = m->next, i++) {
        error->entry[i].code = m->task->error;
        error->entry[i].error = weft__error_ref(weft__error_of(m->task));
    }
    if (error && i < count) {
        error->entry[i].code = rc;
        error->entry[i].error = last && last->code == rc ? weft__error_ref(last) : NULL;
    }
    weft__error_set(group->parent, error);
}

/* What comes out, when all is over. */
static int outcome(struct group *group, int rc, bool cancelled)
{
    struct weft_awaitable *task = group->parent;
    uint32_t count = weft__tokens_count(weft__load_relaxed(&task->tokens)); /* relaxed: a number */

    if (group->body_struck) {
        count = weft__token_take_back(task, true, group->sequence);
        if (count <= group->base)
            cancelled = false; /* it was us */
    }
    if (group->fatal)
        return group->fatal;
    if (group->failures > 0 || (rc < 0 && rc != -ECANCELED)) {
        tell_errors(group, rc);
        /* A request, even one of before the group, strikes once more (asyncio's rule), beside what
         * is pending: that may be a time-out's, which takes it back. */
        weft__tokens_return(task, 1);
        return WEFT_EGROUP;
    }
    /* One that came while the tasks were ending is seen now, and not after it. */
    if (group->ending && count > group->base && weft__raise(task))
        cancelled = true;
    return cancelled ? -ECANCELED : rc < 0 ? 0 : rc;
}

int weft_taskgroup_exit(weft_taskgroup_t *tg, int rc)
{
    struct group *group = (struct group *)tg;
    bool cancelled = rc == -ECANCELED;

    if (!weft__block_leave(&group->block))
        return weft__misuse(-EPERM, "a task group is left that was not entered here");
    weft__spin_lock(&group->gate.lock);
    group->exiting = true;
    if (is_fatal(rc) && !group->fatal)
        group->fatal = rc;
    if (rc < 0 && !group->ending)
        end_group(group);
    cancelled = wait_for_tasks(group) || cancelled;
    weft__spin_unlock(&group->gate.lock);
    weft__mark_set(&group->mark, WEFT__MARK_LEFT);
    rc = outcome(group, rc, cancelled);
    free_failed(group);
    weft_strand_unref(group->strand);
    return rc;
}
