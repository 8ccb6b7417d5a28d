/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "io/driver/virtual_inside.h"

/*
 * Sockets without a network: connected byte streams with finite buffers, listeners, and what each
 * opcode does on them.
 *
 * A file lives as long as its descriptor or any request on it: as with the real kernel, closing the
 * descriptor does not end a RECV that is in flight, and the peer sees the end only after that RECV
 * is gone. Bytes lie at their receiver; what a SEND finds no room for waits.
 */

enum { BACKLOG = 16, LENGTH_MAX = 0x7ffff000 };

/* ---- bytes ---- */

static void put(const struct weft__virtual *sim, struct weft__virtual_file *file,
                const unsigned char *bytes, size_t n)
{
    size_t size = sim->config.socket_bytes;

    for (size_t i = 0; i < n; i++)
        file->bytes[(file->start + file->used + i) % size] = bytes[i];
    file->used += n;
}

static void get(const struct weft__virtual *sim, struct weft__virtual_file *file,
                unsigned char *bytes, size_t n)
{
    size_t size = sim->config.socket_bytes;

    for (size_t i = 0; i < n; i++)
        bytes[i] = file->bytes[(file->start + i) % size];
    file->start = (file->start + n) % size;
    file->used -= n;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A transfer that wants [length] in all, has [progress], and could move [possible] more. */
static size_t amount(struct weft__virtual *sim, size_t length, size_t progress, size_t possible,
                     uint32_t flags)
{
    size_t n = least(length - progress, possible);

    if (n > 1 && !(flags & MSG_WAITALL) && weft__virtual_strikes(sim, WEFT__VIRTUAL_SHORT))
        n = 1 + (size_t)weft__virtual_random(sim, (uint32_t)n - 1);
    return n;
}

static int outcome(size_t length, size_t progress, bool over, int error, uint32_t flags)
{
    if (progress == length || (progress && (over || !(flags & MSG_WAITALL))))
        return (int)progress;
    if (over)
        return error;
    return flags & MSG_DONTWAIT ? -EAGAIN : (int)WEFT__VIRTUAL_BLOCKS;
}

static int receive(struct weft__virtual *sim, struct weft__virtual_file *file, void *bytes,
                   size_t length, size_t *progress, uint32_t flags)
{
    if (file->kind != WEFT__VIRTUAL_STREAM)
        return -ENOTCONN;
    length = least(length, LENGTH_MAX);
    size_t n = amount(sim, length, *progress, file->used, flags);
    get(sim, file, (unsigned char *)bytes + *progress, n);
    *progress += n;
    if (n)
        weft__virtual_changed(sim, file);
    return outcome(length, *progress, file->used == 0 && (file->ended || file->shut_read), 0,
                   flags);
}

static int transmit(struct weft__virtual *sim, struct weft__virtual_file *file, const void *bytes,
                    size_t length, size_t *progress, uint32_t flags)
{
    struct weft__virtual_file *peer = file->peer;

    if (file->kind != WEFT__VIRTUAL_STREAM)
        return -ENOTCONN;
    length = least(length, LENGTH_MAX);
    if (file->shut_write || !peer || peer->shut_read)
        return outcome(length, *progress, true, -EPIPE, flags);
    size_t n = amount(sim, length, *progress, sim->config.socket_bytes - peer->used, flags);
    put(sim, peer, (const unsigned char *)bytes + *progress, n);
    *progress += n;
    if (n)
        weft__virtual_changed(sim, peer);
    return outcome(length, *progress, false, 0, flags);
}

/* ---- connections ---- */

static int port_of(const struct weft__operation *op)
{
    const struct sockaddr *address = op->buffer;
    const struct sockaddr_in *v4 = op->buffer;
    const struct sockaddr_in6 *v6 = op->buffer;

    if (op->length >= sizeof(*v4) && address->sa_family == AF_INET)
        return ntohs(v4->sin_port);
    if (op->length >= sizeof(*v6) && address->sa_family == AF_INET6)
        return ntohs(v6->sin6_port);
    return -EAFNOSUPPORT;
}

static int do_connect(struct weft__virtual *sim, struct weft__virtual_file *file,
                      const struct weft__operation *op)
{
    int port = port_of(op);
    struct weft__virtual_file *listener, *other, **link;

    if (file->kind != WEFT__VIRTUAL_FRESH)
        return -EISCONN;
    if (port < 0)
        return port;
    listener = weft__virtual_listener(sim, port);
    if (!listener)
        return -ECONNREFUSED;
    if (listener->waiting >= BACKLOG)
        return WEFT__VIRTUAL_BLOCKS;
    other = weft__virtual_file_new(sim);
    if (!other)
        return -ENOMEM;
    weft__virtual_connect(file, other);
    for (link = &listener->first; *link; link = &(*link)->next)
        ;
    *link = other;
    listener->waiting++;
    weft__virtual_changed(sim, listener);
    return 0;
}

static int do_accept(struct weft__virtual *sim, struct weft__virtual_file *listener)
{
    struct weft__virtual_file *file = listener->first;

    if (listener->kind != WEFT__VIRTUAL_LISTENER)
        return -EINVAL;
    if (!file)
        return WEFT__VIRTUAL_BLOCKS;
    listener->first = file->next;
    file->next = NULL;
    listener->waiting--;
    weft__virtual_changed(sim, listener);
    return weft__virtual_install(sim, file);
}

static int do_shutdown(struct weft__virtual *sim, struct weft__virtual_file *file, int how)
{
    if (file->kind != WEFT__VIRTUAL_STREAM)
        return -ENOTCONN;
    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
        return -EINVAL;
    if (how != SHUT_WR)
        file->shut_read = true;
    if (how != SHUT_RD)
        file->shut_write = true;
    if (file->shut_write && file->peer)
        weft__virtual_file_end(sim, file->peer);
    weft__virtual_changed(sim, file);
    return 0;
}

static int events_of(const struct weft__virtual *sim, const struct weft__virtual_file *file)
{
    int events = 0;

    if (file->kind == WEFT__VIRTUAL_FRESH)
        return POLLOUT | POLLHUP;
    if (file->kind == WEFT__VIRTUAL_LISTENER)
        return file->first ? POLLIN : 0;
    if (file->used || file->ended || file->shut_read)
        events |= POLLIN;
    if (file->ended || file->shut_read)
        events |= POLLRDHUP;
    if (!file->peer || file->shut_write || file->peer->used < sim->config.socket_bytes)
        events |= POLLOUT;
    if (!file->peer || (file->ended && file->shut_write))
        events |= POLLHUP;
    return events;
}

static int do_poll(const struct weft__virtual *sim, const struct weft__virtual_file *file,
                   uint32_t asked)
{
    int events = events_of(sim, file) & ((int)asked | POLLERR | POLLHUP);

    return events ? events : (int)WEFT__VIRTUAL_BLOCKS;
}

/* ---- what operations do ---- */

int weft__virtual_perform(struct weft__virtual *sim, struct weft__virtual_request *request)
{
    const struct weft__operation *op = request->op;
    struct weft__virtual_file *file = request->file;

    if (op->code == WEFT__OP_CLOSE)
        return weft__virtual_close_fd(sim, op->fd);
    if (!file)
        return -EBADF;
    switch ((enum weft__opcode)op->code) {
    case WEFT__OP_RECV:
        return receive(sim, file, op->buffer, op->length, &request->progress, op->flags);
    case WEFT__OP_SEND:
        return transmit(sim, file, op->buffer, op->length, &request->progress, op->flags);
    case WEFT__OP_ACCEPT:
        return do_accept(sim, file);
    case WEFT__OP_CONNECT:
        return do_connect(sim, file, op);
    case WEFT__OP_POLL:
        return do_poll(sim, file, op->flags);
    case WEFT__OP_SHUTDOWN:
        return do_shutdown(sim, file, (int)op->flags);
    case WEFT__OP_CLOSE:
        break;
    }
    return -EINVAL;
}

/* ---- for tests ---- */

ssize_t weft__virtual_send(int fd, const void *bytes, size_t length)
{
    struct weft__virtual *sim = weft__virtual_here();
    size_t progress = 0;

    weft__virtual_point(sim, "send");
    struct weft__virtual_file *file = weft__virtual_file(sim, fd);
    return file ? transmit(sim, file, bytes, length, &progress, MSG_DONTWAIT) : -EBADF;
}

ssize_t weft__virtual_recv(int fd, void *bytes, size_t length)
{
    struct weft__virtual *sim = weft__virtual_here();
    size_t progress = 0;

    weft__virtual_point(sim, "recv");
    struct weft__virtual_file *file = weft__virtual_file(sim, fd);
    return file ? receive(sim, file, bytes, length, &progress, MSG_DONTWAIT) : -EBADF;
}

int weft__virtual_shutdown(int fd, int how)
{
    struct weft__virtual *sim = weft__virtual_here();

    weft__virtual_point(sim, "shutdown");
    struct weft__virtual_file *file = weft__virtual_file(sim, fd);
    return file ? do_shutdown(sim, file, how) : -EBADF;
}
