/* SPDX-License-Identifier: MIT */
/*
 * fib: what a task costs, when there are many and they do next to nothing.
 *
 * fib(32) by the definition: each call is a task that creates two tasks and joins both, seven
 * million in all. It joins the younger one first, as a stack would have it: what lies waiting
 * longest, and is what another worker takes, is the larger half of the work.
 *
 *     task    ns of wall time per task
 */
#include <weft.h>

#include "bench/bench.h"

enum {
    N = 32,
    RESULT = 2178309,       /* fib(32) */
    TASKS = 2 * 3524578 - 1 /* calls that it takes: 2 fib(33) - 1 */
};

WEFT_CORO(fib)
{
    intptr_t n = (intptr_t)arg;
    weft_task_t *larger, *smaller;
    void *a, *b;
    int rc, rc2;

    if (n < 2) {
        *result = arg;
        return 0;
    }
    larger = weft_create_task(weft_coro(&fib, (void *)(n - 1)));
    smaller = weft_create_task(weft_coro(&fib, (void *)(n - 2)));
    rc = weft_join(smaller, &a);
    rc2 = weft_join(larger, &b);
    if (rc < 0 || rc2 < 0)
        return rc < 0 ? rc : rc2;
    *result = (void *)((intptr_t)a + (intptr_t)b);
    return 0;
}

WEFT_CORO(measure)
{
    static bench_series_t task = {.name = "task", .peer = "weft", .unit = "ns"};
    bench_t *bench = arg;

    while (bench_next_round(bench)) {
        bench_clock_t start = bench_clock();
        void *value;

        bench_check(weft_join(weft_create_task(weft_coro(&fib, (void *)N)), &value), "fib");
        bench_add_since(bench, &task, start, TASKS);
        bench_expect("fib(32)", (intptr_t)value, RESULT);
    }
    bench_report(bench, &task);
    return 0;
}

int main(int argc, char **argv)
{
    bench_t bench = {.name = "fib", .about = "fib(32), a task for each call.", .most_workers = 2};

    bench_begin(&bench, argc, argv);
    while (bench_next_workers(&bench))
        bench_check(weft_run(weft_coro(&measure, &bench), NULL, .workers = bench.workers,
                             .order = WEFT_ORDER_FREE),
                    "weft_run");
    return 0;
}
