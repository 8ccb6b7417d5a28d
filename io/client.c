/* SPDX-License-Identifier: MIT */
/*
 * client: the task that serves one connection of a server.
 *
 * Its record lies in the task's object and holds the streams and the server. It goes when the body
 * has returned; or, if the body never ran or never came to its end (a loop that was closed), with
 * the task's object. The record names its task without a reference: whoever finds it in the
 * server's list, under the lock, finds the task alive.
 */
#include "io/server.h"

#include "weft/time.h"
#include "io/socket.h"
#include "runtime/async/create_task.h"
#include "runtime/sched/report.h"
#include "runtime/sched/suspend.h"

struct weft__client {
    struct weft__client *previous, *next; /* the server's list */
    struct weft_server *server;           /* a reference; NULL: left already */
    struct weft__stream *stream;          /* both of its references */
    struct weft_awaitable *task;
    uint32_t round;
};

enum {
    CANCELLED_TURNS = 2
}; /* what a cancelled client has for its last bytes: to be submitted, to be sent */

/* ---- the server's list: lock held ---- */

static void link_last(struct weft_server *server, struct weft__client *client)
{
    client->previous = server->last;
    client->next = NULL;
    if (server->last)
        server->last->next = client;
    else
        server->first = client;
    server->last = client;
    server->clients++;
}

static void unlink_client(struct weft_server *server, struct weft__client *client)
{
    if (client->previous)
        client->previous->next = client->next;
    else
        server->first = client->next;
    if (client->next)
        client->next->previous = client->previous;
    else
        server->last = client->previous;
    server->clients--;
}

/* ---- the task ---- */

static void leave(struct weft__client *client)
{
    struct weft_server *server = client->server;

    if (!server)
        return;
    weft_reader_unref(&client->stream->reader);
    weft_writer_unref(&client->stream->writer);
    weft__spin_lock(&server->lock);
    unlink_client(server, client);
    weft__server_settle(server);
    weft__spin_unlock(&server->lock);
    client->server = NULL;
    weft__server_unref(server);
}

static void destroy(struct weft_awaitable *task)
{
    leave(weft__extra(task)->data);
}

static bool is_closed(struct weft__stream *stream)
{
    weft__spin_lock(&stream->lock);
    bool closed = stream->fd < 0;
    weft__spin_unlock(&stream->lock);
    return closed;
}

/* Closes it, after what was written is sent. The wait for a peer that takes nothing can be
 * cancelled; one who was cancelled before does not wait: what the kernel takes at once is sent, the
 * rest is not. */
static void close_stream(struct weft__stream *stream, bool cancelled)
{
    int rc = 0;

    weft_writer_close(&stream->writer);
    if (!cancelled)
        rc = weft_wait_closed(&stream->writer);
    for (int i = 0; cancelled && i < CANCELLED_TURNS && !is_closed(stream); i++)
        weft__suspend_yield();
    if (cancelled || rc == -ECANCELED || rc == -ENOMEM)
        weft__stream_abort(stream);
}

WEFT_CORO(weft__client)
{
    struct weft__client *client = arg;
    struct weft_server *server = client->server;
    struct weft__stream *stream = client->stream;
    int rc = server->client(&stream->reader, &stream->writer, server->arg);

    close_stream(stream, rc == -ECANCELED);
    leave(client);
    return rc;
}

/* The coroutine object, with its record. It has the stream from here on. */
static weft_coro_t *make(struct weft_server *server, struct weft__stream *stream)
{
    struct weft__client record = {.server = server, .stream = stream};
    weft_coro_t *coro = weft_coro_copy(&weft__client, &record, sizeof record);
    struct weft__client *client;

    if (weft__kind(coro) != WEFT__KIND_CORO)
        return NULL;
    client = coro->arg;
    client->task = coro;
    weft__extra(coro)->data = client;
    weft__extra(coro)->destroy = destroy;
    weft__spin_lock(&server->lock);
    client->round = server->round;
    server->refs++;
    link_last(server, client);
    weft__spin_unlock(&server->lock);
    return coro;
}

void weft__client_welcome(struct weft_server *server, int fd)
{
    weft_task_opts_t opts = {.size = sizeof opts, .detached = true, .strand = server->strand};
    struct weft__stream *stream = weft__stream_new(server->loop, fd, server->limit);
    weft_coro_t *coro = stream ? make(server, stream) : NULL;
    weft_task_t *task;
    int rc = -ENOMEM;

    if (!stream) {
        weft__socket_close(fd);
    } else if (!coro) {
        weft_reader_unref(&stream->reader);
        weft_writer_unref(&stream->writer);
    } else {
        /* It fails if the loop is closed: then the object is gone, and all that it had. */
        rc = weft__new_task_seeing(server->loop, coro, weft__vars_ref(server->vars), &opts, &task);
    }
    if (rc == -ENOMEM)
        weft__report_error(server->loop, "an accepted connection was dropped", rc, NULL);
}

void weft_server_cancel_clients(weft_server_t *server)
{
    weft__spin_lock(&server->lock);
    uint32_t round = ++server->round;
    for (;;) {
        struct weft__client *client = server->first;
        if (!client || client->round == round)
            break;
        client->round = round;
        unlink_client(server, client);
        link_last(server, client);
        weft_task_t *task = weft_ref(client->task);
        weft__spin_unlock(&server->lock);
        weft_cancel(task);
        weft_unref(task);
        weft__spin_lock(&server->lock);
    }
    weft__spin_unlock(&server->lock);
}
