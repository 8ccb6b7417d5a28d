/* SPDX-License-Identifier: MIT */
/*
 * timers: a million tasks that each sleep once, for 0 to 1 s, all of them created in one go.
 *
 *     cpu-cold    ns of processor time per task when no stack was ever used; raw: what the kernel
 *                 takes for the guards and the first pages of a million stacks
 *     cpu-warm    the same when as many have slept before
 *     late-p99    ms that a task wakes too late, in the second pass, counted from its own start;
 *                 one task in SAMPLE looks at the clock
 *
 * Each round is a process of its own, so that the memory is fresh. It takes 5 GB.
 */
#include <weft.h>

#include <stdlib.h>
#include <sys/mman.h>

#include "bench/bench.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum {
    TASKS = 1000000,
    SAMPLE = 16,
    GUARD = 64 * 1024,
    STACK = 64 * 1024,
};

typedef struct figures {
    double cpu_cold, cpu_warm; /* ns */
    double late;               /* ms */
} figures_t;

/* ---- weft ---- */

static weft_task_t **tasks;
static double *late; /* ns, of each SAMPLE'th task */

WEFT_CORO(sleeper)
{
    uint32_t number = (uint32_t)(uintptr_t)arg;
    weft_ns_t delay = number * 2654435769u % 1000000000u; /* as good as random, always the same */
    int64_t due = 0;
    int rc;

    if (number % SAMPLE == 0)
        due = bench_now() + delay;
    rc = weft_sleep(delay);
    if (number % SAMPLE == 0)
        late[number / SAMPLE] = (double)(bench_now() - due);
    *result = arg;
    return rc;
}

static double pass(void)
{
    bench_clock_t start = bench_clock();
    int64_t sum = 0;

    for (uintptr_t i = 0; i < TASKS; i++)
        tasks[i] = weft_create_task(weft_coro(&sleeper, (void *)i));
    for (uintptr_t i = 0; i < TASKS; i++) {
        void *value;

        bench_check(weft_join(tasks[i], &value), "weft_join");
        sum += (intptr_t)value;
    }
    bench_expect("the sum of all tasks", sum, (int64_t)TASKS * (TASKS - 1) / 2);
    return (double)(bench_clock().cpu - start.cpu) / TASKS;
}

WEFT_CORO(measure)
{
    figures_t *figures = arg;

    figures->cpu_cold = pass();
    figures->cpu_warm = pass();
    figures->late = bench_quantile(late, TASKS / SAMPLE, 0.99) / 1e6;
    return 0;
}

static void work(void *arg, void *result)
{
    const bench_t *bench = arg;

    tasks = bench_alloc(TASKS, sizeof(*tasks));
    late = bench_alloc(TASKS / SAMPLE, sizeof(*late));
    bench_check(weft_run(weft_coro(&measure, result), NULL, .workers = bench->workers), "weft_run");
}

/* ---- raw ---- */

static void work_raw(void *arg, void *result)
{
    const size_t stride = GUARD + STACK;
    bench_clock_t start = bench_clock();
    char *arena = mmap(NULL, TASKS * stride, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

    (void)arg;
    if (arena == MAP_FAILED || madvise(arena, TASKS * stride, MADV_NOHUGEPAGE) < 0)
        bench_fail("no address space for stacks: %m");
    for (size_t i = 0; i < TASKS; i++) {
        madvise(arena + i * stride, GUARD, MADV_GUARD_INSTALL); /* a kernel before 6.13 says no */
        ((volatile char *)arena)[(i + 1) * stride - 1] = 1;
    }
    *(double *)result = (double)(bench_clock().cpu - start.cpu) / TASKS;
}

/* ---------------------------------------------------------------------------------------------- */

static void run(bench_t *bench)
{
    static bench_series_t warm = {.name = "cpu-warm", .peer = "weft", .unit = "ns"};
    static bench_series_t cold = {.name = "cpu-cold", .peer = "weft", .unit = "ns"};
    static bench_series_t raw = {.name = "cpu-cold", .peer = "raw", .unit = "ns"};
    static bench_series_t late_p99 = {.name = "late-p99", .peer = "weft", .unit = "ms"};

    while (bench_next_round(bench)) {
        figures_t figures;
        double raw_ns;

        bench_apart(work, bench, &figures, sizeof(figures));
        bench_apart(work_raw, NULL, &raw_ns, sizeof(raw_ns));
        bench_add(bench, &warm, figures.cpu_warm);
        bench_add(bench, &cold, figures.cpu_cold);
        bench_add(bench, &raw, raw_ns);
        bench_add(bench, &late_p99, figures.late);
    }
    bench_report(bench, &warm);
    bench_report(bench, &cold);
    bench_report(bench, &raw);
    bench_report(bench, &late_p99);
}

int main(int argc, char **argv)
{
    bench_t bench = {
        .name = "timers", .about = "A million tasks that sleep.", .most_workers = 1, .cold = true};

    bench_begin(&bench, argc, argv);
    while (bench_next_workers(&bench))
        run(&bench);
    return 0;
}
