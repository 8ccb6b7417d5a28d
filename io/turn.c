/* SPDX-License-Identifier: MIT */
#include "io/turn.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "io/sequel.h"
#include "io/socket.h"
#include "runtime/sched/suspend.h"

/* ---- buffers: lock held ---- */

static void drop(struct weft__buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct weft__buffer){0};
}

void weft__turn_account(struct weft_writer *writer, size_t n)
{
    writer->sent += n;
    if (writer->sent == writer->flight.length) {
        drop(&writer->flight);
        writer->sent = 0;
    }
}

void weft__turn_fail(struct weft_writer *writer, int error)
{
    if (!writer->error)
        writer->error = error;
}

/* The turn's holder: makes sure that something is in flight. False: all is sent. */
bool weft__turn_next(struct weft_writer *writer)
{
    if (writer->flight.length == 0) {
        writer->flight = writer->gathered;
        writer->gathered = (struct weft__buffer){0};
    }
    return writer->flight.length != 0;
}

/* ---- the turn ---- */

/* Lock held. True: the caller has the turn, and sends, launch or otherwise. */
bool weft__turn_take(struct weft_writer *writer)
{
    if (writer->turn || writer->error || !weft__turn_next(writer))
        return false;
    writer->turn = true;
    return true;
}

bool weft__turn_settle(struct weft__stream *stream)
{
    struct weft_writer *writer = &stream->writer;

    if (weft__unlikely(writer->error != 0) && !writer->turn) {
        drop(&writer->gathered);
        drop(&writer->flight);
        writer->sent = 0;
    }
    if (writer->drains.first && (writer->error || weft__turn_unsent(writer) <= writer->low))
        weft__parked_wake_all(&writer->drains);
    if (writer->turn)
        return false;
    if (weft__unlikely(writer->turns.first != NULL) && weft__parked_wake_one(&writer->turns)) {
        writer->turn = true;
        return false;
    }
    if (weft__turn_unsent(writer))
        return true;
    if (weft__unlikely(writer->eof && !writer->eof_sent) && stream->fd >= 0) {
        writer->eof_sent = true;
        weft__socket_shutdown(stream->fd, SHUT_WR);
    }
    if (weft__unlikely(writer->closing))
        weft__stream_end(stream);
    return false;
}

static void complete(struct weft__operation *op, int result, bool more);

/* Lock held, having the turn; lets go of the lock. On a worker. */
void weft__turn_launch(struct weft__stream *stream)
{
    struct weft_writer *writer = &stream->writer;

    stream->refs++;
    writer->op = (struct weft__operation){.code = WEFT__OP_SEND,
                                          .flags = MSG_WAITALL | MSG_NOSIGNAL,
                                          .fd = stream->fd,
                                          .buffer = writer->flight.data + writer->sent,
                                          .length = writer->flight.length - writer->sent,
                                          .complete = complete,
                                          .argument = stream};
    weft__spin_unlock(&stream->lock);
    weft__operation_start(&writer->op);
}

/* Lock held, on a worker; lets go of the lock. Sends what there is, unless somebody does. */
void weft__turn_send(struct weft__stream *stream)
{
    if (weft__turn_take(&stream->writer))
        weft__turn_launch(stream);
    else
        weft__spin_unlock(&stream->lock);
}

/* Task, having the turn: gives it back, and lets go of the lock, which is held. */
void weft__turn_give(struct weft__stream *stream)
{
    stream->writer.turn = false;
    if (weft__turn_settle(stream))
        weft__turn_send(stream);
    else
        weft__spin_unlock(&stream->lock);
}

/* ---- the send that nobody awaits ---- */

static void drop_sequel(struct weft_awaitable *anchor)
{
    weft__stream_unref(weft__extra(anchor)->data);
}

static void run_sequel(weft_future_t *anchor, void *arg)
{
    struct weft__stream *stream = arg;

    (void)anchor;
    weft__spin_lock(&stream->lock);
    weft__turn_send(stream);
}

/* Has what is left sent by a worker that is free to start operations. */
static void send_later(struct weft__stream *stream)
{
    struct weft_awaitable *anchor = weft__sequel_anchor(stream, drop_sequel);
    struct weft_handle *handle = NULL;

    if (anchor) {
        weft__spin_lock(&stream->lock);
        stream->refs++;
        weft__spin_unlock(&stream->lock);
        handle = weft__sequel_new(stream->loop, anchor, run_sequel);
        weft_unref(anchor);
    }
    if (handle && weft__handle_submit(handle) == 0)
        return;
    weft__spin_lock(&stream->lock);
    weft__turn_fail(&stream->writer, handle ? -ECANCELED : -ENOMEM);
    weft__turn_settle(stream);
    weft__spin_unlock(&stream->lock);
}

static void complete(struct weft__operation *op, int result, bool more)
{
    struct weft__stream *stream = op->argument;
    struct weft_writer *writer = &stream->writer;

    (void)more;
    weft__spin_lock(&stream->lock);
    if (weft__likely(result > 0))
        weft__turn_account(writer, (size_t)result);
    else if (result != -EINTR)
        weft__turn_fail(writer, result ? result : -EPIPE);
    writer->turn = false;
    bool left = weft__turn_settle(stream);
    weft__spin_unlock(&stream->lock);
    if (weft__unlikely(left))
        send_later(stream);
    weft__stream_unref(stream);
}

/* ---- corking ---- */

/* Lock held: as long as the task does not suspend, its bytes gather. */
void weft__turn_cork(struct weft__stream *stream, struct weft__worker *worker)
{
    struct weft_writer *writer = &stream->writer;

    if (writer->corked_on)
        return;
    writer->corked_on = worker;
    stream->refs++;
    weft__suspend_uncork(&writer->uncork);
}

/* Lock held: takes it out of this worker's list, as what it stands for is done now. */
void weft__turn_uncork(struct weft__stream *stream)
{
    struct weft_writer *writer = &stream->writer;

    if (!writer->corked_on || writer->corked_on != weft__self())
        return;
    weft__suspend_corked(&writer->uncork);
    writer->corked_on = NULL;
    stream->refs--;
}

void weft__turn_uncorked(struct weft__uncork *uncork)
{
    struct weft_writer *writer = weft__container_of(uncork, struct weft_writer, uncork);
    struct weft__stream *stream = weft__stream_of_writer(writer);

    weft__spin_lock(&stream->lock);
    writer->corked_on = NULL;
    weft__turn_send(stream);
    weft__stream_unref(stream);
}

int weft__turn_send_first(struct weft__stream *stream)
{
    struct weft_writer *writer = &stream->writer;
    ssize_t rc;

    weft__spin_lock(&stream->lock);
    weft__turn_uncork(stream);
    if (!weft__turn_take(writer)) {
        weft__spin_unlock(&stream->lock);
        return 0;
    }
    const char *data = writer->flight.data + writer->sent;
    size_t n = writer->flight.length - writer->sent;
    int fd = stream->fd;
    weft__spin_unlock(&stream->lock);
    rc = weft__socket_send(fd, data, n, MSG_DONTWAIT);
    weft__spin_lock(&stream->lock);
    if (weft__likely(rc > 0))
        weft__turn_account(writer, (size_t)rc);
    else if (rc != -EAGAIN && rc != -ECANCELED)
        weft__turn_fail(writer, (int)rc);
    weft__turn_give(stream);
    return rc == -ECANCELED ? -ECANCELED : 0;
}
