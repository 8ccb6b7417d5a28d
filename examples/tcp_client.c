/* SPDX-License-Identifier: MIT */
/*
 * tcp_client [PORT [WORKERS]]: a TCP client. It writes a line and reads one: reading first sends
 * what was written. The line is borrowed from the reader until its next read. Closing lets what
 * was written be sent; weft_wait_closed waits for that and returns what went wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <weft.h>

WEFT_CORO(amain)
{
    weft_reader_t *reader;
    weft_writer_t *writer;
    weft_bytes_t line;
    int rc = weft_open_connection("127.0.0.1", (uint16_t)(intptr_t)arg, &reader, &writer);
    if (rc < 0)
        return rc;
    weft_write(writer, "ping\n", 5);
    ssize_t n = weft_readline(reader, &line);
    if (n > 0)
        printf("%.*s", (int)line.len, (char *)line.data);
    weft_writer_close(writer);
    rc = weft_wait_closed(writer);
    weft_reader_unref(reader);
    weft_writer_unref(writer);
    return n < 0 ? (int)n : rc;
}

int main(int argc, char **argv)
{
    intptr_t port = argc > 1 ? atoi(argv[1]) : 8888;
    unsigned workers = argc > 2 ? (unsigned)atoi(argv[2]) : 0; /* 0: one per core */
    int rc = weft_run(weft_coro(&amain, (void *)port), NULL, .workers = workers);

    if (rc < 0)
        fprintf(stderr, "tcp_client: %s\n", weft_strerror(rc));
    return rc < 0;
}
