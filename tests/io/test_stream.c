/* SPDX-License-Identifier: MIT */
/* Readers and writers over the loopback device. The other end is a plain socket of the test. */
#include "stream_support.h"

TestSuite(stream, .timeout = 60);

struct pair {
    weft_reader_t *reader;
    weft_writer_t *writer;
    int peer;
};

static struct pair connected_with(size_t limit)
{
    struct pair p = {0};
    uint16_t port;
    int listener = listen_plain(&port);

    cr_assert_eq(weft_open_connection("127.0.0.1", port, &p.reader, &p.writer, .limit = limit), 0);
    p.peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    cr_assert(p.peer >= 0);
    close(listener);
    return p;
}

static struct pair connected(void)
{
    return connected_with(0);
}

static void give(struct pair *p, const void *data, size_t n)
{
    cr_assert_eq(send(p->peer, data, n, MSG_NOSIGNAL), (ssize_t)n);
}

static void done(struct pair *p)
{
    weft_reader_unref(p->reader);
    weft_writer_unref(p->writer);
    if (p->peer >= 0)
        close(p->peer);
}

#define STREAM_TEST(name) LOOPBACK_TEST(stream, name)

/* A task that feeds the peer's side one byte at a time, each in a segment of its own. */
struct dribble {
    int fd;
    const char *data;
    size_t n;
};

WEFT_CORO(dribble)
{
    struct dribble *d = arg;

    for (size_t i = 0; i < d->n; i++) {
        if (send(d->fd, d->data + i, 1, MSG_NOSIGNAL) != 1)
            return -errno;
        int rc = weft_sleep(0);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- reading ---- */

STREAM_TEST(read_gives_what_is_there_and_then_the_end)
{
    struct pair p = connected();
    char buffer[100];

    give(&p, "hello", 5);
    cr_expect_eq(weft_read(p.reader, buffer, sizeof buffer), 5);
    cr_expect_arr_eq(buffer, "hello", 5);
    cr_expect_eq(weft_read(p.reader, buffer, 0), 0);
    cr_expect_not(weft_at_eof(p.reader));
    shutdown(p.peer, SHUT_WR);
    cr_expect_eq(weft_read(p.reader, buffer, sizeof buffer), 0);
    cr_expect_eq(weft_read(p.reader, buffer, sizeof buffer), 0);
    cr_expect(weft_at_eof(p.reader));
    done(&p);
}

STREAM_TEST(read_of_less_than_came_leaves_the_rest)
{
    struct pair p = connected();
    char buffer[3];

    give(&p, "abcdef", 6);
    shutdown(p.peer, SHUT_WR);
    cr_expect_eq(weft_read(p.reader, buffer, 2), 2);
    cr_expect_arr_eq(buffer, "ab", 2);
    cr_expect_eq(weft_read(p.reader, buffer, 3), 3);
    cr_expect_arr_eq(buffer, "cde", 3);
    cr_expect_eq(weft_read(p.reader, buffer, 3), 1);
    cr_expect_arr_eq(buffer, "f", 1);
    done(&p);
}

STREAM_TEST(a_large_read_goes_past_the_buffer)
{
    struct pair p = connected();
    static const char text[10000] = {1, 2, 3};
    char *buffer = malloc(10000);
    size_t got = 0;

    give(&p, text, sizeof text);
    while (got < sizeof text) {
        ssize_t rc = weft_read(p.reader, buffer + got, sizeof text - got);
        cr_assert(rc > 0);
        got += (size_t)rc;
    }
    cr_expect_arr_eq(buffer, text, sizeof text);
    free(buffer);
    done(&p);
}

STREAM_TEST(lines_are_found_byte_by_byte_and_in_bulk)
{
    static const char text[] = "one\n\nthree\r\nlast";
    static const size_t lengths[] = {4, 1, 7, 4};
    struct pair p = connected();
    struct dribble d = {p.peer, text, sizeof text - 1};
    weft_bytes_t line;

    for (int bulk = 0; bulk < 2; bulk++) {
        weft_task_t *task = bulk ? NULL : weft_create_task(weft_coro(&dribble, &d));
        const char *expected = text;
        if (bulk)
            give(&p, text, sizeof text - 1);
        for (int i = 0; i < 3 + bulk; i++) {
            if (bulk && i == 3)
                shutdown(p.peer, SHUT_WR);
            ssize_t rc = weft_readline(p.reader, &line);
            cr_assert_eq(rc, (ssize_t)lengths[i]);
            cr_expect_eq(line.len, lengths[i]);
            cr_expect_arr_eq(line.data, expected, lengths[i]);
            expected += lengths[i];
        }
        if (!bulk) {
            cr_expect_eq(weft_join(task, NULL), 0);
            char last[4];
            cr_expect_eq(weft_readexactly(p.reader, last, 4), 4);
        }
    }
    cr_expect_eq(weft_readline(p.reader, &line), 0);
    cr_expect_eq(line.len, 0);
    done(&p);
}

STREAM_TEST(a_line_of_exactly_the_limit_is_one_and_a_longer_one_is_dropped)
{
    struct pair p = connected_with(5);
    weft_bytes_t line;

    give(&p, "12345\n123456\nok\n", 16);
    cr_expect_eq(weft_readline(p.reader, &line), 6);
    cr_expect_eq(weft_readline(p.reader, &line), WEFT_ELIMIT);
    cr_expect_eq(line.len, 0);
    cr_expect_eq(weft_readline(p.reader, &line), 3);
    cr_expect_arr_eq(line.data, "ok\n", 3);
    done(&p);
}

STREAM_TEST(a_line_that_does_not_end_in_time_is_dropped)
{
    struct pair p = connected_with(100);
    char text[200];
    weft_bytes_t line;

    memset(text, 'x', sizeof text);
    give(&p, text, sizeof text);
    cr_expect_eq(weft_readline(p.reader, &line), WEFT_ELIMIT);
    give(&p, "y\n", 2);
    cr_expect_eq(weft_readline(p.reader, &line), 2);
    cr_expect_arr_eq(line.data, "y\n", 2);
    done(&p);
}

STREAM_TEST(readuntil_over_the_limit_consumes_nothing)
{
    struct pair p = connected_with(4);
    char buffer[8];
    weft_bytes_t line;

    give(&p, "123456--", 8);
    cr_expect_eq(weft_readuntil(p.reader, "--", 2, &line), WEFT_ELIMIT);
    cr_expect_eq(weft_readexactly(p.reader, buffer, 2), 2);
    cr_expect_arr_eq(buffer, "12", 2);
    cr_expect_eq(weft_readuntil(p.reader, "--", 2, &line), 6);
    cr_expect_arr_eq(line.data, "3456--", 6);
    cr_expect_eq(weft_readuntil(p.reader, "", 0, &line), -EINVAL);
    done(&p);
}

STREAM_TEST(readuntil_finds_a_separator_that_comes_in_pieces)
{
    static const char text[] = "aab-aaab-ab!rest";
    struct pair p = connected();
    struct dribble d = {p.peer, text, sizeof text - 1};
    weft_task_t *task = weft_create_task(weft_coro(&dribble, &d));
    weft_bytes_t line;

    cr_expect_eq(weft_readuntil(p.reader, "ab-ab!", 6, &line), 12);
    cr_expect_arr_eq(line.data, text, 12);
    cr_expect_eq(weft_join(task, NULL), 0);
    shutdown(p.peer, SHUT_WR);
    cr_expect_eq(weft_readuntil(p.reader, "!", 1, &line), WEFT_EINCOMPLETE);
    cr_expect_eq(line.len, 4);
    cr_expect_arr_eq(line.data, "rest", 4);
    cr_expect(weft_at_eof(p.reader));
    done(&p);
}

STREAM_TEST(readexactly_at_the_end_leaves_what_came)
{
    struct pair p = connected();
    char buffer[8];

    give(&p, "abc", 3);
    shutdown(p.peer, SHUT_WR);
    cr_expect_eq(weft_readexactly(p.reader, buffer, 0), 0);
    cr_expect_eq(weft_readexactly(p.reader, buffer, 8), WEFT_EINCOMPLETE);
    cr_expect_not(weft_at_eof(p.reader));
    cr_expect_eq(weft_read(p.reader, buffer, 8), 3);
    cr_expect_arr_eq(buffer, "abc", 3);
    done(&p);
}

struct call {
    struct pair *pair;
    char data[64];
    ssize_t result;
};

WEFT_CORO(read_64)
{
    struct call *c = arg;

    c->result = weft_read(c->pair->reader, c->data, sizeof c->data);
    return c->result == -ECANCELED ? -ECANCELED : 0;
}

WEFT_CORO(exactly_64)
{
    struct call *c = arg;

    c->result = weft_readexactly(c->pair->reader, c->data, sizeof c->data);
    return c->result == -ECANCELED ? -ECANCELED : 0;
}

STREAM_TEST(a_second_reader_is_refused)
{
    struct pair p = connected();
    struct call c = {.pair = &p};
    weft_task_t *first = weft_create_task(weft_coro(&read_64, &c));
    char buffer[4];

    cr_expect_eq(weft_sleep(WEFT_MS(20)), 0);
    cr_expect_eq(weft_read(p.reader, buffer, 4), -EBUSY);
    give(&p, "x", 1);
    cr_expect_eq(weft_join(first, NULL), 0);
    cr_expect_eq(c.result, 1);
    done(&p);
}

STREAM_TEST(a_cancelled_read_takes_nothing)
{
    struct pair p = connected();
    struct call c = {.pair = &p};
    weft_task_t *task = weft_create_task(weft_coro(&exactly_64, &c));
    char buffer[64];

    give(&p, "first", 5);
    cr_expect_eq(weft_sleep(WEFT_MS(20)), 0);
    cr_expect(weft_cancel(task));
    cr_expect_eq(weft_join(task, NULL), -ECANCELED);
    give(&p, "second", 6);
    cr_expect_eq(weft_readexactly(p.reader, buffer, 11), 11);
    cr_expect_arr_eq(buffer, "firstsecond", 11);
    done(&p);
}

STREAM_TEST(a_reset_is_an_error_of_the_read)
{
    struct pair p = connected();
    char buffer[8];

    close_hard(p.peer);
    p.peer = -1;
    cr_expect_eq(weft_read(p.reader, buffer, 8), -ECONNRESET);
    cr_expect_eq(weft_read(p.reader, buffer, 8), -ECONNRESET);
    done(&p);
}

/* ---- writing ---- */

static uint64_t submissions(void)
{
    weft_stats_t stats = {.size = sizeof stats};

    cr_assert_eq(weft_loop_stats(NULL, &stats), 0);
    return stats.ring_submissions;
}

STREAM_TEST(small_writes_leave_as_one_when_the_task_suspends)
{
    struct pair p = connected();
    char buffer[160];
    uint64_t before = submissions();

    for (int i = 0; i < 10; i++)
        cr_expect_eq(weft_write(p.writer, "0123456789abcdef", 16), 0);
    cr_expect_eq(weft_get_write_buffer_size(p.writer), 160);
    cr_expect_eq(recv(p.peer, buffer, sizeof buffer, MSG_DONTWAIT), -1);
    cr_expect_eq(weft_drain(p.writer), 0);
    cr_expect_eq(recv(p.peer, buffer, sizeof buffer, MSG_DONTWAIT), -1);
    cr_expect(ready(p.peer, POLLIN));
    cr_expect_eq(recv(p.peer, buffer, sizeof buffer, MSG_DONTWAIT), 160);
    cr_expect_eq(submissions() - before, 1);
    cr_expect_eq(weft_get_write_buffer_size(p.writer), 0);
    done(&p);
}

struct last_words {
    weft_writer_t *writer;
    int fd;
};

/* On a thread of the pool, so that no task of the loop suspends meanwhile. */
static int receive_blocking(void *arg, void **result)
{
    char buffer[8];
    struct pollfd p = {.fd = ((struct last_words *)arg)->fd, .events = POLLIN};

    (void)result;
    return poll(&p, 1, 5000) == 1 && recv(p.fd, buffer, sizeof buffer, 0) == 4 ? 0 : -ETIMEDOUT;
}

WEFT_CORO(write_and_end)
{
    return weft_write(((struct last_words *)arg)->writer, "last", 4);
}

STREAM_TEST(the_bytes_of_a_task_that_ends_are_sent)
{
    struct pair p = connected();
    struct last_words l = {p.writer, p.peer};
    weft_task_t *task = weft_create_task(weft_coro(&write_and_end, &l));

    cr_expect_eq(weft_to_thread(receive_blocking, &l, NULL), 0);
    cr_expect_eq(weft_join(task, NULL), 0);
    done(&p);
}

STREAM_TEST(an_answer_is_sent_before_the_next_request_is_awaited)
{
    struct pair p = connected();
    struct call c = {.pair = &p};
    char buffer[8];

    cr_expect_eq(weft_write(p.writer, "ping", 4), 0);
    weft_task_t *task = weft_create_task(weft_coro(&read_64, &c));
    cr_expect_eq(take_plain(p.peer, buffer, 4), 4);
    give(&p, "pong", 4);
    cr_expect_eq(weft_join(task, NULL), 0);
    cr_expect_eq(weft_write(p.writer, "next", 4), 0);
    give(&p, "more", 4);
    cr_expect_eq(weft_read(p.reader, buffer, 8), 4);
    cr_expect_eq(recv(p.peer, buffer, 8, MSG_DONTWAIT), 4);
    done(&p);
}

STREAM_TEST(lines_are_written_together_and_flushed_on_demand)
{
    struct pair p = connected();
    weft_iovec_t lines[] = {{"abc", 3}, {NULL, 0}, {"defg", 4}};
    char buffer[8];

    cr_expect_eq(weft_writelines(p.writer, lines, 3), 0);
    cr_expect_eq(weft_flush(p.writer), 0);
    cr_expect_eq(take_plain(p.peer, buffer, 7), 7);
    cr_expect_arr_eq(buffer, "abcdefg", 7);
    done(&p);
}

static void fill(char *data, size_t n)
{
    for (size_t i = 0; i < n; i++)
        data[i] = (char)(i * 7 + i / 251);
}

struct sink {
    int fd;
    char *data;
    size_t n, got;
};

WEFT_CORO(take_all)
{
    struct sink *s = arg;

    s->got = take_plain(s->fd, s->data, s->n);
    return 0;
}

STREAM_TEST(what_is_written_arrives_whole_and_in_order)
{
    enum { N = 3 * 1000 * 1000 };
    struct pair p = connected();
    char *out = malloc(N), *in = malloc(N);
    struct sink sink = {.fd = p.peer, .data = in, .n = N};
    weft_task_t *task = weft_create_task(weft_coro(&take_all, &sink));
    size_t at = 0, step = 1;

    fill(out, N);
    while (at < N) {
        size_t n = step < N - at ? step : N - at;
        if (step % 5 == 0)
            cr_assert_eq(weft_write_all(p.writer, out + at, n), 0);
        else
            cr_assert_eq(weft_write(p.writer, out + at, n), 0);
        cr_assert_eq(weft_drain(p.writer), 0);
        at += n;
        step = step * 3 % 100003;
    }
    cr_expect_eq(weft_flush(p.writer), 0);
    cr_expect_eq(weft_join(task, NULL), 0);
    cr_expect_eq(sink.got, N);
    cr_expect(memcmp(in, out, N) == 0);
    free(out);
    free(in);
    done(&p);
}

STREAM_TEST(bytes_beyond_the_first_send_leave_without_anybody_waiting)
{
    enum { N = 2 * 1000 * 1000 };
    struct pair p = connected();
    char *out = malloc(N), *in = malloc(N);

    fill(out, N);
    for (size_t at = 0; at < N; at += 10000)
        cr_assert_eq(weft_write(p.writer, out + at, 10000), 0);
    cr_expect_eq(take_plain(p.peer, in, N), N);
    cr_expect(memcmp(in, out, N) == 0);
    free(out);
    free(in);
    done(&p);
}

struct writers {
    weft_writer_t *writer;
    char letter;
};

WEFT_CORO(write_lines)
{
    struct writers *w = arg;
    char line[100];

    memset(line, w->letter, sizeof line);
    for (int i = 0; i < 300; i++) {
        int rc = i % 3 ? weft_write(w->writer, line, sizeof line)
                       : weft_write_all(w->writer, line, sizeof line);
        if (rc == 0)
            rc = weft_drain(w->writer);
        if (rc < 0)
            return rc;
    }
    return 0;
}

STREAM_TEST(writes_of_several_tasks_stay_whole)
{
    enum { TASKS = 4, N = TASKS * 300 * 100 };
    struct pair p = connected();
    struct writers w[TASKS];
    weft_task_t *tasks[TASKS];
    char *in = malloc(N);
    struct sink sink = {.fd = p.peer, .data = in, .n = N};
    weft_task_t *reader = weft_create_task(weft_coro(&take_all, &sink));

    for (int i = 0; i < TASKS; i++) {
        w[i] = (struct writers){p.writer, (char)('a' + i)};
        tasks[i] = weft_create_task(weft_coro(&write_lines, &w[i]));
    }
    for (int i = 0; i < TASKS; i++)
        cr_expect_eq(weft_join(tasks[i], NULL), 0);
    cr_expect_eq(weft_join(reader, NULL), 0);
    cr_assert_eq(sink.got, N);
    for (size_t at = 0; at < N; at += 100)
        for (size_t i = 1; i < 100; i++)
            cr_assert_eq(in[at + i], in[at]);
    free(in);
    done(&p);
}

STREAM_TEST(drain_waits_above_the_high_mark_until_the_low_one)
{
    struct pair p = connected();
    char *block = calloc(1, 1000000);
    char *in = malloc(8000000);
    struct sink sink = {.fd = p.peer, .data = in, .n = 8000000};

    for (int i = 0; i < 8; i++)
        cr_expect_eq(weft_write(p.writer, block, 1000000), 0);
    weft_timeout_t scope;
    cr_assert_eq(weft_timeout_enter(&scope, WEFT_MS(50)), 0);
    int rc = weft_drain(p.writer);
    cr_expect_eq(weft_timeout_exit(&scope, rc), -ETIMEDOUT);
    cr_expect(weft_get_write_buffer_size(p.writer) > 65536);
    weft_task_t *task = weft_create_task(weft_coro(&take_all, &sink));
    cr_expect_eq(weft_drain(p.writer), 0);
    cr_expect(weft_get_write_buffer_size(p.writer) <= 16384);
    cr_expect_eq(weft_join(task, NULL), 0);
    cr_expect_eq(sink.got, 8000000);
    cr_expect_eq(weft_set_write_buffer_limits(p.writer, 10, 11), -EINVAL);
    cr_expect_eq(weft_set_write_buffer_limits(p.writer, 0, 0), 0);
    cr_expect_eq(weft_write(p.writer, "x", 1), 0);
    cr_expect_eq(weft_drain(p.writer), 0);
    cr_expect_eq(weft_get_write_buffer_size(p.writer), 0);
    free(block);
    free(in);
    done(&p);
}

STREAM_TEST(two_ends_that_write_first_do_not_block_each_other)
{
    enum { N = 8000000 };
    struct pair p = connected();
    char *out = calloc(1, N), *in = malloc(N);
    struct sink sink = {.fd = p.peer, .data = in, .n = N};
    char buffer[8];

    cr_expect_eq(weft_write(p.writer, out, N), 0);
    give(&p, "go on", 5);
    cr_expect_eq(weft_read(p.reader, buffer, 8), 5); /* the peer has read nothing yet */
    weft_task_t *task = weft_create_task(weft_coro(&take_all, &sink));
    cr_expect_eq(weft_join(task, NULL), 0);
    cr_expect_eq(sink.got, N);
    free(in);
    free(out);
    done(&p);
}

STREAM_TEST(write_and_drain_end_when_the_peer_is_gone)
{
    struct pair p = connected();
    int rc = 0;

    close_hard(p.peer);
    p.peer = -1;
    while (rc == 0) {
        cr_expect_eq(weft_write(p.writer, "0123456789", 10), 0);
        rc = weft_drain(p.writer);
    }
    cr_expect(rc == -EPIPE || rc == -ECONNRESET);
    cr_expect_eq(weft_write(p.writer, "dropped", 7), 0);
    cr_expect_eq(weft_get_write_buffer_size(p.writer), 0);
    cr_expect_eq(weft_flush(p.writer), rc);
    cr_expect_eq(weft_write_all(p.writer, "x", 1), rc);
    cr_expect(weft_is_closing(p.writer));
    weft_writer_close(p.writer);
    cr_expect_eq(weft_wait_closed(p.writer), rc);
    done(&p);
}

struct all {
    weft_writer_t *writer;
    char *data;
    size_t n;
};

WEFT_CORO(write_it_all)
{
    struct all *a = arg;

    return weft_write_all(a->writer, a->data, a->n);
}

STREAM_TEST(a_cancelled_write_all_closes_the_writer)
{
    struct pair p = connected();
    struct all all = {p.writer, calloc(1, 8000000), 8000000};
    weft_task_t *task = weft_create_task(weft_coro(&write_it_all, &all));

    cr_expect_eq(weft_sleep(WEFT_MS(50)), 0);
    cr_expect_not(weft_is_closing(p.writer));
    weft_cancel(task);
    cr_expect_eq(weft_join(task, NULL), -ECANCELED);
    cr_expect(weft_is_closing(p.writer));
    cr_expect_eq(weft_write(p.writer, "x", 1), -EPIPE);
    cr_expect_eq(weft_wait_closed(p.writer), -ECONNABORTED);
    free(all.data);
    done(&p);
}

STREAM_TEST(a_write_all_that_was_cancelled_while_it_queued_leaves_the_writer_usable)
{
    struct pair p = connected();
    struct all first = {p.writer, calloc(1, 8000000), 8000000}, second = {p.writer, "x", 1};
    weft_task_t *a = weft_create_task(weft_coro(&write_it_all, &first));
    char *in = malloc(8000003);
    struct sink sink = {.fd = p.peer, .data = in, .n = 8000003};

    cr_expect_eq(weft_sleep(WEFT_MS(20)), 0);
    weft_task_t *b = weft_create_task(weft_coro(&write_it_all, &second));
    cr_expect_eq(weft_sleep(WEFT_MS(20)), 0);
    weft_cancel(b);
    cr_expect_eq(weft_join(b, NULL), -ECANCELED);
    weft_task_t *reader = weft_create_task(weft_coro(&take_all, &sink));
    cr_expect_eq(weft_join(a, NULL), 0);
    cr_expect_eq(weft_write_all(p.writer, "end", 3), 0);
    cr_expect_eq(weft_join(reader, NULL), 0);
    cr_expect_eq(sink.got, 8000003);
    cr_expect_arr_eq(in + 8000000, "end", 3);
    free(first.data);
    free(in);
    done(&p);
}

/* ---- the end ---- */

STREAM_TEST(write_eof_ends_one_direction_after_what_was_written)
{
    struct pair p = connected();
    struct call c = {.pair = &p};
    char buffer[8];

    cr_expect_eq(weft_write(p.writer, "bye", 3), 0);
    cr_expect_eq(weft_write_eof(p.writer), 0);
    weft_task_t *task = weft_create_task(weft_coro(&read_64, &c));
    cr_expect_eq(take_plain(p.peer, buffer, 8), 3);
    cr_expect_eq(weft_write(p.writer, "x", 1), -EPIPE);
    cr_expect_eq(weft_write_eof(p.writer), -EPIPE);
    give(&p, "still", 5);
    cr_expect_eq(weft_join(task, NULL), 0);
    cr_expect_eq(c.result, 5);
    done(&p);
}

STREAM_TEST(close_sends_what_was_written)
{
    enum { N = 3000000 };
    struct pair p = connected();
    char *out = malloc(N), *in = malloc(N + 1);

    fill(out, N);
    cr_expect_eq(weft_write(p.writer, out, N), 0);
    weft_writer_close(p.writer);
    weft_writer_close(p.writer);
    cr_expect(weft_is_closing(p.writer));
    cr_expect_eq(weft_write(p.writer, "x", 1), -EPIPE);
    cr_expect_eq(take_plain(p.peer, in, N + 1), N);
    cr_expect(memcmp(in, out, N) == 0);
    cr_expect_eq(weft_wait_closed(p.writer), 0);
    cr_expect_eq(weft_wait_closed(p.writer), 0);
    cr_expect_eq(weft_drain(p.writer), -EPIPE);
    cr_expect_eq(weft_get_socket(p.writer), -ENOTCONN);
    free(out);
    free(in);
    done(&p);
}

STREAM_TEST(the_last_reference_sends_and_closes)
{
    struct pair p = connected();
    char buffer[8];

    cr_expect_eq(weft_write(p.writer, "bye", 3), 0);
    weft_reader_unref(p.reader);
    weft_writer_unref(p.writer);
    cr_expect_eq(take_plain(p.peer, buffer, 8), 3);
    close(p.peer);
}

STREAM_TEST(close_with_unread_data_ends)
{
    struct pair p = connected();
    char buffer[8];

    give(&p, "unread, unread, unread", 22);
    cr_expect_eq(weft_read(p.reader, buffer, 8), 8);
    weft_writer_close(p.writer);
    cr_expect_eq(weft_wait_closed(p.writer), 0);
    ssize_t rc = weft_read(p.reader, buffer, 8);
    while (rc > 0)
        rc = weft_read(p.reader, buffer, 8);
    cr_expect_eq(rc, 0);
    cr_expect(weft_at_eof(p.reader));
    done(&p);
}

STREAM_TEST(close_ends_the_read_of_another_task)
{
    struct pair p = connected();
    struct call c = {.pair = &p};
    weft_task_t *task = weft_create_task(weft_coro(&read_64, &c));

    cr_expect_eq(weft_sleep(WEFT_MS(20)), 0);
    weft_writer_close(p.writer);
    cr_expect_eq(weft_wait_closed(p.writer), 0);
    cr_expect_eq(weft_join(task, NULL), 0);
    cr_expect_eq(c.result, 0);
    done(&p);
}

WEFT_CORO(wait_until_closed)
{
    return weft_wait_closed(arg);
}

STREAM_TEST(wait_closed_waits_for_the_last_byte_and_can_be_cancelled)
{
    struct pair p = connected();
    char *out = calloc(1, 8000000), *in = malloc(8000000);

    cr_expect_eq(weft_write(p.writer, out, 8000000), 0);
    weft_writer_close(p.writer);
    weft_task_t *first = weft_create_task(weft_coro(&wait_until_closed, p.writer));
    weft_task_t *second = weft_create_task(weft_coro(&wait_until_closed, p.writer));
    cr_expect_eq(weft_sleep(WEFT_MS(20)), 0);
    cr_expect_not(weft_done(first));
    weft_cancel(first);
    cr_expect_eq(weft_join(first, NULL), -ECANCELED);
    cr_expect_not(weft_done(second));
    cr_expect_eq(take_plain(p.peer, in, 8000000), 8000000);
    cr_expect_eq(weft_join(second, NULL), 0);
    free(out);
    free(in);
    done(&p);
}

STREAM_TEST(addresses_are_told)
{
    struct pair p = connected();
    char here[64], there[64], cut[4];
    struct sockaddr_in address;
    socklen_t length = sizeof address;

    getpeername(p.peer, (struct sockaddr *)&address, &length);
    snprintf(there, sizeof there, "127.0.0.1:%d", ntohs(address.sin_port));
    cr_expect_eq(weft_get_sockname(p.writer, here, sizeof here), (int)strlen(there));
    cr_expect_str_eq(here, there);
    cr_expect(weft_get_peername(p.writer, cut, sizeof cut) > 4);
    cr_expect_str_eq(cut, "127");
    cr_expect(weft_get_socket(p.writer) >= 0);
    done(&p);
}

/* ---- connecting ---- */

STREAM_TEST(a_refused_connection_is_an_error)
{
    weft_reader_t *reader;
    weft_writer_t *writer;
    uint16_t port;

    close(listen_plain(&port));
    cr_expect_eq(weft_open_connection("127.0.0.1", port, &reader, &writer), -ECONNREFUSED);
    cr_expect_eq(weft_open_connection(NULL, port, &reader, &writer), -EINVAL);
}

STREAM_TEST(a_name_is_looked_up)
{
    weft_reader_t *reader;
    weft_writer_t *writer;
    uint16_t port;
    int listener = listen_plain(&port);

    cr_assert_eq(weft_open_connection("localhost", port, &reader, &writer, .family = AF_INET), 0);
    weft_reader_unref(reader);
    weft_writer_unref(writer);
    close(listener);
    int rc = weft_open_connection("no-such-name.invalid", port, &reader, &writer);
    cr_expect(rc == -ENOENT || rc == -EAGAIN, "%d", rc);
}

struct target {
    const char *host;
    uint16_t port;
    weft_reader_t *reader;
    weft_writer_t *writer;
};

WEFT_CORO(connect_to)
{
    struct target *t = arg;

    return weft_open_connection(t->host, t->port, &t->reader, &t->writer);
}

STREAM_TEST(connecting_can_be_cancelled)
{
    /* A listener whose queue is full answers nobody. */
    struct target t = {.host = "127.0.0.1"};
    int listener = listen_plain(&t.port), full[3];

    listen(listener, 0);
    for (int i = 0; i < 3; i++) {
        full[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_in address = loopback(t.port);
        connect(full[i], (struct sockaddr *)&address, sizeof address);
    }
    weft_task_t *task = weft_create_task(weft_coro(&connect_to, &t));
    cr_expect_eq(weft_sleep(WEFT_MS(20)), 0);
    cr_expect_not(weft_done(task));
    weft_cancel(task);
    cr_expect_eq(weft_join(task, NULL), -ECANCELED);
    for (int i = 0; i < 3; i++)
        close(full[i]);
    close(listener);
}

Test(stream, calls_from_outside_of_a_task_are_refused)
{
    weft_reader_t *reader;
    weft_writer_t *writer;
    weft_server_t *server;

    cr_expect_eq(weft_open_connection("127.0.0.1", 1, &reader, &writer), -EPERM);
    cr_expect_eq(weft_start_server(NULL, NULL, "127.0.0.1", 0, &server), -EPERM);
}
