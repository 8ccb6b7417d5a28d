/* SPDX-License-Identifier: MIT */
#include "runtime/sched/misuse.h"

#include <stdio.h>

#include "runtime/base/environment.h"
#include "runtime/core/task.h"
#include "runtime/sched/loop.h"

static bool in_debug(void)
{
    struct weft__worker *worker = weft__self();

    /* relaxed: a switch. */
    return worker ? weft__load_relaxed(&worker->loop->debug) : weft__environment_debug();
}

static void say(const char *what)
{
    struct weft__worker *worker = weft__self();
    struct weft_awaitable *task = worker ? weft__worker_task(worker) : NULL;
    char name[64] = "no task";

    if (task)
        weft__awaitable_name(task, name, sizeof name);
    fprintf(stderr, "weft: misuse in %s%s%s: %s\n", name, task ? ", created at " : "",
            task ? task->where : "", what);
}

int weft__misuse(int error, const char *what)
{
    if (in_debug())
        say(what);
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

int weft__on_closed(const struct weft_loop *loop, const char *call)
{
    bool parents = loop->generation != weft__fork_generation();
    char text[96];

    snprintf(text, sizeof text, "%s on a loop that %s", call,
             parents ? "the parent process had" : "is closed");
    /* relaxed: a switch. */
    if (in_debug() || weft__load_relaxed(&((struct weft_loop *)(uintptr_t)loop)->debug))
        say(text);
    return -ESHUTDOWN;
}

int weft__bad_options(void)
{
    return weft__misuse(-EINVAL, "options without their size, or that this version has not");
}
