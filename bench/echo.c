/* SPDX-License-Identifier: MIT */
/*
 * echo: a server that sends each message of 64 bytes back.
 *
 *     1, 50, 1000    so many connections, each with one message under way; us of the server
 *                    thread's processor time per message; raw: a bare loop over an io_uring, the
 *                    least that this takes
 *
 * The server has one worker, on processor 0; the load is a process of its own on processor 1.
 * Nearly all of the time is the kernel's TCP, on either side: what weft can do is not to add to it.
 *
 * The raw server and the load are the same loop: one request to receive or to send for each
 * connection at a time, all new ones submitted by the one call that waits for the next completion.
 * Its ring has the flags that weft's has. Both servers live in this process, which has a second
 * thread, asleep, since the kernel looks up descriptors faster where there is none.
 */
#include <weft.h>

#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"

enum {
    SIZE = 64,
    CONNECTIONS_MAX = 1000,
    WARM_MS = 100,
    SPAN_MS = 400,
    RING_FLAGS = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL |
                 IORING_SETUP_CLAMP,
};

/* ---- the loop over a ring ---- */

typedef struct connection {
    int fd;
    bool sending;
    unsigned done; /* bytes of this message that have come */
    uint64_t number;
    char in[SIZE];
    char out[SIZE]; /* of the load: what it asked */
} connection_t;

typedef struct ring_loop {
    struct io_uring ring;
    connection_t *connection;
    unsigned connections;
    bool asks; /* the load: it writes messages and checks what comes back */
    int64_t messages;
} ring_loop_t;

static void ring_loop_open(ring_loop_t *loop, unsigned connections, bool asks)
{
    struct io_uring_params params = {.flags = RING_FLAGS};

    *loop = (ring_loop_t){.connections = connections, .asks = asks};
    loop->connection = bench_alloc(connections, sizeof(connection_t));
    bench_check(io_uring_queue_init_params(CONNECTIONS_MAX, &loop->ring, &params), "io_uring");
    bench_check(io_uring_register_ring_fd(&loop->ring), "io_uring_register_ring_fd");
}

static void ring_loop_close(ring_loop_t *loop)
{
    io_uring_queue_exit(&loop->ring);
    for (unsigned i = 0; i < loop->connections; i++)
        close(loop->connection[i].fd);
    free(loop->connection);
}

/* Each connection has one request at a time, so that the submission queue is never full. */
static void submit(ring_loop_t *loop, connection_t *c)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);

    if (c->sending)
        io_uring_prep_send(sqe, c->fd, loop->asks ? c->out : c->in, SIZE,
                           MSG_WAITALL | MSG_NOSIGNAL);
    else
        io_uring_prep_recv(sqe, c->fd, c->in + c->done, SIZE - c->done, 0);
    io_uring_sqe_set_data(sqe, c);
}

/* A whole message has come (or, at the start, none has to): what is sent next? */
static void answer(ring_loop_t *loop, connection_t *c)
{
    if (loop->asks) {
        if (c->number > 0 && memcmp(c->in, c->out, SIZE) != 0)
            bench_fail("a message came back changed");
        c->number++;
        memset(c->out, (int)(c->number & 0xff), SIZE);
        memcpy(c->out, &c->number, sizeof(c->number));
    }
    loop->messages++;
    c->done = 0;
    c->sending = true;
}

static bool advance(ring_loop_t *loop, connection_t *c, int res)
{
    if (res <= 0)
        return false; /* the other side is gone */
    if (c->sending)
        c->sending = false;
    else if ((c->done += (unsigned)res) == SIZE)
        answer(loop, c);
    submit(loop, c);
    return true;
}

/* Submits, waits, and handles what is complete. Returns false when a connection has ended. */
static bool turn(ring_loop_t *loop)
{
    struct io_uring_cqe *cqe;
    unsigned head, seen = 0;
    bool alive = true;

    bench_check(io_uring_submit_and_wait(&loop->ring, 1), "io_uring_submit_and_wait");
    io_uring_for_each_cqe(&loop->ring, head, cqe)
    {
        alive &= advance(loop, io_uring_cqe_get_data(cqe), cqe->res);
        seen++;
    }
    io_uring_cq_advance(&loop->ring, seen);
    return alive;
}

/* ---- the load ---- */

static struct sockaddr_in local_address(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void no_delay(int fd)
{
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void load(void *arg, int fd)
{
    const unsigned *connections = arg;
    struct sockaddr_in address;
    ring_loop_t loop;
    uint16_t port;

    bench_pin(1);
    if (read(fd, &port, sizeof(port)) != sizeof(port))
        return;
    address = local_address(port);
    ring_loop_open(&loop, *connections, true);
    for (unsigned i = 0; i < *connections; i++) {
        connection_t *c = &loop.connection[i];

        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(c->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
            bench_fail("connect: %m");
        no_delay(c->fd);
    }
    for (unsigned i = 0; i < *connections; i++) {
        answer(&loop, &loop.connection[i]);
        submit(&loop, &loop.connection[i]);
    }
    while (turn(&loop))
        continue;
}

/* The load's process waits for the port before it begins. */
static void tell_port(int fd, uint16_t port)
{
    if (write(fd, &port, sizeof(port)) != sizeof(port))
        bench_fail("the load has ended: %m");
}

/* ---- the raw server ---- */

static int raw_listen(uint16_t *port)
{
    struct sockaddr_in address = local_address(0);
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 ||
        listen(fd, CONNECTIONS_MAX) < 0 || getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        bench_fail("cannot listen: %m");
    *port = ntohs(address.sin_port);
    return fd;
}

static void raw_run(ring_loop_t *loop, int64_t span_ms)
{
    int64_t until = bench_now() + span_ms * 1000000;

    while (bench_now() < until)
        if (!turn(loop))
            bench_fail("the load has ended");
}

static double raw_server(unsigned connections, int load_fd)
{
    ring_loop_t loop;
    uint16_t port;
    int listener = raw_listen(&port);
    int64_t cpu;

    bench_pin(0);
    ring_loop_open(&loop, connections, false);
    tell_port(load_fd, port);
    for (unsigned i = 0; i < connections; i++) {
        connection_t *c = &loop.connection[i];

        c->fd = accept(listener, NULL, NULL);
        if (c->fd < 0)
            bench_fail("accept: %m");
        no_delay(c->fd);
        submit(&loop, c);
    }
    raw_run(&loop, WARM_MS);
    loop.messages = 0;
    cpu = bench_thread_cpu();
    raw_run(&loop, SPAN_MS);
    cpu = bench_thread_cpu() - cpu;
    ring_loop_close(&loop);
    close(listener);
    bench_unpin();
    return (double)cpu / 1000 / (double)loop.messages;
}

/* ---- the server in weft ---- */

typedef struct weft_side {
    unsigned connections;
    int load_fd;
    double us;
} weft_side_t;

static int64_t messages; /* there is one worker */

static int serve(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    char buffer[SIZE];

    (void)arg;
    while (weft_readexactly(reader, buffer, SIZE) == SIZE) {
        int rc = weft_write_all(writer, buffer, SIZE);

        if (rc < 0)
            return rc;
        messages++;
    }
    return 0;
}

WEFT_CORO(weft_server)
{
    weft_side_t *side = arg;
    weft_server_t *server;
    int64_t cpu;

    bench_pin(0);
    bench_check(weft_start_server(serve, NULL, "127.0.0.1", 0, &server, .backlog = CONNECTIONS_MAX),
                "weft_start_server");
    tell_port(side->load_fd, (uint16_t)weft_server_port(server));
    while (weft_server_clients(server) < side->connections)
        bench_check(weft_sleep(WEFT_MS(1)), "weft_sleep");
    bench_check(weft_sleep(WEFT_MS(WARM_MS)), "weft_sleep");
    messages = 0;
    cpu = bench_thread_cpu();
    bench_check(weft_sleep(WEFT_MS(SPAN_MS)), "weft_sleep");
    cpu = bench_thread_cpu() - cpu;
    side->us = (double)cpu / 1000 / (double)messages;
    weft_server_close(server);
    weft_server_cancel_clients(server);
    bench_check(weft_server_wait_closed(server), "weft_server_wait_closed");
    weft_server_unref(server);
    bench_unpin();
    return 0;
}

/* ---------------------------------------------------------------------------------------------- */

typedef struct level {
    unsigned connections;
    bench_series_t weft, raw;
} level_t;

static level_t levels[] = {
    {1, {.name = "1", .peer = "weft", .unit = "us"}, {.name = "1", .peer = "raw", .unit = "us"}},
    {50, {.name = "50", .peer = "weft", .unit = "us"}, {.name = "50", .peer = "raw", .unit = "us"}},
    {CONNECTIONS_MAX,
     {.name = "1000", .peer = "weft", .unit = "us"},
     {.name = "1000", .peer = "raw", .unit = "us"}},
};

enum { LEVELS = sizeof(levels) / sizeof(levels[0]) };

static void measure(const bench_t *bench, level_t *level)
{
    weft_side_t side = {.connections = level->connections};
    int fd;
    pid_t child = bench_fork(load, &level->connections, &side.load_fd);

    bench_check(weft_run(weft_coro(&weft_server, &side), NULL, .workers = bench->workers),
                "weft_run");
    bench_kill(child, side.load_fd);
    bench_add(bench, &level->weft, side.us);

    child = bench_fork(load, &level->connections, &fd);
    bench_add(bench, &level->raw, raw_server(level->connections, fd));
    bench_kill(child, fd);
}

static void *sleep_for_ever(void *arg)
{
    for (;;)
        pause();
    return arg;
}

int main(int argc, char **argv)
{
    bench_t bench = {.name = "echo",
                     .about = "A server that sends each message of 64 bytes back.",
                     .most_workers = 1,
                     .alone = true,
                     .cold = true};
    pthread_t sleeper;

    bench_begin(&bench, argc, argv);
    bench_check(-pthread_create(&sleeper, NULL, sleep_for_ever, NULL), "thread");
    while (bench_next_workers(&bench)) {
        while (bench_next_round(&bench))
            for (unsigned i = 0; i < LEVELS; i++)
                measure(&bench, &levels[i]);
        for (unsigned i = 0; i < LEVELS; i++) {
            bench_report(&bench, &levels[i].weft);
            bench_report(&bench, &levels[i].raw);
        }
    }
    return 0;
}
