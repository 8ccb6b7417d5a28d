/* SPDX-License-Identifier: MIT */
/*
 * spawn: creating a task and getting its result.
 *
 *     one    each task is joined before the next is created
 *     all    a million are created, then joined in the order of their creation
 *
 * Both in ns of wall time per task.
 */
#include <weft.h>

#include <stdlib.h>

#include "bench/bench.h"

enum { TASKS = 1000000 };

static const int64_t sum_wanted = (int64_t)TASKS * (TASKS + 1) / 2;
static weft_task_t **tasks;

WEFT_CORO(successor)
{
    *result = (void *)((intptr_t)arg + 1);
    return 0;
}

static weft_task_t *spawn(intptr_t i)
{
    return weft_create_task(weft_coro(&successor, (void *)i));
}

static intptr_t join(weft_task_t *task)
{
    void *value;

    bench_check(weft_join(task, &value), "weft_join");
    return (intptr_t)value;
}

static void spawn_one(const bench_t *bench, bench_series_t *series)
{
    bench_clock_t start = bench_clock();
    int64_t sum = 0;

    for (intptr_t i = 0; i < TASKS; i++)
        sum += join(spawn(i));
    bench_add_since(bench, series, start, TASKS);
    bench_expect("the sum of all results", sum, sum_wanted);
}

static void spawn_all(const bench_t *bench, bench_series_t *series)
{
    bench_clock_t start = bench_clock();
    int64_t sum = 0;

    for (intptr_t i = 0; i < TASKS; i++)
        tasks[i] = spawn(i);
    for (intptr_t i = 0; i < TASKS; i++)
        sum += join(tasks[i]);
    bench_add_since(bench, series, start, TASKS);
    bench_expect("the sum of all results", sum, sum_wanted);
}

WEFT_CORO(measure)
{
    static bench_series_t one = {.name = "one", .peer = "weft", .unit = "ns"};
    static bench_series_t all = {.name = "all", .peer = "weft", .unit = "ns"};
    bench_t *bench = arg;

    while (bench_next_round(bench)) {
        spawn_one(bench, &one);
        spawn_all(bench, &all);
    }
    bench_report(bench, &one);
    bench_report(bench, &all);
    return 0;
}

int main(int argc, char **argv)
{
    bench_t bench = {.name = "spawn",
                     .about = "Tasks that are created and joined, one by one and by the million.",
                     .most_workers = 2};

    bench_begin(&bench, argc, argv);
    tasks = bench_alloc(TASKS, sizeof(*tasks));
    while (bench_next_workers(&bench))
        bench_check(weft_run(weft_coro(&measure, &bench), NULL, .workers = bench.workers,
                             .order = WEFT_ORDER_FREE),
                    "weft_run");
    free(tasks);
    return 0;
}
