/* SPDX-License-Identifier: MIT */
#include "runtime/sched/deadlock.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/symbol.h"
#include "runtime/core/waiters.h"
#include "runtime/sched/await.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/registry.h"
#include "runtime/sched/report.h"

enum { SHOWN = 20 }; /* tasks that are named at most */

struct node {                       /* a task; or a future that stands between tasks, as a gather */
    struct weft_awaitable *aw;      /* a reference */
    struct weft_awaitable *awaited; /* what it waits for, if that is one; a reference, or NULL */
    struct weft_awaitable *parent;  /* on whose stack it runs, which so waits for it; likewise */
    const char *kind;               /* of its wait; of a future "future" */
    const void *object;             /* at which it waits, or NULL */
    bool of_several;                /* it may wait for more than one */
    struct edge *edges;             /* to what it waits for */
    struct node *next;              /* as they were found */
    /* of the search for a circle */
    struct edge *left; /* edges not followed yet */
    struct node *from; /* where we came from */
    struct node *then; /* in the circle */
    enum { NEW, OPEN, OVER } search;
};

struct edge {
    struct node *to;
    struct edge *next;
};

struct picture {
    struct node *first, **last;
    struct node **table; /* by address, open addressing */
    size_t count, capacity, tasks;
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

static struct node **place(const struct picture *p, const struct weft_awaitable *aw)
{
    size_t i = ((uintptr_t)aw / sizeof *aw * 0x9e3779b97f4a7c15u >> 20) & (p->capacity - 1);

    while (p->table[i] && p->table[i]->aw != aw)
        i = (i + 1) & (p->capacity - 1);
    return &p->table[i];
}

static struct node *find(const struct picture *p, const struct weft_awaitable *aw)
{
    return p->capacity ? *place(p, aw) : NULL;
}

static bool grow(struct picture *p)
{
    struct picture larger = {.capacity = p->capacity ? 2 * p->capacity : 64};

    larger.table = calloc(larger.capacity, sizeof larger.table[0]);
    if (!larger.table)
        return false;
    for (struct node *n = p->first; n; n = n->next)
        *place(&larger, n->aw) = n;
    free(p->table);
    p->table = larger.table;
    p->capacity = larger.capacity;
    return true;
}

/* Takes the reference over. NULL: out of memory. */
static struct node *add(struct picture *p, struct weft_awaitable *aw)
{
    struct node *n = NULL;

    if (2 * p->count < p->capacity || grow(p))
        n = calloc(1, sizeof *n);
    if (!n) {
        p->failed = true;
        weft_unref(aw);
        return NULL;
    }
    n->aw = aw;
    n->kind = "future";
    *place(p, aw) = n;
    *p->last = n;
    p->last = &n->next;
    p->count++;
    return n;
}

static void look(struct weft_awaitable *task, void *arg)
{
    struct node *n = arg;
    bool inlined;

    n->kind = task->wait->kind->name;
    if (task->wait->kind->object)
        n->object = task->wait->kind->object(task->wait);
    n->of_several = task->wait->of_several;
    n->awaited = weft_ref(weft__awaited(task->wait, &inlined));
    n->parent = weft_ref(task->parent);
}

static void add_task(struct weft_awaitable *task, void *arg)
{
    struct picture *p = arg;
    struct node *n = add(p, task);

    p->tasks++;
    if (n && !weft__look(task, look, n))
        p->failed = true;
}

/* [from] stands as awaiter at [to]: of a task that need not be what it waits for just now. */
static void add_edge(struct picture *p, struct node *from, struct node *to)
{
    bool task = weft__kind(from->aw) == WEFT__KIND_TASK;
    struct edge *edge;

    if ((task && !from->of_several && from->awaited != to->aw) ||
        (from->edges && from->edges->to == to))
        return;
    edge = malloc(sizeof *edge);
    if (!edge) {
        p->failed = true;
        return;
    }
    *edge = (struct edge){to, from->edges};
    from->edges = from->left = edge;
}

/* From those who wait for [n]. Futures that are among them come into the picture. */
static void add_edges(struct picture *p, struct node *n)
{
    struct weft_awaitable **awaiters = NULL;
    long count = weft__awaiters(n->aw, &awaiters);

    p->failed = p->failed || count < 0;
    for (long i = 0; i < count; i++) {
        struct weft_awaitable *aw = awaiters[i];
        struct node *from = find(p, aw);
        if (!from && weft__kind(aw) == WEFT__KIND_FUTURE)
            from = add(p, weft_ref(aw));
        if (from)
            add_edge(p, from, n);
        weft_unref(aw);
    }
    if (count > 0)
        free(awaiters);
    struct node *parent = n->parent ? find(p, n->parent) : NULL;
    if (parent)
        add_edge(p, parent, n);
}

static void take(struct picture *p, struct weft_loop *loop)
{
    *p = (struct picture){.last = &p->first};
    weft__registry_each(loop, add_task, p);
    for (struct node *n = p->first; n && !p->failed; n = n->next)
        add_edges(p, n);
}

static void forget(struct picture *p)
{
    for (struct node *n = p->first, *next; n; n = next) {
        next = n->next;
        for (struct edge *e = n->edges, *after; e; e = after) {
            after = e->next;
            free(e);
        }
        weft_unref(n->aw);
        weft_unref(n->awaited);
        weft_unref(n->parent);
        free(n);
    }
    free(p->table);
}

/* ---- the circle ---- */

/* From [last] back to [first], which it waits for. */
static struct node *close_circle(struct node *first, struct node *last)
{
    struct node *then = first;

    for (struct node *n = last; n != first; n = n->from) {
        n->then = then;
        then = n;
    }
    first->then = then;
    return first;
}

/* Whether nothing but [n]'s one edge can end its wait. A future that is not done now, after the
 * count, has let nobody go on before: so who is left is who was seen in the picture. */
static bool is_single(const struct node *n)
{
    struct weft__extra *extra = weft__extra(n->aw);

    if (!n->edges || n->awaited)
        return n->edges;
    return extra && extra->composite && extra->composite->left(n->aw) == 1 && !weft__is_done(n->aw);
}

/* A node of a circle that [at] leads to, or NULL. [certain]: one that nobody outside can end. */
static struct node *search(struct node *at, bool certain)
{
    at->search = OPEN;
    while (at) {
        struct edge *edge = certain && !is_single(at) ? NULL : at->left;
        if (!edge) {
            at->search = OVER;
            at = at->from;
            continue;
        }
        at->left = edge->next;
        if (edge->to->search == OPEN)
            return close_circle(edge->to, at);
        if (edge->to->search == NEW) {
            edge->to->search = OPEN;
            edge->to->from = at;
            at = edge->to;
        }
    }
    return NULL;
}

static struct node *find_circle(struct picture *p, bool certain)
{
    struct node *circle = NULL;

    for (struct node *n = p->first; n && !circle; n = n->next) {
        if (n->search == NEW)
            circle = search(n, certain);
    }
    return circle;
}

/* ---- the report ---- */

enum { DEEPEST = 8 }; /* futures within each other */

static bool is_task(const struct node *n)
{
    return weft__kind(n->aw) == WEFT__KIND_TASK;
}

static void print_name(FILE *file, struct weft_awaitable *aw, const char *before)
{
    char name[64];

    weft__awaitable_name(aw, name, sizeof name);
    fprintf(file, "%s%s", before, name);
}

/* The tasks that [n] waits for, itself or by futures, [room] at most. Returns what is left of
 * that. */
static unsigned print_awaited(FILE *file, const struct node *n, unsigned room, unsigned depth)
{
    for (const struct edge *e = n->edges; e && room > 0; e = e->next) {
        if (is_task(e->to)) {
            print_name(file, e->to->aw, room == SHOWN ? ", awaits " : ", ");
            room--;
        } else if (depth < DEEPEST) {
            room = print_awaited(file, e->to, room, depth + 1);
        }
    }
    return room;
}

static void print_wait(FILE *file, const struct node *n)
{
    char object[128];

    fprintf(file, ", waits: %s", n->kind);
    if (!n->object)
        return;
    weft__symbol(n->object, object, sizeof object);
    fprintf(file, " at %s", object);
}

static void print_one(FILE *file, const struct node *n)
{
    print_name(file, n->aw, "\n  ");
    fprintf(file, ", created at %s", n->aw->where);
    if (print_awaited(file, n, SHOWN, 0) < SHOWN)
        return;
    if (n->awaited)
        print_name(file, n->awaited, ", awaits ");
    else
        print_wait(file, n);
}

static void print_circle(FILE *file, const struct node *circle)
{
    const struct node *n = circle;

    fprintf(file, "\n  in a circle:");
    do {
        if (is_task(n)) {
            print_name(file, n->aw, " ");
            fprintf(file, " ->");
        }
        n = n->then;
    } while (n != circle);
    fprintf(file, " and so on");
}

static void print(FILE *file, const struct picture *p, const struct node *circle)
{
    const struct node *n = p->first;

    fprintf(file, "deadlock: nothing is in flight, no timer is set, %s",
            circle ? "and tasks await each other" : "and there is no other thread");
    for (size_t i = 0; i < p->tasks && i < SHOWN; i++, n = n->next) /* the tasks come first */
        print_one(file, n);
    if (p->tasks > SHOWN)
        fprintf(file, "\n  and %zu more", p->tasks - SHOWN);
    if (circle)
        print_circle(file, circle);
}

static void report(struct weft_loop *loop, const struct picture *p, const struct node *circle)
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
    bool alone = is_alone(loop);
    struct picture p;
    struct node *circle;

    weft__store_relaxed(&loop->deadlock_looked, switches(loop));
    take(&p, loop);
    circle = p.failed ? NULL : find_circle(&p, !alone);
    if (!p.failed && p.tasks > 0 && (circle || alone) &&
        !weft__exchange_acq_rel(&loop->deadlock_told, true)) /* acq_rel: one of those who looked */
        report(loop, &p, circle);
    forget(&p);
}
