/* SPDX-License-Identifier: MIT */
/* connect: weft_open_connection. Addresses are tried one after the other, in the resolver's order.
 */
#include "io/address.h"
#include "io/socket.h"
#include "io/stream.h"
#include "runtime/base/options.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"

static int connect_to_any(const struct addrinfo *list, int *fd)
{
    int rc = -ENOENT;

    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        rc = weft__socket_connect(a->ai_addr, a->ai_addrlen, fd);
        if (rc == 0 || rc == -ECANCELED)
            break;
    }
    return rc;
}

int weft_open_connection_opts(const char *host, uint16_t port, weft_reader_t **reader,
                              weft_writer_t **writer, const weft_net_opts_t *given)
{
    weft_net_opts_t full;
    const weft_net_opts_t *opts = weft__options(given, &full, sizeof full);
    struct weft__worker *worker = weft__self();
    struct weft_loop *loop = worker ? worker->loop : NULL;
    struct weft__stream *stream;
    struct addrinfo *list = NULL;
    int rc, fd;

    if (!worker || !weft__worker_task(worker))
        return weft__no_task("open_connection");
    if (!host || !reader || !writer)
        return -EINVAL;
    if (!opts)
        return weft__bad_options();
    rc = weft__address_resolve(host, port, opts->family, false, &list);
    if (rc < 0)
        return rc;
    rc = connect_to_any(list, &fd);
    freeaddrinfo(list);
    if (rc < 0)
        return rc;
    stream = weft__stream_new(loop, fd, opts->limit);
    if (!stream) {
        weft__socket_close(fd);
        return -ENOMEM;
    }
    *reader = &stream->reader;
    *writer = &stream->writer;
    return 0;
}
