/* SPDX-License-Identifier: MIT */
/*
 * handle: a callback that is to be called once, by the loop.
 *
 * An object of two cache lines from a slab. Whoever calls it reads only the first: it was
 * often made on another core, and a second line from there makes a call a third slower
 * (docs/benchmarks.md). References: one of whoever asked for the handle (often
 * nobody), and one of the queue or timer that holds it, which passes to the worker that runs it.
 * One that was asked for, or waits for a future, may outlive the loop, and cancelling it looks at
 * the loop's timers: so it holds the loop's memory (loop.h), which the others need not.
 *
 * Its state decides between the call and a cancel: SCHEDULED -> RUNNING -> DONE, or SCHEDULED ->
 * CANCELLED, each by CAS. A thread outside the loop that cancels waits while it is RUNNING
 * (Python's rule); it waits on the state word as on a futex, and marks it WAITED, so that only then
 * the worker wakes anybody.
 */
#ifndef WEFT_SCHED_HANDLE_H
#define WEFT_SCHED_HANDLE_H

#include "weft/future.h"
#include "weft/loop.h"
#include "runtime/core/entry.h"
#include "runtime/sched/alarm.h"
#include "runtime/sched/locals.h"

struct weft_strand;
struct weft_awaitable;

enum {
    WEFT__HANDLE_SCHEDULED,
    WEFT__HANDLE_RUNNING,
    WEFT__HANDLE_WAITED,
    WEFT__HANDLE_DONE,
    WEFT__HANDLE_CANCELLED
};

#define WEFT__HANDLE_HOLDS (1u << 31)

struct weft_handle {
    weft__entry next; /* first: a handle is an entry */
    struct weft_loop *loop;
    _Atomic(uint32_t) refs; /* with HOLDS: the memory of the loop, till the last one goes */
    _Atomic(uint32_t) state;
    union {
        weft_callback_t fn;
        weft_done_fn_t done_fn; /* when it is called with `future` */
    };
    void *arg;
    struct weft_awaitable *future; /* a reference: it is a done callback, and the future is done */
    struct weft_strand *strand;    /* a reference, or NULL: the loop's own */
    weft__vars vars;               /* that it sees; not changed once it is scheduled */

    struct weft__alarm alarm; /* of call_later and call_at; a place in a future's list before */
    const void *where;        /* the code that asked for it, for reports; NULL: the runtime */
    bool timed;
};

_Static_assert(sizeof(struct weft_handle) <= 2 * WEFT__CACHE_LINE, "a slab's object");
_Static_assert(offsetof(struct weft_handle, alarm) == WEFT__CACHE_LINE,
               "what a call reads is in the first line");

/* A new handle with one reference for the strand that is running here, or NULL. */
struct weft_handle *weft__handle_new(struct weft_loop *loop);

/* A new one that may be somebody's who holds nothing else of the loop: it holds the loop's memory.
 */
void weft__handle_hold(struct weft_handle *handle);

/* A new one: has it called in the loop's own strand and without variables, since it has nothing to
 * do with what runs here. */
void weft__handle_leave(struct weft_handle *handle);

/* Any thread: puts it into its strand's queue. It takes one reference over, also on failure. 0,
 * -ESHUTDOWN. */
int weft__handle_submit(struct weft_handle *handle);

/* Lets go of one that will not be called, as its loop closes. */
void weft__handle_drop(struct weft_handle *handle);

/* The ring of a timed handle's alarm: submits it. */
struct weft_awaitable *weft__handle_ring(struct weft__alarm *alarm);

/* The base of a worker: calls it, or not, if it was cancelled; drops the queue's reference. */
void weft__handle_run(struct weft_handle *handle);

#endif
