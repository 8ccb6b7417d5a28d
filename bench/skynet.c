/* SPDX-License-Identifier: MIT */
/*
 * skynet: a tree of tasks, ten children each, with a million leaves. Each leaf has a number, each
 * other task the sum of its children's.
 *
 *     1M    ns of wall time per task, of which there are 1 111 111
 */
#include <weft.h>

#include "bench/bench.h"

enum {
    CHILDREN = 10,
    LEAVES = 1000000,
    TASKS = 1111111,
};

/* Lives on the stack of the parent, who joins all children before it returns. */
typedef struct subtree {
    int64_t first; /* the number of its first leaf */
    int64_t leaves;
} subtree_t;

WEFT_CORO(leaf)
{
    const subtree_t *self = arg;

    *result = (void *)(intptr_t)self->first;
    return 0;
}

WEFT_CORO(node)
{
    const subtree_t *self = arg;
    int64_t leaves = self->leaves / CHILDREN; /* of a child */
    const weft_corofn_t *fn = leaves == 1 ? &leaf : &node;
    subtree_t child[CHILDREN];
    weft_task_t *task[CHILDREN];
    intptr_t sum = 0;
    int rc = 0;

    for (int i = 0; i < CHILDREN; i++) {
        child[i] = (subtree_t){.first = self->first + i * leaves, .leaves = leaves};
        task[i] = weft_create_task(weft_coro(fn, &child[i]));
    }
    for (int i = 0; i < CHILDREN; i++) {
        void *value = NULL;
        int failed = weft_join(task[i], &value);

        if (failed < 0)
            rc = failed;
        sum += (intptr_t)value;
    }
    *result = (void *)sum;
    return rc;
}

WEFT_CORO(measure)
{
    static bench_series_t million = {.name = "1M", .peer = "weft", .unit = "ns"};
    bench_t *bench = arg;

    while (bench_next_round(bench)) {
        subtree_t root = {.first = 0, .leaves = LEAVES};
        bench_clock_t start = bench_clock();
        void *sum;

        bench_check(weft_join(weft_create_task(weft_coro(&node, &root)), &sum), "skynet");
        bench_add_since(bench, &million, start, TASKS);
        bench_expect("the sum of all leaves", (intptr_t)sum, (int64_t)LEAVES * (LEAVES - 1) / 2);
    }
    bench_report(bench, &million);
    return 0;
}

int main(int argc, char **argv)
{
    bench_t bench = {.name = "skynet",
                     .about = "A tree of a million tasks, ten children each.",
                     .most_workers = 2};

    bench_begin(&bench, argc, argv);
    while (bench_next_workers(&bench))
        bench_check(weft_run(weft_coro(&measure, &bench), NULL, .workers = bench.workers,
                             .order = WEFT_ORDER_FREE),
                    "weft_run");
    return 0;
}
