/* SPDX-License-Identifier: MIT */
/*
 * server: listening sockets, and the tasks of their clients.
 *
 * A listener (listener.c) is one socket with one multishot ACCEPT in flight on the ring of the
 * worker that started it. Each completion is a connection, for which a task is made on the spot
 * (client.c); where it runs is the deques' affair.
 *
 * References: the user's; each open listener's; each client's. All of the server lies under its
 * lock, a leaf.
 */
#ifndef WEFT_IO_SERVER_H
#define WEFT_IO_SERVER_H

#include "weft/stream.h"
#include "io/parked.h"
#include "io/stream.h"
#include "runtime/base/spin.h"
#include "runtime/core/vars.h"
#include "runtime/sched/handle.h"
#include "runtime/sched/operation.h"

struct weft__client;

struct weft__listener {
    struct weft_server *server;
    int fd;        /* -1: closed */
    bool draining; /* server_close takes what is queued: the descriptor is closed by it */
    bool ended;    /* it would be closed, were it not for that */
    int error;     /* with which the last ACCEPT ended */
    /* See the essay of listener.c. Changed in the call of the one that was under way only. */
    struct weft_handle *under_way, *spare;
    struct weft_handle *paused; /* the one under way, while it is to end a pause; under the lock */
    struct weft__operation op;
};

struct weft_server {
    /* constant */
    struct weft_loop *loop;     /* a reference */
    struct weft_strand *strand; /* of clients: a reference, or PARALLEL */
    weft__vars vars;            /* what clients see: of who started it; a reference, or 0 */
    weft_client_fn_t client;
    void *arg;
    size_t limit;

    struct weft__spin lock; /* all that follows */
    unsigned refs;
    bool closing;
    bool forever;  /* serve_forever is called */
    int port;      /* of the first listener */
    unsigned open; /* listeners */
    struct weft__client *first, *last;
    size_t clients;
    uint32_t round;              /* of cancel_clients */
    struct weft__parked servers; /* serve_forever, until closing */
    struct weft__parked waits;   /* wait_closed */

    unsigned count;
    struct weft__listener listeners[];
};

void weft__server_unref(struct weft_server *server);

/* Lock held: wakes wait_closed, if it is over. */
void weft__server_settle(struct weft_server *server);

/* Makes [listener] accept from its socket, which is its own from here on. On a worker. 0, -ENOMEM.
 */
int weft__listener_start(struct weft__listener *listener);
/* Takes what is queued and has it end. The server is closing. Any thread; once. */
void weft__listener_stop(struct weft__listener *listener);

/* A connection came: serves it, or closes it if there is no memory. Under a driver's lock, maybe.
 */
void weft__client_welcome(struct weft_server *server, int fd);

#endif
