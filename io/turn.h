/* SPDX-License-Identifier: MIT */
/*
 * turn: who sends on a stream, and what comes next when it is sent.
 *
 * The machinery behind the writer's calls; writer.h says what it is for. "Lock" is the stream's.
 */
#ifndef WEFT_IO_TURN_H
#define WEFT_IO_TURN_H

#include "io/stream.h"

/* Lock held: bytes that were written and not yet taken by the kernel. */
WEFT__INLINE size_t weft__turn_unsent(const struct weft_writer *writer)
{
    return writer->gathered.length + writer->flight.length - writer->sent;
}

/* Lock held. True: the caller has the turn, with something in flight, and sends it: launch or
 * otherwise. */
bool weft__turn_take(struct weft_writer *writer);

/* Lock held, having the turn, on a worker: starts the SEND that nobody awaits, and lets go of the
 * lock. */
void weft__turn_launch(struct weft__stream *stream);

/* Lock held, on a worker: sends what there is, unless somebody does. Lets go of the lock. */
void weft__turn_send(struct weft__stream *stream);

/* Lock held, having the turn, in a task: gives it back, and lets go of the lock. */
void weft__turn_give(struct weft__stream *stream);

/* Lock held, having the turn: makes sure that something is in flight. False: all is sent. */
bool weft__turn_next(struct weft_writer *writer);

/* Lock held, having the turn: [n] more bytes of what is in flight were sent. */
void weft__turn_account(struct weft_writer *writer, size_t n);

/* Lock held: the connection's error, if it is the first one. */
void weft__turn_fail(struct weft_writer *writer, int error);

/* Lock held: passes on what does not need a worker: wakes tasks, gives the turn to one that waits
 * for it, ends the sending direction, closes. True: there are bytes to send, and nobody sends. */
bool weft__turn_settle(struct weft__stream *stream);

/* The task that is about to receive: sends what was written, as far as there is room. 0,
 * -ECANCELED. */
int weft__turn_send_first(struct weft__stream *stream);

/* Lock held: as long as the task does not suspend, its bytes gather; then they are sent. */
void weft__turn_cork(struct weft__stream *stream, struct weft__worker *worker);
/* Lock held: takes it out of this worker's list, as what it stands for is done now. */
void weft__turn_uncork(struct weft__stream *stream);
/* The worker's list calls it: the task suspends. */
void weft__turn_uncorked(struct weft__uncork *uncork);

#endif
