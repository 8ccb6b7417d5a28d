/* SPDX-License-Identifier: MIT */
/*
 * listener: one listening socket of a server.
 *
 * A multishot ACCEPT ends by an error, or for reasons of the kernel's; it is started again by a
 * sequel, whose handle was made beforehand, so that a server does not fall silent for want of
 * memory at the wrong moment. When descriptors or memory ran out it pauses for a second
 * (connections queue up in the kernel meanwhile); anything that is not known to be a matter of one
 * connection gets the same pause, so nothing spins.
 *
 * To end it, server_close takes what is queued in the kernel until there is nothing, so that no
 * client that has connected is reset; then shutdown(2) ends the ACCEPT in flight, wherever it is.
 * The anchor of the sequels is the life of the listener: with its last handle the socket is closed.
 */
#include "io/server.h"

#include <errno.h>
#include <sys/socket.h>

#include "weft/time.h"
#include "io/sequel.h"
#include "io/socket.h"
#include "runtime/base/clock.h"
#include "runtime/sched/alarm.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/report.h"

#define PAUSE WEFT_S(1)

/* Lock held: lets go of it, and of the listener. */
static void close_and_unlock(struct weft__listener *listener)
{
    struct weft_server *server = listener->server;

    weft__socket_close(listener->fd);
    listener->fd = -1;
    server->open--;
    weft__server_settle(server);
    weft__spin_unlock(&server->lock);
    weft__server_unref(server);
}

static void drop(struct weft_awaitable *anchor)
{
    struct weft__listener *listener = anchor->extra->data;

    weft__spin_lock(&listener->server->lock);
    listener->ended = true;
    if (listener->draining)
        weft__spin_unlock(&listener->server->lock);
    else
        close_and_unlock(listener);
}

static void accepted(struct weft__operation *op, int result, bool more)
{
    struct weft__listener *listener = op->argument;

    if (weft__likely(result >= 0))
        weft__client_welcome(listener->server, result);
    if (weft__likely(more))
        return;
    listener->error = result;
    weft__handle_submit(listener->ending);
}

static void accept_ended(weft_future_t *anchor, void *arg);

/* On a worker. */
static int arm(struct weft__listener *listener, struct weft_awaitable *anchor)
{
    listener->ending = weft__sequel_new(listener->server->loop, anchor, accept_ended);
    if (!listener->ending)
        return -ENOMEM;
    listener->op = (struct weft__operation){
        .code = WEFT__OP_ACCEPT, .fd = listener->fd, .complete = accepted, .argument = listener};
    weft__operation_start(&listener->op);
    return 0;
}

static bool is_closing(struct weft_server *server)
{
    weft__spin_lock(&server->lock);
    bool closing = server->closing;
    weft__spin_unlock(&server->lock);
    return closing;
}

static void arm_or_give_up(struct weft__listener *listener, struct weft_awaitable *anchor)
{
    struct weft_server *server = listener->server;

    if (!is_closing(server) && arm(listener, anchor) < 0)
        weft__report_error(server->loop, "a server cannot go on to accept", -ENOMEM, NULL);
}

static void pause_ended(weft_future_t *anchor, void *arg)
{
    struct weft__listener *listener = arg;

    weft__spin_lock(&listener->server->lock);
    listener->paused = NULL;
    weft__spin_unlock(&listener->server->lock);
    arm_or_give_up(listener, anchor);
}

/* The alarm is set under the server's lock, so that whoever closes the server finds it set, or not
 * yet. */
static int pause_accepting(struct weft__listener *listener, struct weft_awaitable *anchor)
{
    struct weft_server *server = listener->server;
    struct weft_handle *handle = weft__sequel_new(server->loop, anchor, pause_ended);
    int rc = 0;

    if (!handle)
        return -ENOMEM;
    handle->timed = true;
    handle->alarm.ring = weft__handle_ring;
    weft__timer_init(&handle->alarm.timer);
    int64_t deadline = weft__deadline_after(server->loop->system->now(), PAUSE);
    weft__spin_lock(&server->lock);
    bool closing = server->closing;
    if (!closing)
        rc = weft__alarm_set(weft__self(), &handle->alarm, deadline);
    if (!closing && rc == 0)
        listener->paused = handle;
    weft__spin_unlock(&server->lock);
    if (closing || rc < 0)
        weft_handle_unref(handle);
    return rc;
}

static bool is_of_one_connection(int error)
{
    switch (-error) {
    case ECONNABORTED: /* and what accept(2) says of errors of the network */
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case EOPNOTSUPP:
    case EPERM: /* a firewall's rule */
    case EINTR:
    case EAGAIN:
        return true;
    default:
        return error >= 0;
    }
}

/* On a worker's base. What it leaves undone ends the listener: the anchor goes. */
static void accept_ended(weft_future_t *anchor, void *arg)
{
    struct weft__listener *listener = arg;
    struct weft_server *server = listener->server;

    if (is_closing(server))
        return;
    if (is_of_one_connection(listener->error)) {
        arm_or_give_up(listener, anchor);
        return;
    }
    weft__report_error(server->loop, "a server cannot accept, and pauses", listener->error, NULL);
    if (pause_accepting(listener, anchor) < 0)
        arm_or_give_up(listener, anchor);
}

int weft__listener_start(struct weft__listener *listener)
{
    struct weft_awaitable *anchor = weft__sequel_anchor(listener, drop);
    int rc;

    if (!anchor) {
        weft__socket_close(listener->fd);
        listener->fd = -1;
        return -ENOMEM;
    }
    weft__spin_lock(&listener->server->lock);
    listener->server->open++;
    listener->server->refs++;
    weft__spin_unlock(&listener->server->lock);
    rc = arm(listener, anchor);
    weft_unref(anchor);
    return rc;
}

static void take_queued(struct weft__listener *listener)
{
    int fd;

    while ((fd = weft__socket_accept_queued(listener->fd)) >= 0)
        weft__client_welcome(listener->server, fd);
}

void weft__listener_stop(struct weft__listener *listener)
{
    struct weft_server *server = listener->server;
    struct weft_handle *paused;

    weft__spin_lock(&server->lock);
    if (listener->fd < 0) {
        weft__spin_unlock(&server->lock);
        return;
    }
    listener->draining = true;
    paused = weft_handle_ref(listener->paused);
    weft__spin_unlock(&server->lock);
    take_queued(listener);
    weft__socket_shutdown(listener->fd, SHUT_RDWR);
    if (paused && weft__alarm_unset(&paused->alarm))
        weft__handle_submit(paused);
    weft_handle_unref(paused);
    weft__spin_lock(&server->lock);
    listener->draining = false;
    if (listener->ended)
        close_and_unlock(listener);
    else
        weft__spin_unlock(&server->lock);
}
