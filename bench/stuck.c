/* SPDX-License-Identifier: MIT */
/*
 * stuck: what others notice of a task that keeps its worker for itself.
 *
 * One task burns processor time for 20 ms, then blocks its thread for 20 ms, and so on, with a
 * short sleep in between, after which it may find itself on another worker. Meanwhile
 *
 *     ticker-p99    is how much too late, in us, a task wakes that sleeps for 1 ms again and again
 *     echo-p99      is how long, in us, a client outside of the loop waits for the answer of an
 *                   echo server inside
 */
#include <weft.h>

#include <arpa/inet.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"

enum {
    SPAN_MS = 2000,
    SPAN_QUICK_MS = 1000,
    STUCK_MS = 20,
    SAMPLES_MAX = 4000,
    SIZE = 64,
};

typedef struct samples {
    double us[SAMPLES_MAX];
    size_t count;
} samples_t;

static _Atomic bool over; /* relaxed: whoever sees it late goes on for one more step */

static bool is_over(void)
{
    return atomic_load_explicit(&over, memory_order_relaxed);
}

static void add(samples_t *samples, int64_t ns)
{
    if (samples->count < SAMPLES_MAX)
        samples->us[samples->count++] = (double)ns / 1000;
}

/* ---- who is in the way ---- */

static void burn(int64_t ns)
{
    int64_t until = bench_now() + ns;

    while (bench_now() < until)
        continue;
}

static void block(int64_t ns)
{
    struct timespec pause = {0, ns};

    nanosleep(&pause, NULL);
}

WEFT_CORO(hog)
{
    while (!is_over()) {
        burn(WEFT_MS(STUCK_MS));
        bench_check(weft_sleep(WEFT_MS(1)), "weft_sleep");
        block(WEFT_MS(STUCK_MS));
        bench_check(weft_sleep(WEFT_MS(1)), "weft_sleep");
    }
    return 0;
}

/* ---- who suffers ---- */

WEFT_CORO(ticker)
{
    samples_t *late = arg;

    while (!is_over()) {
        int64_t due = bench_now() + WEFT_MS(1);

        bench_check(weft_sleep(WEFT_MS(1)), "weft_sleep");
        add(late, bench_now() - due);
    }
    return 0;
}

static int serve(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    char buffer[SIZE];

    (void)arg;
    while (weft_readexactly(reader, buffer, SIZE) == SIZE) {
        int rc = weft_write_all(writer, buffer, SIZE);

        if (rc < 0)
            return rc;
    }
    return 0;
}

typedef struct client {
    int port;
    samples_t taken;
} client_t;

static void ask(int fd, uint8_t number)
{
    char out[SIZE], in[SIZE];

    memset(out, number, SIZE);
    if (send(fd, out, SIZE, MSG_NOSIGNAL) != SIZE || recv(fd, in, SIZE, MSG_WAITALL) != SIZE)
        bench_fail("the server has ended: %m");
    if (memcmp(out, in, SIZE) != 0)
        bench_fail("a message came back changed");
}

/* On a thread that may block: the clock of the client is not the loop's business. */
static int ask_on(void *arg, void **result)
{
    client_t *client = arg;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)client->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)result;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        bench_fail("connect: %m");
    for (uint8_t number = 0; !is_over(); number++) {
        int64_t start = bench_now();

        ask(fd, number);
        add(&client->taken, bench_now() - start);
        block(WEFT_MS(1));
    }
    close(fd);
    return 0;
}

/* ---------------------------------------------------------------------------------------------- */

static void run(bench_t *bench, samples_t *late, client_t *client)
{
    weft_server_t *server;
    weft_task_t *hogging, *ticking;
    weft_future_t *asking;

    late->count = client->taken.count = 0;
    atomic_store_explicit(&over, false, memory_order_relaxed);
    bench_check(weft_start_server(serve, NULL, "127.0.0.1", 0, &server), "weft_start_server");
    client->port = weft_server_port(server);
    asking = weft_loop_run_in_executor(weft_get_running_loop(), NULL, ask_on, client);
    ticking = weft_create_task(weft_coro(&ticker, late));
    hogging = weft_create_task(weft_coro(&hog, NULL));
    bench_check(weft_sleep(WEFT_MS(bench->quick ? SPAN_QUICK_MS : SPAN_MS)), "weft_sleep");
    atomic_store_explicit(&over, true, memory_order_relaxed);
    bench_check(weft_join(asking, NULL), "the client");
    bench_check(weft_join(ticking, NULL), "the ticker");
    bench_check(weft_join(hogging, NULL), "the hog");
    weft_server_close(server);
    bench_check(weft_server_wait_closed(server), "weft_server_wait_closed");
    weft_server_unref(server);
}

WEFT_CORO(measure)
{
    static bench_series_t ticker_p99 = {.name = "ticker-p99", .peer = "weft", .unit = "us"};
    static bench_series_t echo_p99 = {.name = "echo-p99", .peer = "weft", .unit = "us"};
    static samples_t late;
    static client_t client;
    bench_t *bench = arg;

    while (bench_next_round(bench)) {
        run(bench, &late, &client);
        bench_add(bench, &ticker_p99, bench_quantile(late.us, late.count, 0.99));
        bench_add(bench, &echo_p99, bench_quantile(client.taken.us, client.taken.count, 0.99));
    }
    bench_report(bench, &ticker_p99);
    bench_report(bench, &echo_p99);
    return 0;
}

int main(int argc, char **argv)
{
    bench_t bench = {.name = "stuck",
                     .about = "What others notice of a task that keeps its worker for itself.",
                     .least_workers = 2,
                     .cold = true};

    bench_begin(&bench, argc, argv);
    while (bench_next_workers(&bench))
        bench_check(weft_run(weft_coro(&measure, &bench), NULL, .workers = bench.workers),
                    "weft_run");
    return 0;
}
