/* SPDX-License-Identifier: MIT */
/*
 * stream: one connection; its reader and its writer are parts of it.
 *
 * One object, counted by references: the reader's user, the writer's user, a send that nobody
 * awaits, a place in a worker's list of what is to be uncorked, a sequel. The count lies under the
 * lock, which nearly every call takes anyway.
 *
 * Invariants, all under the lock
 *   - `turn` is held by whoever sends: the operation in flight, or a task that awaits one. Nobody
 *     else touches the buffer in flight, so bytes keep their order.
 *   - `reading` is set while a RECV is in flight.
 *   - The descriptor is closed by whoever finds `closing` set, nothing left to send, no turn held
 *     and nobody reading; so no operation meets a descriptor that was closed, or given to somebody
 *     else. A RECV that stands in the way is ended by shutdown(2), after which it says "end of the
 *     stream".
 *   - An error is for ever; what is unsent is dropped.
 *
 * The lock is a leaf of a few instructions: futures may be completed under it, operations not be
 * started (a driver may complete them at once). close(2) and shutdown(2) are called under it; they
 * do not wait.
 *
 * Not chosen: an operation for closing, and cancelling through the driver: shutdown(2) ends what is
 * in flight without knowing where it is, at the cost of a system call per abnormal end.
 */
#ifndef WEFT_IO_STREAM_H
#define WEFT_IO_STREAM_H

#include "weft/stream.h"
#include "io/parked.h"
#include "runtime/base/spin.h"
#include "runtime/sched/operation.h"
#include "runtime/sched/worker.h"

enum { WEFT__STREAM_LIMIT = 64 * 1024 };

struct weft__buffer {
    char *data;
    size_t length, capacity;
};

struct weft_reader { /* but for `busy`: the task's that has set it */
    _Atomic(bool) busy;
    bool eof;
    int error;
    size_t limit;
    char *data; /* what is buffered: from begin to end */
    size_t begin, end, capacity;
};

struct weft_writer {              /* under the stream's lock */
    struct weft__buffer gathered; /* written, its send was not asked for yet */
    struct weft__buffer flight;   /* the turn's: being sent */
    size_t sent;                  /* how much of it */
    size_t high, low;
    bool turn;
    bool closing;
    bool eof, eof_sent;
    int error;
    struct weft__parked turns, drains, closes; /* tasks that wait */
    struct weft__worker *corked_on;            /* in whose list `uncork` is, or NULL */
    struct weft__uncork uncork;
    struct weft__operation op; /* the send that nobody awaits */
};

struct weft__stream {
    struct weft__spin lock;
    unsigned refs;
    int fd; /* -1: closed */
    bool reading;
    bool down;              /* shut down in both directions */
    struct weft_loop *loop; /* a reference */
    struct weft_reader reader;
    struct weft_writer writer;
};

WEFT__INLINE struct weft__stream *weft__stream_of_reader(const weft_reader_t *reader)
{
    return weft__container_of((weft_reader_t *)(uintptr_t)reader, struct weft__stream, reader);
}

WEFT__INLINE struct weft__stream *weft__stream_of_writer(const weft_writer_t *writer)
{
    return weft__container_of((weft_writer_t *)(uintptr_t)writer, struct weft__stream, writer);
}

/* A stream of [loop] over a connected socket, with two references, the reader's and the writer's.
 * NULL when out of memory: then [fd] stays the caller's. limit 0: the default. Any thread. */
struct weft__stream *weft__stream_new(struct weft_loop *loop, int fd, size_t limit);
void weft__stream_unref(struct weft__stream *stream);

/* The worker, if a task of the stream's loop runs here, else NULL. */
struct weft__worker *weft__stream_worker(const struct weft__stream *stream);

/* With the lock held, nothing left to send, no turn held: closes it, or ends the RECV that is in
 * the way. */
void weft__stream_end(struct weft__stream *stream);

/* Around a RECV. False: there is nothing to receive from any more. */
bool weft__stream_read_begin(struct weft__stream *stream);
void weft__stream_read_end(struct weft__stream *stream);

/* Ends it at once: what is unsent is dropped, the peer sees a reset. Any thread. */
void weft__stream_abort(struct weft__stream *stream);

#endif
