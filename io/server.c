/* SPDX-License-Identifier: MIT */
#include "io/server.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "weft/loop.h"
#include "weft/strand.h"
#include "io/address.h"
#include "io/socket.h"
#include "runtime/base/options.h"
#include "runtime/sched/locals.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"

enum { BACKLOG = 100 };

static void destroy(struct weft_server *server)
{
    weft__parked_clear(&server->servers);
    weft__parked_clear(&server->waits);
    weft_strand_unref(server->strand);
    weft__vars_unref(server->vars);
    weft_loop_unref(server->loop);
    free(server);
}

void weft__server_unref(struct weft_server *server)
{
    weft__spin_lock(&server->lock);
    bool last = --server->refs == 0;
    weft__spin_unlock(&server->lock);
    if (last)
        destroy(server);
}

static bool is_over(const struct weft_server *server)
{
    return server->closing && server->open == 0 && server->clients == 0;
}

void weft__server_settle(struct weft_server *server)
{
    if (is_over(server))
        weft__parked_wake_all(&server->waits);
}

/* ---- start ---- */

static struct weft_server *make(struct weft__worker *worker, weft_client_fn_t client, void *arg,
                                const struct addrinfo *list, const weft_net_opts_t *opts)
{
    struct weft_strand *strand = opts->strand ? opts->strand : worker->strand;
    struct weft_server *server;
    size_t count = 0;

    for (const struct addrinfo *a = list; a; a = a->ai_next)
        count++;
    server = calloc(1, sizeof *server + count * sizeof server->listeners[0]);
    if (!server)
        return NULL;
    weft__spin_init(&server->lock);
    server->refs = 1;
    server->loop = weft_loop_ref(worker->loop);
    server->strand =
        strand && strand != &worker->loop->strand ? weft_strand_ref(strand) : WEFT_PARALLEL;
    server->vars = weft__locals_inherit();
    server->client = client;
    server->arg = arg;
    server->limit = opts->limit;
    return server;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        return 0;
    return weft__address_port((struct sockaddr *)&address);
}

/* Where the kernel chose the port of the first socket, the others get the same one, if it is free.
 */
static int listen_on(struct weft_server *server, const struct addrinfo *a,
                     const weft_net_opts_t *opts, int *fd)
{
    int backlog = opts->backlog ? opts->backlog : BACKLOG;
    bool chosen = weft__address_port(a->ai_addr) == 0 && server->port;
    int rc;

    if (chosen)
        weft__address_set_port(a->ai_addr, (uint16_t)server->port);
    rc = weft__socket_listen(a->ai_addr, a->ai_addrlen, backlog, opts->reuse_port, fd);
    if (rc == -EADDRINUSE && chosen) {
        weft__address_set_port(a->ai_addr, 0);
        rc = weft__socket_listen(a->ai_addr, a->ai_addrlen, backlog, opts->reuse_port, fd);
    }
    return rc;
}

/* Binds all addresses. One of a family that this machine does not have is left out, if another is
 * there. */
static int bind_all(struct weft_server *server, const struct addrinfo *list,
                    const weft_net_opts_t *opts)
{
    int skipped = -ENOENT;

    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        struct weft__listener *listener = &server->listeners[server->count];
        int rc = listen_on(server, a, opts, &listener->fd);
        if (rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL) {
            skipped = rc;
            continue;
        }
        if (rc < 0)
            return rc;
        listener->server = server;
        if (server->count++ == 0)
            server->port = port_of(listener->fd);
    }
    return server->count ? 0 : skipped;
}

static int start_all(struct weft_server *server)
{
    int rc = 0;

    for (unsigned i = 0; i < server->count; i++) {
        struct weft__listener *listener = &server->listeners[i];
        if (rc == 0) {
            rc = weft__listener_start(listener);
        } else {
            weft__socket_close(listener->fd);
            listener->fd = -1;
        }
    }
    return rc;
}

static int bind_and_start(struct weft_server *server, const struct addrinfo *list,
                          const weft_net_opts_t *opts)
{
    int rc = bind_all(server, list, opts);

    if (rc == 0)
        return start_all(server);
    for (unsigned i = 0; i < server->count; i++)
        weft__socket_close(server->listeners[i].fd);
    server->count = 0;
    return rc;
}

int weft_start_server_opts(weft_client_fn_t client, void *arg, const char *host, uint16_t port,
                           weft_server_t **server, const weft_net_opts_t *given)
{
    weft_net_opts_t full;
    const weft_net_opts_t *opts = weft__options(given, &full, sizeof full);
    struct addrinfo *list = NULL;
    struct weft_server *s;
    int rc;

    if (!weft__self() || !weft__worker_task(weft__self()))
        return weft__no_task("start_server");
    if (!client || !server)
        return -EINVAL;
    rc = opts ? weft__strand_check(opts->strand, weft__self()->loop) : weft__bad_options();
    if (rc < 0)
        return rc;
    rc = weft__address_resolve(host, port, opts->family, true, &list);
    if (rc < 0)
        return rc;
    s = make(weft__self(), client, arg, list, opts);
    rc = s ? bind_and_start(s, list, opts) : -ENOMEM;
    freeaddrinfo(list);
    if (rc < 0 && s)
        weft_server_unref(s);
    else
        *server = s;
    return rc;
}

/* ---- end ---- */

void weft_server_close(weft_server_t *server)
{
    weft__spin_lock(&server->lock);
    bool first = !server->closing;
    server->closing = true;
    server->refs++;
    if (first)
        weft__parked_wake_all(&server->servers);
    weft__spin_unlock(&server->lock);
    for (unsigned i = 0; first && i < server->count; i++)
        weft__listener_stop(&server->listeners[i]);
    weft__spin_lock(&server->lock);
    weft__server_settle(server);
    weft__spin_unlock(&server->lock);
    weft__server_unref(server);
}

void weft_server_unref(weft_server_t *server)
{
    if (!server)
        return;
    weft_server_close(server);
    weft__server_unref(server);
}

int weft_server_wait_closed(weft_server_t *server)
{
    int rc = 0;
    bool woken;

    if (!weft__self() || !weft__worker_task(weft__self()))
        return weft__no_task("server_wait_closed");
    weft__spin_lock(&server->lock);
    while (rc == 0 && !is_over(server)) {
        rc = weft__parked_wait(&server->waits, &server->lock, &woken);
        if (rc < 0)
            return rc;
        weft__spin_lock(&server->lock);
    }
    weft__spin_unlock(&server->lock);
    return rc;
}

static int serve_until_closed(struct weft_server *server)
{
    bool woken;
    int rc;

    weft__spin_lock(&server->lock);
    rc = server->closing ? -ESHUTDOWN : server->forever ? -EBUSY : 0;
    if (rc < 0) {
        weft__spin_unlock(&server->lock);
        return rc;
    }
    server->forever = true;
    rc = weft__parked_wait(&server->servers, &server->lock, &woken);
    weft__spin_lock(&server->lock);
    server->forever = false;
    weft__spin_unlock(&server->lock);
    return rc < 0 ? rc : -ESHUTDOWN;
}

int weft_serve_forever(weft_server_t *server)
{
    int rc;

    if (!weft__self() || !weft__worker_task(weft__self()))
        return weft__no_task("serve_forever");
    rc = serve_until_closed(server);
    if (rc == -ECANCELED) {
        weft_server_close(server);
        (void)!weft_server_wait_closed(server); /* cancelled once more: the same answer, sooner */
    }
    return rc;
}

/* ---- what it is ---- */

static struct weft_server *inside(const weft_server_t *server)
{
    return (struct weft_server *)(uintptr_t)server;
}

bool weft_server_is_serving(const weft_server_t *server)
{
    weft__spin_lock(&inside(server)->lock);
    bool serving = !server->closing && server->open > 0;
    weft__spin_unlock(&inside(server)->lock);
    return serving;
}

int weft_server_port(const weft_server_t *server)
{
    weft__spin_lock(&inside(server)->lock);
    int port = server->closing ? 0 : server->port;
    weft__spin_unlock(&inside(server)->lock);
    return port;
}

size_t weft_server_clients(const weft_server_t *server)
{
    weft__spin_lock(&inside(server)->lock);
    size_t n = server->clients;
    weft__spin_unlock(&inside(server)->lock);
    return n;
}
