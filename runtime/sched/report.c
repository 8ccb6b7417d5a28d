/* SPDX-License-Identifier: MIT */
#include "runtime/sched/report.h"

#include <stdio.h>

#include "weft/error.h"
#include "runtime/core/error.h"
#include "runtime/core/task.h"
#include "runtime/sched/handle.h"
#include "runtime/sched/locals.h"
#include "runtime/sched/loop.h"

void weft_loop_default_exception_handler(weft_loop_t *loop, const weft_exception_context_t *context)
{
    const char *said = weft_error_message(context->details);
    const char *where = context->where ? context->where : "";
    struct weft_awaitable *aw = context->future;
    char name[64] = "";

    (void)loop;
    if (aw)
        weft__awaitable_name(aw, name, sizeof name);
    fprintf(stderr, "weft: %s%s%s%s%s%s%s%s%s\n", context->message, aw ? ": " : "", name,
            where[0] ? ", created at " : "", where, context->error < 0 ? ": " : "",
            context->error < 0 ? weft_strerror(context->error) : "", said ? ": " : "",
            said ? said : "");
}

static void by_default(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)arg;
    weft_loop_default_exception_handler(loop, context);
}

/* The handler sees the context variables of the task that it is told of, if that is done: before,
 * they are the task's alone. */
static void tell(struct weft_loop *loop, weft_exception_handler_t handler,
                 const weft_exception_context_t *context, void *arg)
{
    struct weft__worker *worker = weft__self();
    bool outer = worker && worker->telling;
    struct weft_awaitable *aw = context->future;
    weft__vars vars = aw && weft__is_done(aw) ? weft__awaitable_vars(aw) : 0;

    if (vars)
        vars = weft__locals_exchange(weft__vars_snapshot(vars));
    if (worker)
        worker->telling = true;
    handler(loop, context, arg);
    if (vars)
        weft__vars_unref(weft__locals_exchange(vars));
    if (worker)
        worker->telling = outer;
}

weft_exception_handler_t weft_loop_get_exception_handler(weft_loop_t *loop, void **arg)
{
    weft_exception_handler_t handler;

    weft__spin_lock(&loop->lock);
    handler = loop->handler;
    if (arg)
        *arg = loop->handler_arg;
    weft__spin_unlock(&loop->lock);
    return handler;
}

void weft_loop_call_exception_handler(weft_loop_t *loop, const weft_exception_context_t *context)
{
    void *arg = NULL;
    weft_exception_handler_t handler = loop ? weft_loop_get_exception_handler(loop, &arg) : NULL;

    tell(loop, handler ? handler : by_default, context, arg);
}

void weft_loop_set_exception_handler(weft_loop_t *loop, weft_exception_handler_t handler, void *arg)
{
    weft__spin_lock(&loop->lock);
    loop->handler = handler;
    loop->handler_arg = arg;
    weft__spin_unlock(&loop->lock);
}

void weft__report_error(struct weft_loop *loop, const char *message, int error,
                        struct weft_awaitable *future)
{
    weft_exception_context_t context = {.size = sizeof context, .message = message, .error = error};

    if (future) {
        context.future = future;
        context.task = weft__kind(future) == WEFT__KIND_TASK ? future : NULL;
        context.details = weft__is_done(future) ? weft__error_of(future) : NULL;
        context.where = future->where && future->where[0] ? future->where : NULL;
    }
    weft_loop_call_exception_handler(loop, &context);
}

static void tell_about(struct weft_loop *loop, struct weft_awaitable *aw, const char *message)
{
    weft__store_relaxed(&aw->retrieved, 1); /* relaxed: see core/task.h */
    weft__report_error(loop, message, aw->error, aw);
}

static void tell_here(weft_future_t *aw, void *message)
{
    tell_about(aw->loop, aw, message);
}

/* What a thread outside of a running loop has found is told in the loop. 0; -ENOMEM, -ESHUTDOWN. */
static int hand_over(struct weft_loop *loop, struct weft_awaitable *aw, const char *message)
{
    struct weft_handle *handle = weft__handle_new(loop);
    bool entered;
    int rc;

    if (!handle)
        return -ENOMEM;
    weft__handle_leave(handle);
    handle->done_fn = tell_here;
    handle->arg = (void *)(uintptr_t)message;
    handle->future = weft_ref(aw);
    entered = weft__loop_enter(loop);
    rc = weft__handle_submit(handle);
    weft__loop_leave(loop, entered);
    return rc;
}

static void tell_from_outside(struct weft_loop *loop, struct weft_awaitable *aw,
                              const char *message)
{
    int rc = weft__loop_runs(loop) ? hand_over(loop, aw, message) : -ESHUTDOWN;

    if (rc < 0)
        tell_about(rc == -ENOMEM ? NULL : loop, aw, message);
}

void weft__report_about(struct weft_awaitable *aw, const char *message)
{
    struct weft__worker *worker = weft__self();

    if (worker && worker->loop == aw->loop) {
        tell_about(aw->loop, aw, message);
    } else if (weft__loop_find(aw->loop)) {
        tell_from_outside(aw->loop, aw, message);
        weft__loop_drop(aw->loop);
    } else {
        tell_about(NULL, aw, message);
    }
}
