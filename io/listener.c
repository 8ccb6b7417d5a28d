/* SPDX-License-Identifier: MIT */
/*
 * listener: one listening socket of a server.
 *
 * A multishot ACCEPT ends by an error, or for reasons of the kernel's; it is started again by a
 * sequel. When descriptors or memory ran out the listener pauses for a second (connections queue up
 * in the kernel meanwhile); anything that is not known to be a matter of one connection gets the
 * same pause, so nothing spins.
 *
 * What comes next needs no memory, so that a server does not fall silent for want of it at the
 * wrong moment: there are two handles, made when the server starts. One is under way: it is what
 * the end of the ACCEPT in flight calls, or the end of the pause. While it is called the other,
 * the spare one, is sent on its way, and it becomes the spare itself. Both belong to the loop's own
 * strand, where the call of one is over before that of the other begins. (The pause's alarm may
 * find no room among the timers; then there is no pause.)
 *
 * To end it, server_close takes what is queued in the kernel until there is nothing, so that no
 * client that has connected is reset; then shutdown(2) ends the ACCEPT in flight, wherever it is.
 * The anchor of the sequels is the life of the listener: the handle under way holds it, and with it
 * the socket is closed.
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
    struct weft__listener *listener = weft__extra(anchor)->data;

    weft_handle_unref(listener->spare);
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
    weft__handle_submit(listener->under_way);
}

/* On a worker. The handle under way is to be called at its end. */
static void arm(struct weft__listener *listener)
{
    listener->op = (struct weft__operation){
        .code = WEFT__OP_ACCEPT, .fd = listener->fd, .complete = accepted, .argument = listener};
    weft__operation_start(&listener->op);
}

/* In the call of the handle under way: the other one is to call [run] next. */
static struct weft_handle *turn_over(struct weft__listener *listener, weft_done_fn_t run)
{
    struct weft_handle *called = listener->under_way, *next = listener->spare;

    next->done_fn = run;
    next->future = called->future; /* the anchor */
    called->future = NULL;
    weft__store_relaxed(&next->state, WEFT__HANDLE_SCHEDULED); /* relaxed: nobody else has it */
    listener->under_way = next;
    listener->spare = weft_handle_ref(called); /* beside the reference that its call drops */
    return next;
}

static void accept_ended(weft_future_t *anchor, void *arg);

static bool is_closing(struct weft_server *server)
{
    weft__spin_lock(&server->lock);
    bool closing = server->closing;
    weft__spin_unlock(&server->lock);
    return closing;
}

static void go_on(struct weft__listener *listener)
{
    if (is_closing(listener->server))
        return;
    turn_over(listener, accept_ended);
    arm(listener);
}

static void pause_ended(weft_future_t *anchor, void *arg)
{
    struct weft__listener *listener = arg;

    (void)anchor;
    weft__spin_lock(&listener->server->lock);
    listener->paused = NULL;
    weft__spin_unlock(&listener->server->lock);
    go_on(listener);
}

/* With the server's lock, so that whoever closes the server finds the alarm set, or not yet. */
static int set_alarm(struct weft__listener *listener)
{
    struct weft_handle *handle = turn_over(listener, pause_ended);
    int64_t now = listener->server->loop->system->now();
    int rc;

    handle->alarm.ring = weft__handle_ring;
    rc = weft__alarm_set(weft__self(), &handle->alarm, weft__deadline_after(now, PAUSE));
    if (rc == 0)
        listener->paused = handle;
    else
        handle->done_fn = accept_ended;
    return rc;
}

static void pause_accepting(struct weft__listener *listener)
{
    struct weft_server *server = listener->server;
    int rc = 0;

    weft__spin_lock(&server->lock);
    if (!server->closing)
        rc = set_alarm(listener);
    weft__spin_unlock(&server->lock);
    if (rc < 0)
        arm(listener);
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

static void report_pause(const struct weft__listener *listener)
{
    weft_exception_context_t context = {.size = sizeof context,
                                        .message = "a server cannot accept, and pauses",
                                        .error = listener->error,
                                        .socket = listener->fd};

    weft_loop_call_exception_handler(listener->server->loop, &context);
}

/* On a worker's base. If it sends no handle on its way, the listener ends: the anchor goes. */
static void accept_ended(weft_future_t *anchor, void *arg)
{
    struct weft__listener *listener = arg;
    struct weft_server *server = listener->server;

    (void)anchor;
    if (is_of_one_connection(listener->error)) {
        go_on(listener);
        return;
    }
    if (is_closing(server))
        return;
    report_pause(listener);
    pause_accepting(listener);
}

/* The spare one holds no anchor, and is the listener's own. */
static int make_handles(struct weft__listener *listener, struct weft_awaitable *anchor)
{
    struct weft_loop *loop = listener->server->loop;

    listener->under_way = weft__sequel_new(loop, anchor, accept_ended);
    if (!listener->under_way)
        return -ENOMEM;
    listener->spare = weft__sequel_new(loop, anchor, accept_ended);
    if (!listener->spare) {
        weft_handle_unref(listener->under_way);
        return -ENOMEM;
    }
    weft_unref(listener->spare->future);
    listener->spare->future = NULL;
    return 0;
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
    rc = make_handles(listener, anchor);
    if (rc == 0)
        arm(listener);
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
