/* SPDX-License-Identifier: MIT */
/* waits: what a task of the simulation does that needs no other task of its kind. */
#ifndef WEFT_TESTS_SIM_WAITS_H
#define WEFT_TESTS_SIM_WAITS_H

#include "network.h"

static inline int await_future(void)
{
    weft_future_t *future = new_future();
    void *value = NULL;

    if (!future)
        return 0;
    int rc = sim_one_in(4) && world.cancels ? weft_wait_for(future, WEFT_US(sim_below(500)), &value)
                                            : weft_await(future, &value);
    SIM_CHECK(is_possible(rc) && weft_done(future));
    SIM_CHECK(rc < 0 || *(weft_future_t **)value == future);
    return rc;
}

static inline int await_endless(void)
{
    weft_future_t *never = world.future_count < FUTURES ? keep(weft_create_future(NULL)) : NULL;

    if (!world.cancels || !never || world.endless_count == NODES)
        return weft_sleep(0);
    world.endless[world.endless_count++] = weft_current_task();
    tell_janitor();
    char byte;
    struct weft__operation op = {
        .code = WEFT__OP_RECV, .fd = world.silent[0], .buffer = &byte, .length = 1};
    uint32_t how = sim_below(3);
    int rc = how == 0 ? weft_await(never, NULL) : how == 1 ? weft_sleep(WEFT_NONE) : operate(&op);
    SIM_CHECK(rc == -ECANCELED);
    for (unsigned i = 0; i < world.endless_count; i++) {
        if (world.endless[i] == weft_current_task())
            world.endless[i] = world.endless[--world.endless_count];
    }
    return rc;
}

static inline int blocking_call(void *arg, void **result)
{
    pass();
    *result = arg;
    return 0;
}

static inline int use_thread(void)
{
    int here;
    void *value = NULL;
    int rc = weft_to_thread(blocking_call, &here, &value);

    SIM_CHECK(is_possible(rc));
    SIM_CHECK(rc < 0 || value == &here);
    return rc;
}

static inline void soon(void *arg)
{
    SIM_CHECK(arg == &world && world.soon_called < world.soon_made);
    world.soon_called++;
}

static inline void never_soon(void *arg)
{
    (void)arg;
    sim_fail("a callback was called that had been cancelled");
}

static inline int use_callback(void)
{
    bool cancels = sim_one_in(4);
    weft_handle_t *handle = NULL;
    weft_ns_t delay = sim_one_in(2) ? 0 : WEFT_US(sim_below(500));

    world.soon_made += !cancels;
    SIM_CHECK(weft_loop_call_later(world.loop, delay, cancels ? never_soon : soon, &world,
                                   cancels ? &handle : NULL) == 0);
    if (cancels) { /* no point lies in between, at which it could have been called */
        weft_handle_cancel(handle);
        weft_handle_unref(handle);
    }
    return 0;
}

/* In the same strand first steps come in the order in which somebody created the tasks. */
WEFT_CORO(in_order)
{
    struct batch *batch = &world.batches[(uintptr_t)arg / MOST];
    struct strand *strand = &world.strands[batch->strand];

    SIM_CHECK(batch->begun++ == (uintptr_t)arg % MOST);
    SIM_CHECK(strand->inside++ == 0);
    pass();
    SIM_CHECK(--strand->inside == 0);
    return 0;
}

/* Detached: nobody may claim them out of their order. */
static inline int start_in_order(void)
{
    uintptr_t i = world.batch_count;

    if (i == BATCHES || !world.has_strands)
        return 0;
    world.batch_count++;
    struct batch *batch = &world.batches[i];
    batch->strand = sim_below(STRANDS);
    for (uint32_t n = sim_below(MOST); batch->given < n; batch->given++)
        weft_create_task(weft_coro(&in_order, (void *)(i * MOST + batch->given)), .detached = true,
                         .strand = world.strands[batch->strand].strand);
    return 0;
}

#endif
