/* SPDX-License-Identifier: MIT */
/*
 * Tasks that await each other in rings, on one to four workers, by the seed; threads outside cancel
 * them, and take that back, at every step.
 *
 * What is checked
 *   - an await ends as cancelled, or when the other task is done, with its value
 *   - a cancel ends each ring at last: all tasks end
 *   - the same seed gives the same run
 */
#include "loop.h"

enum { TASKS = 4, ROUNDS = 4 };

static struct {
    weft_loop_t *loop;
    weft_task_t *task[TASKS]; /* references */
    bool over;
} world;

static uint64_t awaits, cancelled;

static void await_one(unsigned me)
{
    weft_task_t *other = world.task[sim_below(TASKS)];
    void *value = NULL;

    if (!other || other == world.task[me]) {
        (void)!weft_sleep(0);
        return;
    }
    int rc = weft_await(other, &value);
    SIM_CHECK(rc == -ECANCELED || (rc == 0 && weft_done(other) && value == &world));
    awaits++;
    cancelled += rc < 0;
}

WEFT_CORO(member)
{
    for (uint32_t n = 1 + sim_below(ROUNDS); n > 0; n--)
        await_one((unsigned)(uintptr_t)arg);
    *result = &world;
    return 0;
}

WEFT_CORO(root)
{
    for (uintptr_t i = 0; i < TASKS; i++)
        world.task[i] = weft_create_task(weft_coro(&member, (void *)i));
    for (int i = 0; i < TASKS; i++)
        (void)!weft_await(world.task[i], NULL);
    world.over = true;
    return 0;
}

static void foreign(void *arg)
{
    (void)arg;
    while (!world.over) {
        weft_task_t *task = world.task[sim_below(TASKS)];
        if (task && sim_one_in(3))
            (void)weft_uncancel(task);
        else if (task)
            (void)weft_cancel(task);
        if (sim_one_in(2))
            sim_idle(sim_below(20000));
    }
}

static uint64_t run(uint64_t seed)
{
    sim_begin(weft__virtual_swarm(seed), 100 * WEFT__SECOND);
    memset(&world, 0, sizeof world);
    world.loop = sim_loop_new();
    uint64_t hash = sim_loop_run(world.loop, &root, foreign);
    for (int i = 0; i < TASKS; i++)
        weft_unref(world.task[i]);
    sim_loop_end(world.loop);
    sim_end();
    return hash;
}

int main(int argc, char **argv)
{
    int rc = sim_main(argc, argv, run, 300, false);

    printf("  %" PRIu64 " awaits, %" PRIu64 " cancelled\n", awaits, cancelled);
    return rc;
}
