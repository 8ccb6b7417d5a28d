/* SPDX-License-Identifier: MIT */
#include "runtime/sched/submit.h"

#include "runtime/sched/loop.h"

static WEFT__NOINLINE bool inject(struct weft_loop *loop, weft__entry e)
{
    weft__sim_point("inject");
    if (weft__mpsc_push(&loop->injector, e) == WEFT__MPSC_REFUSED)
        return false;
    weft__sim_point("injected");
    if (weft__idle_wanted(&loop->idle))
        weft__idle_wake_one(loop);
    return true;
}

bool weft__submit_entry(struct weft_loop *loop, weft__entry e)
{
    struct weft__worker *self = weft__self();

    if (weft__unlikely(!self || self->loop != loop))
        return inject(loop, e);
    weft__submit_local(self, e);
    return true;
}

void weft__submit_pinned(struct weft__worker *worker, weft__entry e)
{
    struct weft__link *link = weft__entry_link(e);

    link->next = 0;
    if (worker->pinned_last)
        worker->pinned_last->next = e;
    else
        worker->pinned_first = e;
    worker->pinned_last = link;
}

bool weft__submit_mail(struct weft__worker *worker, weft__entry e)
{
    weft__sim_point("mail");
    if (weft__mpsc_push(&worker->mail, e) == WEFT__MPSC_REFUSED)
        return false;
    weft__idle_wake_worker(worker->loop, worker);
    return true;
}

void weft__submit_ask(struct weft__worker *worker, struct weft_awaitable *task)
{
    /* seq_cst: the entry is queued by whoever sets the mark; see weft__worker_take_asks. */
    if (weft__exchange_seq_cst(&task->asked, 1))
        return;
    weft__awaitable_ref(task);
    if (weft__mpsc_push(&worker->asks, weft__entry_make(task, WEFT__ENTRY_ASK)) ==
        WEFT__MPSC_REFUSED)
        weft__awaitable_unref(task, 1);
    else
        weft__idle_wake_worker(worker->loop, worker);
}

/* [home] and [strand] are the task's or the stack's; at most one of them is set. */
static WEFT__NOINLINE bool submit_bound(struct weft__worker *home, struct weft_strand *strand,
                                        weft__entry e)
{
    if (strand)
        return weft__strand_push(strand, e);
    if (home != weft__self())
        return weft__submit_mail(home, e);
    weft__submit_pinned(home, e);
    return true;
}

void weft__submit_stack(struct weft__stack *stack)
{
    weft__entry e = weft__entry_make(stack, WEFT__ENTRY_STACK);

    if (weft__unlikely(stack->pinned || stack->strand))
        submit_bound(stack->pinned, stack->strand, e);
    else
        weft__submit_entry(stack->task->loop, e);
}

void weft__submit_waiter(struct weft__waiter *waiter, struct weft_awaitable *done,
                         weft__fire_t *tell, struct weft__untold *untold)
{
    struct weft__worker *worker = weft__self();

    /* The future's loop is only compared: it may be gone (loop.h). */
    if (!worker || !worker->ordered || worker->loop != done->loop) {
        tell(waiter, done, untold);
        return;
    }
    waiter->fire = tell;
    waiter->done = done;
    weft__submit_local(worker, weft__entry_make(waiter, WEFT__ENTRY_WAITER));
}

bool weft__submit_task(struct weft_awaitable *task)
{
    weft__entry e = weft__entry_make(task, WEFT__ENTRY_TASK);

    if (weft__unlikely(task->flags & WEFT__TASK_PINNED))
        return submit_bound(weft__self(), NULL, e); /* to where it was created */
    if (weft__unlikely(task->strand != NULL && !task->loop->ordered))
        return submit_bound(NULL, task->strand, e);
    return weft__submit_entry(task->loop, e);
}
