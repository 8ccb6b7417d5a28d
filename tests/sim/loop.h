/* SPDX-License-Identifier: MIT */
/* loop: one of one to four workers, by the seed, with foreign threads beside it. */
#ifndef WEFT_TESTS_SIM_LOOP_H
#define WEFT_TESTS_SIM_LOOP_H

#include "sim.h"
#include "runtime/async/create_task.h"
#include "runtime/sched/loop.h"
#include "weft.h"

enum { SIM_FOREIGN = 2 };

static inline weft_loop_t *sim_loop_new(void)
{
    struct weft__loop_config config = {.class = &weft__driver_virtual};
    weft_loop_t *loop;

    config.workers = 1 + sim_below(4);
    config.order = sim_one_in(2) ? WEFT_ORDER_FREE : WEFT_ORDER_DEFAULT;
    SIM_CHECK(weft__loop_new(&loop, &config) == 0);
    return loop;
}

/* Until [root] and all foreign threads are done. Returns the hash of the trace as [root] ended. */
static inline uint64_t sim_loop_run(weft_loop_t *loop, const weft_corofn_t *root,
                                    void (*foreign)(void *arg))
{
    weft_task_opts_t opts = {.size = sizeof opts};
    weft__thread threads[SIM_FOREIGN];
    weft_task_t *main;

    SIM_CHECK(weft__create_task(loop, weft_coro(root, NULL), &opts, &main) == 0);
    for (int i = 0; i < SIM_FOREIGN; i++)
        SIM_CHECK(weft__virtual_thread(&threads[i], foreign, NULL) == 0);
    SIM_CHECK(weft_loop_run_until_complete(loop, main, NULL) == 0);
    uint64_t hash = weft__virtual_hash(sim);
    for (int i = 0; i < SIM_FOREIGN; i++)
        sim_system->thread_join(threads[i]);
    weft_unref(main);
    return hash;
}

static inline void sim_loop_end(weft_loop_t *loop)
{
    SIM_CHECK(weft_loop_close(loop) == 0);
    weft_loop_unref(loop);
}

#endif
