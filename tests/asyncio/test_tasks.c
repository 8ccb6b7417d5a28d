/* SPDX-License-Identifier: MIT */
/* tasks: the conformance items on asyncio.Task, but for cancelling (test_cancel.c). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/reports.h"
#include "tests/support/serial.h"

TestSuite(tasks, .timeout = 60);

static weft_loop_t *new_loop(void)
{
    weft_loop_t *loop = NULL;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    return loop;
}

static void end_loop(weft_loop_t *loop)
{
    CHECK_INT(weft_loop_close(loop), 0);
    weft_loop_unref(loop);
}

WEFT_CORO(returns_its_argument)
{
    *result = arg;
    return weft_sleep(0);
}

WEFT_CORO(sleeps_for_ever)
{
    return forever();
}

/* ---- C030, C031, C033 ---- */

WEFT_CORO(awaits_an_inner)
{
    return weft_join(weft_create_task(weft_coro(&returns_its_argument, arg)), result);
}

WEFT_CORO(awaits_an_outer)
{
    weft_task_t *task = weft_create_task(weft_coro(&awaits_an_inner, &task));
    void *value = NULL;

    CHECK_INT(weft_await(task, &value), 0);
    CHECK(value == &task);
    CHECK(weft_done(task) && !weft_cancelled(task));
    value = NULL;
    CHECK_INT(weft_result(task, &value), 0);
    CHECK(value == &task);
    weft_unref(task);
    return 0;
}

CASE(tasks, C030_the_value_of_an_inner_await_flows_out)
{
    BOTH(&awaits_an_outer, NULL);
}

WEFT_CORO(makes_tasks_of_what_is_no_coroutine)
{
    weft_future_t *future = weft_create_future(NULL);

    for (int i = 0; i < 2; i++) {
        CHECK_INT(weft_join(weft_create_task(NULL), NULL), -EPROTOTYPE);
        CHECK_INT(weft_join(weft_create_task(weft_ref(future)), NULL), -EPROTOTYPE);
    }
    CHECK(!weft_done(future));
    weft_unref(future);
    return 0;
}

CASE(tasks, C031_of_what_is_no_coroutine_are_refused_each_time)
{
    BOTH(&makes_tasks_of_what_is_no_coroutine, NULL);
}

WEFT_CORO(awaits_what_is_of_another_loop)
{
    CHECK_INT(weft_await(arg, NULL), -EXDEV);
    CHECK(!weft_done(arg));
    return 0;
}

CASE(tasks, C033_await_of_another_loops_future_is_refused)
{
    weft_loop_t *other = new_loop();
    weft_future_t *future = weft_create_future(other);

    BOTH(&awaits_what_is_of_another_loop, future);
    weft_unref(future);
    end_loop(other);
}

/* ---- C053: adapted: where seconds are a double, what is no number is none of time ---- */

WEFT_CORO(sleeps_no_number)
{
    weft_ns_t start = now();

    CHECK_INT(weft_seconds((double)NAN), 0);
    CHECK_INT(weft_sleep(WEFT_S((double)NAN)), 0);
    CHECK(now() - start < WEFT_S(3600));
    return 0;
}

CASE(tasks, C053_a_sleep_that_is_no_number_only_yields)
{
    BOTH(&sleeps_no_number, NULL);
}

/* ---- C055, C063: the current task ---- */

enum { INTERLEAVED = 8, STEPS = 20 };

WEFT_CORO(looks_for_itself)
{
    weft_task_t *self = weft_current_task();

    CHECK(self != NULL && self != arg);
    for (int i = 0; i < STEPS; i++) {
        CHECK_INT(weft_sleep(i % 3 ? 0 : WEFT_US(10)), 0);
        CHECK(weft_current_task() == self);
    }
    *result = self;
    return 0;
}

WEFT_CORO(runs_many_that_look)
{
    weft_task_t *self = weft_current_task(), *task[INTERLEAVED];
    void *found;

    for (int i = 0; i < INTERLEAVED; i++)
        task[i] = weft_create_task(weft_coro(&looks_for_itself, self));
    for (int i = 0; i < INTERLEAVED; i++) {
        CHECK_INT(weft_await(task[i], &found), 0);
        CHECK(found == task[i]);
        CHECK(weft_current_task() == self);
        weft_unref(task[i]);
    }
    return 0;
}

CASE(tasks, C055_each_sees_itself_across_suspensions)
{
    CHECK(weft_current_task() == NULL);
    BOTH(&runs_many_that_look, NULL);
    CHECK(weft_current_task() == NULL);
}

static void looks_for_none(void *arg)
{
    CHECK(weft_current_task() == NULL);
    CHECK(weft_get_running_loop() != NULL);
    weft_set_result(arg, NULL);
}

WEFT_CORO(calls_back)
{
    weft_future_t *end = weft_create_future(NULL);

    CHECK_INT(weft_loop_call_soon(weft_get_running_loop(), looks_for_none, end, NULL), 0);
    return weft_join(end, NULL);
}

CASE(tasks, C055_a_callback_sees_none)
{
    BOTH(&calls_back, NULL);
}

/* Adapted: nobody enters or leaves a task by hand. A coroutine runs in the task that awaits it, and
 * what only a task may do is refused to a callback. */
WEFT_CORO(is_in_the_task_of)
{
    CHECK(weft_current_task() == arg);
    CHECK_INT(weft_sleep(0), 0);
    CHECK(weft_current_task() == arg);
    return 0;
}

static void acts_as_a_task(void *arg)
{
    CHECK_INT(weft_sleep(0), -EPERM);
    CHECK_INT(weft_await(arg, NULL), -EPERM);
    weft_set_result(arg, NULL);
}

WEFT_CORO(enters_and_leaves)
{
    weft_future_t *end = weft_create_future(NULL);

    CHECK_INT(weft_join(weft_coro(&is_in_the_task_of, weft_current_task()), NULL), 0);
    CHECK_INT(weft_loop_call_soon(weft_get_running_loop(), acts_as_a_task, end, NULL), 0);
    return weft_join(end, NULL);
}

CASE(tasks, C063_a_callback_is_in_no_task_and_a_coroutine_in_its_awaiters)
{
    BOTH(&enters_and_leaves, NULL);
}

/* ---- C056: adapted: pending for ever is what is left when the loop is closed ---- */

static weft_task_t *left;

WEFT_CORO(leaves_one_behind)
{
    listen();
    left = start(&sleeps_for_ever, NULL);
    return weft_set_name(left, "left behind");
}

CASE(tasks, C056_one_that_is_pending_when_its_loop_is_closed_is_reported)
{
    weft_loop_t *loop = new_loop();
    char name[16];

    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&leaves_one_behind, NULL), NULL), 0);
    CHECK(!weft_done(left));
    CHECK_INT(weft_loop_close(loop), 0);
    CHECK(weft_cancelled(left));
    CHECK_INT(reports, 1);
    CHECK(strstr(report.message, "pending") != NULL);
    CHECK(report.task == left && report.future == left && report.error == 0);
    CHECK(strstr(report.where, "test_tasks.c:") != NULL);
    weft_get_name(left, name, sizeof name);
    CHECK(strcmp(name, "left behind") == 0);
    weft_unref(left);
    weft_loop_unref(loop);
}

/* ---- C058, C059 ---- */

WEFT_CORO(sets_the_result_of_tasks)
{
    weft_task_t *task = weft_create_task(weft_coro(&returns_its_argument, &task));
    void *value = NULL;

    CHECK_INT(weft_set_result(task, NULL), -EPROTOTYPE);
    CHECK_INT(weft_set_exception(task, -EIO), -EPROTOTYPE);
    CHECK_INT(weft_await(task, &value), 0);
    CHECK(value == &task);
    CHECK_INT(weft_set_result(task, NULL), -EPROTOTYPE);
    CHECK_INT(weft_set_exception(task, -EIO), -EPROTOTYPE);
    weft_unref(task);
    return 0;
}

CASE(tasks, C058_nobody_else_sets_their_outcome)
{
    BOTH(&sets_the_result_of_tasks, NULL);
}

static bool has_name(weft_task_t *task, const char *want)
{
    char name[32];

    return weft_get_name(task, name, sizeof name) == strlen(want) && strcmp(name, want) == 0;
}

WEFT_CORO(names_tasks)
{
    weft_task_t *a = weft_create_task(weft_coro(&returns_its_argument, NULL));
    weft_task_t *b = weft_create_task(weft_coro(&returns_its_argument, NULL), .name = "given");
    char name[32], text[] = "changed";

    weft_get_name(a, name, sizeof name);
    CHECK(strncmp(name, "Task-", 5) == 0);
    CHECK(has_name(a, name)); /* and it stays */
    CHECK(!has_name(weft_current_task(), name));
    CHECK(has_name(b, "given"));
    CHECK_INT(weft_set_name(b, text), 0);
    text[0] = 'x';
    CHECK(has_name(b, "changed"));
    CHECK_INT(weft_get_name(b, name, 3), 7);
    CHECK(strcmp(name, "ch") == 0);
    CHECK_INT(weft_await(b, NULL), 0);
    CHECK(has_name(b, "changed"));
    weft_unref(b);
    return weft_join(a, NULL);
}

CASE(tasks, C059_a_name_is_unique_or_what_it_was_set_to)
{
    BOTH(&names_tasks, NULL);
}

enum { CREATED = 50 };

static long number_of(weft_task_t *task)
{
    char name[32];

    weft_get_name(task, name, sizeof name);
    return CHECK(strncmp(name, "Task-", 5) == 0) ? atol(name + 5) : 0;
}

/* In arg: CREATED numbers, ascending; half of the tasks are asked when they are done. */
WEFT_CORO(numbers_its_children)
{
    weft_task_t *task[CREATED];
    long *number = arg;

    for (int i = 0; i < CREATED; i++)
        task[i] = weft_create_task(weft_coro(&returns_its_argument, NULL));
    for (int i = CREATED; i-- > 0;) {
        if (i % 2)
            CHECK_INT(weft_await(task[i], NULL), 0);
        number[i] = number_of(task[i]);
    }
    for (int i = 0; i < CREATED; i++) {
        CHECK(i == 0 || number[i] > number[i - 1]);
        CHECK_INT(weft_await(task[i], NULL), 0);
        CHECK_INT(number_of(task[i]), number[i]);
        weft_unref(task[i]);
    }
    return 0;
}

static int by_value(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;

    return (x > y) - (x < y);
}

WEFT_CORO(numbers_grandchildren)
{
    enum { CHILDREN = 8 };
    long number[CHILDREN * CREATED];
    weft_task_t *task[CHILDREN];

    for (int i = 0; i < CHILDREN; i++)
        task[i] = weft_create_task(weft_coro(&numbers_its_children, number + i * CREATED));
    for (int i = 0; i < CHILDREN; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    qsort(number, CHILDREN * CREATED, sizeof number[0], by_value);
    for (int i = 1; i < CHILDREN * CREATED; i++)
        CHECK(number[i] != number[i - 1]);
    return 0;
}

CASE(tasks, C059_default_names_are_unique_and_do_not_change)
{
    BOTH(&numbers_grandchildren, NULL);
}

WEFT_CORO(counts_its_children)
{
    long first = number_of(weft_current_task()), number[CREATED];

    weft_task_t *named = weft_create_task(weft_coro(&returns_its_argument, NULL), .name = "own");
    CHECK_INT(weft_await(weft_coro(&numbers_its_children, number), NULL), 0);
    CHECK_INT(number[0], first + 1); /* not counted: what has a name, what is no task */
    CHECK_INT(number[CREATED - 1], first + CREATED);
    weft_task_t *eager =
        weft_create_task(weft_coro(&returns_its_argument, NULL), .eager_start = true);
    CHECK_INT(number_of(eager), first + CREATED + 1);
    *(long *)arg = number_of(eager);
    CHECK_INT(weft_join(eager, NULL), 0);
    return weft_join(named, NULL);
}

CASE_ORDERED(tasks, C059_default_names_are_numbered_as_the_tasks_are_created)
{
    weft_loop_t *loop = new_loop();
    long last = 0;

    for (int round = 0; round < 3; round++) {
        weft_task_t *task = weft_loop_create_task(loop, weft_coro(&counts_its_children, &last));
        CHECK(round == 0 || number_of(task) == last + 1);
        CHECK_INT(weft_loop_run_until_complete(loop, task, NULL), 0);
        weft_unref(task);
    }
    end_loop(loop);
}

/* ---- C064: adapted: a foreign thread looks while tasks come and go ---- */

struct looking {
    weft_loop_t *loop;
    weft_task_t *lasting;
    _Atomic(bool) over;
    _Atomic(int) looks;
};

static void *looks_at_all(void *arg)
{
    struct looking *l = arg;

    while (!l->over) {
        weft_task_t **tasks = NULL;
        size_t count = 0, found = 0;
        if (!CHECK_INT(weft_all_tasks(l->loop, &tasks, &count), 0))
            break;
        for (size_t i = 0; i < count; i++) {
            found += tasks[i] == l->lasting;
            weft_unref(tasks[i]);
        }
        free(tasks);
        CHECK_INT(found, 1);
        l->looks++;
    }
    return NULL;
}

WEFT_CORO(creates_meanwhile)
{
    struct looking l = {.loop = weft_get_running_loop(),
                        .lasting = weft_create_task(weft_coro(&sleeps_for_ever, NULL))};
    pthread_t thread;

    CHECK_INT(pthread_create(&thread, NULL, looks_at_all, &l), 0);
    while (l.looks < 20 && !failure[0]) {
        weft_result_t r[3];
        CHECK_INT(weft_gather(WEFT_AWS(weft_coro(&returns_its_argument, NULL),
                                       weft_coro(&returns_its_argument, NULL),
                                       weft_coro(&returns_its_argument, NULL)),
                              r),
                  0);
    }
    l.over = true;
    pthread_join(thread, NULL);
    weft_cancel(l.lasting);
    CHECK_INT(weft_join(l.lasting, NULL), -ECANCELED);
    return 0;
}

/* Real: a thread of its own. */
CASE_REAL(tasks, C064_all_tasks_of_a_foreign_thread_misses_none_that_lives)
{
    BOTH(&creates_meanwhile, NULL);
}

/* ---- C065 ---- */

static void *drops(void *task)
{
    weft_unref(task);
    return NULL;
}

WEFT_CORO(has_a_thread_drop_it)
{
    weft_task_t *done = weft_create_task(weft_coro(&returns_its_argument, NULL));
    weft_task_t *pending = start(&sleeps_for_ever, NULL);
    pthread_t thread[2];

    CHECK_INT(weft_await(done, NULL), 0);
    CHECK_INT(pthread_create(&thread[0], NULL, drops, done), 0);
    CHECK_INT(pthread_create(&thread[1], NULL, drops, pending), 0);
    pthread_join(thread[0], NULL);
    pthread_join(thread[1], NULL);
    return weft_sleep(0);
}

/* Real: a thread of its own. */
CASE_REAL(tasks, C065_the_last_reference_goes_on_a_foreign_thread)
{
    BOTH(&has_a_thread_drop_it, NULL);
}

/* ---- C066 ---- */

CASE(tasks, C066_on_a_closed_loop_the_coroutine_is_closed_in_silence)
{
    weft_loop_t *loop = new_loop();

    CHECK_INT(weft_loop_close(loop), 0);
    weft_coro_t *coro = weft_coro(&returns_its_argument, NULL);
    weft_ref(coro);
    CHECK_INT(weft_exception(weft_ensure_future(coro, loop)), -ESHUTDOWN);
    CHECK(!weft_iscoroutine(coro));
    weft_unref(coro);
    coro = weft_coro(&returns_its_argument, NULL);
    weft_ref(coro);
    CHECK_INT(weft_exception(weft_loop_create_task(loop, coro)), -ESHUTDOWN);
    CHECK(!weft_iscoroutine(coro));
    weft_unref(coro);
    weft_loop_unref(loop);
}

/* ---- beyond the list: ensure_future, create_task of a loop ---- */

WEFT_CORO(ensures)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_future_t *future = weft_create_future(NULL), *same = weft_ensure_future(future, NULL);
    weft_coro_t *spent = weft_coro(&returns_its_argument, NULL);
    void *value = NULL;

    CHECK(same == future);
    weft_unref(same);
    same = weft_ensure_future(future, loop);
    CHECK(same == future);
    weft_unref(same);
    CHECK_INT(weft_join(weft_ensure_future(weft_coro(&returns_its_argument, &value), NULL), &value),
              0);
    CHECK(value == &value);
    CHECK_INT(weft_exception(weft_ensure_future(future, arg)), -EXDEV);
    CHECK_INT(weft_exception(weft_ensure_future(NULL, NULL)), -EPROTOTYPE);
    CHECK_INT(weft_exception(weft_ensure_future(weft_create_task(NULL), NULL)), -EPROTOTYPE);
    CHECK_INT(weft_await(spent, NULL), 0);
    CHECK_INT(weft_exception(weft_ensure_future(spent, NULL)), -EALREADY);
    weft_unref(spent);
    weft_unref(future);
    return 0;
}

CASE(tasks, ensure_future_makes_a_task_of_a_coroutine_only)
{
    weft_loop_t *other = new_loop();

    BOTH(&ensures, other);
    CHECK_INT(weft_exception(weft_ensure_future(weft_coro(&ensures, NULL), NULL)), -EPERM);
    end_loop(other);
}

CASE(tasks, a_loop_takes_them_before_it_runs)
{
    weft_loop_t *loop = new_loop();
    weft_task_t *task = weft_loop_create_task(loop, weft_coro(&returns_its_argument, loop));
    void *value = NULL;

    CHECK(!weft_done(task));
    CHECK_INT(weft_exception(weft_loop_create_task(loop, weft_coro(&returns_its_argument, NULL),
                                                   .pinned = true)),
              -EINVAL);
    CHECK_INT(weft_loop_run_until_complete(loop, task, &value), 0);
    CHECK(value == loop);
    weft_unref(task);
    end_loop(loop);
}

/* In another loop's strand, which is nothing to the new one. */
WEFT_CORO(creates_in_another_loop)
{
    *result = weft_loop_create_task(arg, weft_coro(&returns_its_argument, arg));
    return 0;
}

WEFT_CORO(creates_in_another_loop_from_a_strand)
{
    weft_strand_t *strand = weft_strand_create();
    int rc = weft_join(weft_create_task(weft_coro(&creates_in_another_loop, arg), .strand = strand),
                       result);

    weft_strand_unref(strand);
    return rc;
}

CASE(tasks, a_loop_takes_them_from_another_loop)
{
    weft_loop_t *other = new_loop();
    void *task = NULL, *value = NULL;

    CHECK_INT(weft_run(weft_coro(&creates_in_another_loop_from_a_strand, other), &task,
                       .workers = workers),
              0);
    CHECK_INT(weft_loop_run_until_complete(other, task, &value), 0);
    CHECK(value == other);
    weft_unref(task);
    end_loop(other);
}

/* ---- C335 ---- */

CASE(tasks, C335_a_coroutine_function_is_known_to_the_compiler)
{
    int x = 0;

    CHECK(weft_iscoroutinefunction(&returns_its_argument));
    CHECK(!weft_iscoroutinefunction(x));
    CHECK(!weft_iscoroutinefunction(&x));
}

CASE(tasks, C335_coroutines_futures_and_tasks_are_told_apart)
{
    weft_loop_t *loop = new_loop();
    weft_coro_t *coro = weft_coro(&returns_its_argument, NULL);
    weft_future_t *future = weft_create_future(loop);

    CHECK(weft_iscoroutine(coro) && !weft_isfuture(coro));
    CHECK(!weft_iscoroutine(future) && weft_isfuture(future));
    CHECK(!weft_iscoroutine(NULL) && !weft_isfuture(NULL));
    weft_task_t *task = weft_loop_create_task(loop, coro);
    CHECK(task == coro);
    CHECK(!weft_iscoroutine(task) && weft_isfuture(task));
    CHECK_INT(weft_loop_run_until_complete(loop, task, NULL), 0);
    weft_unref(task);
    weft_unref(future);
    end_loop(loop);
}
