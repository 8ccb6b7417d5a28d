/* SPDX-License-Identifier: MIT */
/*
 * reader: the receiving half of a stream.
 *
 * One RECV at a time, asked for by the task that reads, into the reader's buffer, or straight into
 * the caller's memory if nothing is buffered and the caller asks for no less than the buffer would
 * hold. Nothing is read ahead, so back-pressure is the kernel's.
 *
 * The buffer has 4 KiB at first use, and grows as readuntil and readexactly need; when a read has
 * to wait and nothing is buffered, a larger one is given back. Bytes that were handed out as a
 * slice stay where they are until the next read, as only a read moves or frees the buffer.
 *
 * A cancelled read takes nothing: what has come in is in the buffer, or was returned.
 */
#include "io/stream.h"

#include <stdlib.h>
#include <string.h>

#include "weft/error.h"
#include "io/socket.h"
#include "io/turn.h"
#include "runtime/sched/misuse.h"

enum {
    BUFFER = 4 * 1024,
    GROW_MAX = 64 * 1024, /* what readexactly asks room for at once */
};

static size_t buffered(const weft_reader_t *reader)
{
    return reader->end - reader->begin;
}

/* The reader is this task's, as long as it is in one of the calls below. 0, -EPERM, -EBUSY. */
static int enter(weft_reader_t *reader)
{
    if (weft__unlikely(!weft__stream_worker(weft__stream_of_reader(reader))))
        return weft__no_task("read");
    /* acquire: pairs with the release in leave; the last reader's buffer. */
    if (weft__unlikely(weft__exchange_acquire(&reader->busy, true)))
        return weft__misuse(-EBUSY, "two tasks read from one stream");
    return 0;
}

static ssize_t leave(weft_reader_t *reader, ssize_t result)
{
    weft__store_release(&reader->busy, false); /* release: see enter */
    return result;
}

static void give_buffer_back(weft_reader_t *reader)
{
    free(reader->data);
    reader->data = NULL;
    reader->begin = reader->end = reader->capacity = 0;
}

/* Makes room for [n] bytes behind what is buffered. */
static int reserve(weft_reader_t *reader, size_t n)
{
    size_t length = buffered(reader), capacity = BUFFER;
    char *data;

    if (length == 0) {
        reader->begin = reader->end = 0;
        if (reader->capacity > BUFFER && n <= BUFFER)
            give_buffer_back(reader);
    }
    if (reader->capacity - reader->end >= n)
        return 0;
    if (reader->begin > 0) {
        memmove(reader->data, reader->data + reader->begin, length);
        reader->begin = 0;
        reader->end = length;
    }
    while (capacity < length + n || capacity < reader->capacity)
        capacity *= 2;
    if (capacity == reader->capacity)
        return 0;
    data = realloc(reader->data, capacity);
    if (!data)
        return -ENOMEM;
    reader->data = data;
    reader->capacity = capacity;
    return 0;
}

/* One RECV. The count; 0: the end; -ECANCELED; the connection's error. */
static ssize_t receive(weft_reader_t *reader, void *buffer, size_t n)
{
    struct weft__stream *stream = weft__stream_of_reader(reader);
    ssize_t rc;

    if (reader->error || reader->eof)
        return reader->error;
    rc = weft__turn_send_first(stream);
    if (rc < 0)
        return rc;
    if (weft__likely(weft__stream_read_begin(stream))) {
        rc = weft__socket_recv(stream->fd, buffer, n);
        weft__stream_read_end(stream);
    }
    if (rc == 0)
        reader->eof = true;
    else if (rc < 0 && rc != -ECANCELED)
        reader->error = (int)rc;
    return rc;
}

/* Buffers more, at least 1 byte, with room for [n]. As receive; -ENOMEM. */
static ssize_t buffer_more(weft_reader_t *reader, size_t n)
{
    ssize_t rc = reserve(reader, n);

    if (rc < 0)
        return rc;
    rc = receive(reader, reader->data + reader->end, reader->capacity - reader->end);
    if (rc > 0)
        reader->end += (size_t)rc;
    return rc;
}

static size_t take(weft_reader_t *reader, void *buffer, size_t n)
{
    if (n > buffered(reader))
        n = buffered(reader);
    if (n)
        memcpy(buffer, reader->data + reader->begin, n);
    reader->begin += n;
    return n;
}

static ssize_t read_some(weft_reader_t *reader, void *buffer, size_t n)
{
    ssize_t rc;

    if (buffered(reader) == 0) {
        if (n >= BUFFER) {
            if (reader->capacity > BUFFER)
                give_buffer_back(reader);
            return receive(reader, buffer, n < PTRDIFF_MAX ? n : PTRDIFF_MAX);
        }
        rc = buffer_more(reader, 1);
        if (rc <= 0)
            return rc;
    }
    return (ssize_t)take(reader, buffer, n);
}

ssize_t weft_read(weft_reader_t *reader, void *buffer, size_t n)
{
    int rc = enter(reader);

    if (rc < 0)
        return rc;
    return leave(reader, n ? read_some(reader, buffer, n) : 0);
}

static ssize_t read_exactly(weft_reader_t *reader, void *buffer, size_t n)
{
    while (buffered(reader) < n) {
        size_t missing = n - buffered(reader);
        ssize_t rc = buffer_more(reader, missing < GROW_MAX ? missing : GROW_MAX);
        if (rc <= 0)
            return rc ? rc : WEFT_EINCOMPLETE;
    }
    return (ssize_t)take(reader, buffer, n);
}

ssize_t weft_readexactly(weft_reader_t *reader, void *buffer, size_t n)
{
    int rc = n <= PTRDIFF_MAX ? enter(reader) : -EINVAL;

    if (rc < 0)
        return rc;
    return leave(reader, read_exactly(reader, buffer, n));
}

/* ---- up to a separator ---- */

/* Consumes [n] bytes as *line. */
static ssize_t take_line(weft_reader_t *reader, size_t n, weft_bytes_t *line)
{
    *line = (weft_bytes_t){n ? reader->data + reader->begin : NULL, n};
    reader->begin += n;
    return (ssize_t)n;
}

/* The length up to and with the separator, buffered; 0: the stream ends before; WEFT_ELIMIT, with
 * *overlong the length that was looked through. The limit counts what stands before the separator.
 */
static ssize_t find(weft_reader_t *reader, const char *separator, size_t n, size_t *overlong)
{
    size_t looked = 0; /* up to here no separator begins */

    for (;;) {
        size_t length = buffered(reader);
        const char *start = length ? reader->data + reader->begin : ""; /* there may be no buffer */
        const char *found =
            length - looked >= n ? memmem(start + looked, length - looked, separator, n) : NULL;
        if (found)
            looked = (size_t)(found - start);
        else if (length >= n)
            looked = length + 1 - n;
        *overlong = found ? looked + n : length;
        if (looked > reader->limit)
            return WEFT_ELIMIT;
        if (found)
            return (ssize_t)(looked + n);
        ssize_t rc = buffer_more(reader, 1);
        if (rc <= 0)
            return rc;
    }
}

ssize_t weft_readuntil(weft_reader_t *reader, const void *separator, size_t n, weft_bytes_t *line)
{
    size_t overlong;
    ssize_t rc = n > 0 && n <= PTRDIFF_MAX ? enter(reader) : -EINVAL;

    *line = (weft_bytes_t){NULL, 0};
    if (rc < 0)
        return rc;
    rc = find(reader, separator, n, &overlong);
    if (rc > 0)
        take_line(reader, (size_t)rc, line);
    if (rc == 0) {
        take_line(reader, buffered(reader), line);
        rc = WEFT_EINCOMPLETE;
    }
    return leave(reader, rc);
}

ssize_t weft_readline(weft_reader_t *reader, weft_bytes_t *line)
{
    size_t overlong;
    ssize_t rc = enter(reader);

    *line = (weft_bytes_t){NULL, 0};
    if (rc < 0)
        return rc;
    rc = find(reader, "\n", 1, &overlong);
    if (rc >= 0)
        rc = take_line(reader, rc ? (size_t)rc : buffered(reader), line);
    else if (rc == WEFT_ELIMIT)
        reader->begin += overlong;
    return leave(reader, rc);
}

/* ---- the rest ---- */

bool weft_at_eof(const weft_reader_t *reader)
{
    weft_reader_t *self = (weft_reader_t *)(uintptr_t)reader;

    /* acquire: as in enter. Somebody who is reading has not met the end yet. */
    if (weft__exchange_acquire(&self->busy, true))
        return false;
    return leave(self, self->eof && buffered(self) == 0);
}

void weft_reader_unref(weft_reader_t *reader)
{
    if (reader)
        weft__stream_unref(weft__stream_of_reader(reader));
}
