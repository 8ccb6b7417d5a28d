/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "io/driver/virtual_inside.h"

/*
 * struct weft__driver_class over the kernel of virtual_kernel.c. Each function begins with a point.
 */

static struct weft__virtual_driver *of(struct weft__driver *driver)
{
    return weft__container_of(driver, struct weft__virtual_driver, driver);
}

/* ---- opening and closing ---- */

static struct weft__virtual_driver *new_driver(struct weft__virtual *sim, unsigned worker)
{
    struct weft__virtual_driver *d =
        aligned_alloc(_Alignof(struct weft__virtual_driver), sizeof(*d));
    struct weft__virtual_completion **queue =
        calloc(sim->config.completion_entries, sizeof(struct weft__virtual_completion *));

    if (!d || !queue) {
        free(d);
        free(queue);
        return NULL;
    }
    *d = (struct weft__virtual_driver){
        .driver.class = &weft__driver_virtual, .sim = sim, .worker = worker, .queue = queue};
    weft__spin_init(&d->driver.completion_lock);
    d->published_end = &d->published;
    d->held_end = &d->held;
    d->overflow_end = &d->overflow;
    return d;
}

static int open_driver(struct weft__driver **driver, unsigned worker, unsigned workers)
{
    struct weft__virtual *sim = weft__virtual_here();
    struct weft__virtual_driver *d, **link = &sim->drivers;

    (void)workers;
    WEFT__ASSERT(sim, "no simulation on this thread");
    weft__virtual_point(sim, "open");
    if (++sim->opens == sim->config.open_fails)
        return -ENOMEM;
    d = new_driver(sim, worker);
    if (!d)
        return -ENOMEM;
    while (*link)
        link = &(*link)->next;
    *link = d;
    *driver = &d->driver;
    return 0;
}

void weft__virtual_driver_free(struct weft__virtual_driver *d)
{
    struct weft__virtual_driver **link = &d->sim->drivers;

    while (*link != d)
        link = &(*link)->next;
    *link = d->next;
    for (const struct weft__virtual_request *r = d->in_flight; r; r = r->next)
        if (r->file)
            weft__virtual_file_unref(d->sim, r->file);
    for (unsigned i = 0; i < d->sim->count; i++)
        if (d->sim->contexts[i]->driver == d)
            d->sim->contexts[i]->driver = NULL;
    free(d->queue);
    free(d);
}

static void close_driver(struct weft__driver *driver)
{
    struct weft__virtual_driver *d = of(driver);

    weft__virtual_point(d->sim, "close");
    WEFT__ASSERT(d->sim->dead || d->unfinished == 0, "closed with operations in flight");
    weft__virtual_driver_free(d);
}

static int attach(struct weft__driver *driver)
{
    struct weft__virtual_driver *d = of(driver);
    struct weft__virtual_context *me = d->sim->current;

    weft__virtual_point(d->sim, "attach");
    WEFT__ASSERT(!me->driver, "a thread has one driver at a time");
    if (d->used && d->last != me->id)
        weft__virtual_move(d);
    d->used = true;
    d->last = me->id;
    me->driver = d;
    return 0;
}

static void detach(struct weft__driver *driver)
{
    struct weft__virtual_driver *d = of(driver);

    weft__virtual_point(d->sim, "detach");
    WEFT__ASSERT(d->sim->current->driver == d, "detached by the thread it is attached to");
    d->sim->current->driver = NULL;
}

/* ---- operations ---- */

static void submit(struct weft__driver *driver, struct weft__operation *op)
{
    struct weft__virtual_driver *d = of(driver);
    struct weft__virtual *sim = d->sim;
    struct weft__virtual_request *request;

    weft__virtual_point(sim, "submit");
    request = weft__virtual_take(sim);
    request->op = op;
    request->number = ++sim->numbers;
    request->try_at = WEFT__NEVER;
    /* relaxed: counters are statistics, and the operation is handed over on this OS thread. */
    weft__store_relaxed(&op->driver, driver);
    weft__count(&driver->counters.submissions, 1);
    weft__virtual_trace(sim, "published", request->number, op->code);
    d->unfinished++;
    *d->published_end = request;
    d->published_end = &request->next;
    if (++d->published_count >= sim->config.submission_entries)
        weft__virtual_enter(d);
    weft__virtual_point(sim, "submitted"); /* *op may be gone already */
}

static int cancel(struct weft__operation *op)
{
    /* relaxed: see submit. */
    struct weft__driver *driver = weft__load_relaxed(&op->driver);

    weft__virtual_quiet_point(of(driver)->sim, "cancel");
    return weft__virtual_cancel(of(driver), op);
}

static void flush(struct weft__driver *driver)
{
    struct weft__virtual_driver *d = of(driver);

    weft__virtual_point(d->sim, "flush");
    if (weft__virtual_owes(d))
        weft__virtual_enter(d);
}

static bool ready(struct weft__driver *driver)
{
    struct weft__virtual_driver *d = of(driver);

    weft__virtual_quiet_point(d->sim, "ready");
    return d->head != d->tail;
}

static void reap_one(struct weft__virtual_driver *d)
{
    struct weft__virtual_completion *c = d->queue[d->head++ % d->sim->config.completion_entries];
    struct weft__operation *op = c->op;
    int result = c->result;
    bool more = c->more;

    weft__virtual_trace(d->sim, more ? "reaped, more" : "reaped", c->number, result);
    weft__virtual_give(d->sim, c);
    if (!more) {
        d->unfinished--;
        weft__count(&d->driver.counters.completions, 1); /* relaxed: a statistic */
    }
    op->complete(op, result, more);
}

static unsigned reap(struct weft__driver *driver, unsigned limit)
{
    struct weft__virtual_driver *d = of(driver);
    struct weft__virtual_context *me = d->sim->current;
    unsigned n = 0;

#ifndef WEFT_SIM
    me->masked++; /* the completion lock is held, and its spin loop would not switch */
#endif
    weft__virtual_quiet_point(d->sim, "reap");
    for (; n < limit && d->head != d->tail; n++) {
        reap_one(d);
        weft__virtual_quiet_point(d->sim, "reap next");
    }
#ifndef WEFT_SIM
    me->masked--;
#else
    (void)me;
#endif
    return n;
}

/* ---- sleeping ---- */

static void park(struct weft__driver *driver, int64_t deadline)
{
    struct weft__virtual_driver *d = of(driver);
    struct weft__virtual *sim = d->sim;
    bool in_time = true;

    weft__virtual_point(sim, "park");
    WEFT__ASSERT(weft__spin_is_held(&driver->completion_lock),
                 "parked without the completion lock");
    d->parked = sim->current;
    do {
        if (weft__virtual_owes(d))
            weft__virtual_enter(d);
        if (d->published || d->head != d->tail || d->wake || deadline <= sim->now || sim->dead ||
            weft__virtual_strikes(sim, WEFT__VIRTUAL_SPURIOUS_WAKE))
            break;
        in_time = weft__virtual_block(sim, "parked", deadline);
    } while (in_time);
    d->parked = NULL;
    /* One that came with completions may be left for the next park: real ones are, too. */
    if (d->head == d->tail || weft__virtual_random(sim, 2))
        d->wake = false;
    weft__virtual_point(sim, "back");
}

static void wake(struct weft__driver *driver)
{
    struct weft__virtual_driver *d = of(driver);

    weft__virtual_quiet_point(d->sim, "wake");
    d->wake = true;
    if (d->parked)
        weft__virtual_unblock(d->parked);
    weft__virtual_quiet_point(d->sim, "woken");
}

/* ---- for helpers, the monitor and the end ---- */

static bool owes(struct weft__driver *driver)
{
    weft__virtual_quiet_point(of(driver)->sim, "owes");
    return weft__virtual_owes(of(driver));
}

static void kicked(struct weft__driver *driver)
{
    struct weft__virtual_driver *d = of(driver);

    if (weft__virtual_owes(d))
        weft__virtual_enter(d);
}

static unsigned in_flight(struct weft__driver *driver)
{
    weft__virtual_quiet_point(of(driver)->sim, "in flight");
    return of(driver)->unfinished;
}

static void cancel_all(struct weft__driver *driver)
{
    struct weft__virtual_driver *d = of(driver);

    weft__virtual_point(d->sim, "cancel all");
    weft__virtual_enter(d);
    weft__virtual_cancel_all(d);
}

const struct weft__driver_class weft__driver_virtual = {
    .name = "virtual",
    .system = &weft__system_virtual,
    .open = open_driver,
    .close = close_driver,
    .attach = attach,
    .detach = detach,
    .submit = submit,
    .cancel = cancel,
    .flush = flush,
    .ready = ready,
    .reap = reap,
    .park = park,
    .wake = wake,
    .owes = owes,
    .kicked = kicked,
    .in_flight = in_flight,
    .cancel_all = cancel_all,
};
