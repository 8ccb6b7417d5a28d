/* SPDX-License-Identifier: MIT */
/*
 * The end of a loop with tasks pending that have entered time-outs, scopes and groups: these are
 * left before the first task ends, so that their memory may go with any of them.
 */
#include <sys/mman.h>

#include "tests/support/closing.h"

TestSuite(closing_blocks, .timeout = 60);

/* In a mapping of its own, which is gone as soon as the end of the first task is reported. */
struct entered {
    weft_timeout_t timeout;
    weft_scope_t scope;
    weft_taskgroup_t group;
};

static struct entered *entered;

static void unmap(weft_loop_t *which, const weft_exception_context_t *context, void *arg)
{
    CHECK(which == loop && !arg && context->task != NULL);
    if (entered)
        CHECK_INT(munmap(entered, sizeof *entered), 0);
    entered = NULL;
}

static void close_over_entered(const weft_corofn_t *fn)
{
    weft_task_t *task;

    open_loop();
    weft_loop_set_exception_handler(loop, unmap, NULL);
    entered =
        mmap(NULL, sizeof *entered, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!CHECK(entered != MAP_FAILED))
        return;
    task = start(fn, NULL);
    close_over(task);
    CHECK(!entered);
}

WEFT_CORO(sleeps)
{
    (void)arg;
    (void)result;
    return weft_sleep(WEFT_NONE);
}

WEFT_CORO(times_out)
{
    (void)arg;
    (void)result;
    CHECK_INT(weft_timeout_enter(&entered->timeout, WEFT_S(100)), 0);
    return weft_timeout_exit(&entered->timeout, weft_sleep(WEFT_NONE));
}

CASE_ORDERED(closing_blocks, a_time_out_may_go_with_its_task)
{
    close_over_entered(&times_out);
}

WEFT_CORO(moves_on)
{
    (void)arg;
    (void)result;
    CHECK_INT(weft_move_on_after(&entered->scope, WEFT_S(100)), 0);
    return weft_scope_exit(&entered->scope, weft_sleep(WEFT_NONE));
}

CASE_ORDERED(closing_blocks, a_scope_may_go_with_its_task)
{
    close_over_entered(&moves_on);
}

static void enter_group(void)
{
    CHECK_INT(weft_taskgroup_enter(&entered->group), 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(weft_taskgroup_create_task(&entered->group, weft_coro(&sleeps, NULL), NULL), 0);
}

WEFT_CORO(leaves_group)
{
    (void)arg;
    (void)result;
    enter_group();
    return weft_taskgroup_exit(&entered->group, 0);
}

CASE_ORDERED(closing_blocks, a_group_that_is_being_left_may_go_with_the_first_of_its_tasks)
{
    close_over_entered(&leaves_group);
}

WEFT_CORO(sleeps_in_group)
{
    (void)arg;
    (void)result;
    enter_group();
    return weft_taskgroup_exit(&entered->group, weft_sleep(WEFT_NONE));
}

CASE_ORDERED(closing_blocks, a_group_may_go_with_the_first_of_its_tasks)
{
    close_over_entered(&sleeps_in_group);
}

/* [cancel] of what a task had entered that is gone does nothing to those that have its memory now.
 */
static void expect_nothing_of(void (*cancel)(void))
{
    weft_task_t *tasks[8];

    loop = new_loop();
    for (int i = 0; i < 8; i++)
        tasks[i] = weft_loop_create_task(loop, weft_coro(&sleeps, NULL));
    cancel();
    for (int i = 0; i < 8; i++) {
        CHECK_INT(weft_cancelling(tasks[i]), 0);
        CHECK(weft_cancel(tasks[i]));
        CHECK_INT(weft_loop_run_until_complete(loop, tasks[i], NULL), -ECANCELED);
        weft_unref(tasks[i]);
    }
    close_loop(loop);
}

static weft_scope_t scope;

WEFT_CORO(sleeps_in_scope)
{
    (void)arg;
    (void)result;
    CHECK_INT(weft_scope_enter(&scope, WEFT_NONE, false), 0);
    return weft_scope_exit(&scope, weft_sleep(WEFT_NONE));
}

static void cancel_scope(void)
{
    weft_scope_cancel(&scope);
}

CASE_ORDERED(closing_blocks, to_cancel_a_scope_of_a_task_that_is_gone_does_nothing)
{
    open_loop();
    close_over(start(&sleeps_in_scope, NULL));
    expect_nothing_of(cancel_scope);
}

static weft_taskgroup_t group;

WEFT_CORO(sleeps_in_own_group)
{
    (void)arg;
    (void)result;
    CHECK_INT(weft_taskgroup_enter(&group), 0);
    return weft_taskgroup_exit(&group, weft_sleep(WEFT_NONE));
}

static void cancel_group(void)
{
    weft_taskgroup_cancel(&group);
}

CASE_ORDERED(closing_blocks, to_cancel_a_group_of_a_task_that_is_gone_does_nothing)
{
    open_loop();
    close_over(start(&sleeps_in_own_group, NULL));
    expect_nothing_of(cancel_group);
}
