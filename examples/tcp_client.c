/* SPDX-License-Identifier: MIT */
/*
 * tcp_client [PORT [WORKERS]]: a TCP client. It writes a line and reads one: reading first sends
 * what was written. The line is borrowed from the reader until its next read. Closing lets what
 * was written be sent; weft_wait_closed waits for that and returns what went wrong.
 */
#include <stdio.h>
#include <weft.h>

#include "args.h"

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
    uintptr_t port = arg_number(argc, argv, 1, 8888, UINT16_MAX);
    unsigned workers = arg_workers(argc, argv, 2);

    return exit_status(weft_run(weft_coro(&amain, (void *)port), NULL, .workers = workers));
}
