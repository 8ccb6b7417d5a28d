/* SPDX-License-Identifier: MIT */
#include "runtime/sched/await.h"

#include "runtime/sched/cancel.h"
#include "runtime/sched/fork.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/message.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/registry.h"
#include "runtime/sched/suspend.h"

enum { INLINE_ROOM = 16 * 1024 }; /* stack that must be left for a child to run on its parent's */

/* ---- waiting until something is done ---- */

struct await_wait {
    struct weft__wait wait;
    struct weft__waiter waiter;
    struct weft_awaitable *aw;
    /* Of the node, under the lock of aw's word. A cycle may be found while the commit has not put
     * it into the list yet: then it is the commit that wakes. */
    enum place { NOWHERE, LINKED, OUT } place;
};

static void fire(struct weft__waiter *waiter, struct weft_awaitable *done,
                 struct weft__untold *untold)
{
    (void)done;
    (void)untold;
    weft__wake(waiter->awaiter);
}

/* A plain future ends at once, with what the cancel has to say. */
static bool cancel_future(struct weft_awaitable *future, struct weft_error *message)
{
    uintptr_t newest = weft__word_lock(future);

    if (newest == WEFT__WORD_DONE)
        return false;
    if (weft__unlikely(message != NULL))
        weft__error_set(future, weft__error_ref(message));
    future->error = -ECANCELED;
    future->result = NULL;
    weft__word_complete(future, newest, NULL);
    return true;
}

bool weft__cancel(struct weft_awaitable *aw, struct weft__walk *outer)
{
    switch (weft__kind(aw)) {
    case WEFT__KIND_TASK:
        return weft__cancel_task(aw, outer);
    case WEFT__KIND_FUTURE:
        if (weft__extra(aw) && weft__extra(aw)->composite)
            return weft__extra(aw)->composite->cancel(aw, outer);
        return cancel_future(aw, outer ? outer->message : NULL);
    default:
        return false;
    }
}

/* The rest of the commit of a task that was cancelled before it was published: passes that on. */
static WEFT__NOINLINE void link_cancelled(struct weft_awaitable *task, struct await_wait *w,
                                          uintptr_t newest)
{
    struct weft_awaitable *aw = w->aw;
    struct weft__walk walk = {0};

    if (weft__kind(aw) == WEFT__KIND_TASK)
        weft__walk_into(&walk, task, aw);
    else
        walk.next = weft_ref(task); /* it must be held for that */
    weft__word_unlock(aw, weft__waiters_add(newest, &w->waiter));
    /* From here on the task may be running elsewhere. */
    if (walk.next) {
        weft__interrupt(walk.next, false, NULL);
        weft__awaitable_unref(walk.next, 1);
    }
}

static void await_commit(struct weft_awaitable *task, struct weft__wait *wait)
{
    struct await_wait *w = weft__container_of(wait, struct await_wait, wait);

    weft__wait_publish(task);
    weft__sim_point("await commit");
    uintptr_t newest = weft__word_lock(w->aw);
    if (newest == WEFT__WORD_DONE) {
        weft__wake(task);
        return;
    }
    if (weft__unlikely(w->place == OUT)) {
        weft__word_unlock(w->aw, newest);
        weft__wake(task);
        return;
    }
    w->place = LINKED;
    if (weft__likely(!weft__wait_tokens(task)))
        weft__word_unlock(w->aw, weft__waiters_add(newest, &w->waiter));
    else
        link_cancelled(task, w, newest);
}

/* Passes the tokens on to a future. It is completed as cancelled; a gather is cancelled, and what
 * comes of its children decides. One that is done refuses them, and [task] will raise. */
static void cancel_awaited(struct weft_awaitable *task, struct weft_awaitable *future,
                           struct weft__walk *walk)
{
    uint32_t n = weft__tokens_take(task);

    walk->message = weft__message_take(task);
    if (!weft__cancel(future, walk)) {
        if (walk->message)
            weft__message_put(task, walk->message);
        weft__tokens_return(task, n);
    }
    weft__error_unref(walk->message);
    walk->message = NULL;
}

/* What it awaits gets the tokens. In a cycle they would end nothing: the task leaves the list. */
static bool await_interrupt(struct weft_awaitable *task, struct weft__wait *wait,
                            struct weft__walk *walk)
{
    struct await_wait *w = weft__container_of(wait, struct await_wait, wait);
    struct weft_awaitable *aw = w->aw;
    bool is_task = weft__kind(aw) == WEFT__KIND_TASK, woke = false;

    if (!is_task && !walk->cycle) {
        cancel_awaited(task, aw, walk);
        return false;
    }
    uintptr_t newest = weft__word_lock(aw);
    if (newest == WEFT__WORD_DONE)
        return false; /* the task is on its way, and will raise */
    /* Under the lock: the commit may have passed the tokens on since the holder saw them. */
    if (walk->cycle && weft__wait_tokens(task)) {
        woke = w->place == LINKED;
        if (woke)
            newest = weft__waiters_remove(newest, &w->waiter);
        else
            weft__wait_strike(wait); /* the commit wakes it; the tokens may be gone by then */
        w->place = OUT;
    } else if (is_task && w->place != OUT) {
        weft__walk_into(walk, task, aw);
    }
    weft__word_unlock(aw, newest);
    return woke;
}

static const struct weft__wait_kind await_kind = {"await", await_commit, await_interrupt, NULL,
                                                  NULL};

bool weft__await_done(struct weft_awaitable *task, struct weft_awaitable *aw)
{
    struct await_wait w = {
        .wait.kind = &await_kind, .waiter = {.fire = fire, .awaiter = task}, .aw = aw};

    weft__suspend_wait(task, &w.wait);
    return weft__wait_struck(&w.wait);
}

/* ---- a child on its parent's stack ---- */

struct inlined_wait { /* on the frame of the parent, as long as the child runs on its stack */
    struct weft__wait wait;
    struct weft_awaitable *child;
    bool published; /* the parent is visible as waiting; only its own stack looks here */
};

static struct inlined_wait *inlined_wait(struct weft_awaitable *parent)
{
    return weft__container_of(parent->wait, struct inlined_wait, wait);
}

static bool inlined_interrupt(struct weft_awaitable *task, struct weft__wait *wait,
                              struct weft__walk *walk)
{
    struct weft_awaitable *child = weft__container_of(wait, struct inlined_wait, wait)->child;
    uintptr_t newest = weft__word_lock(child);

    if (newest == WEFT__WORD_DONE)
        return false; /* it returns to its parent now, which will raise */
    weft__walk_into(walk, task, child);
    weft__word_unlock(child, newest);
    return false;
}

static const struct weft__wait_kind inlined_kind = {"inlined child", NULL, inlined_interrupt, NULL,
                                                    NULL};

struct weft_awaitable *weft__awaited(struct weft__wait *wait, bool *inlined)
{
    *inlined = wait->kind == &inlined_kind;
    if (*inlined)
        return weft__container_of(wait, struct inlined_wait, wait)->child;
    if (wait->kind == &await_kind)
        return weft__container_of(wait, struct await_wait, wait)->aw;
    return NULL;
}

void weft__await_publish(struct weft_awaitable *task)
{
    struct weft_awaitable *outermost = NULL;

    for (struct weft_awaitable *p = task->parent; p && !inlined_wait(p)->published; p = p->parent) {
        inlined_wait(p)->published = true;
        /* seq_cst: published before the look at the tokens below; the wait record was written by
         * call. */
        weft__store_seq_cst(&p->ws, WEFT__WAITING);
        outermost = p;
    }
    if (!outermost)
        return;
    for (struct weft_awaitable *p = task->parent;; p = p->parent) {
        if (weft__wait_tokens(p))
            weft__interrupt(p, false, NULL);
        if (p == outermost)
            break;
    }
}

/* The child has returned: a parent that was published is nobody's to look at any more. */
static void unpublish(struct weft_awaitable *parent)
{
    uint32_t ws = WEFT__WAITING;

    /* acq_rel: pairs with the holder's release of HELD. */
    if (!weft__cas_acq_rel(&parent->ws, &ws, 0))
        weft__suspend_held();
}

static bool claim(struct weft__worker *worker, struct weft_awaitable *child)
{
    struct weft__claimable *claimable = (struct weft__claimable *)child;
    unsigned home = weft__deque_home_of(claimable);

    if (weft__unlikely(worker->strand != NULL))
        return weft__strand_claim(worker->strand, weft__entry_make(child, WEFT__ENTRY_TASK));
    if (worker->ordered &&
        (weft__deque_length(&worker->deque) != 1 ||
         weft__deque_peek(&worker->deque, 0) != weft__entry_make(child, WEFT__ENTRY_TASK)))
        return false;
    if (weft__likely(home == worker->id))
        return weft__deque_claim_own(&worker->deque, claimable);
    if (home >= worker->loop->count)
        return false;
    return weft__deque_claim(&worker->deque, &worker->loop->workers[home].deque, claimable);
}

static bool may_inline(struct weft__worker *worker, struct weft_awaitable *child)
{
    const struct weft__stack *stack = worker->stack;
    /* relaxed: the monitor may set it to zero, whenever that is seen. */
    int budget = weft__load_relaxed(&worker->budget);
    size_t room = (size_t)((char *)__builtin_frame_address(0) - stack->limit);

    if (worker->debug || weft__kind(child) != WEFT__KIND_TASK || stack->strand != child->strand ||
        stack->pinned || (child->flags & WEFT__TASK_PINNED) || room < INLINE_ROOM ||
        child->flags >> WEFT__TASK_CLASS_SHIFT > stack->size_class)
        return false;
    if (weft__unlikely(budget <= 0)) {
        /* The slice is spent. What is older goes first, if there is any; what has happened is taken
         * in. */
        if (!weft__deque_passed(&worker->deque, worker->mark))
            return false;
        weft__worker_turn(worker);
        budget = WEFT__WORKER_BUDGET;
    }
    weft__store_relaxed(&worker->budget, budget - 1);
    return claim(worker, child);
}

/* Runs the body of [child], which was claimed, as a call. */
static int call(struct weft__worker *worker, struct weft_awaitable *parent,
                struct weft_awaitable *child)
{
    struct inlined_wait w = {.wait.kind = &inlined_kind, .child = child};
    struct weft__stack *stack = worker->stack;
    int error = -ECANCELED;

    weft__count(&worker->counters.inlined, 1);
    child->parent = parent;
    child->stack = stack;
    parent->wait = &w.wait;
    stack->task = child;
    if (weft__likely(!weft__raise(child)))
        error = child->fn->body(child->arg, &child->result);
    stack->task = parent;
    if (weft__unlikely(w.published) && weft__self()) {
        weft__task_finish(child, error);
        unpublish(parent);
        return 1;
    }
    return error < 0 ? error : 0;
}

/* In an ordered loop what became runnable while the child ran comes first, as in asyncio. Not a
 * peek: the oldest slot may be an emptied one, or all that there is in the overflow. */
static bool goes_on_by_return(struct weft__worker *worker)
{
    if (weft__unlikely(worker->strand != NULL))
        return weft__strand_is_empty(worker->strand);
    return !worker->ordered || weft__deque_length(&worker->deque) == 0;
}

/* ---- public ---- */

int weft__await_outcome(struct weft_awaitable *aw, void **result)
{
    weft__store_relaxed(&aw->retrieved, 1); /* relaxed: see core/task.h */
    if (weft__unlikely(aw->error < 0)) {
        weft__message_follow(aw);
        return aw->error;
    }
    if (result)
        *result = aw->result;
    return 0;
}

/* A coroutine object is run as a plain call, in the caller's task. */
static int await_coroutine(struct weft_awaitable *coro, void **result)
{
    void *value = NULL;

    weft__store_relaxed(&coro->kind, WEFT__KIND_SPENT);
    int error = coro->fn->body(coro->arg, &value);
    if (error < 0)
        return error;
    if (result)
        *result = value;
    return 0;
}

/* Runs a claimed child. [gone]: as of await_any. */
static int await_inlined(struct weft__worker *worker, struct weft_awaitable *task,
                         struct weft_awaitable *child, void **result, bool *gone)
{
    int error = call(worker, task, child);

    worker = weft__self(); /* another one, if the child suspended */
    if (weft__unlikely(!worker))
        weft__fork_end(error);
    if (weft__likely(error <= 0)) { /* not finished yet */
        if (gone && goes_on_by_return(worker) && weft__registry_alone(worker, child)) {
            if (weft__unlikely(error < 0)) {
                child->error = error;
                weft__message_follow(child);
            } else if (result) {
                *result = child->result;
            }
            *gone = true;
            weft__registry_free_alone(worker, child);
            return weft__unlikely(weft__raise(task)) ? -ECANCELED : error;
        }
        weft__task_finish(child, error);
    }
    if (!goes_on_by_return(worker)) /* also behind those that its end has to tell */
        weft__suspend_yield();
    return weft__raise(task) ? -ECANCELED : weft__await_outcome(child, result);
}

/* [gone]: NULL if the reference is borrowed. Else it is the callee's to drop, and nobody may use it
 * beside us: *gone tells that it was. */
static int await_other(struct weft__worker *worker, struct weft_awaitable *task,
                       struct weft_awaitable *aw, void **result, bool *gone)
{
    if (weft__is_done(aw))
        return weft__await_outcome(aw, result);
    if (aw->loop != worker->loop)
        return -EXDEV;
    if (aw == task)
        return weft__misuse(-EDEADLK, "a task awaits itself");
    if (may_inline(worker, aw))
        return await_inlined(worker, task, aw, result, gone);
    bool struck = weft__await_done(task, aw);
    return weft__raise(task) || (struck && weft__raise_struck(task))
               ? -ECANCELED
               : weft__await_outcome(aw, result);
}

WEFT__INLINE int await_any(struct weft_awaitable *aw, void **result, bool *gone)
{
    struct weft__worker *worker = weft__self();
    struct weft_awaitable *task = worker ? weft__worker_task(worker) : NULL;

    if (weft__unlikely(!aw))
        return -EINVAL;
    if (weft__unlikely(!task))
        return weft__kind(aw) == WEFT__KIND_FAILED ? aw->error : weft__no_task("await");
    if (weft__kind(aw) == WEFT__KIND_CORO)
        return await_coroutine(aw, result);
    if (weft__unlikely(weft__kind(aw) == WEFT__KIND_SPENT))
        return weft__misuse(-EALREADY, "a coroutine is awaited twice");
    return await_other(worker, task, aw, result, gone);
}

int weft_await(weft_awaitable_t *aw, void **result)
{
    return await_any(aw, result, NULL);
}

int weft_join(weft_awaitable_t *aw, void **result)
{
    bool gone = false;
    int rc = await_any(aw, result, &gone);

    if (!gone)
        weft_unref(aw);
    return rc;
}

/* Who cancels what is done has no use for its error. */
static bool cancel(struct weft_awaitable *aw, struct weft__walk *top)
{
    if (!aw)
        return false;
    if (weft__cancel(aw, top))
        return true;
    if (weft__is_done(aw))
        weft__store_relaxed(&aw->retrieved, 1); /* relaxed: see core/task.h */
    return false;
}

bool weft_cancel(weft_awaitable_t *aw)
{
    return cancel(aw, NULL);
}

bool weft_cancel_message(weft_awaitable_t *aw, const char *message)
{
    struct weft__walk top = {.message = message ? weft__error_new(-ECANCELED, message, 0) : NULL};
    bool asked = cancel(aw, &top);

    weft__error_unref(top.message);
    return asked;
}
