/* SPDX-License-Identifier: MIT */
#include "runtime/sched/operation.h"

#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/submit.h"
#include "runtime/sched/suspend.h"

struct operation_wait {
    struct weft__wait wait;
    struct weft__operation *op;
};

static void complete(struct weft__operation *op, int result, bool more)
{
    struct weft_awaitable *task = op->argument;

    (void)more;
    op->result = result;
    /* release: pairs with the acquire in interrupt, which then asks nobody to cancel it again. */
    weft__store_release(&op->done, true);
    weft__wake(task);
}

void weft__operation_start(struct weft__operation *op)
{
    struct weft__driver *driver = weft__self()->driver;

    driver->class->submit(driver, op);
}

static void commit(struct weft_awaitable *task, struct weft__wait *wait)
{
    struct weft__operation *op = weft__container_of(wait, struct operation_wait, wait)->op;

    /* Known before anybody can look: a canceller must find whom to ask, however early it comes. */
    weft__store_relaxed(&op->driver, weft__self()->driver);
    /* seq_cst: no RMW stands between this store and the look at the tokens (wait.h). */
    weft__store_seq_cst(&task->ws, WEFT__WAITING);
    weft__sim_point("operation commit");
    if (weft__unlikely(weft__wait_tokens(task))) {
        op->result = -ECANCELED;
        weft__wait_strike(wait);
        weft__wake(task);
        return;
    }
    weft__operation_start(op);
}

static bool interrupt(struct weft_awaitable *task, struct weft__wait *wait, struct weft__walk *walk)
{
    struct weft__operation *op = weft__container_of(wait, struct operation_wait, wait)->op;
    /* relaxed: written before the commit published WAITING, which the holder acquired. */
    struct weft__driver *driver = weft__load_relaxed(&op->driver);

    weft__wait_strike(wait); /* its result may win yet */
    if (driver->class->cancel(op) != -ENOENT || walk->owner)
        return false;
    /* Not given to the kernel yet, or completed: acquire tells which. */
    if (!weft__load_acquire(&op->done))
        weft__submit_ask(driver->owner, task);
    return false;
}

static const struct weft__wait_kind operation_kind = {"operation", commit, interrupt, NULL, NULL};

int weft__operation_await(struct weft__operation *op)
{
    struct weft_awaitable *task = weft__worker_task(weft__self());
    struct operation_wait w = {.wait.kind = &operation_kind, .op = op};

    op->complete = complete;
    op->argument = task;
    for (;;) {
        weft__store_relaxed(&op->done, false); /* relaxed: published by the commit's store of ws */
        op->result = -ECANCELED;
        weft__suspend_wait(task, &w.wait);
        if (weft__likely(op->result != -ECANCELED && op->result != -EINTR))
            return op->result; /* it wins: a cancellation that came too late stays pending */
        if (weft__raise_in(task, &w.wait))
            return -ECANCELED;
    }
}
