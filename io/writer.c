/* SPDX-License-Identifier: MIT */
#include "io/writer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "io/socket.h"
#include "io/turn.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/report.h"

enum {
    BUFFER_MIN = 512,
    SEND_AT = 16 * 1024,
    HIGH = 64 * 1024,
    LOW = 16 * 1024,
};

void weft__writer_init(struct weft__stream *stream)
{
    stream->writer.high = HIGH;
    stream->writer.low = LOW;
    stream->writer.uncork.flush = weft__turn_uncorked;
}

void weft__writer_destroy(struct weft__stream *stream)
{
    free(stream->writer.gathered.data);
    free(stream->writer.flight.data);
    weft__parked_clear(&stream->writer.turns);
    weft__parked_clear(&stream->writer.drains);
    weft__parked_clear(&stream->writer.closes);
}

/* ---- write ---- */

static int reserve(struct weft__buffer *buffer, size_t n)
{
    size_t capacity = buffer->capacity ? buffer->capacity : BUFFER_MIN;
    char *data;

    if (n > PTRDIFF_MAX - buffer->length)
        return -ENOMEM;
    if (weft__likely(buffer->length + n <= buffer->capacity))
        return 0;
    while (capacity < buffer->length + n)
        capacity *= 2;
    data = realloc(buffer->data, capacity);
    if (!data)
        return -ENOMEM;
    buffer->data = data;
    buffer->capacity = capacity;
    return 0;
}

/* Lock held: 0; 1: dropped, since the connection is lost; -EPIPE. */
static int refuse(const struct weft_writer *writer)
{
    if (writer->closing || writer->eof)
        return -EPIPE;
    return writer->error ? 1 : 0;
}

static int gather(struct weft_writer *writer, const weft_iovec_t *lines, size_t count)
{
    struct weft__buffer *buffer = &writer->gathered;
    size_t total = 0;

    for (size_t i = 0; i < count; i++) {
        if (lines[i].len > PTRDIFF_MAX - total)
            return -ENOMEM;
        total += lines[i].len;
    }
    if (reserve(buffer, total) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        if (lines[i].len)
            memcpy(buffer->data + buffer->length, lines[i].data, lines[i].len);
        buffer->length += lines[i].len;
    }
    return 0;
}

int weft_writelines(weft_writer_t *writer, const weft_iovec_t *lines, size_t count)
{
    struct weft__stream *stream = weft__stream_of_writer(writer);
    struct weft__worker *worker = weft__stream_worker(stream);
    int rc;

    if (weft__unlikely(!worker))
        return weft__no_task("write");
    weft__spin_lock(&stream->lock);
    rc = refuse(writer);
    if (rc == 0)
        rc = gather(writer, lines, count);
    if (rc != 0 || writer->turn || writer->gathered.length == 0) {
        weft__spin_unlock(&stream->lock);
        return rc < 0 ? rc : 0;
    }
    if (writer->gathered.length >= SEND_AT || (writer->corked_on && writer->corked_on != worker)) {
        weft__turn_send(stream);
        return 0;
    }
    weft__turn_cork(stream, worker);
    weft__spin_unlock(&stream->lock);
    return 0;
}

int weft_write(weft_writer_t *writer, const void *data, size_t n)
{
    weft_iovec_t line = {data, n};

    return weft_writelines(writer, &line, 1);
}

int weft_flush(weft_writer_t *writer)
{
    struct weft__stream *stream = weft__stream_of_writer(writer);

    if (!weft__stream_worker(stream))
        return weft__no_task("flush");
    weft__spin_lock(&stream->lock);
    int rc = writer->error;
    weft__turn_uncork(stream);
    weft__turn_send(stream);
    return rc;
}

int weft_drain(weft_writer_t *writer)
{
    struct weft__stream *stream = weft__stream_of_writer(writer);
    bool waited = false, woken;
    int rc = 0;

    if (!weft__stream_worker(stream))
        return weft__no_task("drain");
    weft__spin_lock(&stream->lock);
    while (!writer->error && stream->fd >= 0 &&
           weft__turn_unsent(writer) > (waited ? writer->low : writer->high)) {
        weft__turn_uncork(stream);
        if (weft__turn_take(writer)) {
            weft__turn_launch(stream);
        } else {
            waited = true;
            rc = weft__parked_wait(&writer->drains, &stream->lock, &woken);
        }
        if (rc < 0)
            return rc;
        weft__spin_lock(&stream->lock);
    }
    rc = writer->error ? writer->error : stream->fd < 0 ? -EPIPE : 0;
    weft__spin_unlock(&stream->lock);
    return rc;
}

/* ---- write_all ---- */

/* Lock held, which it lets go of and, if it has got the turn, takes again. */
static int wait_for_turn(struct weft__stream *stream)
{
    struct weft_writer *writer = &stream->writer;
    bool woken;
    int rc;

    weft__turn_uncork(stream);
    if (!writer->turn) {
        writer->turn = true;
        return 0;
    }
    rc = weft__parked_wait(&writer->turns, &stream->lock, &woken);
    if (rc == 0 || woken)
        weft__spin_lock(&stream->lock);
    if (rc < 0 && woken)
        weft__turn_give(stream);
    return rc;
}

/* Lock held, having the turn: sends what others have written before. */
static int send_gathered(struct weft__stream *stream)
{
    struct weft_writer *writer = &stream->writer;

    while (!writer->error && weft__turn_next(writer)) {
        const char *data = writer->flight.data + writer->sent;
        size_t n = writer->flight.length - writer->sent;
        weft__spin_unlock(&stream->lock);
        /* MORE: the caller's bytes follow at once. */
        ssize_t rc = weft__socket_send(stream->fd, data, n, MSG_WAITALL | MSG_MORE);
        weft__spin_lock(&stream->lock);
        if (rc == -ECANCELED)
            return -ECANCELED;
        if (rc > 0)
            weft__turn_account(writer, (size_t)rc);
        else
            weft__turn_fail(writer, rc ? (int)rc : -EPIPE);
    }
    return writer->error;
}

/* Having the turn. 0, -ECANCELED, the connection's error; *sent bytes of it were sent. */
static int send_callers(struct weft__stream *stream, const char *data, size_t n, size_t *sent)
{
    *sent = 0;
    while (*sent < n) {
        ssize_t rc = weft__socket_send(stream->fd, data + *sent, n - *sent, MSG_WAITALL);
        if (rc <= 0)
            return rc ? (int)rc : -EPIPE;
        *sent += (size_t)rc;
    }
    return 0;
}

int weft_write_all(weft_writer_t *writer, const void *data, size_t n)
{
    struct weft__stream *stream = weft__stream_of_writer(writer);
    size_t sent = 0;
    int rc;

    if (!weft__stream_worker(stream))
        return weft__no_task("write_all");
    weft__spin_lock(&stream->lock);
    rc = refuse(writer);
    if (rc != 0) {
        rc = rc < 0 ? rc : writer->error;
        weft__spin_unlock(&stream->lock);
        return rc;
    }
    rc = wait_for_turn(stream);
    if (rc < 0)
        return rc;
    rc = send_gathered(stream);
    if (rc == 0) {
        weft__spin_unlock(&stream->lock);
        rc = send_callers(stream, data, n, &sent);
        weft__spin_lock(&stream->lock);
    }
    if (rc < 0 && rc != -ECANCELED)
        weft__turn_fail(writer, rc);
    weft__turn_give(stream);
    if (rc == -ECANCELED && sent > 0)
        weft__stream_abort(stream); /* what the peer has got is no whole message */
    return rc;
}

/* ---- the end ---- */

int weft_write_eof(weft_writer_t *writer)
{
    struct weft__stream *stream = weft__stream_of_writer(writer);

    if (!weft__stream_worker(stream))
        return weft__no_task("write_eof");
    weft__spin_lock(&stream->lock);
    if (writer->closing || writer->eof) {
        weft__spin_unlock(&stream->lock);
        return -EPIPE;
    }
    writer->eof = true;
    weft__turn_uncork(stream);
    if (weft__turn_settle(stream))
        weft__turn_send(stream);
    else
        weft__spin_unlock(&stream->lock);
    return 0;
}

void weft_writer_close(weft_writer_t *writer)
{
    struct weft__stream *stream = weft__stream_of_writer(writer);
    struct weft__worker *worker = weft__self();
    bool can_send = worker && worker->loop == stream->loop;

    weft__spin_lock(&stream->lock);
    if (writer->closing) {
        weft__spin_unlock(&stream->lock);
        return;
    }
    writer->closing = true;
    if (can_send)
        weft__turn_uncork(stream);
    else if (weft__turn_unsent(writer))
        weft__turn_fail(writer, -ECANCELED); /* nobody is left who could send it */
    if (weft__turn_settle(stream))
        weft__turn_send(stream);
    else
        weft__spin_unlock(&stream->lock);
}

bool weft_is_closing(const weft_writer_t *writer)
{
    struct weft__stream *stream = weft__stream_of_writer(writer);

    weft__spin_lock(&stream->lock);
    bool closing = writer->closing || writer->error;
    weft__spin_unlock(&stream->lock);
    return closing;
}

int weft_wait_closed(weft_writer_t *writer)
{
    struct weft__stream *stream = weft__stream_of_writer(writer);
    bool woken;
    int rc;

    if (!weft__stream_worker(stream))
        return weft__no_task("wait_closed");
    weft__spin_lock(&stream->lock);
    while (stream->fd >= 0) {
        rc = weft__parked_wait(&writer->closes, &stream->lock, &woken);
        if (rc < 0)
            return rc;
        weft__spin_lock(&stream->lock);
    }
    rc = writer->error;
    weft__spin_unlock(&stream->lock);
    return rc;
}

/* In its loop it is closed in order; elsewhere what was not sent is lost. */
static void tell_if_open(struct weft__stream *stream)
{
    struct weft_loop *loop = stream->loop;
    struct weft__worker *worker = weft__self();

    /* relaxed: a switch */
    if (weft__load_relaxed(&loop->debug) && !(worker && worker->loop == loop) &&
        !weft_is_closing(&stream->writer))
        weft__report_error(loop, "a stream was dropped that was not closed", 0, NULL);
}

void weft_writer_unref(weft_writer_t *writer)
{
    if (!writer)
        return;
    tell_if_open(weft__stream_of_writer(writer));
    weft_writer_close(writer);
    weft__stream_unref(weft__stream_of_writer(writer));
}

/* ---- marks ---- */

int weft_set_write_buffer_limits(weft_writer_t *writer, size_t high, size_t low)
{
    struct weft__stream *stream = weft__stream_of_writer(writer);

    if (low > high)
        return -EINVAL;
    weft__spin_lock(&stream->lock);
    writer->high = high;
    writer->low = low;
    if (weft__turn_unsent(writer) <= low)
        weft__parked_wake_all(&writer->drains);
    weft__spin_unlock(&stream->lock);
    return 0;
}

size_t weft_get_write_buffer_size(const weft_writer_t *writer)
{
    struct weft__stream *stream = weft__stream_of_writer(writer);

    weft__spin_lock(&stream->lock);
    size_t n = weft__turn_unsent(writer);
    weft__spin_unlock(&stream->lock);
    return n;
}
