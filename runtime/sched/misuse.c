/* SPDX-License-Identifier: MIT */
#include "runtime/sched/misuse.h"

#include <stdio.h>

#include "runtime/base/environment.h"
#include "runtime/core/task.h"
#include "runtime/sched/loop.h"

int weft__misuse(int error, const char *what)
{
    struct weft__worker *worker = weft__self();
    struct weft_awaitable *task = worker ? weft__worker_task(worker) : NULL;
    bool debug = worker ? weft__load_relaxed(&worker->loop->debug) : weft__environment_debug();
    char name[64] = "no task";

    if (!debug)
        return error;
    if (task)
        weft__awaitable_name(task, name, sizeof name);
    fprintf(stderr, "weft: misuse in %s%s%s: %s\n", name, task ? ", created at " : "",
            task ? task->where : "", what);
    return error;
}

int weft__no_task(const char *call)
{
    char text[96];

    if (weft__thread_local()->forked)
        return -ESHUTDOWN;
    snprintf(text, sizeof text, "%s outside of a task", call);
    return weft__misuse(-EPERM, text);
}
