/* SPDX-License-Identifier: MIT */
/*
 * An hour of sleeps takes no time: the clock of a simulation jumps. 60 tasks sleep a
 * minute 60 times each. Nobody wakes early, and nobody later than the driver's stalls explain.
 */
#include "sim.h"
#include "runtime/sched/loop.h"
#include "weft.h"

enum { SLEEPERS = 60, MINUTES = 60 };

static const weft_ns_t minute = (weft_ns_t)60 * WEFT__SECOND;
static unsigned slept;

WEFT_CORO(sleeper)
{
    for (int i = 0; i < MINUTES; i++) {
        weft_ns_t begin = sim_system->now();
        SIM_CHECK(weft_sleep(minute) == 0);
        weft_ns_t passed = sim_system->now() - begin;
        SIM_CHECK(passed >= minute && passed < minute + WEFT__SECOND);
        slept++;
    }
    return 0;
}

WEFT_CORO(sleepers)
{
    weft_task_t *tasks[SLEEPERS];

    for (int i = 0; i < SLEEPERS; i++)
        tasks[i] = weft_create_task(weft_coro(&sleeper, NULL));
    for (int i = 0; i < SLEEPERS; i++)
        SIM_CHECK(weft_join(tasks[i], NULL) == 0);
    return 0;
}

static uint64_t run(uint64_t seed)
{
    struct weft__loop_config config = {.class = &weft__driver_virtual};
    weft_loop_t *loop;

    sim_begin(weft__virtual_swarm(seed), 2 * MINUTES * minute);
    config.workers = 1 + sim_below(4);
    slept = 0;
    weft_ns_t begin = sim_system->now();
    SIM_CHECK(weft__loop_new(&loop, &config) == 0);
    SIM_CHECK(weft_loop_run_until_complete(loop, weft_coro(&sleepers, NULL), NULL) == 0);
    SIM_CHECK(slept == SLEEPERS * MINUTES);
    SIM_CHECK(sim_system->now() - begin >= MINUTES * minute);
    SIM_CHECK(weft_loop_close(loop) == 0);
    weft_loop_unref(loop);
    uint64_t hash = weft__virtual_hash(sim);
    sim_end();
    return hash;
}

int main(int argc, char **argv)
{
    return sim_main(argc, argv, run, 20, false);
}
