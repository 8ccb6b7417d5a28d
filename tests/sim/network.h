/* SPDX-License-Identifier: MIT */
/*
 * network: operations of the driver, by tasks, on pipes and connections that exist in the
 * simulation only.
 */
#ifndef WEFT_TESTS_SIM_NETWORK_H
#define WEFT_TESTS_SIM_NETWORK_H

#include <arpa/inet.h>
#include <netinet/in.h>

#include "world.h"

enum { PORT = 80 };

/* Once more, as long as the driver has no buffers. */
static inline int operate(struct weft__operation *op)
{
    int n;

    do
        n = weft__operation_await(op);
    while (n == -ENOBUFS);
    SIM_CHECK(n >= 0 || is_possible(n));
    return n;
}

/* ---- pipes: bytes come once, and in order ------------------------------------------------------
 */

static inline size_t write_pattern(const struct pipe *p, char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(p->sent + i);
    return n;
}

static inline void check_pattern(struct pipe *p, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        SIM_CHECK(bytes[i] == (char)(p->received + i));
    p->received += n;
}

/* What the other end does when a task waits at one: it answers. */
static inline bool serve_pipe(struct pipe *p)
{
    char bytes[16];
    ssize_t n;

    if (p->receiving && !p->sending) {
        p->sending = true;
        n = weft__virtual_send(p->fd[0], bytes, write_pattern(p, bytes, 1 + sim_below(16)));
        p->sent += n > 0 ? (uint64_t)n : 0;
        p->sending = false;
    } else if (p->sending && !p->receiving) {
        p->receiving = true;
        n = weft__virtual_recv(p->fd[1], bytes, sizeof bytes);
        check_pattern(p, bytes, n > 0 ? (size_t)n : 0);
        p->receiving = false;
    }
    return p->sending || p->receiving;
}

static inline void close_pipe(struct pipe *p)
{
    char bytes[64];
    ssize_t n;

    while (!world.breaks && (n = weft__virtual_recv(p->fd[1], bytes, sizeof bytes)) > 0)
        check_pattern(p, bytes, (size_t)n);
    SIM_CHECK(world.breaks || p->received == p->sent);
    SIM_CHECK(weft__virtual_close(p->fd[0]) == 0 && weft__virtual_close(p->fd[1]) == 0);
}

static inline int receive(struct pipe *p)
{
    char bytes[32];
    struct weft__operation op = {
        .code = WEFT__OP_RECV, .fd = p->fd[1], .buffer = bytes, .length = 1 + sim_below(32)};

    if (p->receiving)
        return 0;
    p->receiving = true;
    tell_janitor();
    int n = operate(&op);
    SIM_CHECK(n != 0);
    if (n > 0)
        check_pattern(p, bytes, (size_t)n);
    p->receiving = false;
    return n < 0 ? n : 0;
}

static inline int send_some(struct pipe *p)
{
    char bytes[64];
    struct weft__operation op = {.code = WEFT__OP_SEND, .fd = p->fd[0], .buffer = bytes};

    if (p->sending)
        return 0;
    p->sending = true;
    tell_janitor();
    op.length = write_pattern(p, bytes, 1 + sim_below(64));
    int n = operate(&op);
    SIM_CHECK(n != 0);
    if (n > 0)
        p->sent += (uint64_t)n;
    p->sending = false;
    return n < 0 ? n : 0;
}

static inline int use_pipe(void)
{
    struct pipe *p = &world.pipes[sim_below(PIPES)];

    return sim_one_in(2) ? receive(p) : send_some(p);
}

/* ---- connections: each is accepted once ---- */

static inline void accepted(struct weft__operation *op, int result, bool more)
{
    struct port *port = &world.port;

    if (result >= 0) {
        port->accepted++;
        SIM_CHECK(port->accepts && weft__virtual_close(result) == 0);
    }
    if (more)
        return;
    weft__store_release(&op->done, true); /* release: pairs with the acquire of a canceller */
    port->accepts = false;
    (void)weft_set_result(port->ended, NULL); /* or its waiter was cancelled */
}

/* Accepts until it is cancelled, however often the operation ends by itself. */
WEFT_CORO(accept_all)
{
    struct port *port = &world.port;
    int rc = 0;

    while (rc == 0) {
        port->ended = weft_create_future(NULL);
        port->accepts = true;
        weft__store_relaxed(&port->op.done, false); /* relaxed: not shared yet */
        weft__operation_start(&port->op);
        rc = weft_await(port->ended, NULL);
        while (port->accepts) {
            (void)sim_driver->cancel(&port->op); /* unknown still, if it was not flushed */
            SIM_CHECK(weft_sleep(WEFT_US(20)) == 0);
        }
        weft_unref(port->ended);
    }
    SIM_CHECK(rc == -ECANCELED);
    return 0;
}

static inline int use_connection(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    struct port *port = &world.port;

    if (port->sockets == SOCKETS)
        return 0;
    int fd = port->socket[port->sockets++] = weft__virtual_socket();
    struct weft__operation op = {
        .code = WEFT__OP_CONNECT, .fd = fd, .buffer = &address, .length = sizeof address};
    int rc = operate(&op);
    port->connected += rc == 0;
    return rc;
}

static inline void open_network(void)
{
    SIM_CHECK(weft__virtual_pair(world.silent) == 0);
    for (int i = 0; i < PIPES; i++)
        SIM_CHECK(weft__virtual_pair(world.pipes[i].fd) == 0);
    world.port.op = (struct weft__operation){
        .code = WEFT__OP_ACCEPT, .fd = weft__virtual_listen(PORT), .complete = accepted};
}

static inline void close_network(void)
{
    for (int i = 0; i < 2; i++)
        SIM_CHECK(weft__virtual_close(world.silent[i]) == 0);
    for (int i = 0; i < PIPES; i++)
        close_pipe(&world.pipes[i]);
    for (unsigned i = 0; i < world.port.sockets; i++)
        SIM_CHECK(weft__virtual_close(world.port.socket[i]) == 0);
    SIM_CHECK(!world.port.accepts && weft__virtual_close(world.port.op.fd) == 0);
}

#endif
