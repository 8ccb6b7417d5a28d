/* SPDX-License-Identifier: MIT */
/*
 * echo_server [PORT [WORKERS]]: a TCP server. Each client is a task that reads, writes, and waits
 * at drain when its peer does not keep up; clients run on all workers at once. Ctrl-C cancels
 * serve_forever, which closes the server, lets the clients end, and returns. Port 0: any free one.
 */
#include <stdio.h>
#include <weft.h>

#include "args.h"

/* Both streams are closed for us when this returns. */
static int on_client(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    char buffer[4096];
    ssize_t n;

    (void)arg;
    while ((n = weft_read(reader, buffer, sizeof buffer)) > 0) {
        weft_write(writer, buffer, (size_t)n); /* never suspends; drain returns its errors */
        int rc = weft_drain(writer);
        if (rc < 0)
            return rc;
    }
    return (int)n; /* 0: the peer has ended */
}

WEFT_CORO(amain)
{
    weft_server_t *server;
    int rc = weft_start_server(on_client, NULL, "127.0.0.1", (uint16_t)(intptr_t)arg, &server);
    if (rc < 0)
        return rc;
    printf("listening on 127.0.0.1:%d\n", weft_server_port(server));
    fflush(stdout);
    rc = weft_serve_forever(server);
    weft_server_unref(server);
    return rc;
}

int main(int argc, char **argv)
{
    uintptr_t port = arg_number(argc, argv, 1, 8888, UINT16_MAX);
    unsigned workers = arg_workers(argc, argv, 2);
    int rc = weft_run(weft_coro(&amain, (void *)port), NULL, .workers = workers);

    return rc == -EINTR ? 0 : exit_status(rc); /* to be ended by Ctrl-C is what it is for */
}
