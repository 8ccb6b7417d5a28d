/* SPDX-License-Identifier: MIT */
/*
 * to_thread: a task waits for a call on a thread that may block.
 *
 * The job lies on the waiting task's frame. A cancellation takes it back if no thread has it yet;
 * once it runs it runs to its end, since its argument may be on that frame too, and its result
 * wins.
 */
#include "weft/thread.h"

#include "runtime/core/waiters.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/locals.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/suspend.h"

struct thread_wait {
    struct weft__wait wait;
    struct weft__job job;
    struct weft_executor *pool;
    weft__vars vars; /* that the call sees, until it is made */
    weft_fn_t fn;
    void *arg, *result;
    int error;
    bool ran;
};

static void run(struct weft__job *job)
{
    struct thread_wait *w = weft__container_of(job, struct thread_wait, job);
    struct weft__thread_local *here = weft__thread_local(); /* no task's: it stays this thread */
    weft__vars outer = weft__locals_enter(here, w->vars);

    w->vars = 0;
    w->error = w->fn(w->arg, &w->result);
    weft__locals_leave(here, outer);
    w->ran = true;
    weft__wake(job->task);
}

static void commit(struct weft_awaitable *task, struct weft__wait *wait)
{
    struct thread_wait *w = weft__container_of(wait, struct thread_wait, wait);
    int rc;

    weft__wait_publish(task);
    /* Once submitted the frame may be gone; if it is not, nobody else knows of it. */
    rc = weft__executor_submit(w->pool, &w->job);
    if (rc < 0) {
        w->error = rc;
        w->ran = rc != -ECANCELED; /* that one is raised */
        if (!w->ran)
            weft__wait_strike(wait);
        weft__wake(task);
    }
}

static bool interrupt(struct weft_awaitable *task, struct weft__wait *wait, struct weft__walk *walk)
{
    struct thread_wait *w = weft__container_of(wait, struct thread_wait, wait);

    (void)task;
    (void)walk;
    return weft__executor_take_back(w->pool, &w->job);
}

static const struct weft__wait_kind thread_kind = {"thread", commit, interrupt, NULL, NULL};

int weft_to_thread(weft_fn_t fn, void *arg, void **result)
{
    struct weft__worker *worker = weft__self();
    struct weft_awaitable *task = worker ? weft__worker_task(worker) : NULL;
    struct thread_wait w = {.wait.kind = &thread_kind, .job.run = run, .fn = fn, .arg = arg};
    int rc;

    if (!task)
        return weft__no_task("to_thread");
    if (!fn)
        return -EINVAL;
    w.job.task = task;
    rc = weft__loop_executor(worker->loop, &w.pool);
    if (rc < 0)
        return rc;
    w.vars = weft__locals_inherit();
    weft__suspend_wait(task, &w.wait);
    weft__vars_unref(w.vars);
    if (!w.ran) {
        (void)weft__raise_in(task, &w.wait); /* in any case, as it has not run */
        return -ECANCELED;
    }
    if (w.error < 0)
        return w.error;
    if (result)
        *result = w.result;
    return 0;
}
