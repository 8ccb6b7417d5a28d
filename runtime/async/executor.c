/* SPDX-License-Identifier: MIT */
#include "weft/executor.h"

#include <stdlib.h>

#include "runtime/async/gate.h"
#include "runtime/base/clock.h"
#include "runtime/core/waiters.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"

int weft_executor_create(weft_executor_t **executor, unsigned threads)
{
    struct weft__worker *worker = weft__self();
    const struct weft__system *system = worker ? worker->loop->system : &weft__system_posix;

    if (threads > WEFT_EXECUTOR_MAX)
        return -EINVAL;
    *executor = weft__executor_new(system, threads ? threads : WEFT__EXECUTOR_DEFAULT);
    return *executor ? 0 : -ENOMEM;
}

/* ---- calls ---- */

struct executor_job {
    struct weft__job job;
    struct weft_awaitable *future; /* a reference */
    weft_fn_t fn;
    void *arg;
};

static void call(struct executor_job *e)
{
    void *result = NULL;
    int error = e->fn(e->arg, &result);

    weft__awaitable_complete(e->future, error < 0 ? error : 0, result, NULL);
}

static void run_executor(struct weft__job *job)
{
    struct executor_job *e = weft__container_of(job, struct executor_job, job);

    if (!weft_cancelled(e->future))
        call(e);
    weft_unref(e->future);
    free(e);
}

static int submit(weft_loop_t *loop, weft_executor_t *executor, struct executor_job *e)
{
    int rc = executor ? 0 : weft__loop_executor(loop, &executor);

    return rc < 0 ? rc : weft__executor_submit(executor, &e->job);
}

weft_future_t *weft_loop_run_in_executor(weft_loop_t *loop, weft_executor_t *executor, weft_fn_t fn,
                                         void *arg)
{
    struct executor_job *e;
    struct weft_awaitable *future;
    int rc;

    if (!loop || !fn)
        return weft__awaitable_failed(-EINVAL);
    if (weft__loop_closed(loop))
        return weft__awaitable_failed(-ESHUTDOWN);
    e = malloc(sizeof *e);
    future = e ? weft__awaitable_new(WEFT__KIND_FUTURE, NULL, NULL, "") : NULL;
    if (!future) {
        free(e);
        return weft__awaitable_failed(-ENOMEM);
    }
    future->loop = loop;
    *e = (struct executor_job){
        .job.run = run_executor, .future = weft_ref(future), .fn = fn, .arg = arg};
    rc = submit(loop, executor, e);
    if (rc == 0)
        return future;
    free(e);
    weft__awaitable_unref(future, 2);
    return weft__awaitable_failed(rc);
}

/* ---- the default one ---- */

int weft_loop_set_default_executor(weft_loop_t *loop, weft_executor_t *executor)
{
    struct weft_executor *there = NULL;

    if (!loop || !executor)
        return -EINVAL;
    if (weft__loop_closed(loop))
        return -ESHUTDOWN;
    /* relaxed: a look; the CAS decides. */
    if (weft__load_relaxed(&loop->executor) || !weft__executor_adopt(executor))
        return -EBUSY;
    weft_executor_ref(executor);
    /* acq_rel: pairs with weft__loop_executor. */
    if (weft__cas_acq_rel(&loop->executor, &there, executor))
        return 0;
    weft_executor_unref(executor);
    return -EBUSY;
}

struct shut_wait {
    struct weft__shut shut;
    struct weft__gate gate;
    struct weft_executor *executor; /* a reference: its loop may be gone before the task goes on */
};

static void open_gate(struct weft__shut *shut)
{
    struct shut_wait *w = weft__container_of(shut, struct shut_wait, shut);
    struct weft_awaitable *task;

    weft__spin_lock(&w->gate.lock);
    task = weft__gate_open(&w->gate);
    weft__spin_unlock(&w->gate.lock);
    if (task)
        weft__wake(task);
}

static void forget(struct weft__gate *gate)
{
    struct shut_wait *w = weft__container_of(gate, struct shut_wait, gate);

    weft__executor_forget(w->executor, &w->shut);
    weft_executor_unref(w->executor);
}

int weft_loop_shutdown_default_executor(weft_loop_t *loop, weft_ns_t timeout)
{
    struct weft__worker *worker = weft__self();
    struct shut_wait w = {.shut.fire = open_gate};
    int64_t deadline = WEFT_NONE;
    int rc;

    if (!worker || !weft__worker_task(worker))
        return weft__no_task("shutdown_default_executor");
    w.executor = weft__loop_last_executor(loop);
    if (!weft__executor_shut(w.executor, &w.shut))
        return 0;
    weft_executor_ref(w.executor);
    if (timeout != WEFT_NONE)
        deadline = weft__deadline_after(loop->system->now(), timeout);
    rc = weft__gate_wait(&w.gate, deadline, forget);
    forget(&w.gate);
    return rc;
}
