/* SPDX-License-Identifier: MIT */
/* streams: a server and a client of it, each call failing in turn (rounds.h). */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fault/rounds.h"

TestSuite(streams, .timeout = 60);

static int echo(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    weft_bytes_t line;
    ssize_t n;

    (void)arg;
    while ((n = weft_readline(reader, &line)) > 0) {
        int rc = weft_write(writer, line.data, (size_t)n);
        if (rc == 0)
            rc = weft_drain(writer);
        if (rc < 0)
            return rc;
    }
    return (int)n;
}

static atomic_bool dropped, drop_told;

/* A server that had no memory for a client has closed its connection. */
static int outcome_of(ssize_t n)
{
    if (n == 0 || n == -ECONNRESET || n == -EPIPE) {
        dropped = true;
        return -ENOMEM;
    }
    return n < 0 ? (int)n : 0;
}

static void is_told_of_a_drop(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    (void)arg;
    drop_told = drop_told || context->error == -ENOMEM;
}

static int ask(uint16_t port)
{
    weft_reader_t *reader;
    weft_writer_t *writer;
    weft_bytes_t line;
    int rc = weft_open_connection("127.0.0.1", port, &reader, &writer);

    if (rc < 0)
        return rc;
    rc = weft_write(writer, "ping\n", 5);
    if (rc == 0) {
        ssize_t n = weft_readline(reader, &line);
        CHECK(n < 5 || memcmp(line.data, "ping\n", 5) == 0);
        rc = outcome_of(n);
    }
    weft_writer_close(writer);
    int closed = weft_wait_closed(writer);
    weft_writer_unref(writer);
    weft_reader_unref(reader);
    return rc < 0 ? rc : closed == -ECONNRESET || closed == -EPIPE ? -ENOMEM : closed;
}

static int end(weft_server_t *server)
{
    weft_server_close(server);
    int rc = weft_server_wait_closed(server);
    weft_server_unref(server);
    return rc;
}

FAULTS(streams, start_and_close)
{
    weft_server_t *server;
    int rc = weft_start_server(echo, NULL, "127.0.0.1", 0, &server);

    return rc < 0 ? rc : end(server);
}

FAULTS(streams, start_by_name)
{
    weft_server_t *server;
    int rc = weft_start_server(echo, NULL, "localhost", 0, &server);

    return rc < 0 ? rc : end(server);
}

FAULTS(streams, echo_of_a_line)
{
    weft_server_t *server;
    int rc = weft_start_server(echo, NULL, "127.0.0.1", 0, &server);

    if (rc < 0)
        return rc;
    dropped = drop_told = false;
    weft_loop_set_exception_handler(weft_get_running_loop(), is_told_of_a_drop, NULL);
    rc = ask((uint16_t)weft_server_port(server));
    int ended = end(server);
    CHECK(drop_told || !dropped);
    return rc < 0 ? rc : ended;
}

/* ---- neither descriptors nor memory ---- */

static bool shortage_told;

static void is_told(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    (void)arg;
    CHECK(context->error == -EMFILE && fcntl(context->socket, F_GETFD) >= 0);
    shortage_told = true;
}

/* A connection comes that the server has no descriptor for, and memory fails until it has told so,
 * and has done what it does then. */
static int connect_in_vain(int client, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct rlimit before, tight;
    int lowest = dup(client); /* the lowest that is free */
    int rc;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(lowest >= 0 && close(lowest) == 0 && getrlimit(RLIMIT_NOFILE, &before) == 0);
    tight = (struct rlimit){.rlim_cur = (rlim_t)lowest, .rlim_max = before.rlim_max};
    CHECK(setrlimit(RLIMIT_NOFILE, &tight) == 0);
    inject_resume();
    CHECK(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
    do
        rc = weft_sleep(0);
    while (rc == 0 && !shortage_told);
    inject_pause();
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    return rc;
}

WEFT_CORO(serves_in_a_shortage)
{
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    weft_server_t *server;

    shortage_told = false;
    weft_loop_set_exception_handler(weft_get_running_loop(), is_told, NULL);
    int rc = weft_start_server(echo, NULL, "127.0.0.1", 0, &server);
    CHECK(rc == 0 && client >= 0);
    if (rc < 0)
        return rc;
    uint16_t port = (uint16_t)weft_server_port(server);
    CHECK(connect_in_vain(client, port) == 0);
    CHECK(ask(port) == 0);
    close(client);
    return end(server);
}

static int serve_in_a_shortage(unsigned workers)
{
    inject_pause();
    return weft_run(weft_coro(&serves_in_a_shortage, NULL), NULL, .workers = workers);
}

FAULTS_TEST(streams, a_server_without_descriptors_and_memory_pauses_and_goes_on, 1,
            .plain = serve_in_a_shortage, .calls = INJECT_MEMORY)

/* ---- what was there before the faults ---- */

static weft_server_t *lasting;

/* The server is there before the faults, and answers after them. */
WEFT_CORO(asks_lasting)
{
    return ask((uint16_t)weft_server_port(lasting));
}

static int serve_over_faults(unsigned workers);
FAULTS_TEST(streams, a_server_goes_on, 1, .plain = serve_over_faults)
FAULTS_TEST(streams, a_server_goes_on, 2, .plain = serve_over_faults)

WEFT_CORO(serves)
{
    int *outcome = arg;

    inject_pause();
    int rc = weft_start_server(echo, NULL, "127.0.0.1", 0, &lasting);
    CHECK(rc == 0);
    if (rc < 0)
        return rc;
    inject_resume();
    *outcome = weft_join(weft_coro(&asks_lasting, NULL), NULL);
    inject_pause();
    rc = weft_join(weft_coro(&asks_lasting, NULL), NULL);
    CHECK(rc == 0);
    return end(lasting);
}

static int serve_over_faults(unsigned workers)
{
    int outcome = 0;

    inject_pause();
    int rc = weft_run(weft_coro(&serves, &outcome), NULL, .workers = workers);
    CHECK(rc == 0);
    return outcome;
}
