/* SPDX-License-Identifier: MIT */
/*
 * stream: TCP connections and servers, as asyncio's streams.
 *
 * A reader serves one task at a time. A writer may be used by any task of its loop: each write is
 * whole. Small writes are gathered and sent once: when the task that wrote suspends, at 16 KiB, at
 * drain above the high-water mark, at close. Nothing is read ahead: a lost connection shows at the
 * next read or drain. All calls here are for tasks of the loop the stream belongs to, else -EPERM.
 */
#ifndef WEFT_STREAM_H
#define WEFT_STREAM_H

#include "weft/task.h"
#include "weft/time.h"

typedef struct weft_reader weft_reader_t;
typedef struct weft_writer weft_writer_t;
typedef struct weft_server weft_server_t;

typedef struct weft_bytes {
    void *data;
    size_t len;
} weft_bytes_t;

typedef struct weft_iovec {
    const void *data;
    size_t len;
} weft_iovec_t;

/* Serves one client, as a task. Both streams are borrowed: when it returns they are flushed, closed
 * and released, so another task that writes to this client must have let go of the writer by then.
 * An error it returns, other than -ECANCELED, goes to the exception handler. */
typedef int (*weft_client_fn_t)(weft_reader_t *reader, weft_writer_t *writer, void *arg);

typedef struct weft_net_options {
    size_t size;
    size_t limit;          /* most bytes that readline and readuntil look through; default 64 KiB */
    int family;            /* AF_INET, AF_INET6; default: any */
    int backlog;           /* default 100 */
    bool reuse_port;       /* several servers on one port share its connections */
    weft_strand_t *strand; /* of a server's clients; default: that of the code that starts it */
} weft_net_opts_t;

WEFT_BEGIN

/* ---- client ---- */

/* Connects to [host] (a numeric address, or a name: then the first of its addresses that answers).
 * Suspends     yes
 * Returns      0 with two new references, for weft_reader_unref and weft_writer_unref; else (they
 *              are left alone) the error of the last address tried (-ECONNREFUSED, ...), -ENOENT
 *              (no such name), -EAGAIN (no name server answers), -EINVAL, -ECANCELED, -ENOMEM,
 *              -EMFILE
 * Python       asyncio.open_connection() */
#define weft_open_connection(host, port, reader, writer, ...)                                      \
    weft_open_connection_opts((host), (port), (reader), (writer),                                  \
                              &(weft_net_opts_t){.size = sizeof(weft_net_opts_t), __VA_ARGS__})
WEFT_API WEFT_MUST int weft_open_connection_opts(const char *host, uint16_t port,
                                                 weft_reader_t **reader, weft_writer_t **writer,
                                                 const weft_net_opts_t *opts);

/* ---- server ---- */

/* Listens on [host] (NULL: all interfaces) and serves each client by a task of its own. Port 0: the
 * kernel chooses one. Serving begins at once.
 * Suspends     yes, when [host] is a name
 * Returns      0 with a new reference; -EADDRINUSE, ..., -EINVAL, -ENOMEM, -EMFILE, -ECANCELED,
 *              -EXDEV (a strand of another loop)
 * Python       asyncio.start_server() */
#define weft_start_server(client, arg, host, port, server, ...)                                    \
    weft_start_server_opts((client), (arg), (host), (port), (server),                              \
                           &(weft_net_opts_t){.size = sizeof(weft_net_opts_t), __VA_ARGS__})
WEFT_API WEFT_MUST int weft_start_server_opts(weft_client_fn_t client, void *arg, const char *host,
                                              uint16_t port, weft_server_t **server,
                                              const weft_net_opts_t *opts);

/* Waits until cancelled; then closes the server and waits for its clients. Returns -ECANCELED,
 * -EBUSY (called twice), -ESHUTDOWN (closed, before or meanwhile). Python's
 * server.serve_forever(). */
WEFT_API WEFT_MUST int weft_serve_forever(weft_server_t *server);

/* Stops listening. Clients that are connected go on, and those that wait in the kernel are served.
 * The port is free soon; for sure when weft_server_wait_closed has returned. Idempotent. */
WEFT_API void weft_server_close(weft_server_t *server);

/* Waits until the server is closed and has no client left. Returns 0, -ECANCELED. */
WEFT_API WEFT_MUST int weft_server_wait_closed(weft_server_t *server);

/* Cancels the task of each client. Python's server.abort_clients() does the same more harshly. */
WEFT_API void weft_server_cancel_clients(weft_server_t *server);

WEFT_API bool weft_server_is_serving(const weft_server_t *server);
/* The port of its first socket; 0 when closed. */
WEFT_API int weft_server_port(const weft_server_t *server);
/* How many clients it serves now. */
WEFT_API size_t weft_server_clients(const weft_server_t *server);
/* Closes it; its clients go on. NULL is allowed. */
WEFT_API void weft_server_unref(weft_server_t *server);

/* ---- reader ---- */

/* All reads: Suspend unless enough is buffered. -EBUSY: another task is reading. -ECANCELED takes
 * nothing from the stream. A slice in *line is borrowed from the reader until its next read. */

/* At most [n] bytes, as soon as there are any. Returns the count, 0 at the end of the stream (or n
 * = 0). */
WEFT_API WEFT_MUST ssize_t weft_read(weft_reader_t *reader, void *buffer, size_t n);

/* Exactly [n] bytes. Returns n; WEFT_EINCOMPLETE when the stream ends first: what came stays
 * buffered. */
WEFT_API WEFT_MUST ssize_t weft_readexactly(weft_reader_t *reader, void *buffer, size_t n);

/* Up to and with the separator. Returns the length; WEFT_EINCOMPLETE at the end of the stream
 * (*line is what was left, and is consumed); WEFT_ELIMIT (nothing is consumed); -EINVAL (an empty
 * separator). */
WEFT_API WEFT_MUST ssize_t weft_readuntil(weft_reader_t *reader, const void *separator, size_t n,
                                          weft_bytes_t *line);

/* Up to and with '\n', or what is left at the end of the stream. Returns the length, 0 at the end;
 * WEFT_ELIMIT (the overlong line is dropped). */
WEFT_API WEFT_MUST ssize_t weft_readline(weft_reader_t *reader, weft_bytes_t *line);

/* Whether the stream has ended and nothing is buffered. */
WEFT_API bool weft_at_eof(const weft_reader_t *reader);
/* The reference goes; the connection is the writer's to close. NULL is allowed. */
WEFT_API void weft_reader_unref(weft_reader_t *reader);

/* ---- writer ---- */

/* Takes a copy of the bytes. Never suspends. Errors of the connection come out of drain, write_all
 * and wait_closed. Returns 0, -ENOMEM (nothing was taken), -EPIPE (closing, or at end of file
 * already). */
WEFT_API int weft_write(weft_writer_t *writer, const void *data, size_t n);
WEFT_API int weft_writelines(weft_writer_t *writer, const weft_iovec_t *lines, size_t count);

/* Waits while more than the high-water mark (64 KiB) is unsent, until it is below the low one (16
 * KiB).
 * Suspends     only then
 * Returns      0, -ECANCELED, -ENOMEM, the error of the connection (-ECONNRESET, -EPIPE, ...) */
WEFT_API WEFT_MUST int weft_drain(weft_writer_t *writer);

/* Sends what is gathered, then [data] from the caller's memory without a copy, and waits until the
 * kernel has it all. If a part was sent when it is cancelled, the connection is reset and the
 * writer closed.
 * Suspends     yes
 * Returns      0, -ECANCELED, -ENOMEM, -EPIPE (closing), the error of the connection */
WEFT_API WEFT_MUST int weft_write_all(weft_writer_t *writer, const void *data, size_t n);

/* Sends what is gathered without waiting for the task to suspend. Returns 0 or the connection's
 * error. */
WEFT_API int weft_flush(weft_writer_t *writer);

/* Ends the sending direction after what was written. Returns 0, -EPIPE (closed already). */
WEFT_API int weft_write_eof(weft_writer_t *writer);

/* Closes the connection after what was written is sent; weft_wait_closed waits for it.
 * Idempotent. */
WEFT_API void weft_writer_close(weft_writer_t *writer);
WEFT_API bool weft_is_closing(const weft_writer_t *writer);
/* Returns 0, -ECANCELED, the error of the connection. */
WEFT_API WEFT_MUST int weft_wait_closed(weft_writer_t *writer);

/* Changes the marks. Returns 0, -EINVAL (low above high). */
WEFT_API int weft_set_write_buffer_limits(weft_writer_t *writer, size_t high, size_t low);
/* Bytes that were written and not yet taken by the kernel. */
WEFT_API size_t weft_get_write_buffer_size(const weft_writer_t *writer);

/* get_extra_info: the addresses as "127.0.0.1:80" or "[::1]:80" in [buffer], always terminated;
 * they return the whole length, -ENOTCONN (closed) or another negative errno. The socket is
 * borrowed. */
WEFT_API int weft_get_peername(const weft_writer_t *writer, char *buffer, size_t size);
WEFT_API int weft_get_sockname(const weft_writer_t *writer, char *buffer, size_t size);
WEFT_API int weft_get_socket(const weft_writer_t *writer);

/* The reference goes. Closes it if it is open; outside of its loop what was not sent is lost, which
 * debug mode tells (asyncio's ResourceWarning). NULL is allowed. */
WEFT_API void weft_writer_unref(weft_writer_t *writer);

WEFT_END
#endif
