/* SPDX-License-Identifier: MIT */
/*
 * yield: tasks that do nothing but let each other run.
 *
 *     2, 1000, 100000    so many tasks; ns of wall time per yield of any of them
 *
 * With 100 000 the stacks are in no cache, and what is measured is how well the scheduler knows in
 * advance which it will need.
 */
#include <weft.h>

#include <stdatomic.h>
#include <stdlib.h>

#include "bench/bench.h"

enum { TASKS_MAX = 100000 };

/* So many tasks that yield so many times each. */
typedef struct crowd {
    unsigned tasks;
    unsigned yields;
    bench_series_t series;
} crowd_t;

static crowd_t crowds[] = {
    {2, 500000, {.name = "2", .peer = "weft", .unit = "ns"}},
    {1000, 2000, {.name = "1000", .peer = "weft", .unit = "ns"}},
    {TASKS_MAX, 50, {.name = "100000", .peer = "weft", .unit = "ns"}},
};

enum { CROWDS = sizeof(crowds) / sizeof(crowds[0]) };

static weft_task_t **tasks;
static weft_future_t *go;
static unsigned yields; /* of each task */
static _Atomic unsigned present;

WEFT_CORO(yielder)
{
    uintptr_t done = 0;

    /* Relaxed: it is a count, and protects nothing. */
    atomic_fetch_add_explicit(&present, 1, memory_order_relaxed);
    bench_check(weft_await(go, NULL), "weft_await");
    while (done < yields) {
        int rc = weft_sleep(0);
        if (rc < 0)
            return rc;
        done++;
    }
    *result = (void *)done;
    return 0;
}

/* Starts all tasks, and returns when they wait for [go]: what is measured has its stacks already.
 */
static void assemble(const crowd_t *crowd)
{
    go = weft_create_future(NULL);
    yields = crowd->yields;
    atomic_store_explicit(&present, 0, memory_order_relaxed); /* no task of this crowd exists yet */
    for (unsigned i = 0; i < crowd->tasks; i++)
        tasks[i] = weft_create_task(weft_coro(&yielder, NULL));
    while (atomic_load_explicit(&present, memory_order_relaxed) < crowd->tasks)
        bench_check(weft_sleep(0), "weft_sleep");
    bench_check(weft_sleep(0), "weft_sleep");
}

static void run(const bench_t *bench, crowd_t *crowd)
{
    int64_t total = (int64_t)crowd->tasks * crowd->yields, sum = 0;
    bench_clock_t start;

    assemble(crowd);
    start = bench_clock();
    bench_check(weft_set_result(go, NULL), "weft_set_result");
    for (unsigned i = 0; i < crowd->tasks; i++) {
        void *value;

        bench_check(weft_join(tasks[i], &value), "weft_join");
        sum += (intptr_t)value;
    }
    bench_add_since(bench, &crowd->series, start, (double)total);
    bench_expect("yields", sum, total);
    weft_unref(go);
}

WEFT_CORO(measure)
{
    bench_t *bench = arg;

    while (bench_next_round(bench))
        for (unsigned i = 0; i < CROWDS; i++)
            run(bench, &crowds[i]);
    for (unsigned i = 0; i < CROWDS; i++)
        bench_report(bench, &crowds[i].series);
    return 0;
}

int main(int argc, char **argv)
{
    bench_t bench = {.name = "yield",
                     .about = "2, 1 000 and 100 000 tasks that yield to each other.",
                     .most_workers = 2};

    bench_begin(&bench, argc, argv);
    tasks = bench_alloc(TASKS_MAX, sizeof(weft_task_t *));
    while (bench_next_workers(&bench))
        bench_check(weft_run(weft_coro(&measure, &bench), NULL, .workers = bench.workers),
                    "weft_run");
    free(tasks);
    return 0;
}
