/* SPDX-License-Identifier: MIT */
#include "runtime/sched/suspend.h"

#include "runtime/core/context.h"
#include "runtime/core/sanitizer.h"
#include "runtime/preload/mutexes.h"
#include "runtime/sched/await.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/fork.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/step.h"
#include "runtime/sched/submit.h"

enum action { /* what the commit does for the stack that was left */
              ACTION_NONE,
              ACTION_WAIT,    /* task->wait->kind->commit */
              ACTION_REQUEUE, /* it is runnable still */
              ACTION_FREE,    /* its last task ended */
              ACTION_WAKE,    /* clear WAITING: a holder submits it, or we do */
};

/* On the next stack: what [from] asked for. After that, `from` may be running elsewhere. */
WEFT__INLINE void commit(struct weft__stack *from)
{
    struct weft__worker *worker = weft__self();

    /* Whoever goes on has a slice of its own. relaxed: as in weft__worker_turn. */
    weft__store_relaxed(&worker->budget, WEFT__WORKER_BUDGET);
    switch (from->action) {
    case ACTION_WAIT:
        from->task->wait->kind->commit(from->task, from->task->wait);
        break;
    case ACTION_REQUEUE:
        weft__submit_stack(from);
        break;
    case ACTION_FREE:
        weft__stack_put(&worker->stacks, from);
        break;
    case ACTION_WAKE:
        weft__wake(from->task);
        break;
    default:
        break;
    }
    weft__worker_let_go(worker);
}

/* Switches from the running stack to [to]. Returns when somebody switches back. Not inlined, so
 * that nothing of the caller's survives in a register that belongs to the thread; the announcements
 * to the sanitizers stand in the very function that switches. */
static WEFT__NOINLINE WEFT__SAN_NEVER_LEFT void
switch_to(struct weft__worker *worker, struct weft__stack *to, enum action action)
{
    struct weft__stack *from = worker->stack;

    from->action = (uint8_t)action;
    worker->stack = to;
    weft__count(&worker->counters.switches, 1);
    weft__san_switch_begin(&from->san, &to->san, action == ACTION_FREE);
    /* relaxed: whoever made `to` runnable published its context; the peek of the prefetcher may
     * race. */
    uintptr_t left =
        weft__context_switch((void **)&from->sp, weft__load_relaxed(&to->sp), (uintptr_t)from);
    weft__san_switch_end(&from->san);
    commit((struct weft__stack *)left);
}

/* errno is the task's, not the thread's; its address must not be kept across the switch. */
static WEFT__SAN_NEVER_LEFT void switch_away(struct weft__worker *worker, struct weft__stack *to,
                                             enum action action)
{
    struct weft__stack *from = worker->stack;

    from->saved_errno = *worker->errno_address;
    switch_to(worker, to, action);
    *weft__self()->errno_address = from->saved_errno;
}

/* ---- prefetch: where there are many stacks, the next ones are cold ---- */

static void prefetch_stack(const struct weft__stack *stack)
{
    const char *top = (const char *)stack;

    __builtin_prefetch(top);
    for (int line = 1; line <= 3; line++) /* the saved context stands right below */
        __builtin_prefetch(top - line * WEFT__CACHE_LINE);
}

static void prefetch_next(struct weft__worker *worker)
{
    weft__entry next = weft__deque_peek(&worker->deque, 0);
    weft__entry later = next ? weft__deque_peek(&worker->deque, 3) : 0;

    if (weft__entry_tag(next) == WEFT__ENTRY_STACK) {
        /* relaxed: it may be running elsewhere by now; only a hint. */
        char *sp = weft__load_relaxed(&((struct weft__stack *)weft__entry_object(next))->sp);
        __builtin_prefetch(sp);
        __builtin_prefetch(sp + WEFT__CACHE_LINE);
    }
    if (weft__entry_tag(later) == WEFT__ENTRY_STACK)
        prefetch_stack(weft__entry_object(later));
    else if (later)
        __builtin_prefetch(weft__entry_object(later));
}

/* ---- the end of a step ---- */

static void flush_uncorked(struct weft__worker *worker)
{
    struct weft__uncork *uncork;

    while ((uncork = worker->uncork)) {
        worker->uncork = uncork->next;
        uncork->linked = false;
        uncork->flush(uncork);
    }
}

static WEFT__NOINLINE void end_watched_step(struct weft__worker *worker)
{
    if (worker->debug)
        weft__step_end(worker, weft__worker_task(worker), NULL);
}

/* The running task is about to suspend, or has returned. */
WEFT__INLINE void end_step(struct weft__worker *worker)
{
    if (weft__unlikely(worker->uncork != NULL))
        flush_uncorked(worker);
    if (weft__unlikely(worker->watched))
        end_watched_step(worker);
}

/* ---- the first run of a task ---- */

static void run_task(struct weft_awaitable *task)
{
    int error = -ECANCELED;

    if (weft__likely(!weft__raise(task)))
        error = task->fn->body(task->arg, &task->result);
    if (weft__unlikely(!weft__self()))
        weft__fork_end(error);
    end_step(weft__self());
    weft__task_finish(task, error);
}

static void bind(struct weft__stack *stack, struct weft_awaitable *task)
{
    struct weft__worker *worker = weft__self();

    stack->task = task;
    task->stack = stack;
    stack->pinned = task->flags & WEFT__TASK_PINNED ? worker : NULL;
    stack->strand = worker->ordered ? NULL : task->strand;
    stack->creator = NULL;
    stack->saved_errno = 0;
}

static WEFT__SAN_NEVER_LEFT void leave(struct weft__worker *worker, weft__entry e,
                                       enum action action);

/* What runs after the running stack: the creator of an eager task that is left for the first time,
 * or what the worker finds. */
WEFT__INLINE weft__entry next(struct weft__worker *worker)
{
    struct weft__stack *creator = worker->stack->creator;

    if (weft__likely(!creator))
        return weft__worker_next(worker);
    worker->stack->creator = NULL;
    return weft__entry_make(creator, WEFT__ENTRY_STACK);
}

/* The bottom frame of every stack: one task after the other, as long as the next one has not begun
 * yet and needs no other size of stack. */
static WEFT__SAN_NEVER_LEFT void stack_main(uintptr_t left)
{
    weft__san_switch_end(&weft__self()->stack->san);
    commit((struct weft__stack *)left);
    for (;;) {
        run_task(weft__self()->stack->task);
        struct weft__worker *worker = weft__self();
        worker->stack->task = NULL;
        weft__entry e = next(worker);
        if (e && weft__entry_tag(e) == WEFT__ENTRY_TASK) {
            struct weft_awaitable *task = weft__entry_object(e);
            if (task->flags >> WEFT__TASK_CLASS_SHIFT == worker->stack->size_class) {
                bind(worker->stack, task);
                weft__store_relaxed(&worker->budget, WEFT__WORKER_BUDGET); /* relaxed: as above */
                prefetch_next(worker);
                weft__worker_let_go(worker);
                continue;
            }
        }
        leave(worker, e, ACTION_FREE);
    }
}

/* A stack for a task that begins, or NULL: then the task has ended with the reason, its body never
 * ran. */
static struct weft__stack *stack_for(struct weft__worker *worker, struct weft_awaitable *task)
{
    struct weft__stack *stack;
    int rc = weft__stack_get(&worker->stacks, task->flags >> WEFT__TASK_CLASS_SHIFT, &stack);

    if (weft__unlikely(rc < 0)) {
        weft__task_finish(task, rc);
        return NULL;
    }
    weft__store_relaxed(&stack->sp,
                        weft__context_make(stack, stack_main)); /* relaxed: ours alone yet */
    bind(stack, task);
    return stack;
}

/* ---- leaving a stack ---- */

/* Where [e] runs; the base for what is neither task nor stack, and for a task without a stack to
 * run on. */
WEFT__INLINE struct weft__stack *target(struct weft__worker *worker, weft__entry e)
{
    struct weft__stack *stack = NULL;

    if (weft__likely(e && weft__entry_tag(e) == WEFT__ENTRY_STACK))
        stack = weft__entry_object(e);
    else if (e && weft__entry_tag(e) == WEFT__ENTRY_TASK)
        stack = stack_for(worker, weft__entry_object(e));
    else
        worker->handed = e;
    return stack ? stack : &worker->base;
}

static WEFT__SAN_NEVER_LEFT void leave(struct weft__worker *worker, weft__entry e,
                                       enum action action)
{
    struct weft__stack *to = target(worker, e);

    prefetch_next(worker);
    switch_away(worker, to, action);
}

void weft__suspend_wait(struct weft_awaitable *task, struct weft__wait *wait)
{
    struct weft__worker *worker = weft__self();

    end_step(worker);
    weft__store_relaxed(&wait->struck, false); /* relaxed: published by the commit */
    task->wait = wait;
    if (weft__unlikely(task->parent != NULL))
        weft__await_publish(task); /* it runs on the stack of others, which wait too now */
    leave(worker, next(worker), ACTION_WAIT);
}

bool weft__suspend_is_wait(const struct weft_awaitable *task)
{
    const struct weft__stack *stack = task->stack;

    return stack && stack->task == task && stack->action == ACTION_WAIT;
}

/* In an ordered loop the stack stands in the queue before the turn that may come next, as what that
 * takes in comes after it. It cannot be resumed before it is left: there is no other worker. */
static void yield_in_order(struct weft__worker *worker)
{
    weft__entry e;

    weft__submit_stack(worker->stack);
    e = next(worker);
    if (e != weft__entry_make(worker->stack, WEFT__ENTRY_STACK)) /* else the oldest: go on */
        leave(worker, e, ACTION_NONE);
}

void weft__suspend_yield(void)
{
    struct weft__worker *worker = weft__self();

    end_step(worker);
    if (worker->ordered) {
        yield_in_order(worker);
        return;
    }
    if (weft__unlikely(worker->watched) && weft__worker_stays(worker))
        return;
    weft__entry e = next(worker);
    /* relaxed: as seen by the worker's look; a stop that comes later is met by the next yield. */
    if (!e && !weft__load_relaxed(&worker->loop->stop)) {
        struct weft_strand *strand = worker->leaving; /* by the look */
        worker->leaving = NULL;
        if (strand) /* nothing else: another round of it, as nothing was committed */
            e = weft__worker_again(worker, strand);
        if (!e) /* alone: go on */
            return;
    }
    leave(worker, e, ACTION_REQUEUE);
}

void weft__suspend_held(void)
{
    struct weft__worker *worker = weft__self();

    end_step(worker);
    leave(worker, next(worker), ACTION_WAKE);
}

/* Who starts an eager task goes on here when that is left: what it has locked, which is returned,
 * is not the eager task's. */
static WEFT__NOINLINE int put_step_aside(struct weft__worker *worker, void **where)
{
    int held;

    if (!worker->debug)
        return 0;
    held = weft_mutexes_held ? weft_mutexes_held(where) : 0;
    weft__step_end(worker, weft__worker_task(worker), NULL);
    return held;
}

void weft__suspend_start(struct weft_awaitable *task)
{
    struct weft__worker *worker = weft__self();
    struct weft__stack *stack = stack_for(worker, task);
    void *where = NULL;
    int held = 0;

    if (!stack)
        return;
    if (weft__unlikely(worker->watched))
        held = put_step_aside(worker, &where);
    /* relaxed: a hint. It never stood in a slot, and what the object's last task left there would
     * lead an await astray: to nothing, but a simulation would not be the same each time. */
    weft__store_relaxed(&task->pos, UINT64_MAX);
    stack->creator = worker->stack;
    switch_away(worker, stack, ACTION_NONE);
    if (weft__unlikely(held > 0))
        weft_mutexes_again(held, where);
}

void weft__suspend_base(struct weft__worker *worker, weft__entry e)
{
    struct weft__stack *to = target(worker, e);

    if (to != &worker->base)
        switch_to(worker, to, ACTION_NONE);
}

void weft__suspend_uncork(struct weft__uncork *uncork)
{
    struct weft__worker *worker = weft__self();

    if (uncork->linked)
        return;
    uncork->linked = true;
    uncork->next = worker->uncork;
    worker->uncork = uncork;
}

void weft__suspend_corked(struct weft__uncork *uncork)
{
    struct weft__uncork **p = &weft__self()->uncork;

    if (!uncork->linked)
        return;
    while (*p && *p != uncork)
        p = &(*p)->next;
    if (*p)
        *p = uncork->next;
    uncork->linked = false;
}
