/* SPDX-License-Identifier: MIT */
/*
 * socket: TCP sockets as the operations and the few immediate calls that streams and servers need.
 *
 * Sockets are blocking ones: to wait is the driver's affair. A listening one is not, as what is
 * queued in it is taken by accept(2) when its server closes. All have Nagle's algorithm off, which
 * a writer that gathers what is to go together does not need; what a listener accepts inherits it.
 */
#ifndef WEFT_IO_SOCKET_H
#define WEFT_IO_SOCKET_H

#include <sys/socket.h>
#include <sys/types.h>

#include "runtime/base/base.h"

/* Task, awaited: one request each. */
ssize_t weft__socket_recv(int fd, void *buffer, size_t n);
ssize_t weft__socket_send(int fd, const void *data, size_t n,
                          int flags); /* flags beside NOSIGNAL */

/* Task: a new connection in *fd, or -errno and none. Suspends. */
int weft__socket_connect(const struct sockaddr *address, socklen_t length, int *fd);

/* A new listening socket in *fd, or -errno and none. */
int weft__socket_listen(const struct sockaddr *address, socklen_t length, int backlog,
                        bool reuse_port, int *fd);
/* What is queued in it: a descriptor, or -errno (-EAGAIN: nothing). */
int weft__socket_accept_queued(int fd);

/* Ends directions (SHUT_*) at once, also for operations that are in flight. */
void weft__socket_shutdown(int fd, int how);
/* Has close(2) reset the connection and forget what is unsent. */
void weft__socket_forget(int fd);
void weft__socket_close(int fd);

#endif
