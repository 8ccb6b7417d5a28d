/* SPDX-License-Identifier: MIT */
/* Servers on the loopback device, port 0. Clients are plain sockets, or weft's. */
#include "stream_support.h"

#include <sched.h>
#include <sys/resource.h>

TestSuite(server, .timeout = 60);

#define SERVER_TEST(name) LOOPBACK_TEST(server, name)

static int echo(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    char buffer[1024];
    ssize_t n;

    (void)arg;
    while ((n = weft_read(reader, buffer, sizeof buffer)) > 0) {
        weft_write(writer, buffer, (size_t)n);
        int rc = weft_drain(writer);
        if (rc < 0)
            return rc;
    }
    return (int)n;
}

static weft_server_t *serve(weft_client_fn_t client, void *arg)
{
    weft_server_t *server;

    cr_assert_eq(weft_start_server(client, arg, "127.0.0.1", 0, &server), 0);
    cr_assert(weft_server_port(server) > 0);
    return server;
}

static void end(weft_server_t *server)
{
    weft_server_close(server);
    cr_expect_eq(weft_server_wait_closed(server), 0);
    weft_server_unref(server);
}

static bool answers(int fd, const char *text)
{
    char buffer[64] = {0};
    size_t n = strlen(text);

    return send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n && take_plain(fd, buffer, n) == n &&
           memcmp(buffer, text, n) == 0;
}

/* Waits until the server has [n] clients. */
static bool has_clients(weft_server_t *server, size_t n)
{
    for (int i = 0; i < 5000; i++) {
        if (weft_server_clients(server) == n)
            return true;
        if (weft_sleep(WEFT_MS(1)) < 0)
            return false;
    }
    return false;
}

static bool at_end(int fd)
{
    char byte;

    return ready(fd, POLLIN) && recv(fd, &byte, 1, MSG_DONTWAIT) <= 0;
}

SERVER_TEST(clients_are_served_and_leave)
{
    weft_server_t *server = serve(echo, NULL);
    int one = connect_plain(weft_server_port(server)),
        two = connect_plain(weft_server_port(server));

    cr_expect(weft_server_is_serving(server));
    cr_expect(answers(one, "one"));
    cr_expect(answers(two, "two"));
    cr_expect(answers(one, "one again"));
    cr_expect_eq(weft_server_clients(server), 2);
    shutdown(one, SHUT_WR);
    cr_expect(at_end(one));
    cr_expect(has_clients(server, 1));
    close(one);
    close(two);
    end(server);
}

struct round_trips {
    int port, count;
};

WEFT_CORO(talk)
{
    struct round_trips *r = arg;
    weft_reader_t *reader;
    weft_writer_t *writer;
    int rc = weft_open_connection("127.0.0.1", (uint16_t)r->port, &reader, &writer);
    char line[32];
    weft_bytes_t answer;

    for (int i = 0; rc == 0 && i < r->count; i++) {
        int n = snprintf(line, sizeof line, "line %d\n", i);
        rc = weft_write(writer, line, (size_t)n);
        ssize_t got = rc < 0 ? rc : weft_readline(reader, &answer);
        rc = got == n && memcmp(answer.data, line, (size_t)n) == 0 ? 0
             : got < 0                                             ? (int)got
                                                                   : -EPROTO;
    }
    weft_reader_unref(reader);
    weft_writer_unref(writer);
    return rc;
}

struct till {
    _Atomic(int) inside;
    long count; /* plain: the strand protects it */
};

static int pays_in(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    struct till *till = arg;
    char buffer[64];
    ssize_t n;

    while ((n = weft_read(reader, buffer, sizeof buffer)) > 0) {
        cr_expect_eq(till->inside++, 0);
        long count = till->count;
        sched_yield(); /* others may come in between, if they can */
        till->count = count + 1;
        cr_expect_eq(--till->inside, 0);
        weft_write(writer, buffer, (size_t)n);
    }
    return (int)n;
}

SERVER_TEST(clients_of_a_strand_are_never_served_at_the_same_time)
{
    struct till till = {0};
    weft_strand_t *strand = weft_strand_create();
    weft_server_t *server;
    weft_task_t *tasks[8];

    cr_assert_eq(weft_start_server(pays_in, &till, "127.0.0.1", 0, &server, .strand = strand), 0);
    weft_strand_unref(strand);
    struct round_trips r = {weft_server_port(server), 100};
    for (int i = 0; i < 8; i++)
        tasks[i] = weft_create_task(weft_coro(&talk, &r));
    for (int i = 0; i < 8; i++)
        cr_expect_eq(weft_join(tasks[i], NULL), 0);
    cr_expect(has_clients(server, 0));
    cr_expect_eq(till.count, 800);
    end(server);
}

WEFT_CORO(makes_strand)
{
    weft_strand_t **strand = arg;

    *strand = weft_strand_create();
    return 0;
}

WEFT_CORO(serves_in_strand)
{
    weft_server_t *server;

    return weft_start_server(echo, NULL, "127.0.0.1", 0, &server, .strand = arg);
}

Test(server, a_strand_of_another_loop_is_refused)
{
    weft_loop_t *other;
    weft_strand_t *foreign = NULL;

    cr_assert_eq(weft_new_event_loop(&other, .workers = 1), 0);
    cr_assert_eq(weft_loop_run_until_complete(other, weft_coro(&makes_strand, &foreign), NULL), 0);
    cr_expect_eq(weft_run(weft_coro(&serves_in_strand, foreign), NULL), -EXDEV);
    weft_strand_unref(foreign);
    weft_loop_unref(other);
}

SERVER_TEST(a_thousand_connections_are_served)
{
    enum { BATCH = 100, ROUNDS = 10 };
    weft_server_t *server = serve(echo, NULL);
    struct round_trips r = {weft_server_port(server), 5};

    for (int round = 0; round < ROUNDS; round++) {
        weft_task_t *tasks[BATCH];
        for (int i = 0; i < BATCH; i++)
            tasks[i] = weft_create_task(weft_coro(&talk, &r));
        for (int i = 0; i < BATCH; i++)
            cr_expect_eq(weft_join(tasks[i], NULL), 0);
    }
    cr_expect(has_clients(server, 0));
    end(server);
}

static int greet(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    (void)reader;
    return weft_write(writer, arg, strlen(arg));
}

SERVER_TEST(what_a_client_task_has_written_is_sent_when_it_returns)
{
    weft_server_t *server = serve(greet, "welcome");
    int fd = connect_plain(weft_server_port(server));
    char buffer[8];

    cr_expect_eq(take_plain(fd, buffer, 8), 7);
    cr_expect_arr_eq(buffer, "welcome", 7);
    close(fd);
    end(server);
}

static int fail_with_eio(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    (void)reader;
    (void)writer;
    (void)arg;
    return -EIO;
}

static void note(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    __atomic_store_n((int *)arg, context->error, __ATOMIC_SEQ_CST);
}

SERVER_TEST(an_error_of_a_client_task_is_reported_and_closes_it)
{
    int error = 0;
    weft_loop_set_exception_handler(weft_get_running_loop(), note, &error);
    weft_server_t *server = serve(fail_with_eio, NULL);
    int fd = connect_plain(weft_server_port(server));

    cr_expect(at_end(fd));
    cr_expect(has_clients(server, 0));
    end(server);
    for (int i = 0; i < 1000 && !__atomic_load_n(&error, __ATOMIC_SEQ_CST); i++)
        cr_assert_eq(weft_sleep(WEFT_MS(1)), 0);
    cr_expect_eq(__atomic_load_n(&error, __ATOMIC_SEQ_CST), -EIO);
    close(fd);
}

/* ---- closing ---- */

SERVER_TEST(connections_that_wait_in_the_kernel_are_served_by_a_server_that_closes)
{
    enum { N = 50 };
    weft_server_t *server = serve(echo, NULL);
    int port = weft_server_port(server), fds[N];

    for (int i = 0; i < N; i++)
        fds[i] = connect_plain(port);
    weft_server_close(server);
    weft_server_close(server);
    cr_expect_not(weft_server_is_serving(server));
    cr_expect_eq(weft_server_port(server), 0);
    for (int i = 0; i < N; i++) {
        cr_expect(answers(fds[i], "still here"));
        close(fds[i]);
    }
    cr_expect_eq(weft_server_wait_closed(server), 0);
    cr_expect_eq(weft_server_clients(server), 0);
    cr_expect_eq(connect_plain(port), -1);
    weft_server_unref(server);
}

WEFT_CORO(wait_closed)
{
    return weft_server_wait_closed(arg);
}

SERVER_TEST(wait_closed_needs_both_closed_and_idle)
{
    weft_server_t *server = serve(echo, NULL);
    weft_task_t *early = weft_create_task(weft_coro(&wait_closed, server));
    int fd = connect_plain(weft_server_port(server));

    cr_expect(answers(fd, "x"));
    cr_expect_not(weft_done(early));
    weft_server_close(server);
    weft_task_t *cancelled = weft_create_task(weft_coro(&wait_closed, server));
    cr_expect_eq(weft_sleep(WEFT_MS(20)), 0);
    cr_expect_not(weft_done(early));
    weft_cancel(cancelled);
    cr_expect_eq(weft_join(cancelled, NULL), -ECANCELED);
    close(fd);
    cr_expect_eq(weft_join(early, NULL), 0);
    cr_expect_eq(weft_server_wait_closed(server), 0);
    weft_server_unref(server);
}

WEFT_CORO(serve_forever)
{
    return weft_serve_forever(arg);
}

SERVER_TEST(serve_forever_ends_by_cancellation_with_the_server_closed)
{
    weft_server_t *server = serve(echo, NULL);
    int fd = connect_plain(weft_server_port(server));
    weft_task_t *task = weft_create_task(weft_coro(&serve_forever, server));

    cr_expect(answers(fd, "x"));
    cr_expect_eq(weft_serve_forever(server), -EBUSY);
    weft_cancel(task);
    cr_expect_eq(weft_sleep(WEFT_MS(20)), 0);
    cr_expect_not(weft_done(task)); /* it has a client */
    cr_expect_not(weft_server_is_serving(server));
    close(fd);
    cr_expect_eq(weft_join(task, NULL), -ECANCELED);
    cr_expect_eq(weft_serve_forever(server), -ESHUTDOWN);
    weft_server_unref(server);
}

SERVER_TEST(serve_forever_ends_when_somebody_closes_the_server)
{
    weft_server_t *server = serve(echo, NULL);
    weft_task_t *task = weft_create_task(weft_coro(&serve_forever, server));

    cr_expect_eq(weft_sleep(WEFT_MS(10)), 0);
    weft_server_close(server);
    cr_expect_eq(weft_join(task, NULL), -ESHUTDOWN);
    weft_server_unref(server);
}

SERVER_TEST(the_last_reference_closes)
{
    weft_server_t *server = serve(echo, NULL);
    int port = weft_server_port(server), fd = -1;

    weft_server_unref(server);
    for (int i = 0; i < 1000 && (fd = connect_plain(port)) >= 0; i++) {
        close(fd);
        cr_assert_eq(weft_sleep(WEFT_MS(1)), 0);
    }
    cr_expect_eq(fd, -1);
}

/* ---- clients that are cancelled ---- */

SERVER_TEST(cancel_clients_ends_those_that_read)
{
    weft_server_t *server = serve(echo, NULL);
    int one = connect_plain(weft_server_port(server)),
        two = connect_plain(weft_server_port(server));

    cr_expect(answers(one, "x"));
    cr_expect(answers(two, "x"));
    weft_server_cancel_clients(server);
    cr_expect(at_end(one));
    cr_expect(at_end(two));
    cr_expect(has_clients(server, 0));
    int three = connect_plain(weft_server_port(server));
    cr_expect(answers(three, "the server goes on"));
    close(one);
    close(two);
    close(three);
    end(server);
}

static char *megabytes;

static int flood(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    (void)reader;
    int rc = weft_write(writer, megabytes, 8000000);

    return rc == 0 && arg ? weft_drain(writer) : rc;
}

static void cancel_a_client_whose_peer_takes_nothing(void *drains)
{
    megabytes = calloc(1, 8000000);
    weft_server_t *server = serve(flood, drains);
    int fd = connect_plain(weft_server_port(server));

    cr_expect(ready(fd, POLLIN));
    cr_expect_eq(weft_sleep(WEFT_MS(20)), 0);
    cr_expect_eq(weft_server_clients(server), 1);
    weft_server_cancel_clients(server);
    cr_expect(has_clients(server, 0));
    end(server);
    close(fd);
    free(megabytes);
}

SERVER_TEST(cancel_clients_ends_one_that_drains_to_a_peer_that_takes_nothing)
{
    cancel_a_client_whose_peer_takes_nothing("drain");
}

SERVER_TEST(cancel_clients_ends_one_that_has_returned_but_cannot_be_flushed)
{
    cancel_a_client_whose_peer_takes_nothing(NULL);
}

static int say_goodbye(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    char byte;

    (void)arg;
    ssize_t rc = weft_read(reader, &byte, 1);
    if (rc == -ECANCELED)
        weft_write(writer, "goodbye", 7);
    return (int)rc;
}

SERVER_TEST(a_cancelled_client_may_still_say_goodbye)
{
    weft_server_t *server = serve(say_goodbye, NULL);
    int fd = connect_plain(weft_server_port(server));
    char buffer[8];

    cr_expect(has_clients(server, 1));
    cr_expect_eq(weft_sleep(WEFT_MS(20)), 0);
    weft_server_cancel_clients(server);
    cr_expect_eq(take_plain(fd, buffer, 8), 7);
    cr_expect(has_clients(server, 0));
    close(fd);
    end(server);
}

/* ---- trouble ---- */

SERVER_TEST(a_server_without_descriptors_pauses_and_goes_on)
{
    int error = 0;
    weft_loop_set_exception_handler(weft_get_running_loop(), note, &error);
    weft_server_t *server = serve(echo, NULL);
    struct rlimit old, few;
    int clients[2] = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                      socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_in address = loopback((uint16_t)weft_server_port(server));
    weft_stats_t before = {.size = sizeof before}, after = {.size = sizeof after};

    getrlimit(RLIMIT_NOFILE, &old);
    few = (struct rlimit){.rlim_cur = 1, .rlim_max = old.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    cr_expect_eq(weft_loop_stats(NULL, &before), 0);
    for (int i = 0; i < 2; i++)
        cr_expect_eq(connect(clients[i], (struct sockaddr *)&address, sizeof address), 0);
    for (int i = 0; i < 5000 && !__atomic_load_n(&error, __ATOMIC_SEQ_CST); i++)
        cr_expect_eq(weft_sleep(WEFT_MS(1)), 0);
    cr_expect_eq(error, -EMFILE);
    cr_expect_eq(weft_sleep(WEFT_MS(100)), 0); /* one that did not pause would try on and on */
    setrlimit(RLIMIT_NOFILE, &old);
    cr_expect_eq(weft_loop_stats(NULL, &after), 0);
    cr_expect_leq(after.ring_submissions - before.ring_submissions, 2);
    for (int i = 0; i < 2; i++) {
        cr_expect(answers(clients[i], "here I am"));
        close(clients[i]);
    }
    end(server);
}

SERVER_TEST(a_server_that_pauses_closes_at_once)
{
    weft_loop_set_exception_handler(weft_get_running_loop(), note, &(int){0});
    weft_server_t *server = serve(echo, NULL);
    struct rlimit old, few;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = loopback((uint16_t)weft_server_port(server));

    getrlimit(RLIMIT_NOFILE, &old);
    few = (struct rlimit){.rlim_cur = 1, .rlim_max = old.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    cr_expect_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_expect_eq(weft_sleep(WEFT_MS(50)), 0);
    setrlimit(RLIMIT_NOFILE, &old);
    weft_ns_t start = weft_loop_time(weft_get_running_loop());
    weft_server_close(server);
    cr_expect(answers(fd, "it was queued"));
    close(fd);
    cr_expect_eq(weft_server_wait_closed(server), 0);
    cr_expect_lt(weft_loop_time(weft_get_running_loop()) - start, WEFT_MS(800));
    weft_server_unref(server);
}

SERVER_TEST(a_port_in_use_is_an_error)
{
    weft_server_t *server = serve(echo, NULL), *second;

    cr_expect_eq(
        weft_start_server(echo, NULL, "127.0.0.1", (uint16_t)weft_server_port(server), &second),
        -EADDRINUSE);
    cr_expect_eq(weft_start_server(NULL, NULL, "127.0.0.1", 0, &second), -EINVAL);
    end(server);
}

SERVER_TEST(all_interfaces_are_served_on_one_port)
{
    weft_server_t *server;

    cr_assert_eq(weft_start_server(echo, NULL, NULL, 0, &server), 0);
    int fd = connect_plain(weft_server_port(server));
    cr_expect(answers(fd, "x"));
    close(fd);
    end(server);
}

SERVER_TEST(a_server_that_is_left_open_ends_with_the_loop)
{
    static weft_server_t *server;

    if (server) /* of the loop before, which is closed: it may be dropped at any time */
        weft_server_unref(server);
    server = serve(echo, NULL);
    int fd = connect_plain(weft_server_port(server));
    cr_expect(answers(fd, "x"));
    close(fd);
}

struct left_open {
    weft_server_t *server;
    weft_reader_t *reader;
    weft_writer_t *writer;
};

WEFT_CORO(leave_open)
{
    struct left_open *l = arg;

    l->server = serve(echo, NULL);
    int rc = weft_open_connection("127.0.0.1", (uint16_t)weft_server_port(l->server), &l->reader,
                                  &l->writer);
    if (rc == 0)
        rc = weft_write(l->writer, "x", 1);
    char byte;
    return rc < 0 ? rc : weft_read(l->reader, &byte, 1) == 1 ? 0 : -EPROTO;
}

Test(server, a_loop_that_closes_under_open_streams_leaves_nothing)
{
    EACH_WORKER_COUNT(n)
    {
        struct left_open l = {0};
        unsigned before = descriptors();
        weft_loop_t *loop;

        cr_assert_eq(weft_new_event_loop(&loop, .workers = *n), 0);
        /* The report of the tasks that are still pending is not what is tested. */
        weft_loop_set_exception_handler(loop, note, &(int){0});
        cr_assert_eq(weft_loop_run_until_complete(loop, weft_coro(&leave_open, &l), NULL), 0);
        cr_expect_eq(weft_loop_close(loop), 0);
        weft_reader_unref(l.reader);
        weft_writer_unref(l.writer);
        weft_server_unref(l.server);
        weft_loop_unref(loop);
        cr_expect_eq(descriptors(), before);
    }
}
