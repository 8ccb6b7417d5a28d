/* SPDX-License-Identifier: MIT */
/*
 * client: one connection of the server, as one task.
 *
 * A client reads, answers, and reads again; nothing but suspending makes it wait. What it writes is
 * gathered by its writer until it suspends for the next read: many pipelined requests in one read
 * give one write.
 *
 * Stopping. A request is answered whole once a byte of it was read, else the connection is closed
 * before that. So only a client that waits for the first byte of a request may be cancelled. It
 * says so in `state`: BUSY, IDLE while it waits. Who stops the server claims an idle client (IDLE
 * to CLAIMED) and cancels it; a client that goes on takes its state back (IDLE to BUSY), and if it
 * finds it claimed, a cancel is there or on its way: it takes that, and gives it back, before it
 * touches anything else. A cancelled read takes nothing from the stream; a read that has bytes in
 * spite of it returns them, and they are answered. The claim and the flag `stopping` meet as in
 * Dekker's algorithm: the client says IDLE, then looks at the flag; the other sets the flag, then
 * looks at the state. One of them sees it.
 *
 * Closing. A socket that is closed with bytes unread resets its connection, and a reset may destroy
 * an answer that is still on its way. So we end our direction first, and read what comes until the
 * client has ended its own, for a limited time.
 */
#include "client.h"

#include "answer.h"
#include "date.h"
#include "file.h"
#include "mime.h"
#include "request.h"
#include "stats.h"

#include <stdlib.h>

#define PENDING_MAX                                                                                \
    (64 << 10)           /* bytes of answers that may be unsent before the next one is made        \
                          */
#define LINGER WEFT_S(1) /* for a client to end a connection that we have ended */

enum { BUSY, IDLE, CLAIMED };

struct client {
    clients_t *all;
    client_t *next;
    client_t **link; /* what points to this one */
    weft_reader_t *reader;
    weft_writer_t *writer;
    weft_task_t *task;
    atomic_int state;
    _Atomic uint64_t requests; /* written by this task only */
    _Atomic uint64_t errors;   /* the same */
    bool keep_alive;
    answer_t answer;
    file_t file;
    request_t request;
};

/* ---- all of them ---- */

/* A counter that one task writes and others read: no order is needed, nor an atomic addition. */
static void count(_Atomic uint64_t *counter)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + 1, memory_order_relaxed);
}

/* Registers a client. Returns NULL when there are too many, or no memory. */
static client_t *client_new(clients_t *all, weft_reader_t *reader, weft_writer_t *writer)
{
    client_t *c = malloc(sizeof(*c));

    pthread_mutex_lock(&all->lock);
    if (c && all->total.connections >= all->max) {
        free(c);
        c = NULL;
    }
    if (c) {
        c->all = all;
        c->reader = reader;
        c->writer = writer;
        c->task = weft_current_task();
        atomic_init(&c->state, BUSY);
        atomic_init(&c->requests, 0);
        atomic_init(&c->errors, 0);
        file_init(&c->file, all->root);
        request_init(&c->request);
        c->next = all->first;
        c->link = &all->first;
        if (c->next)
            c->next->link = &c->next;
        all->first = c;
        all->total.connections++;
        all->total.accepted++;
    }
    pthread_mutex_unlock(&all->lock);
    return c;
}

static void client_free(client_t *c)
{
    clients_t *all = c->all;

    pthread_mutex_lock(&all->lock);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    all->total.connections--;
    all->total.requests += atomic_load_explicit(&c->requests, memory_order_relaxed);
    all->total.errors += atomic_load_explicit(&c->errors, memory_order_relaxed);
    pthread_mutex_unlock(&all->lock);
    file_free(&c->file);
    free(c);
}

clients_total_t clients_total(clients_t *all)
{
    pthread_mutex_lock(&all->lock);
    clients_total_t total = all->total;
    for (client_t *c = all->first; c; c = c->next) {
        total.requests += atomic_load_explicit(&c->requests, memory_order_relaxed);
        total.errors += atomic_load_explicit(&c->errors, memory_order_relaxed);
    }
    pthread_mutex_unlock(&all->lock);
    return total;
}

void clients_stop(clients_t *all)
{
    atomic_store(&all->stopping, true);
    pthread_mutex_lock(&all->lock);
    for (client_t *c = all->first; c; c = c->next) {
        int idle = IDLE;
        if (atomic_compare_exchange_strong(&c->state, &idle, CLAIMED))
            weft_cancel(c->task);
    }
    pthread_mutex_unlock(&all->lock);
}

/* ---- reading ---- */

/* Returns how many bytes came, 0 at the end, -ETIMEDOUT, -ECANCELED, the error of the connection.
 */
static int read_some(client_t *c, weft_ns_t deadline)
{
    weft_timeout_t scope;
    size_t room;
    char *buffer = request_room(&c->request, &room);
    int rc = weft_timeout_enter_at(&scope, deadline);

    if (rc == 0)
        rc = weft_timeout_exit(&scope, (int)weft_read(c->reader, buffer, room));
    if (rc > 0)
        request_fill(&c->request, (size_t)rc);
    return rc;
}

static weft_ns_t from_now(weft_ns_t delay)
{
    return weft_loop_time(weft_get_running_loop()) + delay;
}

/* A claimed client: waits for the cancel that is meant for it, and gives it back. */
static void take_cancel(client_t *c)
{
    int rc = 0;

    while (weft_cancelling(c->task) == 0 && (rc == 0 || rc == -ECANCELED))
        rc = weft_sleep(WEFT_S(1));
    weft_uncancel(c->task);
}

/* Waits for the first bytes of the next request. Returns as read_some. */
static int wait_for_request(client_t *c)
{
    int rc = -ECANCELED;
    int idle = IDLE;

    atomic_store(&c->state, IDLE);
    if (!atomic_load(&c->all->stopping))
        rc = read_some(c, from_now(c->all->idle_timeout));
    if (!atomic_compare_exchange_strong(&c->state, &idle, BUSY)) {
        take_cancel(c);
        atomic_store(&c->state, BUSY);
    }
    return rc;
}

/* Reads until the request is whole. Returns 1, 0: the client has gone, or minus the status with
 * which it is to be refused. */
static int read_request(client_t *c)
{
    request_t *r = &c->request;
    int rc = request_parse(r);
    weft_ns_t deadline = rc == 0 ? from_now(c->all->request_timeout) : 0;

    while (rc == 0) {
        if (r->head_done && r->expects) {
            static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
            r->expects = false;
            weft_write(c->writer, go_on, sizeof(go_on) - 1);
        }
        int n = read_some(c, deadline);
        if (n <= 0)
            return n == -ETIMEDOUT ? -408 : n == -ECANCELED ? -503 : 0;
        rc = request_parse(r);
    }
    return rc;
}

/* ---- answering ---- */

static int minor(const client_t *c)
{
    return c->request.parser.http_minor;
}

static bool is_head(const client_t *c)
{
    return c->request.parser.method == HTTP_HEAD;
}

/* All answers below return 0 or the error of the connection. */

/* Answers with a status and no more. Fields of its own may be there already. */
static int send_status(client_t *c, int status)
{
    if (status >= 400)
        count(&c->errors);
    answer_status(&c->answer, status, c->keep_alive, minor(c), is_head(c));
    return weft_write(c->writer, c->answer.head, c->answer.len);
}

static int answer_error(client_t *c, int status)
{
    answer_begin(&c->answer, status);
    return send_status(c, status);
}

static int answer_text(client_t *c, const char *text, size_t len)
{
    answer_begin(&c->answer, 200);
    answer_field(&c->answer, "Content-Type", "text/plain; charset=utf-8");
    answer_length(&c->answer, len);
    answer_end(&c->answer, c->keep_alive, minor(c));
    weft_iovec_t parts[] = {{c->answer.head, c->answer.len}, {text, len}};
    return weft_writelines(c->writer, parts, is_head(c) ? 1 : 2);
}

static int answer_stats(client_t *c)
{
    size_t len;
    char *text = stats_text(c->all, &len);
    int rc = text ? answer_text(c, text, len) : answer_error(c, 503);

    free(text);
    return rc;
}

/* Sends what was read of the file, within the time that a client may take for it. */
static int send_chunk(client_t *c)
{
    weft_timeout_t scope;
    int rc = weft_timeout_enter(&scope, c->all->write_timeout);

    if (rc == 0)
        rc = weft_timeout_exit(&scope, weft_write_all(c->writer, c->file.chunk, c->file.got));
    return rc;
}

static int send_file(client_t *c)
{
    file_t *f = &c->file;
    int rc = weft_write(c->writer, c->answer.head, c->answer.len);

    if (is_head(c) || f->length == 0)
        return rc;
    while (rc == 0) {
        rc = send_chunk(c);
        if (rc < 0 || f->fd < 0)
            break;
        rc = weft_to_thread(file_read, f, NULL);
    }
    file_close(f);
    return rc;
}

static void ask_file(client_t *c, const char *path)
{
    file_t *f = &c->file;

    f->path = path;
    f->head = is_head(c);
    f->since = request_since(&c->request);
    f->range = request_range(&c->request, &f->modified_if);
}

static int answer_file(client_t *c)
{
    file_t *f = &c->file;
    char date[DATE_LEN + 1];
    char *path = request_path(&c->request);

    if (!path)
        return answer_error(c, 400);
    ask_file(c, path);
    if (weft_to_thread(file_open, f, NULL) < 0)
        return answer_error(c, 503);
    if (f->status == 404 || f->status == 503)
        return answer_error(c, f->status);
    answer_begin(&c->answer, f->status);
    if (f->status == 416) {
        answer_range(&c->answer, 0, 0, f->size);
        return send_status(c, 416);
    }
    date_format(f->modified, date);
    answer_field(&c->answer, "Last-Modified", date);
    if (f->status != 304) {
        answer_field(&c->answer, "Content-Type",
                     mime_type(file_is_folder(f) ? "index.html" : path));
        answer_field(&c->answer, "Accept-Ranges", "bytes");
        answer_length(&c->answer, f->length);
    }
    if (f->status == 206)
        answer_range(&c->answer, f->first, f->length, f->size);
    answer_end(&c->answer, c->keep_alive, minor(c));
    return f->status == 304 ? weft_write(c->writer, c->answer.head, c->answer.len) : send_file(c);
}

static int answer_request(client_t *c)
{
    static const char hello[] = "Hello, world!";
    const request_t *r = &c->request;

    if (r->parser.method != HTTP_GET && r->parser.method != HTTP_HEAD)
        return answer_error(c, 405);
    if (request_is(r, "/plain", 6))
        return answer_text(c, hello, sizeof(hello) - 1);
    if (request_is(r, "/stats", 6))
        return answer_stats(c);
    return answer_file(c);
}

/* ---- the connection ---- */

/* Does not make answers for a client that takes none. */
static int wait_until_taken(client_t *c)
{
    weft_timeout_t scope;

    if (weft_get_write_buffer_size(c->writer) <= PENDING_MAX)
        return 0;
    int rc = weft_timeout_enter(&scope, c->all->write_timeout);
    if (rc == 0)
        rc = weft_timeout_exit(&scope, weft_drain(c->writer));
    return rc;
}

/* Reads one request and answers it. Returns 1: and the next one, 0: no more, or an error. */
static int serve_one(client_t *c)
{
    int rc = request_begun(&c->request) ? 1 : wait_for_request(c);

    if (rc <= 0)
        return rc;
    rc = read_request(c);
    if (rc == 0)
        return -ECONNRESET;
    count(&c->requests);
    if (rc < 0) {
        c->keep_alive = false;
        return answer_error(c, -rc);
    }
    /* Requests that were read already are answered, also when the server stops. */
    c->keep_alive =
        c->request.keep_alive && (request_followed(&c->request) || !atomic_load(&c->all->stopping));
    rc = answer_request(c);
    request_next(&c->request);
    if (rc == 0)
        rc = wait_until_taken(c);
    return rc < 0 ? rc : c->keep_alive;
}

static void linger(weft_reader_t *reader, weft_writer_t *writer)
{
    weft_timeout_t scope;
    char sink[4096];
    ssize_t n;

    if (weft_write_eof(writer) < 0 || weft_timeout_enter(&scope, LINGER) < 0)
        return;
    do {
        n = weft_read(reader, sink, sizeof(sink));
    } while (n > 0);
    if (weft_timeout_exit(&scope, (int)n) < 0)
        weft_writer_close(writer);
}

/* One connection too many is told so. Many too many are not: that would be service, too. */
static void refuse(clients_t *all, weft_reader_t *reader, weft_writer_t *writer)
{
    answer_t answer;

    pthread_mutex_lock(&all->lock);
    all->total.refused++;
    bool tell = all->refusing < all->max;
    all->refusing += tell;
    pthread_mutex_unlock(&all->lock);
    if (!tell)
        return;
    answer_begin(&answer, 503);
    answer_status(&answer, 503, false, 1, false);
    if (weft_write(writer, answer.head, answer.len) == 0)
        linger(reader, writer);
    pthread_mutex_lock(&all->lock);
    all->refusing--;
    pthread_mutex_unlock(&all->lock);
}

int client_serve(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    clients_t *all = arg;
    client_t *c = client_new(all, reader, writer);

    if (!c) {
        refuse(all, reader, writer);
        return 0;
    }
    int rc;
    do {
        rc = serve_one(c);
    } while (rc > 0);
    if (rc == 0 || rc == -ETIMEDOUT || rc == -ECANCELED)
        linger(reader, writer);
    client_free(c);
    return 0;
}
