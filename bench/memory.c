/* SPDX-License-Identifier: MIT */
/*
 * memory: what a task that waits takes.
 *
 *     parked               resident bytes per task, of a million that await one future
 *     parked-pagetables    what the kernel's page tables take for them, beside that
 *
 * Each round is a process of its own. It takes 5 GB.
 */
#include <weft.h>

#include <stdatomic.h>
#include <stdio.h>

#include "bench/bench.h"

enum { TASKS = 1000000 };

typedef struct usage {
    double resident; /* bytes */
    double pagetables;
} usage_t;

static weft_task_t **tasks;
static weft_future_t *go;
static _Atomic unsigned present;

static usage_t usage(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    long resident = -1, pagetables = -1;

    while (status && fgets(line, sizeof(line), status)) {
        sscanf(line, "VmRSS: %ld", &resident);
        sscanf(line, "VmPTE: %ld", &pagetables);
    }
    if (resident < 0 || pagetables < 0)
        bench_fail("/proc/self/status does not tell");
    fclose(status);
    return (usage_t){(double)resident * 1024, (double)pagetables * 1024};
}

WEFT_CORO(waiter)
{
    /* Relaxed: it is a count, and protects nothing. */
    atomic_fetch_add_explicit(&present, 1, memory_order_relaxed);
    *result = arg;
    return weft_await(go, NULL);
}

static void park_all(void)
{
    for (uintptr_t i = 0; i < TASKS; i++)
        tasks[i] = weft_create_task(weft_coro(&waiter, (void *)i));
    while (atomic_load_explicit(&present, memory_order_relaxed) < TASKS)
        bench_check(weft_sleep(WEFT_MS(1)), "weft_sleep");
    bench_check(weft_sleep(WEFT_MS(1)), "weft_sleep");
}

static void join_all(void)
{
    int64_t sum = 0;

    for (uintptr_t i = 0; i < TASKS; i++) {
        void *value;

        bench_check(weft_join(tasks[i], &value), "weft_join");
        sum += (intptr_t)value;
    }
    bench_expect("the sum of all tasks", sum, (int64_t)TASKS * (TASKS - 1) / 2);
}

WEFT_CORO(measure)
{
    usage_t *figures = arg, before = usage(), after;

    go = weft_create_future(NULL);
    park_all();
    after = usage();
    bench_check(weft_set_result(go, NULL), "weft_set_result");
    join_all();
    weft_unref(go);
    figures->resident = (after.resident - before.resident) / TASKS;
    figures->pagetables = (after.pagetables - before.pagetables) / TASKS;
    return 0;
}

static void work(void *arg, void *result)
{
    const bench_t *bench = arg;

    tasks = bench_alloc(TASKS, sizeof(*tasks));
    bench_check(weft_run(weft_coro(&measure, result), NULL, .workers = bench->workers), "weft_run");
}

static void run(bench_t *bench)
{
    static bench_series_t parked = {.name = "parked", .peer = "weft", .unit = "bytes"};
    static bench_series_t tables = {.name = "parked-pagetables", .peer = "weft", .unit = "bytes"};

    while (bench_next_round(bench)) {
        usage_t figures;

        bench_apart(work, bench, &figures, sizeof(figures));
        bench_add(bench, &parked, figures.resident);
        bench_add(bench, &tables, figures.pagetables);
    }
    bench_report(bench, &parked);
    bench_report(bench, &tables);
}

int main(int argc, char **argv)
{
    bench_t bench = {.name = "memory",
                     .about = "What a million tasks that wait take.",
                     .most_workers = 1,
                     .cold = true};

    bench_begin(&bench, argc, argv);
    while (bench_next_workers(&bench))
        run(&bench);
    return 0;
}
