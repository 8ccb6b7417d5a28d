/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "io/driver/virtual_inside.h"

/*
 * The kernel side of a driver, made to resemble io_uring where its manners matter.
 *
 *      submit          hand over              done                due               reap
 *   op -----> published -----> in flight ------------> completion -----> posted ----------> op
 *             queue            (tried when    (result and   |  pending    (bounded queue,
 *                              the socket     bytes moved)  |             or overflow)
 *                              changes)                     held back: until the owner enters,
 *                                                           is kicked, or a tick passes
 *
 *  - The kernel sees published operations when the owner enters: in flush, in park, by a kick, or
 *    in submit when the queue is full.
 *  - It tries an operation some time after it was handed over or its socket changed. Bytes move
 *    then, by the fault's grace fewer than could; the completion comes later, and may be overtaken
 *    by others. The completions of one operation (multishot) keep their order.
 *  - A completion may be held back like io_uring's task work, which needs the owner's thread.
 *  - What finds the completion queue full waits in the overflow list, and all that follows with it,
 *    until the owner enters again: nothing is lost.
 *  - A cancel ends an operation that has moved nothing; one that is done completes with its result.
 */

enum {
    TRY_NS = 1500,     /* until an operation is tried, at most */
    DONE_NS = 2000,    /* until its completion comes, as a rule */
    LATE_NS = 1000000, /* until a late one comes */
    TICK_NS = 4000000,
};

static void event_at(struct weft__virtual *sim, int64_t time)
{
    if (time < sim->next_event)
        sim->next_event = time;
}

/* ---- posting ---- */

static void forget(struct weft__virtual_driver *d, struct weft__virtual_request *request)
{
    struct weft__virtual_request **link = &d->in_flight;

    while (*link != request)
        link = &(*link)->next;
    *link = request->next;
    weft__virtual_give(d->sim, request);
}

static bool has_room(const struct weft__virtual_driver *d)
{
    return d->tail - d->head < d->sim->config.completion_entries;
}

static void enqueue(struct weft__virtual_driver *d, struct weft__virtual_completion *c)
{
    d->queue[d->tail++ % d->sim->config.completion_entries] = c;
}

static bool is_full(struct weft__virtual_driver *d)
{
    if (!d->overflow && has_room(d))
        return weft__virtual_strikes(d->sim, WEFT__VIRTUAL_OVERFLOW);
    d->sim->faults[WEFT__VIRTUAL_OVERFLOW]++;
    return true;
}

static void post(struct weft__virtual_driver *d, struct weft__virtual_completion *c)
{
    struct weft__virtual *sim = d->sim;

    weft__virtual_trace(sim, "posted", c->number, c->result);
    if (c->number < d->youngest)
        sim->faults[WEFT__VIRTUAL_OUT_OF_ORDER]++;
    else
        d->youngest = c->number;
    if (c->request)
        forget(d, c->request);
    c->request = NULL;
    if (is_full(d)) {
        weft__count(&d->driver.counters.overflows, 1); /* relaxed: a statistic */
        c->next = NULL;
        *d->overflow_end = c;
        d->overflow_end = &c->next;
    } else {
        enqueue(d, c);
    }
    if (d->parked)
        weft__virtual_unblock(d->parked);
}

static void post_held(struct weft__virtual_driver *d)
{
    while (d->held) {
        struct weft__virtual_completion *c = d->held;
        d->held = c->next;
        if (!d->held)
            d->held_end = &d->held;
        post(d, c);
    }
}

static void post_overflow(struct weft__virtual_driver *d)
{
    while (d->overflow && has_room(d)) {
        struct weft__virtual_completion *c = d->overflow;
        d->overflow = c->next;
        if (!d->overflow)
            d->overflow_end = &d->overflow;
        enqueue(d, c);
    }
}

/* An owner that is in the kernel runs its task work itself. */
static void hold_or_post(struct weft__virtual_driver *d, struct weft__virtual_completion *c)
{
    struct weft__virtual *sim = d->sim;

    if (!d->held) {
        if (d->parked || !weft__virtual_strikes(sim, WEFT__VIRTUAL_HELD_BACK)) {
            post(d, c);
            return;
        }
        d->tick = sim->now + weft__virtual_random(sim, TICK_NS);
    }
    c->next = NULL;
    *d->held_end = c;
    d->held_end = &c->next;
}

/* ---- trying ---- */

static void finish(struct weft__virtual_driver *d, struct weft__virtual_request *request,
                   int result, bool more)
{
    struct weft__virtual *sim = d->sim;
    struct weft__virtual_completion *c = weft__virtual_take(sim), **link = &d->pending;
    int64_t due = sim->now + weft__virtual_random(sim, DONE_NS);

    weft__virtual_trace(sim, more ? "done, more" : "done", request->number, result);
    if (weft__virtual_strikes(sim, WEFT__VIRTUAL_LATE))
        due += weft__virtual_random(sim, LATE_NS);
    if (due < request->last_due)
        due = request->last_due;
    request->last_due = due;
    c->op = request->op;
    c->number = request->number;
    c->due = due;
    c->result = result;
    c->more = more;
    if (!more) {
        request->done = true;
        c->request = request;
        if (request->file)
            weft__virtual_file_unref(sim, request->file);
        request->file = NULL;
    }
    while (*link && (*link)->due <= due)
        link = &(*link)->next;
    c->next = *link;
    *link = c;
    event_at(sim, due);
}

/* What goes wrong before anything was moved: a result, or 0. */
static int fault_of(struct weft__virtual *sim, const struct weft__virtual_request *request)
{
    uint8_t code = request->op->code;

    if (request->progress > 0)
        return 0;
    if (code != WEFT__OP_CLOSE && weft__virtual_strikes(sim, WEFT__VIRTUAL_EINTR))
        return -EINTR;
    if (weft__virtual_strikes(sim, WEFT__VIRTUAL_CANCELED))
        return -ECANCELED;
    if ((code == WEFT__OP_RECV || code == WEFT__OP_SEND) &&
        weft__virtual_strikes(sim, WEFT__VIRTUAL_NOBUFS))
        return -ENOBUFS;
    return 0;
}

static void try_once(struct weft__virtual_driver *d, struct weft__virtual_request *request)
{
    struct weft__virtual *sim = d->sim;
    int result = fault_of(sim, request);

    request->try_at = WEFT__NEVER;
    if (result == 0)
        result = weft__virtual_perform(sim, request);
    if (result == WEFT__VIRTUAL_BLOCKS)
        return;
    bool more = request->op->code == WEFT__OP_ACCEPT && result >= 0 &&
                !weft__virtual_strikes(sim, WEFT__VIRTUAL_MULTISHOT_END);
    finish(d, request, result, more);
    if (more)
        request->try_at = sim->now;
}

static void try_all(struct weft__virtual_driver *d)
{
    for (struct weft__virtual_request *r = d->in_flight; r; r = r->next)
        while (!r->done && r->try_at <= d->sim->now)
            try_once(d, r);
}

void weft__virtual_changed(struct weft__virtual *sim, const struct weft__virtual_file *file)
{
    for (struct weft__virtual_driver *d = sim->drivers; d; d = d->next) {
        for (struct weft__virtual_request *r = d->in_flight; r; r = r->next) {
            if (r->done || r->try_at != WEFT__NEVER || !r->file ||
                (r->file != file && r->file != file->peer && r->op->code != WEFT__OP_CONNECT))
                continue;
            r->try_at = sim->now + 1 + weft__virtual_random(sim, TRY_NS);
            event_at(sim, r->try_at);
        }
    }
}

/* ---- what is due ---- */

static void run_driver(struct weft__virtual_driver *d)
{
    struct weft__virtual *sim = d->sim;

    try_all(d);
    while (d->pending && d->pending->due <= sim->now) {
        struct weft__virtual_completion *c = d->pending;
        d->pending = c->next;
        hold_or_post(d, c);
    }
    if (d->held && d->tick <= sim->now)
        post_held(d);
}

static void next_event_of(struct weft__virtual_driver *d)
{
    for (const struct weft__virtual_request *r = d->in_flight; r; r = r->next)
        if (!r->done)
            event_at(d->sim, r->try_at);
    if (d->pending)
        event_at(d->sim, d->pending->due);
    if (d->held)
        event_at(d->sim, d->tick);
}

void weft__virtual_kernel(struct weft__virtual *sim)
{
    for (struct weft__virtual_driver *d = sim->drivers; d; d = d->next)
        run_driver(d);
    sim->next_event = WEFT__NEVER;
    for (struct weft__virtual_driver *d = sim->drivers; d; d = d->next)
        next_event_of(d);
}

/* ---- the owner enters ---- */

static void hand_over_one(struct weft__virtual_driver *d)
{
    struct weft__virtual *sim = d->sim;
    struct weft__virtual_request *request = d->published, **link = &d->in_flight;

    d->published = request->next;
    if (!d->published)
        d->published_end = &d->published;
    d->published_count--;
    if (request->op->code != WEFT__OP_CLOSE) { /* which drops one */
        request->file = weft__virtual_file(sim, request->op->fd);
        if (request->file)
            request->file->refs++;
    }
    request->try_at =
        sim->now + (weft__virtual_random(sim, 2) ? weft__virtual_random(sim, TRY_NS) : 0);
    event_at(sim, request->try_at);
    while (*link)
        link = &(*link)->next;
    request->next = NULL;
    *link = request;
    weft__virtual_trace(sim, "handed over", request->number, request->op->code);
}

bool weft__virtual_owes(const struct weft__virtual_driver *d)
{
    return d->published || d->held || d->overflow;
}

void weft__virtual_enter(struct weft__virtual_driver *d)
{
    weft__count(&d->driver.counters.enters, 1); /* relaxed: a statistic */
    while (d->published && !weft__virtual_strikes(d->sim, WEFT__VIRTUAL_REFUSED))
        hand_over_one(d);
    try_all(d);
    post_held(d);
    post_overflow(d);
}

/* ---- cancelling ---- */

static void cancel_late(struct weft__virtual *sim, const struct weft__virtual_request *request)
{
    sim->faults[WEFT__VIRTUAL_CANCEL_LATE]++;
    weft__virtual_trace(sim, "cancel too late", request->number, 0);
}

static int cancel_missed(struct weft__virtual *sim, enum weft__virtual_fault why)
{
    sim->faults[why]++;
    weft__virtual_trace(sim, weft__virtual_fault_name(why), 0, -ENOENT);
    return -ENOENT;
}

/* It may become done in this very moment, if it can. What moved some bytes succeeds with them. */
static int cancel_request(struct weft__virtual_driver *d, struct weft__virtual_request *request)
{
    struct weft__virtual *sim = d->sim;

    if (!request->done && weft__virtual_chance(sim, WEFT__VIRTUAL_CANCEL_LATE))
        try_once(d, request);
    if (request->done)
        cancel_late(sim, request);
    else
        finish(d, request, request->progress ? (int)request->progress : -ECANCELED, false);
    return 0;
}

int weft__virtual_cancel(struct weft__virtual_driver *d, const struct weft__operation *op)
{
    for (struct weft__virtual_request *r = d->in_flight; r; r = r->next)
        if (r->op == op)
            return cancel_request(d, r);
    for (struct weft__virtual_request *r = d->published; r; r = r->next)
        if (r->op == op)
            return cancel_missed(d->sim, WEFT__VIRTUAL_CANCEL_EARLY);
    return cancel_missed(d->sim, WEFT__VIRTUAL_CANCEL_GONE);
}

void weft__virtual_cancel_all(struct weft__virtual_driver *d)
{
    while (d->published) /* not to be asked again */
        hand_over_one(d);
    for (struct weft__virtual_request *r = d->in_flight; r; r = r->next)
        if (!r->done)
            cancel_request(d, r);
}

/* Another thread goes on with them: what is in flight is tried anew, from where it is. */
void weft__virtual_move(struct weft__virtual_driver *d)
{
    struct weft__virtual *sim = d->sim;

    for (struct weft__virtual_request *r = d->in_flight; r; r = r->next) {
        if (r->done)
            continue;
        sim->faults[WEFT__VIRTUAL_MOVED]++;
        weft__virtual_trace(sim, "moved", r->number, 0);
        r->try_at = sim->now + weft__virtual_random(sim, TRY_NS);
        event_at(sim, r->try_at);
    }
}
