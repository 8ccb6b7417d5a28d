/* SPDX-License-Identifier: MIT */
/* threads: the conformance items on run_coroutine_threadsafe and to_thread. */
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/serial.h"

TestSuite(threads, .timeout = 60);

/* Runs a loop on this thread, and [body] on another, which then stops it. */
struct beside {
    weft_loop_t *loop;
    void (*body)(weft_loop_t *loop);
};

static void stops(void *loop)
{
    weft_loop_stop(loop);
}

static void *runs_the_body(void *arg)
{
    struct beside *b = arg;

    b->body(b->loop);
    CHECK_INT(weft_loop_call_soon_threadsafe(b->loop, stops, b->loop, NULL), 0);
    return NULL;
}

static _Atomic(int) reports;

static void counts(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    (void)context;
    (void)arg;
    reports++;
}

static void beside(void (*body)(weft_loop_t *loop))
{
    struct beside b = {.body = body};
    pthread_t thread;

    reports = 0;
    CHECK_INT(weft_new_event_loop(&b.loop, .workers = workers), 0);
    weft_loop_set_exception_handler(b.loop, counts, NULL);
    CHECK_INT(pthread_create(&thread, NULL, runs_the_body, &b), 0);
    CHECK_INT(weft_loop_run_forever(b.loop), 0);
    pthread_join(thread, NULL);
    weft_loop_unref(b.loop);
}

/* Whether no task of [loop] is left. */
static bool is_empty(weft_loop_t *loop)
{
    weft_task_t **tasks;
    size_t count = 0;

    if (!CHECK_INT(weft_all_tasks(loop, &tasks, &count), 0))
        return false;
    for (size_t i = 0; i < count; i++)
        weft_unref(tasks[i]);
    free(tasks);
    return count == 0;
}

/* A cancel does not wait for the task's end. */
static void wait_until_empty(weft_loop_t *loop)
{
    while (!is_empty(loop))
        sched_yield();
}

WEFT_CORO(adds)
{
    int *p = arg;

    CHECK_INT(weft_sleep(WEFT_US(50)), 0);
    *result = (void *)(intptr_t)(p[0] + p[1]);
    return 0;
}

WEFT_CORO(raises)
{
    int rc = weft_sleep(0);
    return rc < 0 ? rc : -EIO;
}

/* ---- C230 ---- */

static void gets_a_result_and_an_error(weft_loop_t *loop)
{
    weft_cfuture_t *sum =
        weft_run_coroutine_threadsafe(weft_coro_copy(&adds, ((int[]){1, 2}), sizeof(int[2])), loop);
    weft_cfuture_t *failed = weft_run_coroutine_threadsafe(weft_coro(&raises, NULL), loop);
    void *value = NULL;

    CHECK_INT(weft_cfuture_exception(sum, WEFT_NONE), 0);
    CHECK_INT(weft_cfuture_result(sum, WEFT_NONE, &value), 0);
    CHECK_INT((intptr_t)value, 3);
    CHECK(weft_cfuture_done(sum) && !weft_cfuture_cancel(sum));
    value = NULL;
    CHECK_INT(weft_cfuture_result(failed, WEFT_NONE, &value), -EIO);
    CHECK_INT(weft_cfuture_result(failed, 0, &value), -EIO);
    CHECK_INT(weft_cfuture_exception(failed, 0), -EIO);
    CHECK(value == NULL);
    weft_cfuture_unref(sum);
    weft_cfuture_unref(failed);
}

/* Real: a thread of its own. */
CASE_REAL(threads, C230_a_foreign_thread_gets_the_result_or_the_error)
{
    beside(gets_a_result_and_an_error);
    CHECK_INT(reports, 0);
}

/* ---- C231, C233 ---- */

static _Atomic(int) cleaned;

WEFT_CORO(waits_and_cleans_up)
{
    int rc = weft_sleep(WEFT_NONE);

    CHECK_INT(weft_sleep(0), 0);
    cleaned++;
    return rc;
}

static void gives_up_in_time(weft_loop_t *loop)
{
    weft_cfuture_t *f = weft_run_coroutine_threadsafe(weft_coro(&waits_and_cleans_up, NULL), loop);

    while (is_empty(loop))
        sched_yield();
    CHECK_INT(weft_cfuture_result(f, WEFT_MS(1), NULL), -ETIMEDOUT);
    CHECK_INT(weft_cfuture_exception(f, 0), -ETIMEDOUT);
    CHECK(!weft_cfuture_done(f)); /* the time-out was the caller's alone */
    CHECK(weft_cfuture_cancel(f));
    CHECK_INT(weft_cfuture_result(f, WEFT_NONE, NULL), -ECANCELED);
    weft_cfuture_unref(f);
    wait_until_empty(loop);
}

/* Real: a thread of its own. */
CASE_REAL(threads, C231_a_time_out_and_a_cancel_leave_no_task_behind)
{
    beside(gives_up_in_time);
    CHECK_INT(reports, 0);
}

WEFT_CORO(tells_and_waits)
{
    weft_coro_t *inner = weft_coro(&waits_and_cleans_up, NULL);

    sem_post(arg);
    return weft_join(inner, NULL);
}

static void cancels(weft_loop_t *loop)
{
    sem_t began;

    cleaned = 0;
    sem_init(&began, 0, 0);
    weft_cfuture_t *f = weft_run_coroutine_threadsafe(weft_coro(&tells_and_waits, &began), loop);
    sem_wait(&began);
    CHECK(weft_cfuture_cancel(f));
    CHECK_INT(weft_cfuture_result(f, WEFT_NONE, NULL), -ECANCELED);
    CHECK(weft_cfuture_cancel(f)); /* it is cancelled */
    weft_cfuture_unref(f);
    wait_until_empty(loop);
    CHECK_INT(cleaned, 1);
    sem_destroy(&began);
}

/* Real: a thread of its own. */
CASE_REAL(threads, C233_a_cancel_from_the_thread_cancels_the_task)
{
    beside(cancels);
    CHECK_INT(reports, 0);
}

static sem_t begun, may_end;
static weft_task_t *stubborn;

WEFT_CORO(swallows_a_cancel)
{
    stubborn = weft_ref(weft_current_task());
    sem_post(&begun);
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    sem_wait(&may_end);
    *result = arg;
    return 0;
}

static void cancels_a_stubborn_one(weft_loop_t *loop)
{
    void *value = NULL;

    sem_init(&begun, 0, 0);
    sem_init(&may_end, 0, 0);
    weft_cfuture_t *f = weft_run_coroutine_threadsafe(weft_coro(&swallows_a_cancel, loop), loop);
    sem_wait(&begun);
    CHECK(weft_cfuture_cancel(f));
    CHECK(weft_cfuture_done(f) && weft_cfuture_cancelled(f) && !weft_done(stubborn));
    CHECK_INT(weft_cfuture_result(f, WEFT_NONE, NULL), -ECANCELED);
    sem_post(&may_end);
    wait_until_empty(loop);
    CHECK_INT(weft_result(stubborn, &value), 0);
    CHECK(value == loop);
    CHECK(weft_cfuture_cancelled(f));
    weft_cfuture_unref(f);
    weft_unref(stubborn);
}

/* Real: a thread of its own. */
CASE_REAL(threads, C233_a_cancel_from_the_thread_ends_its_future_whatever_the_task_does)
{
    beside(cancels_a_stubborn_one);
    CHECK_INT(reports, 0);
}

WEFT_CORO(cancels_itself)
{
    weft_cancel(weft_current_task());
    return weft_sleep(0);
}

static void sees_a_cancel(weft_loop_t *loop)
{
    weft_cfuture_t *f = weft_run_coroutine_threadsafe(weft_coro(&cancels_itself, NULL), loop);

    CHECK_INT(weft_cfuture_result(f, WEFT_NONE, NULL), -ECANCELED);
    weft_cfuture_unref(f);
}

/* Real: a thread of its own. */
CASE_REAL(threads, C233_a_cancel_inside_reaches_the_thread)
{
    beside(sees_a_cancel);
}

/* ---- C234 ---- */

WEFT_CORO_STACK(wants_too_much, UINT32_MAX)
{
    CHECK(!"it ran");
    return 0;
}

static void starts_in_vain(weft_loop_t *loop)
{
    weft_cfuture_t *f = weft_run_coroutine_threadsafe(weft_coro(&wants_too_much, NULL), loop);

    CHECK_INT(weft_cfuture_result(f, WEFT_NONE, NULL), -EINVAL);
    CHECK(weft_cfuture_done(f) && !weft_cfuture_cancel(f));
    CHECK_INT(reports, 1);
    weft_cfuture_unref(f);
}

/* Real: a thread of its own. */
CASE_REAL(threads, C234_a_start_that_fails_is_told_to_the_caller_and_to_the_handler)
{
    beside(starts_in_vain);
}

static void starts_no_coroutine(weft_loop_t *loop)
{
    weft_awaitable_t *none[] = {NULL, weft_coro(NULL, NULL), weft_create_future(loop)};

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        weft_cfuture_t *f = weft_run_coroutine_threadsafe(none[i], loop);
        CHECK_INT(weft_cfuture_result(f, WEFT_NONE, NULL), -EPROTOTYPE);
        weft_cfuture_unref(f);
    }
}

/* Real: a thread of its own. */
CASE_REAL(threads, C234_what_is_no_coroutine_is_told_to_the_caller_alone)
{
    beside(starts_no_coroutine);
    CHECK_INT(reports, 0);
}

CASE(threads, C234_a_closed_loop_refuses_and_closes_the_coroutine)
{
    weft_loop_t *loop = NULL;

    reports = 0;
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    weft_loop_set_exception_handler(loop, counts, NULL);
    CHECK_INT(weft_loop_close(loop), 0);
    weft_cfuture_t *f = weft_run_coroutine_threadsafe(weft_coro(&raises, NULL), loop);
    CHECK_INT(weft_cfuture_result(f, WEFT_NONE, NULL), -ESHUTDOWN);
    CHECK_INT(reports, 0);
    weft_cfuture_unref(f);
    weft_loop_unref(loop);
}

/* ---- C235 ---- */

enum { THREADS = 10, CALLS = 20 };

static void *adds_often(void *loop)
{
    for (int i = 0; i < CALLS; i++) {
        int pair[] = {i, 1000};
        void *value = NULL;
        weft_cfuture_t *f =
            weft_run_coroutine_threadsafe(weft_coro_copy(&adds, pair, sizeof pair), loop);
        CHECK_INT(weft_cfuture_result(f, WEFT_NONE, &value), 0);
        CHECK_INT((intptr_t)value, 1000 + i);
        weft_cfuture_unref(f);
    }
    return NULL;
}

static void ten_add(weft_loop_t *loop)
{
    pthread_t thread[THREADS];

    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&thread[i], NULL, adds_often, loop), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    CHECK(is_empty(loop));
}

/* Real: a thread of its own. */
CASE_REAL(threads, C235_ten_threads_at_once_get_their_own_results)
{
    beside(ten_add);
}

/* ---- C236 ---- */

static _Atomic(int) called;

static int doubles(void *arg, void **result)
{
    called++;
    CHECK(weft_get_running_loop() == NULL && weft_current_task() == NULL);
    *result = (void *)(2 * (intptr_t)arg);
    return 0;
}

static int fails(void *arg, void **result)
{
    (void)result;
    return arg ? -EIO : -ECANCELED;
}

WEFT_CORO(calls_a_thread)
{
    void *value = NULL;

    called = 0;
    CHECK_INT(weft_to_thread(doubles, (void *)21, &value), 0);
    CHECK_INT((intptr_t)value, 42);
    CHECK_INT(called, 1);
    CHECK_INT(weft_to_thread(fails, "", &value), -EIO);
    CHECK_INT((intptr_t)value, 42);
    CHECK_INT(weft_to_thread(fails, NULL, NULL), -ECANCELED);
    CHECK(healthy());
    return 0;
}

CASE(threads, C236_to_thread_calls_once_and_gives_the_value_or_the_error)
{
    BOTH(&calls_a_thread, NULL);
    CHECK_INT(weft_to_thread(doubles, NULL, NULL), -EPERM);
}

WEFT_CORO(doubles_in_a_thread)
{
    return weft_to_thread(doubles, arg, result);
}

WEFT_CORO(calls_ten_threads)
{
    weft_awaitable_t *aws[10];
    weft_result_t results[10];

    called = 0;
    for (intptr_t i = 0; i < 10; i++)
        aws[i] = weft_coro(&doubles_in_a_thread, (void *)i);
    CHECK_INT(weft_gather(WEFT_ARRAY(aws, 10), results), 0);
    for (intptr_t i = 0; i < 10; i++)
        CHECK_INT((intptr_t)results[i].value, 2 * i);
    CHECK_INT(called, 10);
    return 0;
}

CASE(threads, C236_to_thread_is_concurrent)
{
    BOTH(&calls_ten_threads, NULL);
}

/* ---- beyond the list: executors ---- */

struct meeting {
    sem_t entered, leave;
    _Atomic(int) inside, most, over;
};

static int meets(void *arg, void **result)
{
    struct meeting *m = arg;
    int inside = ++m->inside;

    (void)result;
    if (inside > m->most)
        m->most = inside;
    sem_post(&m->entered);
    sem_wait(&m->leave);
    m->inside--;
    m->over++;
    return 0;
}

static void open_meeting(struct meeting *m)
{
    memset(m, 0, sizeof *m);
    sem_init(&m->entered, 0, 0);
    sem_init(&m->leave, 0, 0);
}

enum { GUESTS = 6, SEATS = 2 };

/* All guests are queued before the first may leave. */
static void invite(weft_executor_t *executor, struct meeting *m)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_future_t *guests[GUESTS];

    open_meeting(m);
    for (int i = 0; i < GUESTS; i++)
        guests[i] = weft_loop_run_in_executor(loop, executor, meets, m);
    for (int i = 0; i < SEATS; i++)
        sem_wait(&m->entered);
    for (int i = 0; i < GUESTS; i++)
        sem_post(&m->leave);
    for (int i = 0; i < GUESTS; i++)
        CHECK_INT(weft_join(guests[i], NULL), 0);
    CHECK_INT(m->over, GUESTS);
    CHECK_INT(m->most, SEATS);
}

WEFT_CORO(uses_two_executors)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_executor_t *own = NULL, *other = NULL;
    struct meeting m;

    CHECK_INT(weft_executor_create(&own, WEFT_EXECUTOR_MAX + 1), -EINVAL);
    CHECK_INT(weft_executor_create(&own, SEATS), 0);
    CHECK_INT(weft_executor_create(&other, 0), 0);
    CHECK_INT(weft_loop_set_default_executor(loop, NULL), -EINVAL);
    CHECK_INT(weft_loop_set_default_executor(loop, own), 0);
    CHECK_INT(weft_loop_set_default_executor(loop, other), -EBUSY);
    invite(NULL, &m);
    invite(own, &m);
    CHECK_INT(weft_join(weft_loop_run_in_executor(loop, other, fails, ""), NULL), -EIO);
    CHECK_INT(weft_to_thread(fails, "", NULL), -EIO);
    weft_executor_unref(own);
    weft_executor_unref(other);
    return 0;
}

/* Real: its calls block their threads. */
CASE_REAL(threads, an_executor_has_the_size_that_the_program_gives_it)
{
    CHECK_INT(run(&uses_two_executors, NULL), 0);
}

WEFT_CORO(adopts_it)
{
    CHECK_INT(weft_loop_set_default_executor(weft_get_running_loop(), arg), 0);
    return weft_to_thread(fails, NULL, NULL) == -ECANCELED ? 0 : -EIO;
}

WEFT_CORO(may_not_adopt_it)
{
    CHECK_INT(weft_loop_set_default_executor(weft_get_running_loop(), arg), -EBUSY);
    CHECK_INT(weft_to_thread(fails, "", NULL), -EIO);
    return 0;
}

/* Real: its calls block their threads. */
CASE_REAL(threads, an_executor_is_the_default_one_of_one_loop_and_ends_with_it)
{
    weft_executor_t *executor = NULL;
    weft_loop_t *loop = NULL;

    CHECK_INT(weft_executor_create(&executor, 1), 0);
    CHECK_INT(run(&adopts_it, executor), 0);
    CHECK_INT(run(&may_not_adopt_it, executor), 0);
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    weft_future_t *late = weft_loop_run_in_executor(loop, executor, fails, NULL);
    CHECK_INT(weft_result(late, NULL), -ESHUTDOWN);
    weft_unref(late);
    weft_executor_unref(weft_executor_ref(executor));
    weft_executor_unref(executor);
    weft_loop_unref(loop);
}

WEFT_CORO(cancels_a_queued_call)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_executor_t *executor = NULL;
    struct meeting m;

    open_meeting(&m);
    CHECK_INT(weft_executor_create(&executor, 1), 0);
    weft_future_t *first = weft_loop_run_in_executor(loop, executor, meets, &m);
    weft_future_t *second = weft_loop_run_in_executor(loop, executor, meets, &m);
    weft_future_t *third = weft_loop_run_in_executor(loop, executor, meets, &m);
    sem_wait(&m.entered);
    CHECK(weft_cancel(first));
    CHECK(weft_cancel(second));
    sem_post(&m.leave);
    sem_post(&m.leave);
    CHECK_INT(weft_join(third, NULL), 0);
    CHECK_INT(m.over, 2);
    CHECK_INT(weft_join(first, NULL), -ECANCELED);
    CHECK_INT(weft_join(second, NULL), -ECANCELED);
    weft_executor_unref(executor);
    return 0;
}

/* Real: its calls block their threads. */
CASE_REAL(threads, a_call_that_is_cancelled_before_a_thread_has_it_is_not_made)
{
    CHECK_INT(run(&cancels_a_queued_call, NULL), 0);
}

WEFT_CORO(shuts_its_executor)
{
    weft_loop_t *loop = weft_get_running_loop();
    struct meeting m;

    open_meeting(&m);
    weft_future_t *guest = weft_loop_run_in_executor(loop, NULL, meets, &m);
    CHECK_INT(weft_loop_shutdown_default_executor(loop, 0), -ETIMEDOUT);
    CHECK_INT(weft_loop_shutdown_default_executor(loop, WEFT_MS(1)), -ETIMEDOUT);
    CHECK_INT(weft_to_thread(fails, NULL, NULL), -ESHUTDOWN);
    weft_cancel(weft_current_task());
    CHECK_INT(weft_loop_shutdown_default_executor(loop, WEFT_NONE), -ECANCELED);
    sem_post(&m.leave);
    CHECK_INT(weft_loop_shutdown_default_executor(loop, WEFT_NONE), 0);
    CHECK_INT(m.over, 1);
    CHECK_INT(weft_join(guest, NULL), 0);
    CHECK_INT(weft_loop_shutdown_default_executor(loop, WEFT_NONE), 0);
    return 0;
}

/* Real: its calls block their threads. */
CASE_REAL(threads, shutdown_of_the_executor_waits_for_its_calls_within_a_limit)
{
    CHECK_INT(run(&shuts_its_executor, NULL), 0);
    weft_loop_t *loop = NULL;
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    CHECK_INT(weft_loop_shutdown_default_executor(loop, WEFT_NONE), -EPERM);
    weft_loop_unref(loop);
}

WEFT_CORO(shuts_one_that_was_never_used)
{
    weft_loop_t *loop = weft_get_running_loop();

    CHECK_INT(weft_loop_shutdown_default_executor(loop, WEFT_NONE), 0);
    CHECK_INT(weft_to_thread(fails, NULL, NULL), -ESHUTDOWN);
    return 0;
}

CASE(threads, an_executor_that_was_shut_before_its_use_refuses)
{
    CHECK_INT(run(&shuts_one_that_was_never_used, NULL), 0);
}

static int ends_late(void *arg, void **result)
{
    (void)result;
    for (int i = 0; i < 100; i++)
        sched_yield();
    ++*(_Atomic(int) *)arg;
    return 0;
}

WEFT_CORO(leaves_calls)
{
    for (int i = 0; i < 3; i++)
        weft_unref(weft_loop_run_in_executor(weft_get_running_loop(), NULL, ends_late, arg));
    return 0;
}

/* Real: its calls block their threads. */
CASE_REAL(threads, run_waits_for_the_calls_that_are_left)
{
    _Atomic(int) ended = 0;

    CHECK_INT(run(&leaves_calls, &ended), 0);
    CHECK_INT(ended, 3);
}
