/* SPDX-License-Identifier: MIT */
#include "io/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "runtime/sched/operation.h"

ssize_t weft__socket_recv(int fd, void *buffer, size_t n)
{
    struct weft__operation op = {.code = WEFT__OP_RECV, .fd = fd, .buffer = buffer, .length = n};

    return weft__operation_await(&op);
}

ssize_t weft__socket_send(int fd, const void *data, size_t n, int flags)
{
    struct weft__operation op = {.code = WEFT__OP_SEND,
                                 .fd = fd,
                                 .buffer = (void *)(uintptr_t)data,
                                 .length = n,
                                 .flags = (uint32_t)flags | MSG_NOSIGNAL};

    return weft__operation_await(&op);
}

static int set(int fd, int level, int option)
{
    int one = 1;

    return setsockopt(fd, level, option, &one, sizeof one) < 0 ? -errno : 0;
}

static int open_socket(int family, int flags, int *fd)
{
    *fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    return *fd < 0 ? -errno : set(*fd, IPPROTO_TCP, TCP_NODELAY);
}

/* [rc], with the socket closed if it is an error. */
static int settle(int rc, int *fd)
{
    if (rc < 0 && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    return rc;
}

int weft__socket_connect(const struct sockaddr *address, socklen_t length, int *fd)
{
    int rc = open_socket(address->sa_family, 0, fd);

    if (rc == 0) {
        struct weft__operation op = {.code = WEFT__OP_CONNECT,
                                     .fd = *fd,
                                     .buffer = (void *)(uintptr_t)address,
                                     .length = length};
        rc = weft__operation_await(&op);
    }
    return settle(rc, fd);
}

static int listen_on(int fd, const struct sockaddr *address, socklen_t length, int backlog,
                     bool reuse_port)
{
    int rc = set(fd, SOL_SOCKET, SO_REUSEADDR);

    if (rc == 0 && reuse_port)
        rc = set(fd, SOL_SOCKET, SO_REUSEPORT);
    if (rc == 0 && address->sa_family == AF_INET6)
        rc = set(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    if (rc == 0 && (bind(fd, address, length) < 0 || listen(fd, backlog) < 0))
        rc = -errno;
    return rc;
}

int weft__socket_listen(const struct sockaddr *address, socklen_t length, int backlog,
                        bool reuse_port, int *fd)
{
    int rc = open_socket(address->sa_family, SOCK_NONBLOCK, fd);

    if (rc == 0)
        rc = listen_on(*fd, address, length, backlog, reuse_port);
    return settle(rc, fd);
}

int weft__socket_accept_queued(int fd)
{
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

    return client < 0 ? -errno : client;
}

void weft__socket_shutdown(int fd, int how)
{
    shutdown(fd, how); /* -ENOTCONN: the peer was first */
}

void weft__socket_forget(int fd)
{
    struct linger linger = {.l_onoff = 1};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

void weft__socket_close(int fd)
{
    close(fd);
}
