/* SPDX-License-Identifier: MIT */
#include "weft/inspect.h"

#include <pthread.h>
#include <time.h>

#include "runtime/async/inspect.h"
#include "runtime/base/options.h"
#include "runtime/base/symbol.h"
#include "runtime/core/backtrace.h"
#include "runtime/sched/await.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"

/* relaxed throughout: counters that others write. */

static void add_driver(weft_stats_t *stats, struct weft__driver *driver)
{
    struct weft__driver_counters *d = &driver->counters;

    stats->ring_submissions += weft__load_relaxed(&d->submissions);
    stats->ring_enters += weft__load_relaxed(&d->enters);
    stats->ring_overflows += weft__load_relaxed(&d->overflows);
}

static void add_worker(weft_stats_t *stats, struct weft__worker *worker)
{
    struct weft__worker_counters *c = &worker->counters;

    stats->spawned += weft__load_relaxed(&c->spawned);
    stats->inlined += weft__load_relaxed(&c->inlined);
    stats->switches += weft__load_relaxed(&c->switches);
    stats->steals += weft__load_relaxed(&c->steals);
    stats->parks += weft__load_relaxed(&c->parks);
    stats->wakes += weft__load_relaxed(&c->wakes);
    stats->helper_reaps += weft__load_relaxed(&c->helper_reaps);
}

/* They go when the loop closes, which waits for us. */
static void add_drivers(weft_stats_t *stats, struct weft_loop *loop)
{
    bool entered = weft__loop_enter(loop);
    unsigned there = weft__loop_closed(loop) ? 0 : loop->count;

    for (unsigned i = 0; i < there; i++) {
        weft__sim_point("stats");
        add_driver(stats, loop->workers[i].driver);
    }
    weft__loop_leave(loop, entered);
}

static weft_loop_t *or_running(weft_loop_t *loop)
{
    struct weft__worker *self = weft__self();

    return loop ? loop : self ? self->loop : NULL;
}

int weft_loop_stats(weft_loop_t *loop, weft_stats_t *stats)
{
    weft_stats_t full = {0};

    loop = or_running(loop);
    if (!loop)
        return -EPERM;
    full.workers = loop->count;
    for (unsigned i = 0; i < loop->count; i++)
        add_worker(&full, &loop->workers[i]);
    add_drivers(&full, loop);
    full.kicks = weft__load_relaxed(&loop->kicks);
    full.stacks_unguarded = weft__load_relaxed(&loop->stack_pool.unguarded);
    return weft__options_give(stats, &full, sizeof full);
}

static int64_t cpu_time(struct weft__worker *worker)
{
    struct timespec t = {0};
    clockid_t clock;

    weft__spin_lock(&worker->loop->lock);
    if (worker->thread && pthread_getcpuclockid((pthread_t)worker->thread, &clock) == 0)
        clock_gettime(clock, &t);
    weft__spin_unlock(&worker->loop->lock);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int weft_loop_worker_stats(weft_loop_t *loop, unsigned worker, weft_worker_stats_t *stats)
{
    loop = or_running(loop);
    if (!loop)
        return -EPERM;
    if (worker >= loop->count)
        return -EINVAL;
    struct weft__worker *w = &loop->workers[worker];
    weft_worker_stats_t full = {
        .switches = weft__load_relaxed(&w->counters.switches),
        .steals = weft__load_relaxed(&w->counters.steals),
        .parks = weft__load_relaxed(&w->counters.parks),
        .cpu_ns = cpu_time(w),
    };
    return weft__options_give(stats, &full, sizeof full);
}

/* ---- stacks ---- */

/* While it cannot go on. A parent whose child runs on its stack goes on with that: so it is the
 * innermost that has to be kept. */
static void look(struct weft_awaitable *task, void *arg)
{
    struct weft__view *view = arg;
    bool inlined;
    struct weft_awaitable *inner = weft__awaited(task->wait, &inlined);

    if (inlined)
        weft__look(inner, look, view);
    else
        view->count = weft__backtrace_parked(weft__load_relaxed(&task->stack->sp), view->frames,
                                             view->capacity); /* relaxed: it is parked */
}

static void look_at_it(struct weft_awaitable *task, void *arg)
{
    struct weft__view *view = arg;

    view->parent = weft_ref(task->parent);
    look(task, view);
}

/* The running task, or one that waits for it on the same stack. */
static bool runs_here(const struct weft_awaitable *task)
{
    const struct weft_awaitable *p = weft_current_task();

    while (p && p != task)
        p = p->parent;
    return p != NULL;
}

int weft__inspect(struct weft_awaitable *task, struct weft__view *view)
{
    view->count = 0;
    view->parent = NULL;
    if (weft__is_done(task) || weft__kind(task) != WEFT__KIND_TASK)
        return 0;
    if (runs_here(task)) {
        view->parent = weft_ref(task->parent);
        view->count = weft__backtrace(view->frames, view->capacity);
        return 0;
    }
    /* Nothing was seen: what runs on its stack goes on just now. */
    if (!weft__look(task, look_at_it, view) || (view->count == 0 && view->capacity > 0)) {
        weft_unref(view->parent);
        view->parent = NULL;
        return weft__is_done(task) ? 0 : -EBUSY;
    }
    return 0;
}

int weft_get_stack(weft_task_t *task, void **frames, size_t capacity)
{
    struct weft__view view = {.frames = frames, .capacity = capacity};
    int rc;

    if (!task)
        task = weft_current_task();
    if (!task)
        return weft__no_task("get_stack");
    if (weft__kind(task) != WEFT__KIND_TASK)
        return weft__misuse(-EPROTOTYPE, "the stack of something that is no task");
    rc = weft__inspect(task, &view);
    weft_unref(view.parent);
    return rc < 0 ? rc : (int)view.count;
}

int weft_print_stack(weft_task_t *task, FILE *file)
{
    void *frames[WEFT_STACK_DEPTH];
    char text[128];
    int count = weft_get_stack(task, frames, WEFT_STACK_DEPTH);

    if (count < 0)
        return count;
    if (!task)
        task = weft_current_task();
    if (!file)
        file = stderr;
    weft_get_name(task, text, sizeof text);
    fprintf(file, "%s %s, created at %s%s\n", count ? "Stack of" : "No stack of", text, task->where,
            count ? ", innermost call first:" : "");
    for (int i = 0; i < count; i++) {
        weft__symbol(frames[i], text, sizeof text);
        fprintf(file, "  #%d %s\n", i, text);
    }
    return 0;
}

const weft_corofn_t *weft_get_coro(const weft_task_t *task)
{
    return task && weft__kind(task) == WEFT__KIND_TASK ? task->fn : NULL;
}
