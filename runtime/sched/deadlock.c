/* SPDX-License-Identifier: MIT */
#include "runtime/sched/deadlock.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/sched/await.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/registry.h"
#include "runtime/sched/report.h"

enum { SHOWN = 20 }; /* tasks that are named at most */

struct waiting {                    /* a task, and what it waits for */
    struct weft_awaitable *task;    /* a reference */
    struct weft_awaitable *awaited; /* a reference, or NULL */
    const char *kind;
    unsigned round; /* of the search for a circle: when it was met */
};

struct picture {
    struct waiting *waiting;
    size_t count, capacity;
    bool failed; /* out of memory, or a task is not waiting after all */
};

/* ---- what is under way; relaxed: others are parked, so what they wrote has long been seen ---- */

static uint64_t switches(struct weft_loop *loop)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < loop->count; i++)
        sum += weft__load_relaxed(&loop->workers[i].counters.switches);
    return sum;
}

static bool has_business(struct weft__worker *worker)
{
    struct weft__driver_counters *c = &worker->driver->counters;

    return weft__load_relaxed(&c->submissions) != weft__load_relaxed(&c->completions) ||
           weft__timers_first(&worker->timers) != WEFT__TIMERS_NEVER;
}

/* Of the default executor; the threads of others are foreign ones. */
static bool executor_is_quiet(struct weft_loop *loop, unsigned *threads)
{
    /* acquire: pairs with the one that made it. */
    struct weft_executor *pool = weft__load_acquire(&loop->executor);

    *threads = 0;
    return !pool || weft__executor_quiet(pool, threads);
}

bool weft__deadlock_possible(struct weft_loop *loop, unsigned parked)
{
    /* relaxed: whoever comes or goes makes it false for us or for himself. */
    uint64_t idle = weft__load_relaxed(&loop->idle.word);
    unsigned threads;

    if (weft__load_relaxed(&loop->deadlock_told) || (idle & WEFT__IDLE_PARKED) != parked)
        return false;
    for (unsigned i = 0; i < loop->count; i++) {
        if (has_business(&loop->workers[i]))
            return false;
    }
    return executor_is_quiet(loop, &threads) &&
           switches(loop) != weft__load_relaxed(&loop->deadlock_looked);
}

/* Whether nobody but this loop's own threads is there, and no signal is waited for. */
static bool is_alone(struct weft_loop *loop)
{
    unsigned own = 1 + loop->threads + (loop->monitor != 0), pool;

    return weft__load_relaxed(&loop->signal_handlers) == 0 && executor_is_quiet(loop, &pool) &&
           loop->system->threads() == own + pool;
}

/* ---- the picture ---- */

static void look(struct weft_awaitable *task, void *arg)
{
    struct waiting *w = arg;
    bool inlined;

    w->kind = task->wait->kind->name;
    w->awaited = weft_ref(weft__awaited(task->wait, &inlined));
}

static void add(struct weft_awaitable *task, void *arg)
{
    struct picture *p = arg;
    struct waiting w = {.task = task};

    if (!p->failed && p->count == p->capacity) {
        size_t capacity = p->capacity ? 2 * p->capacity : 16;
        struct waiting *larger = realloc(p->waiting, capacity * sizeof *larger);
        p->failed = !larger;
        if (larger) {
            p->waiting = larger;
            p->capacity = capacity;
        }
    }
    if (p->failed || !weft__look(task, look, &w)) {
        p->failed = true;
        weft_unref(task);
        return;
    }
    p->waiting[p->count++] = w;
}

static void forget(struct picture *p)
{
    for (size_t i = 0; i < p->count; i++) {
        weft_unref(p->waiting[i].task);
        weft_unref(p->waiting[i].awaited);
    }
    free(p->waiting);
}

static int by_task(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const struct waiting *)a)->task;
    uintptr_t y = (uintptr_t)((const struct waiting *)b)->task;

    return x < y ? -1 : x > y;
}

/* That of the task that [w] awaits, or NULL. */
static struct waiting *next(struct picture *p, const struct waiting *w)
{
    struct waiting key = {.task = w->awaited};

    return w->awaited ? bsearch(&key, p->waiting, p->count, sizeof key, by_task) : NULL;
}

/* One of those who await each other, or NULL. Each awaits one at most: so whoever comes back to
 * where he has been in the same round has found a circle. */
static struct waiting *find_circle(struct picture *p)
{
    qsort(p->waiting, p->count, sizeof *p->waiting, by_task);
    for (size_t i = 0; i < p->count; i++) {
        unsigned round = (unsigned)i + 1;
        struct waiting *w = &p->waiting[i];
        while (w && w->round == 0) {
            w->round = round;
            w = next(p, w);
        }
        if (w && w->round == round)
            return w;
    }
    return NULL;
}

/* ---- the report ---- */

static void print_one(FILE *file, const struct waiting *w)
{
    char name[64], awaited[64] = "";

    weft__awaitable_name(w->task, name, sizeof name);
    if (w->awaited)
        weft__awaitable_name(w->awaited, awaited, sizeof awaited);
    fprintf(file, "\n  %s, created at %s, %s%s", name, w->task->where,
            w->awaited ? "awaits " : "waits: ", w->awaited ? awaited : w->kind);
}

static void print(FILE *file, struct picture *p, struct waiting *circle)
{
    struct waiting *w = circle;

    fprintf(file, "deadlock: nothing is in flight, no timer is set, %s",
            circle ? "and tasks await each other" : "and there is no other thread");
    for (size_t i = 0; i < p->count && i < SHOWN; i++)
        print_one(file, &p->waiting[i]);
    if (p->count > SHOWN)
        fprintf(file, "\n  and %zu more", p->count - SHOWN);
    if (!circle)
        return;
    fprintf(file, "\n  in a circle:");
    do {
        char name[64];
        weft__awaitable_name(w->task, name, sizeof name);
        fprintf(file, " %s ->", name);
        w = next(p, w);
    } while (w != circle);
    fprintf(file, " and so on");
}

static void report(struct weft_loop *loop, struct picture *p, struct waiting *circle)
{
    char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    if (file) {
        print(file, p, circle);
        if (fclose(file) != 0) {
            free(text);
            text = NULL;
        }
    }
    weft__report_error(loop, text ? text : "deadlock", 0, NULL);
    free(text);
}

void weft__deadlock_look(struct weft_loop *loop)
{
    struct picture p = {0};
    struct waiting *circle;

    weft__store_relaxed(&loop->deadlock_looked, switches(loop));
    weft__registry_each(loop, add, &p);
    circle = p.failed ? NULL : find_circle(&p);
    if (!p.failed && p.count > 0 && (circle || is_alone(loop)) &&
        !weft__exchange_acq_rel(&loop->deadlock_told, true)) /* acq_rel: one of those who looked */
        report(loop, &p, circle);
    forget(&p);
}
