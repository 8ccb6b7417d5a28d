/* SPDX-License-Identifier: MIT */
/*
 * select: one task in several wait queues at once, and in lists of waiters, and in a timer heap.
 *
 * Choice      One word (wait_queue.h), which is made once, by a CAS: who makes it wakes the task. A
 *             node that is granted makes it (the branch has happened then); an awaitable that is
 *             done and the alarm make it AGAIN (look again: what they say stays true); a canceller
 *             makes it CANCELLED. Whoever comes too late takes his node out, and no more notice.
 *             So exactly one happens; and all of them look at the frame under a lock that the
 *             task takes once more before it goes on (leave).
 * The commit  puts the nodes into one queue after the other. From the first on others may make the
 *             choice while we still work on the frame: so the task is published as held, by us,
 *             and whoever wakes it leaves the submit to us (sched/cancel.h).
 * Ready       If a branch can happen when its node is to be put in, nothing is taken: for that two
 *             choices would have to be made in one step, if who waits on the other side is in a
 *             select too. The commit makes its own choice AGAIN, so that nobody else can, and the
 *             task tries all once more. It is in no queue then: only the other's choice counts.
 * Progress    Queues are entered in the order of their channels' numbers. A commit turns back only
 *             for somebody who waits in the queue that it has come to, so for a select that has
 *             come at least as far; and of those that turn back for each other, one has come
 *             farthest.
 * Fair        It tries from a random place on, by the worker's own random numbers. In the queues
 *             it is served as everybody.
 * Awaitables  need a block of memory (async/watch.h), as those who complete them may look at a
 *             node after the task has gone on. It knows the select until that leaves it.
 * The end     of a loop may find the choice made, by itself or by somebody else, and the task does
 *             not go on: it is taken out of everything then (abandon).
 *
 * Not chosen  All locks at once (Go's select): the locks of objects are leaves. Waking the task to
 *             look again in every case: then it may find that somebody was faster, for ever, and a
 *             wake-up that it has no use for must be passed on.
 */
#include "weft/select.h"

#include <limits.h>
#include <stdlib.h>

#include "weft/error.h"
#include "runtime/async/watch.h"
#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/sched/alarm.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/suspend.h"
#include "runtime/sync/channel.h"

struct branch { /* the public one, as it is here */
    struct weft_channel *channel;
    void *value;
    struct weft_awaitable *aw;
    bool sends;
    int rc;
    struct weft__visit visit;
    struct branch *next; /* of those that wait in a channel, by its number */
};

_Static_assert(sizeof(struct branch) == sizeof(weft_select_t), "the public object is as large");

struct told;

struct select {
    struct weft__wait wait;
    struct weft__choice choice;
    struct weft__alarm alarm;
    struct weft_awaitable *task;
    struct branch *branches, *in_channels;
    size_t count;
    struct told *told; /* or NULL: no awaitables, or it was left */
    int64_t deadline;  /* or WEFT_NONE */
    bool expired;      /* under the lock of the heap */
};

/* What is told that an awaitable is done. */
struct told {
    struct weft__watch watch;
    struct weft__spin lock;
    struct select *select; /* under the lock; NULL: it is over */
    struct weft_awaitable *aws[];
};

static const char again, cancelled; /* choices, beside the nodes */

static void choose(struct select *select, const void *what)
{
    weft__sim_point("choose");
    if (weft__choice_make(&select->choice, what))
        weft__wake(select->task);
}

/* ---- awaitables ---- */

static void one_done(struct weft__watch *watch, struct weft__watched *which,
                     struct weft__untold *untold)
{
    struct told *told = weft__container_of(watch, struct told, watch);
    struct weft_awaitable *task = NULL;

    (void)which;
    (void)untold;
    weft__spin_lock(&told->lock);
    if (told->select && weft__choice_make(&told->select->choice, &again))
        task = told->select->task;
    weft__spin_unlock(&told->lock);
    if (task)
        weft__wake(task);
}

/* 0, -ENOMEM. */
static int prepare_told(struct select *select)
{
    size_t count = 0;

    for (size_t i = 0; i < select->count; i++)
        count += select->branches[i].aw != NULL;
    select->told = NULL;
    if (count == 0)
        return 0;
    struct told *told = calloc(1, sizeof *told + count * sizeof told->aws[0]);
    if (!told)
        return -ENOMEM;
    count = 0;
    for (size_t i = 0; i < select->count; i++) {
        if (select->branches[i].aw)
            told->aws[count++] = select->branches[i].aw;
    }
    if (weft__watch_init(&told->watch, told->aws, count, one_done) < 0) {
        free(told);
        return -ENOMEM;
    }
    told->select = select;
    select->told = told;
    return 0;
}

static void leave_told(struct select *select)
{
    struct told *told = select->told;

    if (!told)
        return;
    select->told = NULL;
    weft__spin_lock(&told->lock);
    told->select = NULL;
    weft__spin_unlock(&told->lock);
    weft__watch_stop(&told->watch);
    weft__watch_unref(&told->watch, NULL);
}

/* ---- the wait ---- */

static struct weft_awaitable *ring(struct weft__alarm *alarm)
{
    struct select *select = weft__container_of(alarm, struct select, alarm);

    select->expired = true;
    choose(select, &again);
    return NULL;
}

/* Out of all queues and lists. By the task, or when it will not go on. */
static void leave(struct select *select)
{
    for (struct branch *b = select->in_channels; b; b = b->next)
        weft__wait_queue_quit(&b->visit.node);
    leave_told(select);
}

static void commit(struct weft_awaitable *task, struct weft__wait *wait)
{
    struct select *select = weft__container_of(wait, struct select, wait);
    struct branch *b = select->in_channels;

    weft__wait_publish_held(task);
    weft__sim_point("select commit");
    while (b && weft__wait_queue_join(&b->visit.node))
        b = b->next;
    if (b)
        choose(select, &again);
    if (select->told)
        weft__watch_start(&select->told->watch, true);
    if (select->deadline != WEFT_NONE) {
        select->alarm.home = &weft__self()->timers;
        weft__spin_lock(&select->alarm.home->lock);
        weft__alarm_set_locked(&select->alarm, select->deadline);
        weft__spin_unlock(&select->alarm.home->lock);
    }
    weft__wait_let_go(task);
}

static bool interrupt(struct weft_awaitable *task, struct weft__wait *wait, struct weft__walk *walk)
{
    (void)task;
    (void)walk;
    return weft__choice_make(&weft__container_of(wait, struct select, wait)->choice, &cancelled);
}

static void abandon(struct weft_awaitable *task, struct weft__wait *wait)
{
    (void)task;
    leave(weft__container_of(wait, struct select, wait));
}

static const struct weft__wait_kind select_kind = {"select", commit, interrupt, abandon, NULL};

static void prepare_channels(struct select *select)
{
    select->in_channels = NULL;
    for (size_t i = 0; i < select->count; i++) {
        struct branch *b = &select->branches[i], **p = &select->in_channels;
        if (!b->channel)
            continue;
        b->visit = weft__visit(b->channel, select->task, b->value, b->sends);
        b->visit.node.choice = &select->choice;
        while (*p && weft__channel_number((*p)->channel) <= weft__channel_number(b->channel))
            p = &(*p)->next;
        b->next = *p;
        *p = b;
    }
}

/* The place of what has happened; -EAGAIN: look again; -ECANCELED, -ENOMEM. */
static int wait(struct select *select)
{
    /* relaxed: the task's alone as yet. */
    weft__store_relaxed(&select->choice.made, NULL);
    weft__timer_init(&select->alarm.timer);
    if (select->deadline != WEFT_NONE && weft__alarm_reserve(weft__self()) < 0)
        return -ENOMEM;
    if (prepare_told(select) < 0)
        return -ENOMEM;
    prepare_channels(select);
    weft__suspend_wait(select->task, &select->wait);
    leave(select);
    weft__alarm_unset(&select->alarm);
    /* relaxed: made before we were woken. */
    const void *made = weft__load_relaxed(&select->choice.made);
    if (made == &again)
        return -EAGAIN;
    if (made == &cancelled) {
        weft__raise_in(select->task, &select->wait);
        return -ECANCELED;
    }
    struct branch *b =
        weft__container_of((struct weft__wait_node *)(uintptr_t)made, struct branch, visit.node);
    b->rc = b->visit.rc;
    return (int)(b - select->branches);
}

/* ---- without waiting ---- */

static int try_one(struct branch *b)
{
    if (b->aw)
        return weft__is_done(b->aw) ? 0 : -EAGAIN;
    if (!b->channel)
        return -EAGAIN;
    return b->sends ? weft_channel_try_send(b->channel, b->value)
                    : weft_channel_try_recv(b->channel, b->value);
}

/* The place of what has happened; -EAGAIN: nothing. */
static int try_all(struct select *select)
{
    uint32_t count = (uint32_t)select->count;
    uint32_t start = count ? weft__random_below(&weft__self()->random, count) : 0;

    for (uint32_t i = 0; i < count; i++) {
        struct branch *b = &select->branches[(start + i) % count];
        b->rc = try_one(b);
        if (b->rc != -EAGAIN)
            return (int)(b - select->branches);
    }
    return -EAGAIN;
}

static int check(struct weft_loop *loop, const struct branch *branches, size_t count)
{
    if (count > INT_MAX)
        return -EINVAL;
    for (size_t i = 0; i < count; i++) {
        int rc = branches[i].aw ? weft__watch_check(loop, &branches[i].aw, 1, false) : 0;
        if (rc < 0)
            return rc;
    }
    return 0;
}

int weft_select(weft_select_t *branches, size_t count, weft_ns_t timeout)
{
    struct select select = {.wait.kind = &select_kind,
                            .alarm.ring = ring,
                            .branches = (struct branch *)branches,
                            .count = count,
                            .deadline = timeout,
                            .expired = timeout != WEFT_NONE && timeout <= 0};
    int rc;

    select.task = weft__wait_queue_task("select", &rc);
    if (weft__unlikely(!select.task))
        return rc;
    rc = check(weft__self()->loop, select.branches, count);
    if (rc < 0)
        return rc;
    if (timeout != WEFT_NONE)
        select.deadline = weft__deadline_after(weft__self()->loop->system->now(), timeout);
    do {
        rc = try_all(&select);
        if (rc != -EAGAIN)
            return rc;
        if (select.expired)
            return -ETIMEDOUT;
        rc = wait(&select);
    } while (rc == -EAGAIN);
    return rc;
}
