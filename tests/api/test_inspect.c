/* SPDX-License-Identifier: MIT */
/* inspect: what the runtime counts. */
#include "tests/support/workers.h"

TestSuite(inspect, .timeout = 30);

WEFT_CORO(yields)
{
    for (int i = 0; i < 10; i++)
        CHECK_INT(weft_sleep(0), 0);
    return 0;
}

WEFT_CORO(counts)
{
    weft_stats_t before = {.size = sizeof before}, after = {.size = sizeof after};
    weft_worker_stats_t worker = {.size = sizeof worker};
    weft_task_t *task[10];
    uint64_t switches = 0;

    CHECK_INT(weft_loop_stats(NULL, &before), 0);
    CHECK_INT(before.size, sizeof before);
    CHECK_INT(before.workers, workers);
    for (int i = 0; i < 10; i++)
        task[i] = weft_create_task(weft_coro(&yields, NULL));
    for (int i = 0; i < 10; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    CHECK_INT(weft_sleep(WEFT_MS(2)), 0);
    CHECK_INT(weft_loop_stats(weft_get_running_loop(), &after), 0);
    CHECK_INT(after.spawned - before.spawned, 10);
    CHECK(after.switches > before.switches);
    CHECK(after.parks >= before.parks && after.steals >= before.steals);
    for (unsigned i = 0; i < workers; i++) {
        CHECK_INT(weft_loop_worker_stats(NULL, i, &worker), 0);
        CHECK(worker.cpu_ns >= 0);
        switches += worker.switches;
    }
    CHECK(switches >= after.switches);
    CHECK_INT(weft_loop_worker_stats(NULL, workers, &worker), -EINVAL);
    worker.size--;
    CHECK_INT(weft_loop_worker_stats(NULL, 0, &worker), -EINVAL);
    after.size = 0;
    CHECK_INT(weft_loop_stats(NULL, &after), -EINVAL);
    CHECK_INT(weft_loop_stats(NULL, NULL), -EINVAL);
    return 0;
}

CASE(inspect, counters_grow_and_add_up)
{
    CHECK_INT(run(&counts, NULL), 0);
}

CASE(inspect, of_a_loop_that_does_not_run)
{
    weft_stats_t stats = {.size = sizeof stats};
    weft_worker_stats_t worker = {.size = sizeof worker};
    weft_loop_t *loop = NULL;

    CHECK_INT(weft_loop_stats(NULL, &stats), -EPERM);
    CHECK_INT(weft_loop_worker_stats(NULL, 0, &worker), -EPERM);
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    CHECK_INT(weft_loop_stats(loop, &stats), 0);
    CHECK_INT(stats.workers, workers);
    CHECK_INT(stats.spawned, 0);
    CHECK_INT(weft_loop_close(loop), 0);
    CHECK_INT(weft_loop_stats(loop, &stats), 0);
    CHECK_INT(weft_loop_worker_stats(loop, 0, &worker), 0);
    weft_loop_unref(loop);
}
