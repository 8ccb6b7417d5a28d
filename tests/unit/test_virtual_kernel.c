/* SPDX-License-Identifier: MIT */
/* virtual_kernel: what becomes of operations, when all goes well and when much goes wrong. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/unit/virtual_support.h"

TestSuite(virtual_kernel, .timeout = 30);

/* ---- byte streams ---- */

enum { STREAMS = 4, STREAM_BYTES = 600 };

struct end { /* one direction of one stream */
    struct request request;
    size_t moved;
    unsigned char bytes[STREAM_BYTES];
};

struct side { /* of all streams */
    struct end ends[STREAMS];
    enum weft__opcode code;
    int bad; /* the first result that was wrong */
};

/* Up to 100 bytes at a time: several operations are in flight, each completes when it likes. */
static void next_part(struct weft__driver *d, struct side *side, struct end *end)
{
    struct weft__operation *op = &end->request.op;
    size_t rest = STREAM_BYTES - end->moved;

    op->code = side->code;
    op->buffer = end->bytes + end->moved;
    op->length = rest < 100 ? rest : 100;
    submit(d, &end->request);
}

static bool take_result(struct side *side, struct end *end)
{
    int result = end->request.result;

    if (result > 0 && (size_t)result <= end->request.op.length)
        end->moved += (size_t)result;
    else if (!is_passing(result) && !side->bad)
        side->bad = result ? result : -ENODATA;
    return end->moved < STREAM_BYTES && !side->bad;
}

static void run_side(void *arg)
{
    struct side *side = arg;
    struct weft__driver *d = open_driver();
    unsigned open = STREAMS;

    for (int i = 0; i < STREAMS; i++)
        next_part(d, side, &side->ends[i]);
    while (open > 0) {
        reap(d, true, 3);
        for (int i = 0; i < STREAMS; i++) {
            struct end *end = &side->ends[i];
            if (!end->request.done)
                continue;
            end->request.done = false;
            if (take_result(side, end))
                next_part(d, side, end);
            else
                open--;
        }
    }
    close_driver(d);
}

static uint64_t run_streams(struct side *from, struct side *to, uint64_t seed)
{
    struct weft__virtual_config config = weft__virtual_swarm(seed);
    weft__thread writer, reader;

    memset(from, 0, sizeof(*from));
    memset(to, 0, sizeof(*to));
    from->code = WEFT__OP_SEND;
    to->code = WEFT__OP_RECV;
    begin(&config);
    for (int i = 0; i < STREAMS; i++) {
        int fd[2];
        cr_assert_eq(weft__virtual_pair(fd), 0);
        from->ends[i].request.op.fd = fd[0];
        to->ends[i].request.op.fd = fd[1];
        for (int k = 0; k < STREAM_BYTES; k++)
            from->ends[i].bytes[k] = (unsigned char)(seed + (unsigned)(i * 31 + k * 7));
    }
    start(&writer, run_side, from);
    start(&reader, run_side, to);
    sys->thread_join(writer);
    sys->thread_join(reader);
    return finish();
}

Test(virtual_kernel, streams_are_intact_whatever_goes_wrong_and_everything_goes_wrong)
{
    static const enum weft__virtual_fault expected[] = {
        WEFT__VIRTUAL_LATE,          WEFT__VIRTUAL_OUT_OF_ORDER, WEFT__VIRTUAL_SHORT,
        WEFT__VIRTUAL_EINTR,         WEFT__VIRTUAL_CANCELED,     WEFT__VIRTUAL_NOBUFS,
        WEFT__VIRTUAL_STALL,         WEFT__VIRTUAL_HELD_BACK,    WEFT__VIRTUAL_OVERFLOW,
        WEFT__VIRTUAL_SPURIOUS_WAKE, WEFT__VIRTUAL_REFUSED,
    };
    static struct side from, to;

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        run_streams(&from, &to, seed);

        cr_assert_eq(from.bad, 0, "seed %u: send %d", (unsigned)seed, from.bad);
        cr_assert_eq(to.bad, 0, "seed %u: recv %d", (unsigned)seed, to.bad);
        for (int i = 0; i < STREAMS; i++)
            cr_assert_arr_eq(from.ends[i].bytes, to.ends[i].bytes, STREAM_BYTES, "seed %u",
                             (unsigned)seed);
    }

    for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
        cr_expect_gt(total[expected[i]], 0, "%s never happened",
                     weft__virtual_fault_name(expected[i]));
}

Test(virtual_kernel, a_run_with_all_faults_replays)
{
    static struct side from, to;

    for (uint64_t seed = 0; seed < 20; seed++)
        cr_expect_eq(run_streams(&from, &to, seed), run_streams(&from, &to, seed));
}

Test(virtual_kernel, a_send_of_everything_is_never_short)
{
    struct weft__virtual_config config = {.socket_bytes = 8,
                                          .fault_one_in[WEFT__VIRTUAL_SHORT] = 1};
    char out[] = "0123456", in[sizeof(out)] = "";
    int fd[2];
    begin(&config);
    weft__virtual_pair(fd);
    struct weft__driver *d = open_driver();

    int sent = call(d, WEFT__OP_SEND, fd[0], out, sizeof(out), MSG_WAITALL);
    int received = call(d, WEFT__OP_RECV, fd[1], in, sizeof(in), MSG_WAITALL);

    cr_expect_eq(sent, sizeof(out));
    cr_expect_eq(received, sizeof(in));
    cr_expect_str_eq(in, out);
    close_driver(d);
    finish();
}

Test(virtual_kernel, the_end_comes_after_the_bytes_upon_shutdown_and_upon_close)
{
    for (int closes = 0; closes < 2; closes++) {
        struct weft__virtual_config config = {.seed = 21};
        char in[8] = "";
        int fd[2];
        begin(&config);
        weft__virtual_pair(fd);
        struct weft__driver *d = open_driver();
        cr_expect_eq(weft__virtual_send(fd[0], "last", 4), 4);

        int rc = closes ? call(d, WEFT__OP_CLOSE, fd[0], NULL, 0, 0)
                        : call(d, WEFT__OP_SHUTDOWN, fd[0], NULL, 0, SHUT_WR);

        cr_expect_eq(rc, 0);
        cr_expect_eq(call(d, WEFT__OP_RECV, fd[1], in, sizeof(in), 0), 4);
        cr_expect_eq(call(d, WEFT__OP_RECV, fd[1], in, sizeof(in), 0), 0);
        cr_expect_eq(call(d, WEFT__OP_SEND, fd[1], in, 1, 0), closes ? -EPIPE : 1);
        cr_expect_eq(call(d, WEFT__OP_SEND, fd[0], in, 1, 0), closes ? -EBADF : -EPIPE);
        cr_expect_eq(weft__virtual_open_files(sim), closes ? 1 : 2);
        close_driver(d);
        finish();
    }
}

Test(virtual_kernel, closing_a_descriptor_does_not_end_what_is_in_flight_on_it)
{
    struct weft__virtual_config config = {.seed = 22};
    char byte = 0;
    struct request r = {.op = {.code = WEFT__OP_RECV, .buffer = &byte, .length = 1}};
    int fd[2], again[2];
    begin(&config);
    weft__virtual_pair(fd);
    struct weft__driver *d = open_driver();
    r.op.fd = fd[0];
    submit(d, &r);
    class->flush(d);

    weft__virtual_close(fd[0]);
    weft__virtual_pair(again);
    bool ended = r.done;
    ssize_t sent = weft__virtual_send(fd[1], "x", 1);
    while (!r.done)
        reap(d, true, 1);

    cr_expect_not(ended);
    cr_expect_eq(sent, 1);
    cr_expect_eq(r.result, 1, "into a buffer of a closed socket");
    cr_expect_eq(again[0], fd[0], "the lowest descriptor is reused at once");
    cr_expect_eq(weft__virtual_send(fd[1], "x", 1), -EPIPE, "now it is gone");
    close_driver(d);
    finish();
}

/* ---- cancelling ---- */

struct race {
    struct weft__driver *driver;
    struct request request;
    _Atomic(uint32_t) open;
    int fd[2];
    int asked; /* what cancel said at last */
};

static void receive_one(void *arg)
{
    struct race *race = arg;

    race->driver = open_driver();
    weft__store_relaxed(&race->request.op.driver, race->driver); /* relaxed: published below */
    weft__store_release(&race->open, 1); /* release: the driver can be asked from now on */
    sys->wake_all(&race->open);
    submit(race->driver, &race->request);
    while (!race->request.done)
        reap(race->driver, true, 1);
    close_driver(race->driver);
}

/* Cancels as the scheduler does: again, until it was asked or is done. */
static void cancel_one(void *arg)
{
    struct race *race = arg;
    struct weft__operation *op = &race->request.op;

    while (!weft__load_acquire(&race->open)) /* acquire: pairs with the release above */
        sys->wait(&race->open, 0, WEFT__NEVER);
    while (!weft__load_acquire(&op->done)) { /* acquire: pairs with the completion */
        race->asked = class->cancel(op);
        if (race->asked == 0)
            break;
        sys->now();
    }
}

static void run_race(struct race *race, char *byte, uint64_t seed)
{
    struct weft__virtual_config config = {
        .seed = seed,
        .fault_one_in = {[WEFT__VIRTUAL_CANCEL_LATE] = 2, [WEFT__VIRTUAL_HELD_BACK] = 3}};
    weft__thread receiver, canceller;

    *race = (struct race){.request.op = {.code = WEFT__OP_RECV, .buffer = byte, .length = 1}};
    begin(&config);
    weft__virtual_pair(race->fd);
    race->request.op.fd = race->fd[0];
    start(&receiver, receive_one, race);
    start(&canceller, cancel_one, race);
    if (seed % 4)
        weft__virtual_send(race->fd[1], "x", 1);
    sys->thread_join(receiver);
    sys->thread_join(canceller);
}

Test(virtual_kernel, a_cancel_never_loses_bytes_however_the_race_ends)
{
    unsigned cancelled = 0, received = 0;

    for (uint64_t seed = 0; seed < 2 * SEEDS; seed++) {
        struct race race;
        char byte = 0, left = 0;
        run_race(&race, &byte, seed);
        int result = race.request.result;
        ssize_t rest = weft__virtual_recv(race.fd[0], &left, 1);

        cr_assert_eq(race.request.calls, 1, "seed %u", (unsigned)seed);
        cr_assert(result == 1 || result == -ECANCELED, "seed %u: %d", (unsigned)seed, result);
        if (result == 1)
            cr_assert(byte == 'x' && rest == -EAGAIN, "seed %u", (unsigned)seed);
        else
            cr_assert(byte == 0 && rest == (seed % 4 ? 1 : -EAGAIN), "seed %u", (unsigned)seed);
        cancelled += result != 1;
        received += result == 1;
        finish();
    }

    cr_expect_gt(cancelled, 0);
    cr_expect_gt(received, 0);
    cr_expect_gt(total[WEFT__VIRTUAL_CANCEL_EARLY], 0);
    cr_expect_gt(total[WEFT__VIRTUAL_CANCEL_LATE], 0);
    cr_expect_gt(total[WEFT__VIRTUAL_CANCEL_GONE], 0);
}

Test(virtual_kernel, a_cancel_can_lose_against_bytes_that_come_in_the_same_moment)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct weft__virtual_config config = {.seed = seed,
                                              .fault_one_in = {[WEFT__VIRTUAL_CANCEL_LATE] = 1}};
        char byte = 0;
        struct request r = {.op = {.code = WEFT__OP_RECV, .buffer = &byte, .length = 1}};
        int fd[2];
        begin(&config);
        weft__virtual_pair(fd);
        struct weft__driver *d = open_driver();
        r.op.fd = fd[0];
        submit(d, &r);
        class->flush(d);
        weft__virtual_send(fd[1], "x", 1);

        class->cancel(&r.op);
        while (!r.done)
            reap(d, true, 1);

        cr_expect_eq(r.result, 1);
        close_driver(d);
        finish();
    }
}

Test(virtual_kernel, cancel_all_ends_what_is_in_flight_and_what_was_not_given_to_the_kernel)
{
    struct weft__virtual_config config = {.seed = 31};
    static struct request requests[20];
    char bytes[20];
    int fd[2];
    begin(&config);
    weft__virtual_pair(fd);
    struct weft__driver *d = open_driver();
    for (int i = 0; i < 20; i++) {
        requests[i].op = (struct weft__operation){
            .code = WEFT__OP_RECV, .fd = fd[0], .buffer = &bytes[i], .length = 1};
        submit(d, &requests[i]);
        if (i == 10)
            class->flush(d);
    }

    unsigned before = class->in_flight(d);
    class->cancel_all(d);
    while (class->in_flight(d) > 0) {
        class->flush(d);
        reap(d, false, 7);
    }

    cr_expect_eq(before, 20);
    for (int i = 0; i < 20; i++)
        cr_expect(requests[i].calls == 1 && requests[i].result == -ECANCELED);
    close_driver(d);
    finish();
}

/* ---- the completion queue ---- */

Test(virtual_kernel, an_overflow_of_the_completion_queue_loses_nothing)
{
    struct weft__virtual_config config = {.completion_entries = 2, .submission_entries = 4};
    static struct request requests[64];
    unsigned most = 0;
    int fd[2];
    begin(&config);
    weft__virtual_pair(fd);
    struct weft__driver *d = open_driver();
    for (int i = 0; i < 64; i++) {
        requests[i].op =
            (struct weft__operation){.code = WEFT__OP_POLL, .fd = fd[0], .flags = POLLOUT};
        submit(d, &requests[i]);
    }
    weft__virtual_burn(20 * MS);

    while (class->in_flight(d) > 0) {
        weft__spin_lock(&d->completion_lock);
        class->park(d, WEFT__NEVER);
        unsigned n = class->reap(d, 100);
        weft__spin_unlock(&d->completion_lock);
        most = n > most ? n : most;
    }

    cr_expect_eq(most, 2, "no more than the queue holds");
    cr_expect_geq(weft__load_relaxed(&d->counters.overflows), 60);
    cr_expect_eq(weft__load_relaxed(&d->counters.submissions), 64);
    cr_expect_eq(weft__load_relaxed(&d->counters.completions), 64);
    for (int i = 0; i < 64; i++)
        cr_expect(requests[i].calls == 1 && requests[i].result == POLLOUT);
    close_driver(d);
    finish();
}

/* ---- connections ---- */

enum { CLIENTS = 20, PORT = 80 };

static const struct sockaddr_in address = {.sin_family = AF_INET};
static struct sockaddr_in port_80;

static void run_client(void *arg)
{
    struct weft__driver *d = open_driver();
    unsigned *ok = arg;
    char in = 0;

    for (int i = 0; i < CLIENTS / 2; i++) {
        int fd = weft__virtual_socket();
        int rc = call(d, WEFT__OP_CONNECT, fd, &port_80, sizeof(port_80), 0);
        *ok += rc == 0 && call(d, WEFT__OP_RECV, fd, &in, 1, 0) == 1 && in == 'h';
        weft__virtual_close(fd);
    }
    close_driver(d);
}

struct server {
    struct weft__driver *driver;
    struct request accept;
    unsigned accepted, ends;
};

static void accepted(struct weft__operation *op, int result, bool more)
{
    struct server *s = weft__container_of(op, struct server, accept.op);

    if (result >= 0) {
        s->accepted++;
        weft__virtual_send(result, "h", 1);
        weft__virtual_close(result);
    }
    s->accept.done = !more;
}

static void run_server(struct server *s, uint64_t seed, unsigned *ok)
{
    struct weft__virtual_config config = weft__virtual_swarm(seed);
    weft__thread clients[2];

    config.fault_one_in[WEFT__VIRTUAL_MULTISHOT_END] = 3;
    *s = (struct server){.accept.op = {.code = WEFT__OP_ACCEPT, .complete = accepted}};
    begin(&config);
    s->driver = open_driver();
    s->accept.op.fd = weft__virtual_listen(PORT);
    s->accept.done = true;
    for (int i = 0; i < 2; i++)
        start(&clients[i], run_client, ok);
    while (s->accepted < CLIENTS) {
        s->ends += s->accept.done && s->accepted > 0;
        if (s->accept.done) {
            s->accept.done = false;
            class->submit(s->driver, &s->accept.op);
        }
        reap(s->driver, true, 4);
    }
    for (int i = 0; i < 2; i++)
        sys->thread_join(clients[i]);
}

Test(virtual_kernel, every_connection_is_accepted_once_even_if_the_multishot_ends)
{
    port_80 = address;
    port_80.sin_port = htons(PORT);

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct server s;
        unsigned ok = 0;
        run_server(&s, seed, &ok);
        while (!s.accept.done) { /* a cancel ends it */
            class->flush(s.driver);
            class->cancel(&s.accept.op);
            reap(s.driver, true, 4);
        }
        weft__virtual_close(s.accept.op.fd);

        cr_assert_eq(s.accepted, CLIENTS, "seed %u", (unsigned)seed);
        cr_assert_eq(ok, CLIENTS, "seed %u: %u", (unsigned)seed, ok);
        cr_assert_eq(weft__virtual_open_files(sim), 0);
        close_driver(s.driver);
        finish();
    }

    cr_expect_gt(total[WEFT__VIRTUAL_MULTISHOT_END], 0);
}

Test(virtual_kernel, a_connect_to_nobody_is_refused)
{
    struct weft__virtual_config config = {.seed = 41};
    begin(&config);
    struct weft__driver *d = open_driver();
    int fd = weft__virtual_socket();
    port_80 = address;
    port_80.sin_port = htons(PORT);

    int rc = call(d, WEFT__OP_CONNECT, fd, &port_80, sizeof(port_80), 0);

    cr_expect_eq(rc, -ECONNREFUSED);
    cr_expect_eq(call(d, WEFT__OP_SEND, fd, &rc, 1, 0), -ENOTCONN);
    close_driver(d);
    finish();
}
