/* SPDX-License-Identifier: MIT */
/* eager: the conformance items on tasks that start inside create_task, and on task factories. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/serial.h"

TestSuite(eager, .timeout = 60);

#define eager_task(fn, arg) weft_create_task(weft_coro((fn), (arg)), .eager_start = true)

static bool is_listed(weft_task_t *task)
{
    weft_task_t **tasks = NULL;
    size_t count = 0, found = 0;

    CHECK_INT(weft_all_tasks(NULL, &tasks, &count), 0);
    for (size_t i = 0; i < count; i++) {
        found += tasks[i] == task;
        weft_unref(tasks[i]);
    }
    free(tasks);
    return found == 1;
}

/* ---- C061 ---- */

WEFT_CORO(tells_that_it_ran)
{
    *(_Atomic(bool) *)arg = true;
    return 0;
}

WEFT_CORO(starts_eagerly_or_not)
{
    _Atomic(bool) ran = false;

    weft_task_t *task =
        weft_create_task(weft_coro(&tells_that_it_ran, (void *)&ran), .eager_start = WEFT_EAGER_ON);
    CHECK(ran && weft_done(task));
    weft_unref(task);
    return 0;
}

CASE(eager, C061_with_the_flag_it_has_run)
{
    BOTH(&starts_eagerly_or_not, NULL);
}

WEFT_CORO(starts_later)
{
    _Atomic(bool) ran = false;
    weft_task_t *task = weft_create_task(weft_coro(&tells_that_it_ran, (void *)&ran),
                                         .eager_start = WEFT_EAGER_OFF);

    CHECK(!ran && !weft_done(task));
    CHECK_INT(weft_join(task, NULL), 0);
    CHECK(ran);
    return 0;
}

CASE_ORDERED(eager, C061_without_the_flag_it_has_not)
{
    CHECK_INT(run(&starts_later, NULL), 0);
}

CASE(eager, C061_without_the_flag_it_has_not_in_a_strand)
{
    CHECK_INT(run_serial(&starts_later, NULL), 0);
}

WEFT_CORO(looks_at_its_name)
{
    char name[16];

    weft_get_name(weft_current_task(), name, sizeof name);
    CHECK(strcmp(name, "early bird") == 0);
    return 0;
}

WEFT_CORO(gives_a_name)
{
    return weft_join(weft_create_task(weft_coro(&looks_at_its_name, NULL), .eager_start = true,
                                      .name = "early bird"),
                     NULL);
}

CASE(eager, C061_its_name_is_there_in_the_first_step)
{
    BOTH(&gives_a_name, NULL);
}

/* ---- C240, C241 ---- */

WEFT_CORO(returns_its_argument)
{
    *result = arg;
    return 0;
}

WEFT_CORO(fails)
{
    return -EIO;
}

WEFT_CORO(completes_at_once)
{
    weft_task_t *task = eager_task(&returns_its_argument, &task);
    void *value = NULL;

    CHECK(weft_done(task));
    CHECK_INT(weft_result(task, &value), 0);
    CHECK(value == &task);
    CHECK_INT(weft_await(task, &value), 0);
    weft_unref(task);
    task = eager_task(&fails, NULL);
    CHECK(weft_done(task));
    CHECK_INT(weft_join(task, NULL), -EIO);
    return 0;
}

CASE(eager, C240_one_that_never_suspends_is_done_on_return)
{
    BOTH(&completes_at_once, NULL);
}

WEFT_CORO(awaits_its_argument)
{
    return weft_await(arg, result);
}

WEFT_CORO(awaits_a_done_future)
{
    weft_future_t *future = weft_create_future(NULL);
    void *value = NULL;

    weft_set_result(future, future);
    weft_task_t *task = eager_task(&awaits_its_argument, future);
    CHECK(weft_done(task));
    CHECK_INT(weft_join(task, &value), 0);
    CHECK(value == future);
    weft_unref(future);
    return 0;
}

CASE(eager, C240_a_future_that_is_done_is_awaited_in_the_first_step)
{
    BOTH(&awaits_a_done_future, NULL);
}

static void mark_called(weft_future_t *future, void *arg)
{
    CHECK(weft_done(future) && !weft_current_task());
    weft_set_result(arg, NULL);
}

WEFT_CORO(adds_a_callback_late)
{
    weft_future_t *called = weft_create_future(NULL);
    weft_task_t *task = eager_task(&returns_its_argument, NULL);

    CHECK_INT(weft_add_done_callback(task, mark_called, called), 0);
    weft_unref(task);
    return weft_join(called, NULL);
}

CASE(eager, C240_done_callbacks_are_called_by_the_loop)
{
    BOTH(&adds_a_callback_late, NULL);
}

struct steps {
    weft_future_t *future;
    _Atomic(int) step;
};

WEFT_CORO(steps_twice)
{
    struct steps *s = arg;

    s->step = 1;
    int rc = weft_await(s->future, result);
    s->step = 2;
    return rc;
}

WEFT_CORO(goes_on_while_it_waits)
{
    struct steps s = {.future = weft_create_future(NULL)};
    weft_task_t *task = eager_task(&steps_twice, &s);
    void *value = NULL;

    CHECK(!weft_done(task));
    CHECK_INT(s.step, 1);
    weft_set_result(s.future, &s);
    CHECK_INT(weft_await(task, &value), 0);
    CHECK(value == &s);
    CHECK_INT(s.step, 2);
    weft_unref(task);
    weft_unref(s.future);
    return 0;
}

CASE(eager, C241_one_that_suspends_becomes_a_task_as_others)
{
    BOTH(&goes_on_while_it_waits, NULL);
}

WEFT_CORO(yields)
{
    int rc = 0;

    for (int i = 0; rc == 0 && i < 10; i++)
        rc = weft_sleep(0);
    return rc;
}

WEFT_CORO(starts_many_that_yield)
{
    weft_task_t *task[10];

    for (int i = 0; i < 10; i++)
        task[i] = eager_task(&yields, NULL);
    for (int i = 0; i < 10; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

CASE(eager, C241_one_that_yields_goes_on_with_the_others)
{
    BOTH(&starts_many_that_yield, NULL);
}

WEFT_CORO(cancels_one_that_waits)
{
    struct steps s = {.future = weft_create_future(NULL)};
    weft_task_t *task = eager_task(&steps_twice, &s);

    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    CHECK(weft_cancelled(s.future));
    weft_unref(s.future);
    return 0;
}

CASE(eager, C241_one_that_waits_is_cancelled_as_others)
{
    BOTH(&cancels_one_that_waits, NULL);
}

/* ---- C243, C244 ---- */

static weft_task_t *creator;

WEFT_CORO(is_itself)
{
    weft_task_t *self = weft_current_task();

    CHECK(self && self != creator);
    if (arg) {
        CHECK_INT(weft_sleep(0), 0);
        CHECK(weft_current_task() == self);
    }
    *result = self;
    return 0;
}

WEFT_CORO(stays_itself)
{
    creator = weft_current_task();
    for (int i = 0; i < 2; i++) {
        weft_task_t *task = eager_task(&is_itself, i ? "suspends" : NULL);
        void *found = NULL;
        CHECK(weft_current_task() == creator);
        CHECK_INT(weft_await(task, &found), 0);
        CHECK(found == task);
        weft_unref(task);
    }
    return 0;
}

CASE(eager, C243_it_is_the_current_task_and_then_its_creator_is_again)
{
    BOTH(&stays_itself, NULL);
}

static void starts_in_a_callback(void *end)
{
    weft_task_t *task = eager_task(&is_itself, NULL);

    CHECK(weft_done(task) && weft_current_task() == NULL);
    weft_unref(task);
    task = eager_task(&awaits_its_argument, end);
    CHECK(!weft_done(task) && weft_current_task() == NULL);
    weft_set_result(end, task);
}

WEFT_CORO(has_a_callback_start_some)
{
    weft_future_t *end = weft_create_future(NULL);
    void *task = NULL;

    creator = weft_current_task();
    CHECK_INT(weft_loop_call_soon(weft_get_running_loop(), starts_in_a_callback, end, NULL), 0);
    CHECK_INT(weft_join(end, &task), 0);
    return weft_join(task, NULL);
}

CASE(eager, C243_in_a_callback_there_is_none_afterwards)
{
    BOTH(&has_a_callback_start_some, NULL);
}

WEFT_CORO(is_listed_itself)
{
    CHECK(is_listed(weft_current_task()) && is_listed(creator));
    return arg ? weft_await(arg, NULL) : 0;
}

WEFT_CORO(lists_tasks)
{
    weft_future_t *future = weft_create_future(NULL);

    creator = weft_current_task();
    weft_task_t *task = eager_task(&is_listed_itself, NULL);
    CHECK(weft_done(task) && !is_listed(task) && is_listed(creator));
    weft_unref(task);
    task = eager_task(&is_listed_itself, future);
    CHECK(is_listed(task));
    weft_set_result(future, NULL);
    CHECK_INT(weft_join(task, NULL), 0);
    weft_unref(future);
    return 0;
}

CASE(eager, C244_it_is_among_all_tasks_in_its_first_step)
{
    BOTH(&lists_tasks, NULL);
}

/* ---- C245: adapted: each has a stack of its own, so depth is a matter of memory ---- */

enum { DEPTH = 500 };

WEFT_CORO(chains)
{
    intptr_t depth = (intptr_t)arg;
    void *below = NULL;
    char frame[4096]; /* a hundred of these would not fit one stack */

    memset(frame, (int)depth, sizeof frame);
    if (depth > 0)
        CHECK_INT(weft_join(eager_task(&chains, (void *)(depth - 1)), &below), 0);
    *result = (void *)((intptr_t)below + 1);
    return frame[depth] == (char)depth ? weft_sleep(0) : -EIO;
}

WEFT_CORO(makes_a_chain)
{
    void *count = NULL;

    CHECK_INT(weft_join(eager_task(&chains, (void *)DEPTH), &count), 0);
    CHECK_INT((intptr_t)count, DEPTH + 1);
    return 0;
}

CASE(eager, C245_a_deep_chain_of_them_ends)
{
    BOTH(&makes_a_chain, NULL);
}

static weft_task_t *group_task(weft_taskgroup_t *tg, weft_coro_t *coro)
{
    weft_task_t *task = NULL;

    CHECK_INT(weft_taskgroup_create_task(tg, coro, &task, .eager_start = true), 0);
    return task;
}

WEFT_CORO(groups)
{
    intptr_t depth = (intptr_t)arg;
    weft_taskgroup_t tg;

    if (depth == 0)
        return 0;
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    for (int i = 0; i < 2; i++)
        weft_unref(group_task(&tg, weft_coro(&groups, (void *)(depth - 1))));
    return weft_taskgroup_exit(&tg, 0);
}

CASE(eager, C245_recursive_task_groups_end)
{
    BOTH(&groups, (void *)6);
}

WEFT_CORO(gathers)
{
    intptr_t depth = (intptr_t)arg;

    if (depth == 0)
        return 0;
    return weft_gather(WEFT_AWS(weft_coro(&gathers, (void *)(depth - 1)),
                                weft_coro(&gathers, (void *)(depth - 1))),
                       NULL);
}

WEFT_CORO(gathers_with_the_factory)
{
    weft_loop_set_task_factory(weft_get_running_loop(), weft_eager_task_factory, NULL);
    return weft_await(weft_coro(&gathers, arg), NULL);
}

CASE(eager, C245_recursive_gathers_end)
{
    BOTH(&gathers_with_the_factory, (void *)6);
}

/* ---- beyond the list: with groups, other strands, errno ---- */

WEFT_CORO(groups_one_that_fails)
{
    weft_taskgroup_t tg;

    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    weft_unref(group_task(&tg, weft_coro(&fails, NULL)));
    int rc = weft_sleep(0);
    CHECK_INT(rc, -ECANCELED);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&fails, NULL), NULL), WEFT_EINVALIDSTATE);
    CHECK_INT(weft_taskgroup_exit(&tg, rc), WEFT_EGROUP);
    CHECK_INT(weft_error_code(weft_last_error(), 0), -EIO);
    CHECK(healthy());
    return 0;
}

CASE(eager, C180_its_creator_in_a_group_is_struck_at_its_next_suspension)
{
    BOTH(&groups_one_that_fails, NULL);
}

WEFT_CORO(ends_its_group)
{
    weft_taskgroup_cancel(arg);
    return weft_sleep(WEFT_NONE);
}

WEFT_CORO(groups_one_that_cancels)
{
    weft_taskgroup_t tg;

    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    weft_task_t *task = group_task(&tg, weft_coro(&ends_its_group, &tg));
    CHECK_INT(weft_taskgroup_exit(&tg, weft_sleep(WEFT_NONE)), 0);
    CHECK(weft_cancelled(task));
    weft_unref(task);
    CHECK(healthy());
    return 0;
}

CASE(eager, may_cancel_its_group_before_that_knows_it)
{
    BOTH(&groups_one_that_cancels, NULL);
}

WEFT_CORO(starts_in_another_strand)
{
    weft_strand_t *strand = weft_strand_create();
    _Atomic(bool) ran = false;
    weft_task_t *task = weft_create_task(weft_coro(&tells_that_it_ran, (void *)&ran),
                                         .strand = strand, .eager_start = true);

    CHECK_INT(weft_join(task, NULL), 0);
    CHECK(ran);
    weft_strand_unref(strand);
    return weft_join(
        weft_create_task(weft_coro(&yields, NULL), .strand = WEFT_PARALLEL, .eager_start = true),
        NULL);
}

CASE(eager, in_another_strand_it_starts_as_others_do)
{
    BOTH(&starts_in_another_strand, NULL);
}

WEFT_CORO(spoils_errno)
{
    errno = EXDEV;
    return weft_sleep(0);
}

WEFT_CORO(keeps_errno)
{
    errno = EDOM;
    weft_task_t *task = eager_task(&spoils_errno, NULL);
    CHECK_INT(errno, EDOM);
    return weft_join(task, NULL);
}

CASE(eager, leaves_its_creators_errno_alone)
{
    BOTH(&keeps_errno, NULL);
}

WEFT_CORO(detaches)
{
    _Atomic(bool) ran = false;

    CHECK(!weft_create_task(weft_coro(&tells_that_it_ran, (void *)&ran), .detached = true,
                            .eager_start = true));
    CHECK(ran);
    return weft_join(weft_create_task(weft_coro(&yields, NULL), .pinned = true, .strand = NULL,
                                      .eager_start = true),
                     NULL);
}

CASE(eager, may_be_detached_or_pinned)
{
    CHECK_INT(run(&detaches, NULL), 0);
}

/* ---- task factories ---- */

static _Atomic(int) made;

static weft_task_t *counts_tasks(weft_loop_t *loop, weft_coro_t *coro, const weft_task_opts_t *opts,
                                 void *arg)
{
    weft_task_opts_t named = *opts;

    CHECK(arg == &made && loop == weft_get_running_loop());
    made++;
    named.name = "made";
    return weft_new_task_opts(loop, coro, &named);
}

WEFT_CORO(sets_a_factory)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_taskgroup_t tg;
    void *found = NULL;
    char name[8];

    made = 0;
    CHECK(weft_loop_get_task_factory(loop, NULL) == NULL);
    weft_loop_set_task_factory(loop, counts_tasks, (void *)&made);
    CHECK(weft_loop_get_task_factory(loop, &found) == counts_tasks && found == &made);
    weft_task_t *task = weft_create_task(weft_coro(&yields, NULL));
    weft_get_name(task, name, sizeof name);
    CHECK(strcmp(name, "made") == 0);
    CHECK_INT(weft_join(task, NULL), 0);
    CHECK_INT(made, 1);
    CHECK_INT(weft_gather(WEFT_AWS(weft_coro(&yields, NULL), weft_coro(&yields, NULL)), NULL), 0);
    CHECK_INT(made, 3);
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&yields, NULL), NULL), 0);
    CHECK_INT(weft_taskgroup_exit(&tg, 0), 0);
    CHECK_INT(made, 4);
    CHECK_INT(weft_join(weft_ensure_future(weft_coro(&yields, NULL), NULL), NULL), 0);
    CHECK_INT(made, 5);
    CHECK_INT(weft_join(weft_new_task(loop, weft_coro(&yields, NULL)), NULL), 0);
    weft_loop_set_task_factory(loop, NULL, NULL);
    CHECK_INT(weft_join(weft_create_task(weft_coro(&yields, NULL)), NULL), 0);
    CHECK_INT(made, 5);
    return 0;
}

CASE(eager, a_task_factory_is_asked_for_all_tasks)
{
    BOTH(&sets_a_factory, NULL);
}

static weft_task_t *refuses(weft_loop_t *loop, weft_coro_t *coro, const weft_task_opts_t *opts,
                            void *arg)
{
    (void)opts;
    weft_coro_close(coro);
    return arg ? weft_create_future(loop) : weft_new_task(loop, NULL);
}

WEFT_CORO(sets_factories_that_fail)
{
    weft_loop_t *loop = weft_get_running_loop();

    for (int i = 0; i < 2; i++) {
        weft_loop_set_task_factory(loop, refuses, i ? loop : NULL);
        CHECK_INT(weft_join(weft_create_task(weft_coro(&yields, NULL)), NULL), -EPROTOTYPE);
        CHECK_INT(weft_gather(WEFT_AWS(weft_coro(&yields, NULL)), NULL), -EPROTOTYPE);
    }
    return 0; /* and the run's end does without it */
}

CASE(eager, a_task_factory_that_makes_none_gives_its_error)
{
    BOTH(&sets_factories_that_fail, NULL);
}

WEFT_CORO(sets_the_eager_factory)
{
    _Atomic(bool) ran = false;
    weft_loop_set_task_factory(weft_get_running_loop(), weft_eager_task_factory, NULL);
    weft_task_t *task = weft_create_task(weft_coro(&tells_that_it_ran, (void *)&ran));

    CHECK(ran && weft_done(task));
    weft_unref(task);
    return weft_await(weft_coro(&starts_later, NULL), NULL);
}

CASE_ORDERED(eager, the_eager_factory_starts_all_but_those_that_say_no)
{
    CHECK_INT(run(&sets_the_eager_factory, NULL), 0);
}

CASE(eager, the_eager_factory_does_so_in_a_strand)
{
    CHECK_INT(run_serial(&sets_the_eager_factory, NULL), 0);
}

/* ---- an exception handler may stand under any lock: what it creates starts later ---- */

static void starts_one(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)context;
    weft_loop_create_task(loop, weft_coro(&tells_that_it_ran, arg), .detached = true,
                          .eager_start = true);
}

WEFT_CORO(reports)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_exception_context_t context = {.size = sizeof context, .message = "something"};
    _Atomic(bool) ran = false;

    weft_loop_set_exception_handler(loop, starts_one, (void *)&ran);
    weft_loop_call_exception_handler(loop, &context);
    CHECK(!ran || workers > 1);
    while (!ran)
        turn();
    weft_loop_set_exception_handler(loop, NULL, NULL);
    return 0;
}

CASE(eager, in_an_exception_handler_it_starts_as_others_do)
{
    BOTH(&reports, NULL);
}
