/* SPDX-License-Identifier: MIT */
#include "weft/run.h"

#include <signal.h>
#include <stdlib.h>

#include "weft/loop.h"
#include "weft/wait.h"
#include "runtime/async/create_task.h"
#include "runtime/async/signal.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/report.h"

struct interrupt { /* Ctrl-C */
    weft_task_t *main;
    bool installed, came;
};

static void on_interrupt(void *arg)
{
    struct interrupt *interrupt = arg;

    interrupt->came = true;
    weft_cancel(interrupt->main);
}

/* Only where nobody else has the signal. */
static void watch_interrupt(struct weft_loop *loop, struct interrupt *interrupt)
{
    struct sigaction now;

    if (sigaction(SIGINT, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
        now.sa_handler == SIG_DFL)
        interrupt->installed = weft__signal_add(loop, SIGINT, on_interrupt, interrupt, true) == 0;
}

/* Runs after the main task: ends all others and reports what failed. */
WEFT_CORO(cancel_all)
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

static int run_main(struct weft_loop *loop, weft_task_t *main, void **result)
{
    struct interrupt interrupt = {.main = main};
    int rc;

    watch_interrupt(loop, &interrupt);
    rc = weft_loop_run_until_complete(loop, main, result);
    if (!weft_done(main)) /* it was stopped, or could not start: then the body must never run */
        weft_cancel(main);
    if (rc == -ECANCELED && interrupt.came && weft_uncancel(main) == 0)
        rc = -EINTR;
    if (interrupt.installed)
        weft_loop_remove_signal_handler(loop, SIGINT);
    return rc;
}

int weft_run_opts(weft_coro_t *coro, void **result, const weft_run_opts_t *opts)
{
    weft_task_opts_t task_opts = {.size = sizeof task_opts};
    weft_loop_t *loop;
    weft_task_t *main;
    int rc, shutdown;

    if (!coro)
        return weft__misuse(-EPROTOTYPE, "run of no coroutine");
    if (weft__self()) {
        weft_coro_close(coro);
        return weft__misuse(-EBUSY, "run inside a running loop");
    }
    rc = weft_new_event_loop_opts(&loop, opts);
    if (rc < 0) {
        weft_coro_close(coro);
        return rc;
    }
    rc = weft__create_task(loop, coro, &task_opts, &main);
    if (rc == 0) {
        rc = run_main(loop, main, result);
        shutdown = weft_loop_run_until_complete(loop, weft_coro(&cancel_all, NULL), NULL);
        if (rc >= 0 && shutdown < 0)
            rc = shutdown;
        weft_unref(main);
    }
    weft_loop_close(loop);
    weft_loop_unref(loop);
    return rc;
}
