/* SPDX-License-Identifier: MIT */
#include "runtime/sched/step.h"

#include <stdio.h>

#include "runtime/base/symbol.h"
#include "runtime/core/backtrace.h"
#include "runtime/preload/mutexes.h"
#include "runtime/sched/report.h"

enum { CALLS = 32 }; /* of the library's own, at most, above the program's */

/* Where the program called what ended the step of the task that runs here. False: it returned. */
static bool find_place(char *text, size_t size)
{
    void *frames[CALLS];
    size_t count = weft__backtrace(frames, CALLS), i = 0;

    while (i < count && weft__symbol_is_ours(frames[i]))
        i++;
    if (i == count)
        return false;
    weft__symbol(frames[i], text, size);
    return true;
}

static int print_time(char *text, size_t size, int64_t taken)
{
    return snprintf(text, size, "a step took %lld.%03lld seconds", (long long)(taken / 1000000000),
                    (long long)(taken / 1000000 % 1000));
}

static void report_task(struct weft_loop *loop, int64_t taken, struct weft_awaitable *task)
{
    char text[192], place[128];
    int length = print_time(text, sizeof text, taken);

    if (find_place(place, sizeof place))
        snprintf(text + length, sizeof text - (size_t)length, ", until its call at %s", place);
    weft__report_error(loop, text, 0, task);
}

static void report_callback(struct weft_loop *loop, int64_t taken, struct weft_handle *handle)
{
    char text[320], name[128], where[128];
    int length = print_time(text, sizeof text, taken);
    weft_exception_context_t context = {.size = sizeof context, .message = text, .handle = handle};

    weft__symbol((void *)handle->fn, name, sizeof name);
    weft__symbol(handle->where, where, sizeof where);
    snprintf(text + length, sizeof text - (size_t)length, ": callback %s, created at %s", name,
             where);
    weft_loop_call_exception_handler(loop, &context);
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
                    struct weft_handle *handle)
{
    struct weft_loop *loop = worker->loop;
    int saved_errno = errno;
    int64_t taken = loop->system->now() - worker->step_began;

    /* relaxed: a setting. */
    if (taken >= weft__load_relaxed(&loop->slow_step)) {
        if (handle)
            report_callback(loop, taken, handle);
        else
            report_task(loop, taken, task);
    }
    if (weft_mutexes_held && task)
        look_at_mutexes(loop, task);
    weft__step_begin(worker);
    errno = saved_errno;
}
