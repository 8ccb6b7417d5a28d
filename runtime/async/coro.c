/* SPDX-License-Identifier: MIT */
/* coro: coroutine objects, references, and what an awaitable can be asked. */
#include <stdlib.h>
#include <string.h>

#include "weft/task.h"
#include "weft/error.h"
#include "runtime/async/future.h"
#include "runtime/base/environment.h"
#include "runtime/core/slab.h"
#include "runtime/sched/await.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/registry.h"
#include "runtime/sched/report.h"

weft_coro_t *weft_coro_at(const weft_corofn_t *fn, void *arg, const char *where)
{
    struct weft_awaitable *aw;

    if (weft__unlikely(!fn || fn->magic != WEFT_COROFN_MAGIC))
        return weft__awaitable_failed(weft__misuse(-EPROTOTYPE, "not a coroutine function"));
    aw = weft__awaitable_new(WEFT__KIND_CORO, fn, arg, where);
    return weft__likely(aw != NULL) ? aw : weft__awaitable_failed(-ENOMEM);
}

weft_coro_t *weft_coro_copy_at(const weft_corofn_t *fn, const void *arg, size_t size,
                               const char *where)
{
    struct weft_awaitable *aw = weft_coro_at(fn, NULL, where);
    struct weft__extra *extra;

    if (weft__kind(aw) == WEFT__KIND_FAILED)
        return aw;
    extra = size <= PTRDIFF_MAX - sizeof *extra ? calloc(1, sizeof *extra + size) : NULL;
    if (!extra) {
        weft__awaitable_free(aw);
        return weft__awaitable_failed(-ENOMEM);
    }
    if (size > 0)
        memcpy(extra->copy, arg, size);
    weft__store_release(&aw->extra, (uintptr_t)extra); /* release: pairs with weft__extra */
    aw->arg = extra->copy;
    return aw;
}

void weft_coro_close(weft_coro_t *coro)
{
    if (coro && weft__kind(coro) == WEFT__KIND_CORO)
        weft__store_relaxed(&coro->kind, WEFT__KIND_SPENT); /* relaxed: the caller's reference */
    weft_unref(coro);
}

bool weft_iscoroutine(const void *object)
{
    return object && weft__kind(object) == WEFT__KIND_CORO;
}

bool weft_isfuture(const void *object)
{
    enum weft__kind kind = object ? weft__kind(object) : WEFT__KIND_FREE;

    return kind == WEFT__KIND_TASK || kind == WEFT__KIND_FUTURE || kind == WEFT__KIND_FAILED;
}

weft_awaitable_t *weft_ref(weft_awaitable_t *aw)
{
    if (aw && weft__kind(aw) != WEFT__KIND_FAILED)
        weft__awaitable_ref(aw);
    return aw;
}

void weft_unref(weft_awaitable_t *aw)
{
    if (aw)
        weft__awaitable_unref(aw, 1);
}

static bool debug(void)
{
    struct weft__worker *worker = weft__self();

    return worker ? weft__load_relaxed(&worker->loop->debug) : weft__environment_debug();
}

/* Its last reference lasts for the report, so that the handler may take one, or a loop that is told
 * later. False: it was taken. A loop that has taken one may have closed meanwhile, and told nobody:
 * then again. */
static bool report_lost_error(struct weft_awaitable *aw)
{
    do {
        /* release, and acq_rel: as of any reference (core/task.c). */
        weft__store_release(&aw->refs, 1);
        weft__report_about(aw, "an error was never retrieved");
        if (weft__fetch_sub_acq_rel(&aw->refs, 1) != 1)
            return false;
    } while (weft__load_relaxed(&aw->retrieved) != 1); /* relaxed: see core/task.h */
    return true;
}

static bool dropped(struct weft_awaitable *aw)
{
    enum weft__kind kind = weft__kind(aw);

    if (kind == WEFT__KIND_FUTURE && !weft__is_done(aw))
        weft__future_drop_callbacks(aw);
    if (kind == WEFT__KIND_CORO && debug())
        weft__report_about(aw, "a coroutine was never awaited");
    if ((kind == WEFT__KIND_TASK || kind == WEFT__KIND_FUTURE) && aw->error < 0 &&
        aw->error != -ECANCELED && !(aw->flags & WEFT__TASK_DETACHED) &&
        weft__load_relaxed(&aw->retrieved) != 1)
        return report_lost_error(aw);
    return true;
}

__attribute__((constructor)) static void tell_core(void)
{
    weft__awaitable_dropped = dropped;
}

int weft_cancelling(const weft_task_t *task)
{
    /* relaxed: a number. */
    return (int)weft__tokens_count(weft__load_relaxed(&((weft_task_t *)(uintptr_t)task)->tokens));
}

int weft_uncancel(weft_task_t *task)
{
    return (int)weft__token_take_back(task, false, 0);
}

bool weft_done(const weft_awaitable_t *aw)
{
    return weft__is_done(aw);
}

bool weft_cancelled(const weft_awaitable_t *aw)
{
    return weft__is_done(aw) && aw->error == -ECANCELED &&
           (weft__kind(aw) != WEFT__KIND_FUTURE || !weft__extra(aw) || !weft__extra(aw)->composite);
}

int weft_result(weft_awaitable_t *aw, void **result)
{
    return weft__is_done(aw) ? weft__await_outcome(aw, result) : WEFT_EINVALIDSTATE;
}

int weft_exception(weft_awaitable_t *aw)
{
    return weft_result(aw, NULL);
}

weft_task_t *weft_current_task(void)
{
    struct weft__worker *worker = weft__self();

    return worker ? weft__worker_task(worker) : NULL;
}

struct collection {
    weft_task_t **tasks;
    size_t count, capacity;
    bool failed;
};

static void collect(struct weft_awaitable *task, void *arg)
{
    struct collection *c = arg;

    if (!c->failed && c->count == c->capacity) {
        size_t capacity = c->capacity ? 2 * c->capacity : 16;
        weft_task_t **tasks = realloc(c->tasks, capacity * sizeof *tasks);
        c->failed = !tasks;
        if (tasks) {
            c->tasks = tasks;
            c->capacity = capacity;
        }
    }
    if (c->failed)
        weft_unref(task);
    else
        c->tasks[c->count++] = task;
}

int weft_all_tasks(weft_loop_t *loop, weft_task_t ***tasks, size_t *count)
{
    struct weft__worker *worker = weft__self();
    struct collection c = {0};

    if (!loop && worker)
        loop = worker->loop;
    if (!loop)
        return weft__no_task("all_tasks");
    weft__registry_each(loop, collect, &c);
    if (c.failed) {
        for (size_t i = 0; i < c.count; i++)
            weft_unref(c.tasks[i]);
        free(c.tasks);
        return -ENOMEM;
    }
    *tasks = c.tasks;
    *count = c.count;
    return 0;
}

size_t weft_get_name(weft_task_t *task, char *buffer, size_t size)
{
    return weft__awaitable_name(task, buffer, size);
}

int weft_set_name(weft_task_t *task, const char *name)
{
    if (!task || weft__kind(task) != WEFT__KIND_TASK || !name)
        return -EPROTOTYPE;
    return weft__awaitable_set_name(task, name);
}
