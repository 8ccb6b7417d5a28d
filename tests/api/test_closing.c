/* SPDX-License-Identifier: MIT */
/*
 * The end of a loop with tasks pending: what outlives it, channels, futures, executors of other
 * loops, names nothing of the tasks any more. Their frames are unmapped by then, so that whoever
 * still looked there would crash.
 */
#include <sched.h>
#include <stdatomic.h>

#include "tests/support/closing.h"

TestSuite(closing, .timeout = 60);

static weft_channel_t *channels[2];
static weft_future_t *futures[2];

static void open_all(void)
{
    open_loop();
    for (int i = 0; i < 2; i++) {
        CHECK_INT(weft_channel_create(&channels[i], 0, sizeof(int)), 0);
        futures[i] = weft_create_future(loop);
    }
}

static void drop_all(void)
{
    for (int i = 0; i < 2; i++) {
        weft_channel_unref(channels[i]);
        weft_unref(futures[i]);
    }
}

/* ---- a wait for one of several ---- */

WEFT_CORO(selects)
{
    int x = 0;
    weft_select_t branches[] = {WEFT_SELECT_RECV(channels[0], &x),
                                WEFT_SELECT_RECV(channels[1], &x), WEFT_SELECT_DONE(futures[0])};

    (void)arg;
    (void)result;
    return weft_select(branches, 3, WEFT_NONE);
}

CASE_ORDERED(closing, a_select_that_was_woken_leaves_its_channels)
{
    weft_task_t *task;

    open_all();
    task = start(&selects, NULL);
    CHECK_INT(weft_channel_try_send(channels[0], &(int){1}), 0);
    close_over(task);
    CHECK_INT(weft_channel_try_send(channels[1], &(int){1}), -EAGAIN);
    drop_all();
}

CASE_ORDERED(closing, a_select_that_was_woken_leaves_its_futures)
{
    weft_task_t *task;

    open_all();
    task = start(&selects, NULL);
    CHECK_INT(weft_channel_try_send(channels[0], &(int){1}), 0);
    close_over(task);
    CHECK_INT(weft_set_result(futures[0], NULL), 0);
    drop_all();
}

CASE_ORDERED(closing, a_select_that_an_awaitable_woke_leaves_its_channels)
{
    weft_task_t *task;

    open_all();
    task = start(&selects, NULL);
    CHECK_INT(weft_set_result(futures[0], NULL), 0);
    close_over(task);
    CHECK_INT(weft_channel_try_send(channels[0], &(int){1}), -EAGAIN);
    CHECK_INT(weft_channel_try_send(channels[1], &(int){1}), -EAGAIN);
    drop_all();
}

CASE_ORDERED(closing, a_select_that_waits_leaves_its_channels_and_futures)
{
    weft_task_t *task;

    open_all();
    task = start(&selects, NULL);
    close_over(task);
    CHECK_INT(weft_channel_try_send(channels[0], &(int){1}), -EAGAIN);
    CHECK_INT(weft_channel_try_send(channels[1], &(int){1}), -EAGAIN);
    CHECK_INT(weft_set_result(futures[0], NULL), 0);
    drop_all();
}

WEFT_CORO(completes)
{
    weft_as_completed_t *it = weft_as_completed(
        (weft_awaitable_t *[]){weft_ref(futures[0]), weft_ref(futures[1])}, 2, WEFT_NONE);
    weft_awaitable_t *which;

    (void)result;
    *(weft_as_completed_t **)arg = it;
    return weft_as_completed_next(it, &which);
}

CASE_ORDERED(closing, who_takes_what_completes_leaves_the_iterator)
{
    weft_as_completed_t *it = NULL;
    weft_task_t *task;

    open_all();
    task = start(&completes, &it);
    close_over(task);
    CHECK_INT(weft_set_result(futures[0], NULL), 0);
    CHECK_INT(weft_set_result(futures[1], NULL), 0);
    weft_as_completed_free(it);
    drop_all();
}

WEFT_CORO(takes_the_second)
{
    weft_awaitable_t *which = NULL;

    (void)result;
    CHECK_INT(weft_as_completed_next(arg, &which), 1);
    CHECK(which == futures[1]);
    return 0;
}

CASE_ORDERED(closing, what_was_handed_to_who_is_gone_is_the_next_ones)
{
    weft_as_completed_t *it = NULL;
    weft_task_t *task;

    open_all();
    task = start(&completes, &it);
    CHECK_INT(weft_set_result(futures[1], NULL), 0);
    close_over(task);
    CHECK_INT(weft_set_result(futures[0], NULL), 0);
    CHECK_INT(run(&takes_the_second, it), 0);
    weft_as_completed_free(it);
    drop_all();
}

WEFT_CORO(waits)
{
    size_t done;

    (void)arg;
    (void)result;
    return weft_wait(futures, 2, WEFT_NONE, WEFT_ALL_COMPLETED, &done);
}

CASE_ORDERED(closing, who_waits_for_several_is_named_by_none)
{
    weft_call_graph_t *graph;
    weft_task_t *task;

    open_all();
    task = start(&waits, NULL);
    close_over(task);
    CHECK_INT(weft_capture_call_graph(futures[0], 0, &graph), 0);
    CHECK_INT((int)graph->count, 0);
    weft_call_graph_free(graph);
    CHECK_INT(weft_set_result(futures[0], NULL), 0);
    drop_all();
}

/* ---- the executor of another loop ---- */

static weft_loop_t *other;
static atomic_bool may_end;

static int slow(void *arg, void **result)
{
    (void)arg;
    (void)result;
    while (!atomic_load(&may_end))
        sched_yield();
    return 0;
}

WEFT_CORO(shuts)
{
    (void)arg;
    (void)result;
    return weft_loop_shutdown_default_executor(other, WEFT_NONE);
}

CASE_ORDERED(closing, who_waits_for_an_executor_is_not_told)
{
    weft_future_t *job;
    weft_task_t *task;

    open_all();
    other = new_loop();
    job = weft_loop_run_in_executor(other, NULL, slow, NULL);
    task = start(&shuts, NULL);
    close_over(task);
    atomic_store(&may_end, true);
    close_loop(other);
    CHECK_INT(weft_result(job, NULL), 0);
    weft_unref(job);
    drop_all();
}

CASE_ORDERED(closing, an_executor_may_be_gone_before_who_waits_for_it)
{
    weft_future_t *job;
    weft_task_t *task;

    open_all();
    other = new_loop();
    job = weft_loop_run_in_executor(other, NULL, slow, NULL);
    task = start(&shuts, NULL);
    atomic_store(&may_end, true);
    close_loop(other);
    weft_unref(job);
    close_over(task);
    drop_all();
}
