/* SPDX-License-Identifier: MIT */
/*
 * threadsafe: from threads outside into the loop.
 *
 *     call-1, call-2, call-4    ns of wall time for each callback that 1, 2, 4 threads schedule by
 *                               weft_loop_call_soon_threadsafe, until the last one has run
 *     roundtrip-spin            us for a task that a thread starts and waits for, back to back
 *     roundtrip-sleep           the same every 2 ms, when the loop sleeps; raw: the least that this
 *                               takes, a thread that sleeps in an eventfd and answers by a futex
 *
 * The round trips are measured with one worker, on processor 0; the thread is on processor 1. Each
 * figure of a round is the median of its trips. Weft's caller spins for a while before it sleeps,
 * and so does the raw one: for twice as long as a wake-up takes, at most 50 us.
 */
#include <weft.h>

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"

enum {
    CALLS = 1000000,
    THREADS_MAX = 4,
    TRIPS_SPIN = 10000,
    TRIPS_SLEEP = 150,
    APART_NS = 2000000,
    SPIN_MAX_NS = 50000,
};

static weft_loop_t *loop;

/* ---- callbacks ---- */

typedef struct flood {
    int64_t called;      /* callbacks of a loop run one at a time */
    weft_future_t *done; /* a reference, for the last callback */
} flood_t;

typedef struct source {
    pthread_t thread;
    flood_t *flood;
    int calls;
} source_t;

static void count(void *arg)
{
    flood_t *flood = arg;

    if (++flood->called == CALLS) {
        weft_future_t *done = flood->done; /* flood may be gone when the waiter goes on */

        weft_set_result(done, NULL);
        weft_unref(done);
    }
}

static void *schedule_calls(void *arg)
{
    source_t *source = arg;

    for (int i = 0; i < source->calls; i++)
        bench_check(weft_loop_call_soon_threadsafe(loop, count, source->flood, NULL), "a call");
    return NULL;
}

static void measure_calls(const bench_t *bench, bench_series_t *series, int threads)
{
    weft_future_t *done = weft_create_future(NULL);
    flood_t flood = {0, weft_ref(done)};
    source_t source[THREADS_MAX];
    bench_clock_t start = bench_clock();

    for (int i = 0; i < threads; i++) {
        source[i].flood = &flood;
        source[i].calls = CALLS / threads;
        bench_check(-pthread_create(&source[i].thread, NULL, schedule_calls, &source[i]), "thread");
    }
    bench_check(weft_join(done, NULL), "weft_join");
    bench_add_since(bench, series, start, CALLS);
    for (int i = 0; i < threads; i++)
        pthread_join(source[i].thread, NULL);
    bench_expect("callbacks", flood.called, CALLS);
}

/* ---- a bare eventfd and a futex ---- */

enum { EMPTY, AWAITED, ANSWERED };

typedef struct raw {
    int asked; /* the eventfd */
    int64_t spin_ns;
    _Atomic uint32_t state; /* sequentially consistent, for simplicity */
    pthread_t thread;
} raw_t;

static void *raw_answer(void *arg)
{
    raw_t *raw = arg;
    uint64_t asks;

    bench_pin(0);
    while (read(raw->asked, &asks, sizeof(asks)) == sizeof(asks) && asks == 1)
        if (atomic_exchange(&raw->state, ANSWERED) == AWAITED)
            syscall(SYS_futex, &raw->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    return NULL;
}

static void raw_trip(void *arg, intptr_t i)
{
    raw_t *raw = arg;
    uint64_t one = 1;
    uint32_t empty = EMPTY;
    int64_t start;

    (void)i;
    atomic_store(&raw->state, EMPTY);
    if (write(raw->asked, &one, sizeof(one)) != sizeof(one))
        bench_fail("eventfd: %m");
    start = bench_now();
    while (bench_now() - start < raw->spin_ns)
        if (atomic_load(&raw->state) == ANSWERED)
            return;
    if (atomic_compare_exchange_strong(&raw->state, &empty, AWAITED))
        while (atomic_load(&raw->state) == AWAITED)
            syscall(SYS_futex, &raw->state, FUTEX_WAIT_PRIVATE, AWAITED, NULL, NULL, 0);
}

/* ---- round trips ---- */

WEFT_CORO(successor)
{
    *result = (void *)((intptr_t)arg + 1);
    return 0;
}

static void weft_trip(void *arg, intptr_t i)
{
    weft_cfuture_t *future = weft_run_coroutine_threadsafe(weft_coro(&successor, (void *)i), loop);
    void *value;

    (void)arg;
    bench_check(weft_cfuture_result(future, WEFT_NONE, &value), "weft_cfuture_result");
    bench_expect("the result", (intptr_t)value, i + 1);
    weft_cfuture_unref(future);
}

/* The median of so many trips, in ns. */
static double trips(void (*trip)(void *arg, intptr_t i), void *arg, int number, int64_t apart)
{
    static double taken[TRIPS_SPIN];

    for (int i = 0; i < number; i++) {
        struct timespec pause = {0, apart};
        int64_t start;

        if (apart)
            nanosleep(&pause, NULL);
        start = bench_now();
        trip(arg, i);
        taken[i] = (double)(bench_now() - start);
    }
    return bench_quantile(taken, (size_t)number, 0.5);
}

typedef struct caller {
    pthread_t thread;
    weft_future_t *done;
    double spin, sleep, raw_sleep;
} caller_t;

static double trips_raw(void)
{
    raw_t raw = {.asked = eventfd(0, EFD_CLOEXEC)};
    uint64_t end = 2;
    double sleep;

    bench_check(-pthread_create(&raw.thread, NULL, raw_answer, &raw), "thread");
    raw.spin_ns = (int64_t)(2 * trips(raw_trip, &raw, TRIPS_SLEEP / 5, APART_NS));
    if (raw.spin_ns > SPIN_MAX_NS)
        raw.spin_ns = SPIN_MAX_NS;
    sleep = trips(raw_trip, &raw, TRIPS_SLEEP, APART_NS);
    if (write(raw.asked, &end, sizeof(end)) != sizeof(end))
        bench_fail("eventfd: %m");
    pthread_join(raw.thread, NULL);
    close(raw.asked);
    return sleep;
}

static void *call_back_and_forth(void *arg)
{
    caller_t *caller = arg;

    bench_pin(1);
    caller->spin = trips(weft_trip, NULL, TRIPS_SPIN, 0);
    caller->sleep = trips(weft_trip, NULL, TRIPS_SLEEP, APART_NS);
    caller->raw_sleep = trips_raw();
    weft_set_result(caller->done, NULL);
    return NULL;
}

static bench_series_t spin = {.name = "roundtrip-spin", .peer = "weft", .unit = "us"};
static bench_series_t sleeping = {.name = "roundtrip-sleep", .peer = "weft", .unit = "us"};
static bench_series_t raw_sleeping = {.name = "roundtrip-sleep", .peer = "raw", .unit = "us"};

static void measure_roundtrips(const bench_t *bench)
{
    caller_t caller = {.done = weft_create_future(NULL)};

    bench_pin(0);
    bench_check(-pthread_create(&caller.thread, NULL, call_back_and_forth, &caller), "thread");
    bench_check(weft_await(caller.done, NULL), "weft_await");
    pthread_join(caller.thread, NULL);
    bench_unpin();
    weft_unref(caller.done);
    bench_add(bench, &spin, caller.spin / 1000);
    bench_add(bench, &sleeping, caller.sleep / 1000);
    bench_add(bench, &raw_sleeping, caller.raw_sleep / 1000);
}

WEFT_CORO(measure)
{
    static bench_series_t call[] = {
        {.name = "call-1", .peer = "weft", .unit = "ns"},
        {.name = "call-2", .peer = "weft", .unit = "ns"},
        {.name = "call-4", .peer = "weft", .unit = "ns"},
    };
    bench_t *bench = arg;

    loop = weft_get_running_loop();
    while (bench_next_round(bench)) {
        for (int i = 0; i < 3; i++)
            measure_calls(bench, &call[i], 1 << i);
        if (bench->workers == 1)
            measure_roundtrips(bench);
    }
    for (int i = 0; i < 3; i++)
        bench_report(bench, &call[i]);
    if (bench->workers == 1) {
        bench_report(bench, &spin);
        bench_report(bench, &sleeping);
        bench_report(bench, &raw_sleeping);
    }
    return 0;
}

int main(int argc, char **argv)
{
    bench_t bench = {
        .name = "threadsafe", .about = "From threads outside into the loop.", .most_workers = 2};

    bench_begin(&bench, argc, argv);
    while (bench_next_workers(&bench))
        bench_check(weft_run(weft_coro(&measure, &bench), NULL, .workers = bench.workers),
                    "weft_run");
    return 0;
}
