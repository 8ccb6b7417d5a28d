/* SPDX-License-Identifier: MIT */
#include "weft/runner.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weft/contextvar.h"
#include "weft/error.h"
#include "weft/executor.h"
#include "weft/loop.h"
#include "runtime/async/create_task.h"
#include "runtime/async/signal.h"
#include "runtime/base/options.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/report.h"

enum state { NEW, OPEN, CLOSED };

struct runner {
    weft_run_opts_t opts;
    weft_loop_t *loop;
    weft_context_t *context; /* of its main tasks */
    enum state state;
    bool is_current; /* its loop is that of the thread */
};

_Static_assert(sizeof(struct runner) <= sizeof(weft_runner_t), "weft_runner_t");

static struct runner *of(weft_runner_t *runner)
{
    return (struct runner *)(void *)runner->opaque;
}

/* ---- Ctrl-C ---- */

struct interrupt {
    weft_task_t *main;
    bool watched, reached; /* reached: the main task was cancelled in time */
};

static void on_interrupt(void *arg)
{
    struct interrupt *interrupt = arg;

    interrupt->reached = weft_cancel(interrupt->main);
}

/* Only where it is the program's own, which is told by the main thread, and nobody else has it. */
static void watch_interrupt(struct weft_loop *loop, struct interrupt *interrupt)
{
    struct sigaction now;

    interrupt->watched = gettid() == getpid() && sigaction(SIGINT, NULL, &now) == 0 &&
                         !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL &&
                         weft__interrupt_watch(loop, on_interrupt, interrupt) == 0;
}

static int forget_interrupt(struct weft_loop *loop, struct interrupt *interrupt, int rc)
{
    bool came = interrupt->watched && weft__interrupt_forget(loop) > 0;

    if (came && !interrupt->reached)
        return -EINTR;
    return interrupt->reached && rc == -ECANCELED && weft_uncancel(interrupt->main) == 0 ? -EINTR
                                                                                         : rc;
}

/* ---- the end ---- */

/* Ends all other tasks and reports what failed. */
static int cancel_all(void)
{
    weft_task_t **tasks, *self = weft_current_task();
    size_t count;
    int rc = weft_all_tasks(NULL, &tasks, &count);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < count; i++) {
        if (tasks[i] != self)
            weft_cancel(tasks[i]);
    }
    for (size_t i = 0; i < count; i++) {
        int error = tasks[i] == self ? 0 : weft_await(tasks[i], NULL);
        /* A detached one has told of itself. */
        if (error < 0 && error != -ECANCELED && !(tasks[i]->flags & WEFT__TASK_DETACHED))
            weft__report_error(weft_get_running_loop(), "a task failed while the loop shut down",
                               error, tasks[i]);
        weft_unref(tasks[i]);
    }
    free(tasks);
    return 0;
}

static const weft_ns_t executor_limit = INT64_C(300) * 1000 * 1000 * 1000;

WEFT_CORO(shut_down)
{
    weft_loop_t *loop = weft_get_running_loop();
    int rc = cancel_all();

    if (weft_loop_shutdown_default_executor(loop, executor_limit) == -ETIMEDOUT)
        weft__report_error(loop, "calls in the executor were not over within 300 s", -ETIMEDOUT,
                           NULL);
    return rc;
}

int weft_runner_close(weft_runner_t *runner)
{
    struct runner *r = of(runner);
    weft_task_t *task;
    int rc;

    if (r->state != OPEN)
        return 0;
    if (weft__self())
        return weft__misuse(-EBUSY, "a runner is closed inside a running loop");
    task = weft_new_task(r->loop, weft_coro(&shut_down, NULL)); /* whatever the task factory does */
    rc = weft_loop_run_until_complete(r->loop, task, NULL);
    weft_unref(task);
    if (r->is_current)
        weft_set_event_loop(NULL);
    weft_loop_close(r->loop);
    weft_loop_unref(r->loop);
    weft_context_unref(r->context);
    r->state = CLOSED;
    return rc;
}

/* ---- the runs ---- */

void weft_runner_init_opts(weft_runner_t *runner, const weft_run_opts_t *opts)
{
    struct runner *r = of(runner);

    weft_run_opts_t full;
    const weft_run_opts_t *known = weft__options(opts, &full, sizeof full);

    *r = (struct runner){.state = NEW};
    if (known)
        r->opts = *known;
    r->opts.size = known ? sizeof r->opts : 0; /* 0: the first use refuses them */
}

static int make_loop(struct runner *r)
{
    weft_loop_factory_t make = r->opts.loop_factory;
    int rc = make ? make(&r->loop, &r->opts) : weft_new_event_loop_opts(&r->loop, &r->opts);

    if (rc < 0)
        return rc;
    /* The factory, or the policy, may not have looked at the options. */
    if (r->opts.debug != WEFT_DEBUG_DEFAULT)
        weft_loop_set_debug(r->loop, r->opts.debug == WEFT_DEBUG_ON);
    r->is_current = !make;
    if (r->is_current)
        weft_set_event_loop(r->loop);
    return 0;
}

static int ensure_loop(struct runner *r)
{
    int rc = 0;

    if (r->state == CLOSED)
        return weft__misuse(-ESHUTDOWN, "a runner is used after its end");
    if (r->state == NEW)
        rc = r->opts.size ? make_loop(r) : weft__bad_options();
    if (rc < 0)
        return rc;
    r->state = OPEN;
    if (!r->context)
        r->context = weft_copy_context();
    return r->context ? 0 : -ENOMEM;
}

int weft_runner_get_loop(weft_runner_t *runner, weft_loop_t **loop)
{
    int rc = ensure_loop(of(runner));

    if (rc == 0)
        *loop = of(runner)->loop;
    return rc;
}

static int run_main(struct weft_loop *loop, weft_task_t *main, void **result)
{
    struct interrupt interrupt = {.main = main};
    int rc;

    watch_interrupt(loop, &interrupt);
    rc = weft_loop_run_until_complete(loop, main, result);
    rc = forget_interrupt(loop, &interrupt, rc);
    if (!weft_done(main) && rc != WEFT_ESTOPPED) /* the run could not start: nor must the body */
        weft_cancel(main);
    return rc;
}

int weft_runner_run_in_context(weft_runner_t *runner, weft_context_t *context, weft_coro_t *coro,
                               void **result)
{
    weft_task_opts_t opts = {.size = sizeof opts};
    struct runner *r = of(runner);
    weft_task_t *main;
    int rc = 0;

    if (!coro)
        return weft__misuse(-EPROTOTYPE, "run of no coroutine");
    if (weft__self())
        rc = weft__misuse(-EBUSY, "run inside a running loop");
    if (rc == 0)
        rc = ensure_loop(r);
    if (rc < 0) {
        weft_coro_close(coro);
        return rc;
    }
    opts.context = context ? context : r->context;
    rc = weft__create_task(r->loop, coro, &opts, &main);
    if (rc < 0)
        return rc;
    rc = run_main(r->loop, main, result);
    weft_unref(main);
    return rc;
}

int weft_runner_run(weft_runner_t *runner, weft_coro_t *coro, void **result)
{
    return weft_runner_run_in_context(runner, NULL, coro, result);
}
