/* SPDX-License-Identifier: MIT */
/*
 * echo_server [PORT [WORKERS]]: a TCP server. Each client is a task that reads, writes, and waits
 * at drain when its peer does not keep up; clients run on all workers at once. Ctrl-C cancels
 * serve_forever, which closes the server, lets the clients end, and returns. Port 0: any free one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <weft.h>

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
    intptr_t port = argc > 1 ? atoi(argv[1]) : 8888;
    unsigned workers = argc > 2 ? (unsigned)atoi(argv[2]) : 0; /* 0: one per core */
    int rc = weft_run(weft_coro(&amain, (void *)port), NULL, .workers = workers);

    if (rc < 0 && rc != -EINTR)
        fprintf(stderr, "echo_server: %s\n", weft_strerror(rc));
    return rc < 0 && rc != -EINTR; /* to be ended by Ctrl-C is what it is for */
}
