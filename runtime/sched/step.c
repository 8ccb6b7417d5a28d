/* SPDX-License-Identifier: MIT */
#include "runtime/sched/step.h"

#include <stdio.h>

#include "runtime/base/symbol.h"
#include "runtime/preload/mutexes.h"
#include "runtime/sched/report.h"

static void report(struct weft_loop *loop, int64_t taken, struct weft_awaitable *task,
                   const struct weft_handle *handle)
{
    char text[320], name[128] = "", where[128] = "";

    if (handle) {
        weft__symbol((void *)handle->fn, name, sizeof name);
        weft__symbol(handle->where, where, sizeof where);
    }
    snprintf(text, sizeof text, "a step took %lld.%03lld seconds%s%s%s%s",
             (long long)(taken / 1000000000), (long long)(taken / 1000000 % 1000),
             handle ? ": callback " : "", name, handle ? ", created at " : "", where);
    weft__report_error(loop, text, 0, task);
}

static void look_at_mutexes(struct weft_loop *loop, struct weft_awaitable *task)
{
    char text[192], name[128];
    void *where;

    if (weft_mutexes_held(&where) == 0)
        return;
    weft__symbol(where, name, sizeof name);
    snprintf(text, sizeof text, "a task gave its thread up with a mutex locked, at %s", name);
    weft__report_error(loop, text, 0, task);
}

void weft__step_end(struct weft__worker *worker, struct weft_awaitable *task,
                    const struct weft_handle *handle)
{
    struct weft_loop *loop = worker->loop;
    int saved_errno = errno;
    int64_t taken = loop->system->now() - worker->step_began;

    /* relaxed: a setting. */
    if (taken >= weft__load_relaxed(&loop->slow_step))
        report(loop, taken, task, handle);
    if (weft_mutexes_held && task)
        look_at_mutexes(loop, task);
    weft__step_begin(worker);
    errno = saved_errno;
}
