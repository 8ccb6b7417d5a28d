/* SPDX-License-Identifier: MIT */
/*
 * stuck: tasks that keep their workers for themselves, burning or in a system call, strand nothing.
 *
 * All workers but one get stuck, and they stay so until all the work that is to be done has come
 * to its end. What is stranded is seen as a test that hangs: no time is asserted.
 */
#include <poll.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/workers.h"

TestSuite(stuck, .timeout = 30);

enum { ROUNDS = 100, SOME = 10, PARTS = 3 + 3 * SOME, MOST = 3 };

/* ---- the work: sleeps, connections, calls from a foreign thread, timers, callbacks, tasks ---- */

struct work {
    weft_loop_t *loop;
    int port; /* of an echo server */
    weft_reader_t *reader;
    weft_writer_t *writer; /* a connection to it */
    pthread_t thread;
    sem_t called;
    _Atomic(int) done;   /* parts */
    weft_future_t *over; /* all are */
};

static void part_done(void *work)
{
    struct work *w = work;

    if (++w->done == PARTS)
        CHECK_INT(weft_set_result(w->over, NULL), 0);
}

WEFT_CORO(is_done_at_once)
{
    part_done(arg);
    return 0;
}

WEFT_CORO(ticks)
{
    for (int i = 0; i < ROUNDS; i++)
        CHECK_INT(weft_sleep(WEFT_MS(1)), 0);
    part_done(arg);
    return 0;
}

static int serve(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    int number;

    (void)arg;
    while (weft_readexactly(reader, &number, sizeof number) == sizeof number)
        CHECK_INT(weft_write_all(writer, &number, sizeof number), 0);
    return 0;
}

/* The request goes out while the answer is waited for. */
static void converse(weft_reader_t *reader, weft_writer_t *writer)
{
    for (int i = 0; i < ROUNDS / 2; i++) {
        int answer = -1;
        CHECK_INT(weft_write(writer, &i, sizeof i), 0);
        CHECK_INT(weft_readexactly(reader, &answer, sizeof answer), sizeof answer);
        CHECK_INT(answer, i);
    }
    weft_reader_unref(reader);
    weft_writer_unref(writer);
}

static void connects(const struct work *w, weft_reader_t **reader, weft_writer_t **writer)
{
    CHECK_INT(weft_open_connection("127.0.0.1", (uint16_t)w->port, reader, writer), 0);
}

/* On a connection that there is already, and on one of its own. */
WEFT_CORO(converses)
{
    struct work *w = arg;
    weft_reader_t *reader;
    weft_writer_t *writer;

    converse(w->reader, w->writer);
    connects(w, &reader, &writer);
    converse(reader, writer);
    part_done(w);
    return 0;
}

static void is_called(void *called)
{
    sem_post(called);
}

/* A foreign thread. */
static void *calls(void *arg)
{
    struct work *w = arg;

    for (int i = 0; i < ROUNDS; i++) {
        CHECK_INT(weft_loop_call_soon_threadsafe(w->loop, is_called, &w->called, NULL), 0);
        while (sem_wait(&w->called) < 0)
            continue;
    }
    part_done(w);
    return NULL;
}

static void prepare(struct work *w, int port)
{
    w->loop = weft_get_running_loop();
    w->port = port;
    w->over = weft_create_future(NULL);
    sem_init(&w->called, 0, 0);
    connects(w, &w->reader, &w->writer);
}

/* Leaves it all with this worker: an operation that is started, timers, callbacks, tasks. */
static void begin(struct work *w)
{
    CHECK_INT(pthread_create(&w->thread, NULL, calls, w), 0);
    weft_create_task(weft_coro(&ticks, w), .detached = true, .eager_start = true);
    weft_create_task(weft_coro(&converses, w), .detached = true, .eager_start = true);
    for (int i = 0; i < SOME; i++) {
        CHECK_INT(weft_loop_call_later(w->loop, WEFT_MS(i), part_done, w, NULL), 0);
        CHECK_INT(weft_loop_call_soon(w->loop, part_done, w, NULL), 0);
        weft_create_task(weft_coro(&is_done_at_once, w), .detached = true);
    }
}

static void await_end(struct work *w)
{
    CHECK_INT(weft_await(w->over, NULL), 0);
    weft_unref(w->over);
    pthread_join(w->thread, NULL);
    sem_destroy(&w->called);
}

/* ---- who is stuck ---- */

struct stuck {
    bool reads; /* or burns */
    _Atomic(bool) freed;
    int ends[2];
    struct work *work; /* that it begins; NULL: none */
    weft_future_t *is;
    weft_task_t *task;
};

static void burn(struct stuck *s)
{
    while (!s->freed)
        continue;
}

static void block(struct stuck *s)
{
    struct pollfd end = {.fd = s->ends[0], .events = POLLIN};
    char byte;

    while (CHILD_TSAN && poll(&end, 1, -1) < 0) /* it keeps signals back in read */
        continue;
    CHECK_INT(read(s->ends[0], &byte, 1), 1);
}

WEFT_CORO(gets_stuck)
{
    struct stuck *s = arg;

    weft_set_result(s->is, NULL);
    if (s->work)
        begin(s->work);
    if (s->reads)
        block(s);
    else
        burn(s);
    return 0;
}

/* The first on this worker. */
static void stick(struct stuck *s, bool here)
{
    CHECK_INT(pipe(s->ends), 0);
    s->is = weft_create_future(NULL);
    s->task = weft_create_task(weft_coro(&gets_stuck, s), .pinned = here);
}

static void let_go(struct stuck *s)
{
    s->freed = true;
    CHECK_INT(write(s->ends[1], "x", 1), 1);
    CHECK_INT(weft_join(s->task, NULL), 0);
    weft_unref(s->is);
    close(s->ends[0]);
    close(s->ends[1]);
}

/* ---- the cases ---- */

struct play {
    const char *who; /* each letter: one that reads or burns */
    bool own;        /* the work is begun by those who get stuck, or by the task that starts them */
    weft_server_t *server;
    struct work work[MOST];
    struct stuck stuck[MOST];
};

static void open_server(struct play *p)
{
    int works = p->own ? (int)strlen(p->who) : 1;

    CHECK_INT(weft_start_server(serve, NULL, "127.0.0.1", 0, &p->server), 0);
    for (int i = 0; i < works; i++)
        prepare(&p->work[i], weft_server_port(p->server));
}

static void close_server(struct play *p)
{
    weft_server_close(p->server);
    CHECK_INT(weft_server_wait_closed(p->server), 0);
    weft_server_unref(p->server);
}

WEFT_CORO(plays)
{
    struct play *p = arg;
    int count = (int)strlen(p->who);

    open_server(p);
    if (!p->own)
        begin(&p->work[0]);
    for (int i = 0; i < count; i++) {
        p->stuck[i].reads = p->who[i] == 'r';
        p->stuck[i].work = p->own ? &p->work[i] : NULL;
        stick(&p->stuck[i], i == 0);
    }
    for (int i = 0; i < count; i++)
        CHECK_INT(weft_await(p->stuck[i].is, NULL), 0);
    for (int i = 0; i < (p->own ? count : 1); i++)
        await_end(&p->work[i]);
    for (int i = 0; i < count; i++)
        let_go(&p->stuck[i]);
    close_server(p);
    return 0;
}

static void play(const char *who, bool own)
{
    struct play p = {.who = who, .own = own};

    workers = (unsigned)strlen(who) + 1;
    CHECK_INT(run(&plays, &p), 0);
    cr_assert(!failure[0], "%s", failure);
}

#define STUCK_CASE(name, who)                                                                      \
    Test(stuck, what_others_do_goes_on_beside_##name)                                              \
    {                                                                                              \
        play(who, false);                                                                          \
    }                                                                                              \
    Test(stuck, what_it_has_just_begun_goes_on_beside_##name)                                      \
    {                                                                                              \
        play(who, true);                                                                           \
    }

STUCK_CASE(one_of_two_that_burns, "b")
STUCK_CASE(one_of_two_in_a_system_call, "r")
STUCK_CASE(three_of_four_that_burn, "bbb")
STUCK_CASE(three_of_four_in_a_system_call, "rrr")
STUCK_CASE(three_of_four_that_burn_or_are_in_a_system_call, "brb")
