/* SPDX-License-Identifier: MIT */
#include "weft/inspect.h"

#include <pthread.h>
#include <time.h>

#include "runtime/sched/loop.h"

/* relaxed throughout: counters that others write. */

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
    if (!weft__loop_closed(worker->loop)) {
        struct weft__driver_counters *d = &worker->driver->counters;
        stats->ring_submissions += weft__load_relaxed(&d->submissions);
        stats->ring_enters += weft__load_relaxed(&d->enters);
        stats->ring_overflows += weft__load_relaxed(&d->overflows);
    }
}

static weft_loop_t *or_running(weft_loop_t *loop)
{
    struct weft__worker *self = weft__self();

    return loop ? loop : self ? self->loop : NULL;
}

int weft_loop_stats(weft_loop_t *loop, weft_stats_t *stats)
{
    loop = or_running(loop);
    if (!loop)
        return -EPERM;
    if (!stats || stats->size != sizeof *stats)
        return -EINVAL;
    *stats = (weft_stats_t){.size = sizeof *stats, .workers = loop->count};
    for (unsigned i = 0; i < loop->count; i++)
        add_worker(stats, &loop->workers[i]);
    stats->kicks = weft__load_relaxed(&loop->kicks);
    stats->stacks_unguarded = weft__load_relaxed(&loop->stack_pool.unguarded);
    return 0;
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
    if (!stats || stats->size != sizeof *stats || worker >= loop->count)
        return -EINVAL;
    struct weft__worker *w = &loop->workers[worker];
    *stats = (weft_worker_stats_t){
        .size = sizeof *stats,
        .switches = weft__load_relaxed(&w->counters.switches),
        .steals = weft__load_relaxed(&w->counters.steals),
        .parks = weft__load_relaxed(&w->counters.parks),
        .cpu_ns = cpu_time(w),
    };
    return 0;
}
