/* SPDX-License-Identifier: MIT */
/*
 * The end of a loop's work: nothing runs any more, no operation is in flight. Tasks that are
 * pending end without running. In this order, as each step relies on those before:
 *   queues     are closed, so that a late push from outside is refused; what they held is dropped
 *   withdraw   each task that waits leaves the list it stands in: nobody comes to resume it
 *   settle     those outside who were resuming or creating a task are through with it
 *   timers     are dropped, which lie on frames and in what tasks have entered
 *   abandon    what else names a frame, or what a task has entered, names it no more
 *   end        each task is done, as cancelled, and may go, with what it holds; whoever learns of
 *              that may free what the task has used
 */
#include "runtime/core/waiters.h"
#include "runtime/sched/alarm.h"
#include "runtime/sched/block.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/handle.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/registry.h"
#include "runtime/sched/report.h"
#include "runtime/sched/suspend.h"
#include "weft/strand.h"

static void drop_list(weft__entry e);

/* Of tasks and stacks there is nothing to do: the walk over all tasks ends them. A callback and a
 * strand are dropped, a waiter is told, an ask gives its reference back. */
static void drop(weft__entry e)
{
    if (weft__entry_tag(e) == WEFT__ENTRY_HANDLE)
        weft__handle_drop(weft__entry_object(e));
    if (weft__entry_tag(e) == WEFT__ENTRY_WAITER)
        weft__waiter_tell(weft__entry_object(e));
    if (weft__entry_tag(e) == WEFT__ENTRY_ASK)
        weft__awaitable_unref(weft__entry_object(e), 1);
    if (weft__entry_tag(e) == WEFT__ENTRY_STRAND) {
        struct weft_strand *strand = weft__entry_object(e);
        weft__entry batch = strand->batch;
        strand->batch = 0;
        drop_list(batch);
        drop_list(weft__mpsc_close(&strand->queue));
        if (strand != &strand->loop->strand)
            weft_strand_unref(strand); /* the entry's reference */
    }
}

static void drop_list(weft__entry e)
{
    while (e) {
        weft__entry next = weft__entry_link(e)->next;
        drop(e);
        e = next;
    }
}

/* Before any of them ends, as those that wait for it would be woken. */
static void withdraw(struct weft_awaitable *task, void *arg)
{
    (void)arg;
    weft__cancel_for_ever(task);
    weft__awaitable_unref(task, 1); /* the walk's */
}

/* Once all are withdrawn, and those outside are through: so that nothing names a task's frame, or
 * what it has entered, any more. Before any of them ends: with a task goes memory of its own, and
 * what others free when they learn of its end. */
static void abandon(struct weft_awaitable *task, void *arg)
{
    (void)arg;
    if (weft__suspend_is_wait(task) && task->wait->kind->abandon)
        task->wait->kind->abandon(task, task->wait);
    weft__block_abandon_all(task);
    weft__awaitable_unref(task, 1); /* the walk's */
}

/* A task that will never run again, and waits in no list. */
static void end_task(struct weft_awaitable *task, void *arg)
{
    uintptr_t newest;

    (void)arg;
    weft__report_error(task->loop, "a task was destroyed, but it is pending", 0, task);
    newest = weft__word_lock(task);
    if (newest != WEFT__WORD_DONE) {
        struct weft_strand *strand = task->strand;
        task->result = NULL;
        weft__task_keep_number(task);
        task->error = -ECANCELED;
        weft__store_relaxed(&task->retrieved, 1); /* relaxed: it was reported */
        weft__word_complete(task, newest, NULL);
        weft_strand_unref(strand);
        weft__awaitable_unref(task, 1); /* the run reference */
    }
    weft__awaitable_unref(task, 1); /* the walk's */
}

/* With a handle its variables may go, and what destroys them may cancel other handles: not under
 * the lock. */
static void drop_timers(struct weft__worker *worker)
{
    struct weft__timers *timers = &worker->timers;
    struct weft__timer *timer;

    weft__spin_lock(&timers->lock);
    while ((timer = weft__timers_due(timers, INT64_MAX))) {
        struct weft__alarm *alarm = weft__container_of(timer, struct weft__alarm, timer);
        if (alarm->ring != weft__handle_ring)
            continue;
        weft__spin_unlock(&timers->lock);
        weft__handle_drop(weft__container_of(alarm, struct weft_handle, alarm));
        weft__spin_lock(&timers->lock);
    }
    weft__spin_unlock(&timers->lock);
}

void weft__loop_close_queues(struct weft_loop *loop)
{
    weft__entry e;

    drop_list(weft__mpsc_close(&loop->injector));
    drop(weft__entry_make(&loop->strand,
                          WEFT__ENTRY_STRAND)); /* it may be in a deque as well: then in vain */
    for (unsigned i = 0; i < loop->count; i++) {
        struct weft__worker *worker = &loop->workers[i];
        weft__mpsc_close(&worker->mail);
        drop_list(weft__mpsc_close(&worker->asks));
        while ((e = weft__deque_take(&worker->deque)))
            drop(e);
    }
    weft__registry_each(loop, withdraw, NULL);
    weft__idle_settle(loop); /* what they touch still is not ended before */
    for (unsigned i = 0; i < loop->count; i++)
        drop_timers(&loop->workers[i]);
    weft__registry_each(loop, abandon, NULL);
    weft__registry_each(loop, end_task, NULL);
}
