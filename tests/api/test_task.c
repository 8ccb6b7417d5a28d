/* SPDX-License-Identifier: MIT */
/* task: tasks, their options, names and references. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/workers.h"

TestSuite(task, .timeout = 30);

WEFT_CORO(nothing)
{
    return 0;
}

WEFT_CORO(identity)
{
    *result = arg;
    return 0;
}

WEFT_CORO(fails_with_eio)
{
    *result = arg;
    return -EIO;
}

WEFT_CORO(returns_seven)
{
    return 7;
}

WEFT_CORO(sleeps_for_ever)
{
    return weft_sleep(WEFT_NONE);
}

/* ---- values ------------------------------------------------------------------------------------
 */

WEFT_CORO(awaits_identity)
{
    weft_task_t *task = weft_create_task(weft_coro(&identity, arg));
    void *value = NULL;

    CHECK_INT(weft_await(task, &value), 0);
    CHECK(value == arg);
    CHECK(weft_done(task));
    CHECK(!weft_cancelled(task));
    value = NULL;
    CHECK_INT(weft_result(task, &value), 0);
    CHECK(value == arg);
    CHECK_INT(weft_exception(task), 0);
    return weft_join(task, result);
}

CASE(task, its_value_flows_out_of_run) /* C030 */
{
    int x;
    void *value = NULL;

    int rc = weft_run(weft_coro(&awaits_identity, &x), &value, .workers = workers);

    CHECK_INT(rc, 0);
    CHECK(value == &x);
}

WEFT_CORO(awaits_failure)
{
    weft_task_t *task = weft_create_task(weft_coro(&fails_with_eio, arg));
    void *value = &task;

    CHECK_INT(weft_await(task, &value), -EIO);
    CHECK(value == &task);
    CHECK_INT(weft_await(task, NULL), -EIO);
    CHECK_INT(weft_result(task, &value), -EIO);
    CHECK_INT(weft_exception(task), -EIO);
    CHECK(weft_done(task) && !weft_cancelled(task));
    return weft_join(task, NULL);
}

CASE(task, its_error_is_given_to_everybody_who_asks) /* C004 */
{
    int x;
    CHECK_INT(run(&awaits_failure, &x), -EIO);
}

WEFT_CORO(joins_seven)
{
    CHECK_INT(weft_join(weft_create_task(weft_coro(&returns_seven, NULL)), NULL), 0);
    CHECK_INT(weft_join(weft_coro(&returns_seven, NULL), NULL), 0);
    return 3;
}

CASE(task, a_positive_return_is_success)
{
    CHECK_INT(run(&joins_seven, NULL), 0);
}

WEFT_CORO(takes_many_awaiters)
{
    weft_task_t *task = arg;
    return weft_await(task, result);
}

WEFT_CORO(starts_many_awaiters)
{
    int x;
    weft_task_t *task = weft_create_task(weft_coro(&awaits_identity, &x)), *awaiter[20];

    for (int i = 0; i < 20; i++)
        awaiter[i] = weft_create_task(weft_coro(&takes_many_awaiters, task));
    for (int i = 0; i < 20; i++) {
        void *value = NULL;
        CHECK_INT(weft_join(awaiter[i], &value), 0);
        CHECK(value == &x);
    }
    return weft_join(task, NULL);
}

CASE(task, many_may_await_one)
{
    CHECK_INT(run(&starts_many_awaiters, NULL), 0);
}

/* ---- options -----------------------------------------------------------------------------------
 */

WEFT_CORO(checks_stack_sizes)
{
    weft_task_t *task = weft_create_task(weft_coro(&nothing, NULL), .stack_size = (8u << 20) + 1);
    CHECK_INT(weft_join(task, NULL), -EINVAL);
    task = weft_create_task(weft_coro(&nothing, NULL), .stack_size = 8u << 20);
    CHECK_INT(weft_join(task, NULL), 0);
    task = weft_create_task(weft_coro(&nothing, NULL), .stack_size = 1);
    CHECK_INT(weft_join(task, NULL), 0);
    return 0;
}

CASE(task, a_stack_over_8_mib_is_refused)
{
    CHECK_INT(run(&checks_stack_sizes, NULL), 0);
}

WEFT_CORO_STACK(uses_half_a_mib, 1 << 20)
{
    volatile char big[512 * 1024];
    for (size_t i = 0; i < sizeof big; i += 1024)
        big[i] = 1;
    CHECK_INT(weft_sleep(0), 0);
    return big[1024] == 1 ? 0 : -EIO;
}

WEFT_CORO(starts_half_a_mib)
{
    return weft_join(weft_create_task(weft_coro(&uses_half_a_mib, NULL)), NULL);
}

CASE(task, the_functions_stack_size_is_the_default)
{
    CHECK_INT(run(&starts_half_a_mib, NULL), 0);
    CHECK_INT(run(&uses_half_a_mib, NULL), 0);
}

WEFT_CORO(checks_names)
{
    char name[64], other[64];
    weft_task_t *a = weft_create_task(weft_coro(&nothing, NULL)),
                *b = weft_create_task(weft_coro(&nothing, NULL)),
                *c = weft_create_task(weft_coro(&nothing, NULL), .name = "a rather long name");

    weft_get_name(a, name, sizeof name);
    weft_get_name(b, other, sizeof other);
    CHECK(strncmp(name, "Task-", 5) == 0);
    CHECK(strcmp(name, other) != 0);
    weft_get_name(a, other, sizeof other);
    CHECK(strcmp(name, other) == 0);
    CHECK_INT(weft_get_name(c, name, 9), 18);
    CHECK(strcmp(name, "a rather") == 0);
    CHECK_INT(weft_get_name(c, name, 0), 18);
    CHECK_INT(weft_set_name(c, "new"), 0);
    CHECK_INT(weft_get_name(c, name, sizeof name), 3);
    CHECK(strcmp(name, "new") == 0);
    weft_coro_t *coro = weft_coro(&nothing, NULL);
    CHECK_INT(weft_set_name(coro, "x"), -EPROTOTYPE);
    weft_coro_close(coro);
    CHECK_INT(weft_join(a, NULL) | weft_join(b, NULL) | weft_join(c, NULL), 0);
    return 0;
}

CASE(task, names_are_unique_and_can_be_set) /* C059 */
{
    CHECK_INT(run(&checks_names, NULL), 0);
}

WEFT_CORO(stays_on_its_thread)
{
    pid_t thread = gettid();

    for (int i = 0; i < 50; i++) {
        CHECK_INT(weft_sleep(i % 10 ? 0 : WEFT_US(10)), 0);
        CHECK_INT(gettid(), thread);
    }
    return 0;
}

WEFT_CORO(starts_pinned)
{
    weft_task_t *task[20];

    for (int i = 0; i < 20; i++)
        task[i] = weft_create_task(weft_coro(&stays_on_its_thread, NULL), .pinned = true);
    for (int i = 0; i < 20; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

CASE(task, a_pinned_one_stays_on_its_worker)
{
    CHECK_INT(run(&starts_pinned, NULL), 0);
}

static _Atomic(int) detached_runs;

WEFT_CORO(counts_a_run)
{
    detached_runs++;
    weft_set_result(arg, NULL);
    return 0;
}

WEFT_CORO(starts_detached)
{
    weft_future_t *future = weft_create_future(NULL);

    CHECK(weft_create_task(weft_coro(&counts_a_run, future), .detached = true) == NULL);
    CHECK_INT(weft_await(future, NULL), 0);
    weft_unref(future);
    return 0;
}

CASE(task, a_detached_one_runs_without_a_reference)
{
    detached_runs = 0;
    CHECK_INT(run(&starts_detached, NULL), 0);
    CHECK_INT(detached_runs, 1);
}

/* What may be asked of the future that it is told of. */
static void looks_closely(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    CHECK(weft_done(context->future));
    CHECK_INT(weft_exception(context->future), -EIO);
    CHECK(!weft_cancel(context->future));
    weft_set_result(arg, NULL);
}

WEFT_CORO(fails_at_once)
{
    return -EIO;
}

WEFT_CORO(starts_one_that_fails)
{
    weft_future_t *told = weft_create_future(NULL);

    weft_loop_set_exception_handler(weft_get_running_loop(), looks_closely, told);
    CHECK(weft_create_task(weft_coro(&fails_at_once, NULL), .detached = true) == NULL);
    CHECK_INT(weft_wait_for(told, WEFT_S(30), NULL), 0);
    weft_unref(told);
    return 0;
}

CASE(task, a_detached_one_that_failed_is_done_when_the_handler_is_told)
{
    CHECK_INT(run(&starts_one_that_fails, NULL), 0);
}

/* ---- order -------------------------------------------------------------------------------------
 */

static char order[16];
static size_t order_length;

static void note(char c)
{
    if (order_length < sizeof order - 1)
        order[order_length++] = c;
    order[order_length] = 0;
}

WEFT_CORO(notes_twice)
{
    note((char)(intptr_t)arg);
    CHECK_INT(weft_sleep(0), 0);
    note((char)(intptr_t)arg);
    return 0;
}

WEFT_CORO(starts_three)
{
    weft_task_t *task[3];

    for (intptr_t i = 0; i < 3; i++)
        task[i] = weft_create_task(weft_coro(&notes_twice, (void *)('a' + i)));
    note('-');
    for (int i = 2; i >= 0; i--)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

CASE_ORDERED(task, they_start_in_the_order_of_creation_after_the_creator_waits)
{
    order_length = 0;
    CHECK_INT(run(&starts_three, NULL), 0);
    cr_assert_str_eq(order, "-abcabc");
}

/* ---- who am I ----------------------------------------------------------------------------------
 */

WEFT_CORO(knows_itself)
{
    weft_task_t *self = weft_current_task();

    CHECK(self != NULL);
    for (int i = 0; i < 100; i++) {
        CHECK_INT(weft_sleep(0), 0);
        CHECK(weft_current_task() == self);
    }
    *result = self;
    return 0;
}

WEFT_CORO(starts_some_that_know_themselves)
{
    weft_task_t *task[10], *self = weft_current_task();

    for (int i = 0; i < 10; i++)
        task[i] = weft_create_task(weft_coro(&knows_itself, NULL));
    for (int i = 0; i < 10; i++) {
        void *value = NULL;
        CHECK_INT(weft_await(task[i], &value), 0);
        CHECK(value == task[i]);
        CHECK(weft_current_task() == self);
        weft_unref(task[i]);
    }
    void *value = NULL;
    CHECK_INT(weft_join(weft_coro(&knows_itself, NULL), &value), 0);
    CHECK(value == self);
    return 0;
}

CASE(task, each_is_the_current_one_while_it_runs) /* C055 */
{
    CHECK(weft_current_task() == NULL);
    CHECK_INT(run(&starts_some_that_know_themselves, NULL), 0);
    CHECK(weft_current_task() == NULL);
}

/* Calls, as a compiler keeps the address of errno over a suspension, after which the task may be on
 * another thread. */
static __attribute__((noinline)) void set_errno(int value)
{
    errno = value;
}

static __attribute__((noinline)) int get_errno(void)
{
    __asm__ volatile("");
    return errno;
}

WEFT_CORO(keeps_errno)
{
    for (int i = 0; i < 100; i++) {
        set_errno((int)(intptr_t)arg);
        CHECK_INT(weft_sleep(0), 0);
        CHECK_INT(get_errno(), (int)(intptr_t)arg);
    }
    return 0;
}

WEFT_CORO(starts_some_with_errno)
{
    weft_task_t *task[8];

    for (intptr_t i = 0; i < 8; i++)
        task[i] = weft_create_task(weft_coro(&keeps_errno, (void *)(i + 1)));
    for (int i = 0; i < 8; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

CASE(task, errno_is_its_own) /* C336 */
{
    CHECK_INT(run(&starts_some_with_errno, NULL), 0);
}

WEFT_CORO(counts_all_tasks)
{
    weft_task_t *task[3], **all;
    size_t count = 0, found = 0;

    for (int i = 0; i < 3; i++)
        task[i] = weft_create_task(weft_coro(&sleeps_for_ever, NULL));
    weft_task_t *over = weft_create_task(weft_coro(&nothing, NULL));
    CHECK_INT(weft_await(over, NULL), 0);
    if (!CHECK_INT(weft_all_tasks(NULL, &all, &count), 0))
        return -EIO;
    CHECK_INT(count, 4);
    for (size_t i = 0; i < count; i++) {
        found += all[i] == weft_current_task();
        for (int k = 0; k < 3; k++)
            found += all[i] == task[k];
        weft_unref(all[i]);
    }
    CHECK_INT(found, 4);
    free(all);
    for (int i = 0; i < 3; i++) {
        CHECK(weft_cancel(task[i]));
        CHECK_INT(weft_join(task[i], NULL), -ECANCELED);
    }
    weft_unref(over);
    return 0;
}

CASE(task, all_tasks_are_those_that_are_not_done)
{
    weft_task_t **all;
    size_t count;

    CHECK_INT(weft_all_tasks(NULL, &all, &count), -EPERM);
    CHECK_INT(run(&counts_all_tasks, NULL), 0);
}

/* ---- misuse ------------------------------------------------------------------------------------
 */

CASE(task, await_outside_of_a_task_is_refused)
{
    weft_coro_t *coro = weft_coro(&nothing, NULL);

    CHECK_INT(weft_await(coro, NULL), -EPERM);
    CHECK(weft_iscoroutine(coro));
    CHECK_INT(weft_await(NULL, NULL), -EINVAL);
    weft_coro_close(coro);
}

WEFT_CORO(awaits_itself)
{
    return weft_await(weft_current_task(), NULL);
}

CASE(task, await_of_itself_is_refused)
{
    CHECK_INT(run(&awaits_itself, NULL), -EDEADLK);
}

static weft_loop_t *other_loop;

WEFT_CORO(awaits_another_loops_future)
{
    weft_future_t *future = weft_create_future(other_loop);
    CHECK_INT(weft_await(future, NULL), -EXDEV);
    CHECK(!weft_done(future));
    weft_unref(future);
    return 0;
}

CASE(task, await_of_another_loops_future_is_refused) /* C033 */
{
    CHECK_INT(weft_new_event_loop(&other_loop, .workers = workers), 0);
    CHECK_INT(run(&awaits_another_loops_future, NULL), 0);
    weft_loop_unref(other_loop);
}

WEFT_CORO(completes_a_task)
{
    weft_task_t *task = weft_create_task(weft_coro(&sleeps_for_ever, NULL));

    CHECK_INT(weft_set_result(task, NULL), -EPROTOTYPE);
    CHECK_INT(weft_set_exception(task, -EIO), -EPROTOTYPE);
    CHECK(!weft_done(task));
    weft_cancel(task);
    return weft_join(task, NULL) == -ECANCELED ? 0 : -EIO;
}

CASE(task, nobody_else_sets_its_result) /* C058 */
{
    CHECK_INT(run(&completes_a_task, NULL), 0);
}

/* ---- references --------------------------------------------------------------------------------
 */

static void *drops(void *task)
{
    weft_unref(task);
    return NULL;
}

CASE(task, the_last_reference_may_go_on_a_foreign_thread) /* C065 */
{
    weft_loop_t *loop;
    pthread_t thread;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    weft_future_t *future = weft_create_future(loop);
    weft_set_result(future, NULL);
    CHECK_INT(weft_loop_run_until_complete(loop, future, NULL), 0);
    weft_loop_unref(loop);
    CHECK_INT(pthread_create(&thread, NULL, drops, future), 0);
    pthread_join(thread, NULL);
}

WEFT_CORO(drops_running_tasks)
{
    weft_future_t *future = weft_create_future(NULL);

    detached_runs = 0;
    weft_unref(weft_create_task(weft_coro(&counts_a_run, future)));
    CHECK_INT(weft_await(future, NULL), 0);
    CHECK_INT(detached_runs, 1);
    weft_unref(future);
    return 0;
}

CASE(task, the_loop_keeps_a_dropped_one_alive)
{
    CHECK_INT(run(&drops_running_tasks, NULL), 0);
}
