/* SPDX-License-Identifier: MIT */
#include "io/stream.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "weft/loop.h"
#include "io/address.h"
#include "io/socket.h"
#include "io/turn.h"
#include "io/writer.h"
#include "runtime/sched/loop.h"

struct weft__stream *weft__stream_new(struct weft_loop *loop, int fd, size_t limit)
{
    struct weft__stream *stream = calloc(1, sizeof *stream);

    if (!stream)
        return NULL;
    weft__spin_init(&stream->lock);
    stream->refs = 2;
    stream->fd = fd;
    stream->loop = weft_loop_ref(loop);
    stream->reader.limit = limit ? limit : WEFT__STREAM_LIMIT;
    weft__writer_init(stream);
    return stream;
}

static void destroy(struct weft__stream *stream)
{
    if (stream->fd >= 0) /* its tasks were ended by a loop that closed */
        weft__socket_close(stream->fd);
    weft__writer_destroy(stream);
    free(stream->reader.data);
    weft_loop_unref(stream->loop);
    free(stream);
}

void weft__stream_unref(struct weft__stream *stream)
{
    weft__spin_lock(&stream->lock);
    bool last = --stream->refs == 0;
    weft__spin_unlock(&stream->lock);
    if (last)
        destroy(stream);
}

struct weft__worker *weft__stream_worker(const struct weft__stream *stream)
{
    struct weft__worker *worker = weft__self();

    return worker && worker->loop == stream->loop && weft__worker_task(worker) ? worker : NULL;
}

void weft__stream_end(struct weft__stream *stream)
{
    if (stream->fd < 0)
        return;
    if (stream->reading) {
        if (!stream->down)
            weft__socket_shutdown(stream->fd, SHUT_RDWR);
        stream->down = true;
        return;
    }
    weft__socket_close(stream->fd);
    stream->fd = -1;
    weft__parked_wake_all(&stream->writer.closes);
    weft__parked_wake_all(&stream->writer.drains);
}

bool weft__stream_read_begin(struct weft__stream *stream)
{
    weft__spin_lock(&stream->lock);
    bool open = stream->fd >= 0 && !stream->down;
    if (open)
        stream->reading = true;
    weft__spin_unlock(&stream->lock);
    return open;
}

void weft__stream_read_end(struct weft__stream *stream)
{
    weft__spin_lock(&stream->lock);
    stream->reading = false;
    if (weft__unlikely(stream->writer.closing))
        weft__turn_settle(stream);
    weft__spin_unlock(&stream->lock);
}

void weft__stream_abort(struct weft__stream *stream)
{
    struct weft_writer *writer = &stream->writer;

    weft__spin_lock(&stream->lock);
    writer->closing = true;
    if (stream->fd >= 0) {
        if (!writer->error)
            writer->error = -ECONNABORTED;
        weft__socket_forget(stream->fd);
        if ((writer->turn || stream->reading) && !stream->down)
            weft__socket_shutdown(stream->fd, SHUT_RDWR);
        stream->down = true;
        weft__turn_settle(stream);
    }
    weft__spin_unlock(&stream->lock);
}

/* ---- extra info ---- */

static int name_of(const weft_writer_t *writer, int (*get)(int, struct sockaddr *, socklen_t *),
                   char *buffer, size_t size)
{
    struct weft__stream *stream = weft__stream_of_writer(writer);
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    int rc = -ENOTCONN;

    if (size > 0)
        buffer[0] = '\0';
    weft__spin_lock(&stream->lock);
    if (stream->fd >= 0)
        rc = get(stream->fd, (struct sockaddr *)&address, &length) < 0 ? -errno : 0;
    weft__spin_unlock(&stream->lock);
    return rc < 0 ? rc : weft__address_format((struct sockaddr *)&address, length, buffer, size);
}

static int get_peer(int fd, struct sockaddr *address, socklen_t *length)
{
    return getpeername(fd, address, length);
}

static int get_sock(int fd, struct sockaddr *address, socklen_t *length)
{
    return getsockname(fd, address, length);
}

int weft_get_peername(const weft_writer_t *writer, char *buffer, size_t size)
{
    return name_of(writer, get_peer, buffer, size);
}

int weft_get_sockname(const weft_writer_t *writer, char *buffer, size_t size)
{
    return name_of(writer, get_sock, buffer, size);
}

int weft_get_socket(const weft_writer_t *writer)
{
    struct weft__stream *stream = weft__stream_of_writer(writer);

    weft__spin_lock(&stream->lock);
    int fd = stream->fd;
    weft__spin_unlock(&stream->lock);
    return fd >= 0 ? fd : -ENOTCONN;
}
