/* SPDX-License-Identifier: MIT */
/*
 * as_completed: several awaitables in the order in which they become done.
 *
 * Those that are done and that nobody has taken stand in a queue; tasks that wait for the next one
 * stand in another, each with a gate on its frame. At most one of the two is not empty. Whoever
 * completes an awaitable hands it to the oldest that waits: then it is that task's, and if the task
 * was cancelled meanwhile, it goes back to the head of the queue. All under one lock, outside of
 * that of a gate.
 *
 * Each taker has claimed one of the awaitables beforehand, so that no more wait than there are; who
 * is cancelled gives its claim back, who comes too late does not (asyncio's rule: each that is left
 * gives one time-out).
 */
#include "weft/wait.h"
#include "weft/error.h"

#include <stdlib.h>

#include "runtime/async/children.h"
#include "runtime/async/gate.h"
#include "runtime/async/watch.h"
#include "runtime/base/clock.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"

struct taker {                  /* on the frame of a task that waits */
    struct taker *next, **link; /* link: what points to it; NULL: it is not in the queue */
    struct weft_completion *it;
    struct weft__gate gate;
    struct weft__watched *got; /* under the iterator's lock */
};

struct weft_completion {
    struct weft__watch watch;
    int64_t deadline;
    struct weft__spin lock;      /* the members below */
    size_t left;                 /* awaitables that nobody has claimed */
    size_t coroutines;           /* of weft_as_completed_coro that may still be made */
    size_t users;                /* the owner, and each of these */
    struct weft__watched *first; /* done, not taken */
    struct weft__watched **last;
    struct taker *waiting, **last_waiting;
};

/* A failed iterator is its error, as an address that no object has. */
static weft_as_completed_t *failed(int error)
{
    return (weft_as_completed_t *)(intptr_t)error;
}

static int error_of(const weft_as_completed_t *it)
{
    intptr_t value = (intptr_t)it;

    return !it ? -EINVAL : value < 0 && value > -8192 ? (int)value : 0;
}

/* ---- the two queues, under the lock ---- */

static void append(struct weft_completion *it, struct weft__watched *which)
{
    which->next = NULL;
    *it->last = which;
    it->last = &which->next;
}

static struct weft__watched *take_first(struct weft_completion *it)
{
    struct weft__watched *which = it->first;

    if (!which)
        return NULL;
    it->first = which->next;
    if (!it->first)
        it->last = &it->first;
    return which;
}

static void put_back(struct weft_completion *it, struct weft__watched *which)
{
    which->next = it->first;
    if (!it->first)
        it->last = &which->next;
    it->first = which;
}

static void add_taker(struct weft_completion *it, struct taker *taker)
{
    taker->link = it->last_waiting;
    *taker->link = taker;
    it->last_waiting = &taker->next;
}

static void remove_taker(struct weft_completion *it, struct taker *taker)
{
    if (!taker->link)
        return;
    *taker->link = taker->next;
    if (taker->next)
        taker->next->link = taker->link;
    else
        it->last_waiting = taker->link;
    taker->link = NULL;
}

/* Hands [which] to the oldest that waits, which is to be woken; NULL: nobody waits. */
static struct weft_awaitable *hand_over(struct weft_completion *it, struct weft__watched *which,
                                        bool *taken)
{
    struct taker *taker = it->waiting;
    struct weft_awaitable *task;

    *taken = taker != NULL;
    if (!taker)
        return NULL;
    remove_taker(it, taker);
    taker->got = which;
    weft__spin_lock(&taker->gate.lock);
    task = weft__gate_open(&taker->gate);
    weft__spin_unlock(&taker->gate.lock);
    return task;
}

static void one_done(struct weft__watch *watch, struct weft__watched *which,
                     struct weft__untold *untold)
{
    struct weft_completion *it = weft__container_of(watch, struct weft_completion, watch);
    struct weft_awaitable *task;
    bool taken;

    (void)untold;
    weft__spin_lock(&it->lock);
    task = hand_over(it, which, &taken);
    if (!taken)
        append(it, which);
    weft__spin_unlock(&it->lock);
    if (task)
        weft__wake(task);
}

/* ---- making one ---- */

/* Takes the references over. */
static weft_as_completed_t *make(struct weft_loop *loop, weft_awaitable_t *const *aws, size_t count,
                                 weft_ns_t timeout)
{
    struct weft_completion *it = calloc(1, sizeof *it);
    int rc = 0;

    if (!it || weft__watch_init(&it->watch, aws, count, one_done) < 0) {
        free(it);
        weft__children_drop(aws, count);
        return failed(-ENOMEM);
    }
    if (count > 0)
        rc = weft__children_start(loop, aws, count, false);
    if (rc < 0) {
        weft__watch_unref(&it->watch, NULL);
        return failed(rc);
    }
    weft__children_drop(aws, count); /* the block has its own */
    it->last = &it->first;
    it->last_waiting = &it->waiting;
    it->deadline = WEFT_NONE;
    if (timeout != WEFT_NONE)
        it->deadline = weft__deadline_after(loop->system->now(), timeout);
    for (size_t i = 0; i < count; i++)
        it->left += it->watch.watched[i].same_as == i;
    it->coroutines = it->left;
    it->users = 1;
    weft__watch_start(&it->watch, false);
    return it;
}

weft_as_completed_t *weft_as_completed(weft_awaitable_t *const *aws, size_t count,
                                       weft_ns_t timeout)
{
    struct weft__worker *worker = weft__self();
    int rc = worker ? 0 : weft__no_task("as_completed");

    if (rc == 0 && count > 0)
        rc = weft__watch_check(worker->loop, aws, count, true);
    if (rc == 0)
        return make(worker->loop, aws, count, timeout);
    weft__children_drop(aws, count);
    return failed(rc);
}

/* The last user stops it, so that no coroutine waits in vain. [coro]: the user, that goes, or NULL.
 */
static void drop_user(struct weft_completion *it, struct weft_awaitable *coro)
{
    size_t users;

    weft__spin_lock(&it->lock);
    users = --it->users;
    weft__spin_unlock(&it->lock);
    if (users > 0)
        return;
    weft__watch_stop(&it->watch);
    weft__watch_unref(&it->watch, coro);
}

void weft_as_completed_free(weft_as_completed_t *it)
{
    if (error_of(it) == 0)
        drop_user(it, NULL);
}

/* ---- taking ---- */

/* [taker] waits no more, for the reason [rc]. 0: it has got one; or that reason. */
static int take_off(struct weft_completion *it, struct taker *taker, int rc)
{
    struct weft_awaitable *task = NULL;
    bool taken;

    weft__spin_lock(&it->lock);
    remove_taker(it, taker);
    if (taker->got && rc == -ECANCELED) { /* the next one's */
        task = hand_over(it, taker->got, &taken);
        if (!taken)
            put_back(it, taker->got);
        taker->got = NULL;
    }
    if (taker->got)
        rc = 0;
    else if (rc != -ETIMEDOUT)
        it->left++;
    weft__spin_unlock(&it->lock);
    if (task)
        weft__wake(task);
    return rc;
}

static void abandon(struct weft__gate *gate)
{
    struct taker *taker = weft__container_of(gate, struct taker, gate);

    (void)take_off(taker->it, taker, -ECANCELED);
}

/* Waits for one to be handed over. 0, or the reason why none came. */
static int wait_for_one(struct weft_completion *it, struct taker *taker)
{
    return take_off(it, taker, weft__gate_wait(&taker->gate, it->deadline, abandon));
}

int weft_as_completed_next(weft_as_completed_t *it, weft_awaitable_t **aw)
{
    struct taker taker = {.it = it};
    int rc = error_of(it);
    bool waits;

    if (rc < 0)
        return rc;
    if (!weft_current_task())
        return weft__no_task("as_completed_next");
    weft__spin_lock(&it->lock);
    if (it->left == 0) {
        weft__spin_unlock(&it->lock);
        return 0;
    }
    it->left--;
    taker.got = take_first(it);
    waits = !taker.got;
    if (waits)
        add_taker(it, &taker);
    weft__spin_unlock(&it->lock);
    if (waits) /* from here on somebody may hand one over */
        rc = wait_for_one(it, &taker);
    if (rc < 0)
        return rc;
    if (aw)
        *aw = taker.got->aw;
    return 1;
}

/* ---- the plain form ---- */

WEFT_CORO(next_outcome)
{
    weft_awaitable_t *aw;
    int rc = weft_as_completed_next(arg, &aw);

    return rc > 0 ? weft_result(aw, result) : rc < 0 ? rc : WEFT_EINVALIDSTATE;
}

static void destroy(struct weft_awaitable *coro)
{
    drop_user(weft__extra(coro)->data, coro);
}

/* Whether one more may be made. */
static bool claim_coroutine(struct weft_completion *it)
{
    bool claimed;

    weft__spin_lock(&it->lock);
    claimed = it->coroutines > 0;
    it->coroutines -= claimed;
    it->users += claimed;
    weft__spin_unlock(&it->lock);
    return claimed;
}

weft_coro_t *weft_as_completed_coro_at(weft_as_completed_t *it, const char *where)
{
    struct weft_awaitable *coro;
    struct weft__extra *extra;
    int rc = error_of(it);

    if (rc < 0)
        return weft__awaitable_failed(rc);
    coro = weft__awaitable_new(WEFT__KIND_CORO, &next_outcome, it, where);
    extra = coro ? weft__awaitable_extra(coro) : NULL;
    if (!extra || !claim_coroutine(it)) {
        weft_coro_close(coro);
        return weft__awaitable_failed(extra ? WEFT_EINVALIDSTATE : -ENOMEM);
    }
    extra->data = it;
    extra->destroy = destroy;
    return coro;
}
