/* SPDX-License-Identifier: MIT */
/* tasks: loops, tasks, futures, callbacks, threads and signals, each call failing in turn
 * (rounds.h). */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weft/testing.h>

#include "runtime/base/base.h"
#include "tests/fault/rounds.h"

TestSuite(faults, .timeout = 60);

/* The first error of several calls. */
static int first(int rc, int next)
{
    return rc < 0 ? rc : next;
}

WEFT_CORO(begins)
{
    atomic_bool *begun = arg;

    atomic_store(begun, true);
    return 0;
}

WEFT_CORO(sleeps_a_little)
{
    return weft_sleep(WEFT_MS(1));
}

WEFT_CORO(sleeps_for_ever)
{
    return weft_sleep(WEFT_NONE);
}

/* ---- loops ---- */

FAULTS_OUTSIDE(faults, new_loop_and_close)
{
    weft_loop_t *loop;
    int rc = weft_new_event_loop(&loop, .workers = workers);

    if (rc < 0)
        return rc;
    CHECK(weft_loop_close(loop) == 0);
    weft_loop_unref(loop);
    return 0;
}

WEFT_CORO(nothing)
{
    return 0;
}

FAULTS_OUTSIDE(faults, run_of_nothing)
{
    return weft_run(weft_coro(&nothing, NULL), NULL, .workers = workers);
}

static int does_nothing(void *arg, void **result)
{
    *result = arg;
    return 0;
}

WEFT_CORO(sleeps_awhile_in_a_thread)
{
    int rc = weft_sleep(WEFT_S(3600));

    return first(rc,
                 first(weft_to_thread(does_nothing, arg, result), weft_wait_all_tasks_blocked(0)));
}

FAULTS_OUTSIDE(faults, testing_run)
{
    (void)workers;
    return weft_testing_run(weft_coro(&sleeps_awhile_in_a_thread, NULL), NULL, .seed = 1);
}

static atomic_bool main_ran;

WEFT_CORO(main_that_tells)
{
    atomic_store(&main_ran, true);
    return 0;
}

FAULTS_OUTSIDE(faults, a_run_that_cannot_start_does_not_run_main)
{
    atomic_store(&main_ran, false);
    int rc = weft_run(weft_coro(&main_that_tells, NULL), NULL, .workers = workers);
    CHECK(rc < 0 || atomic_load(&main_ran));
    CHECK(rc != -EAGAIN || !atomic_load(&main_ran));
    return rc;
}

WEFT_CORO(leaves_pending)
{
    weft_future_t *future = weft_create_future(NULL);
    weft_task_t *sleeper = weft_create_task(weft_coro(&sleeps_for_ever, NULL));
    int rc = first(weft_done(future) ? weft_exception(future) : 0,
                   weft_done(sleeper) ? weft_exception(sleeper) : 0);

    weft_create_task(weft_coro(&sleeps_for_ever, NULL), .detached = true);
    rc = first(rc, weft_sleep(WEFT_MS(1)));
    weft_unref(sleeper);
    weft_unref(future);
    return rc;
}

static void ignore(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    (void)context;
    (void)arg;
}

static void never(void *arg)
{
    (void)arg;
    CHECK(!"a callback was called after the loop was closed");
}

FAULTS_OUTSIDE(faults, close_with_pending_work)
{
    weft_loop_t *loop;
    weft_handle_t *handle;
    int rc = weft_new_event_loop(&loop, .workers = workers);

    if (rc < 0)
        return rc;
    weft_loop_set_exception_handler(loop, ignore, NULL);
    rc = weft_loop_run_until_complete(loop, weft_coro(&leaves_pending, NULL), NULL);
    if (weft_loop_call_later(loop, WEFT_S(100), never, NULL, &handle) == 0)
        weft_handle_unref(handle);
    weft_loop_call_soon(loop, never, NULL, NULL);
    CHECK(weft_loop_close(loop) == 0);
    weft_loop_unref(loop);
    return rc;
}

/* ---- tasks ---- */

FAULTS(faults, create_and_join)
{
    atomic_bool begun = false;
    int rc = weft_join(weft_create_task(weft_coro(&begins, &begun)), NULL);

    CHECK(rc == -ENOMEM || rc == 0);
    CHECK(atomic_load(&begun) == (rc == 0));
    return rc;
}

FAULTS(faults, create_and_wait_for)
{
    atomic_bool begun = false;
    weft_task_t *task = weft_create_task(weft_coro(&begins, &begun));

    while (!weft_done(task)) { /* never on this task's stack */
        int rc = weft_sleep(0);
        CHECK(rc == 0);
    }
    CHECK(atomic_load(&begun) == (weft_exception(task) == 0));
    return weft_join(task, NULL);
}

FAULTS(faults, detached_and_pinned)
{
    weft_task_t *pinned = weft_create_task(weft_coro(&sleeps_a_little, NULL), .pinned = true);

    CHECK(!weft_create_task(weft_coro(&sleeps_a_little, NULL), .detached = true));
    return weft_join(pinned, NULL);
}

FAULTS(faults, stacks_of_all_sizes)
{
    static const uint32_t size[] = {16 << 10, 64 << 10, 256 << 10, 1 << 20, 8 << 20};
    weft_task_t *task[5];
    int rc = 0;

    for (int i = 0; i < 5; i++)
        task[i] = weft_create_task(weft_coro(&sleeps_a_little, NULL), .stack_size = size[i]);
    for (int i = 0; i < 5; i++)
        rc = first(rc, weft_join(task[i], NULL));
    return rc;
}

#if defined(WEFT__ASAN) || defined(WEFT__TSAN)
enum { MANY = 20 }; /* each round is a process, and forty times slower */
#else
enum { MANY = 100 };
#endif

FAULTS(faults, many_asleep)
{
    weft_task_t *task[MANY];
    int rc = 0;

    for (int i = 0; i < MANY; i++)
        task[i] = weft_create_task(weft_coro(&sleeps_a_little, NULL));
    for (int i = 0; i < MANY; i++)
        rc = first(rc, weft_join(task[i], NULL));
    return rc;
}

WEFT_CORO(reads_copy)
{
    return strcmp(arg, "twelve bytes") == 0 ? 0 : -EILSEQ;
}

FAULTS(faults, coro_copy)
{
    char text[] = "twelve bytes";
    weft_coro_t *coro = weft_coro_copy(&reads_copy, text, sizeof text);

    memset(text, 0, sizeof text);
    weft_coro_close(weft_coro_copy(&reads_copy, text, sizeof text));
    return weft_join(weft_create_task(coro), NULL);
}

FAULTS(faults, names)
{
    weft_task_t *named = weft_create_task(weft_coro(&sleeps_a_little, NULL), .name = "named");
    weft_task_t *plain = weft_create_task(weft_coro(&sleeps_a_little, NULL));
    char name[32];
    int rc = 0;

    CHECK(weft_get_name(plain, name, sizeof name) > 0);
    if (!weft_done(named)) {
        CHECK(weft_get_name(named, name, sizeof name) == 5 && strcmp(name, "named") == 0);
        rc = weft_set_name(named, "other");
        CHECK(weft_get_name(named, name, sizeof name) == 5);
        CHECK(strcmp(name, rc == 0 ? "other" : "named") == 0);
    }
    rc = first(rc, weft_join(named, NULL));
    return first(rc, weft_join(plain, NULL));
}

FAULTS(faults, all_tasks)
{
    weft_task_t *task = weft_create_task(weft_coro(&sleeps_a_little, NULL));
    weft_task_t **tasks = NULL;
    size_t count = 0;
    int rc = weft_all_tasks(NULL, &tasks, &count);

    CHECK((rc == 0) == (tasks != NULL));
    for (size_t i = 0; i < count; i++)
        weft_unref(tasks[i]);
    free(tasks);
    return first(rc, weft_join(task, NULL));
}

FAULTS(faults, strands)
{
    weft_strand_t *strand = weft_strand_create();
    weft_task_t *task[3];
    int rc = strand ? 0 : -ENOMEM;

    for (int i = 0; i < 3; i++)
        task[i] = weft_create_task(weft_coro(&sleeps_a_little, NULL), .strand = strand);
    weft_strand_unref(strand);
    for (int i = 0; i < 3; i++)
        rc = first(rc, weft_join(task[i], NULL));
    return rc;
}

/* ---- futures ---- */

WEFT_CORO(sets)
{
    return weft_set_result(arg, arg);
}

static void count_call(weft_future_t *future, void *arg)
{
    CHECK(weft_done(future));
    atomic_fetch_add((atomic_int *)arg, 1);
}

FAULTS(faults, futures_and_callbacks)
{
    weft_future_t *future = weft_create_future(NULL);
    static atomic_int called;
    int added = 0, rc = 0;

    atomic_store(&called, 0);
    if (weft_done(future))
        return weft_join(future, NULL);
    for (int i = 0; i < 2; i++) {
        int error = weft_add_done_callback(future, count_call, &called);
        added += error == 0;
        rc = first(rc, error);
    }
    int error = weft_join(weft_create_task(weft_coro(&sets, future)), NULL);
    if (error < 0) /* it did not begin */
        CHECK(weft_set_result(future, NULL) == 0);
    rc = first(rc, error);
    CHECK(weft_await(future, NULL) == 0);
    while (atomic_load(&called) < added)
        rc = first(rc, weft_sleep(0));
    weft_unref(future);
    return rc;
}

/* ---- several at once ---- */

#define FIVE(coro)                                                                                 \
    WEFT_AWS(weft_coro(coro, NULL), weft_coro(coro, NULL), weft_coro(coro, NULL),                  \
             weft_coro(coro, NULL), weft_coro(coro, NULL))

FAULTS(faults, gather_of_five)
{
    weft_result_t results[5];

    return weft_gather(FIVE(&sleeps_a_little), results);
}

FAULTS(faults, gather_that_returns_exceptions)
{
    weft_result_t results[5];
    int rc = weft_gather(FIVE(&sleeps_a_little), results, .return_exceptions = true);

    for (int i = 0; i < 5 && rc == 0; i++)
        rc = first(rc, results[i].err);
    return rc;
}

FAULTS(faults, gather_future)
{
    weft_future_t *future = weft_gather_future(FIVE(&sleeps_a_little));
    int rc = weft_await(future, NULL);
    size_t count = 0;

    CHECK((weft_gather_results(future, &count) != NULL) == (rc == 0));
    CHECK(rc < 0 || count == 5);
    weft_unref(future);
    return rc;
}

FAULTS(faults, gather_future_that_is_cancelled)
{
    weft_future_t *future = weft_gather_future(FIVE(&sleeps_for_ever));

    weft_cancel(future);
    int rc = weft_join(future, NULL);
    CHECK(rc == -ECANCELED || rc == -ENOMEM);
    return rc == -ECANCELED ? 0 : rc;
}

static int times_out(int rc)
{
    CHECK(rc == -ETIMEDOUT || rc == -ENOMEM);
    return rc == -ETIMEDOUT ? 0 : rc;
}

FAULTS(faults, wait_for_a_coroutine)
{
    return times_out(weft_wait_for(weft_coro(&sleeps_for_ever, NULL), WEFT_MS(1), NULL));
}

FAULTS(faults, wait_for_a_task)
{
    weft_task_t *task = weft_create_task(weft_coro(&sleeps_for_ever, NULL));
    int rc = times_out(weft_wait_for(task, WEFT_MS(1), NULL));

    weft_cancel(task);
    weft_unref(task);
    return rc;
}

FAULTS(faults, timeout_scopes)
{
    weft_timeout_t outer, inner;
    int rc = weft_timeout_enter(&outer, WEFT_S(100));

    if (rc < 0)
        return rc;
    rc = weft_timeout_enter(&inner, WEFT_MS(1));
    if (rc == 0)
        rc = times_out(weft_timeout_exit(&inner, weft_sleep(WEFT_NONE)));
    return weft_timeout_exit(&outer, rc);
}

FAULTS(faults, eager_tasks)
{
    weft_loop_t *loop = weft_get_running_loop();
    int rc = weft_join(
        weft_create_task(weft_coro(&sleeps_a_little, NULL), .eager_start = true, .name = "eager"),
        NULL);

    weft_loop_set_task_factory(loop, weft_eager_task_factory, NULL);
    rc = first(rc, weft_join(weft_ensure_future(weft_coro(&sleeps_a_little, NULL), NULL), NULL));
    weft_loop_set_task_factory(loop, NULL, NULL);
    return rc;
}

/* ---- callbacks ---- */

static void count_one(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

FAULTS(faults, callbacks_with_handles)
{
    static atomic_int called;
    weft_loop_t *loop = weft_get_running_loop();
    weft_handle_t *handle[4] = {NULL};
    int error[4], expected = 0, rc = 0;

    atomic_store(&called, 0);
    error[0] = weft_loop_call_soon(loop, count_one, &called, &handle[0]);
    error[1] = weft_loop_call_later(loop, WEFT_MS(1), count_one, &called, &handle[1]);
    error[2] = weft_loop_call_at(loop, weft_loop_time(loop), count_one, &called, &handle[2]);
    error[3] = weft_loop_call_later(loop, WEFT_S(100), count_one, &called, &handle[3]);
    for (int i = 0; i < 4; i++) {
        CHECK((error[i] == 0) == (handle[i] != NULL));
        expected += i < 3 && error[i] == 0;
        rc = first(rc, error[i]);
    }
    if (handle[3])
        weft_handle_cancel(handle[3]);
    while (atomic_load(&called) < expected) {
        int yielded = weft_sleep(0);
        CHECK(yielded == 0);
    }
    for (int i = 0; i < 4; i++)
        weft_handle_unref(handle[i]);
    return rc;
}

/* ---- threads ---- */

struct foreign {
    weft_loop_t *loop;
    atomic_int called;
    atomic_bool over;
    int soon, coroutine;
};

FAULTS(faults, wrapped_futures)
{
    weft_cfuture_t *a = weft_cfuture_create(), *b = weft_cfuture_create();
    weft_future_t *x = weft_wrap_future(a, NULL), *y = weft_wrap_future(b, NULL);
    int rc;

    weft_cfuture_set_result(a, NULL);
    rc = weft_join(x, NULL);
    weft_cancel(y);
    rc = first(rc, weft_cfuture_done(b) ? weft_cfuture_result(b, 0, NULL) : -ENOMEM);
    weft_unref(y);
    weft_cfuture_unref(a);
    weft_cfuture_unref(b);
    return rc == -ECANCELED ? 0 : rc;
}

static void *foreign_main(void *arg)
{
    struct foreign *f = arg;

    f->soon = weft_loop_call_soon_threadsafe(f->loop, count_one, &f->called, NULL);
    weft_cfuture_t *future =
        weft_run_coroutine_threadsafe(weft_coro(&sleeps_a_little, NULL), f->loop);
    f->coroutine = weft_cfuture_result(future, WEFT_NONE, NULL);
    weft_cfuture_unref(future);
    atomic_store(&f->over, true);
    return NULL;
}

FAULTS(faults, calls_from_a_foreign_thread)
{
    struct foreign f = {.loop = weft_get_running_loop()};
    pthread_t thread;

    CHECK(__real_pthread_create(&thread, NULL, foreign_main, &f) == 0);
    while (!atomic_load(&f.over) || (f.soon == 0 && atomic_load(&f.called) == 0)) {
        int yielded = weft_sleep(0);
        CHECK(yielded == 0);
    }
    pthread_join(thread, NULL);
    CHECK(atomic_load(&f.called) == (f.soon == 0));
    return first(f.soon, f.coroutine);
}

static int gives_argument(void *arg, void **result)
{
    *result = arg;
    return 0;
}

FAULTS(faults, to_thread)
{
    void *value = NULL;
    int rc = weft_to_thread(gives_argument, &value, &value);

    CHECK((rc == 0) == (value == &value));
    return rc;
}

FAULTS(faults, run_in_executor)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_future_t *future[3];
    int rc = 0;

    for (int i = 0; i < 3; i++)
        future[i] = weft_loop_run_in_executor(loop, NULL, gives_argument, NULL);
    for (int i = 0; i < 3; i++)
        rc = first(rc, weft_join(future[i], NULL));
    return rc;
}

/* ---- queues ---- */

static int put_twenty(weft_queue_t *queue, intptr_t *count)
{
    int rc = 0;

    for (*count = 0; rc == 0 && *count < 20; *count += rc == 0)
        rc = weft_queue_put(queue, (void *)*count);
    return rc;
}

FAULTS(faults, queue_put)
{
    weft_queue_t *queue;
    intptr_t count;
    void *item;
    int rc = weft_queue_create(&queue, 0);

    if (rc < 0)
        return rc;
    rc = put_twenty(queue, &count);
    CHECK(weft_queue_qsize(queue) == (size_t)count);
    for (intptr_t i = 0; i < count; i++)
        CHECK(weft_queue_get_nowait(queue, &item) == 0 && (intptr_t)item == i);
    weft_queue_unref(queue);
    return rc;
}

/* ---- signals ---- */

static int signal_is_lost(weft_loop_t *loop, atomic_int *called)
{
    weft_ns_t patience = weft_loop_time(loop) + WEFT_MS(500);

    while (atomic_load(called) == 0 && weft_loop_time(loop) < patience) {
        int yielded = weft_sleep(0);
        CHECK(yielded == 0);
    }
    return atomic_load(called) == 0;
}

FAULTS(faults, signal_handler)
{
    static atomic_int called;
    weft_loop_t *loop = weft_get_running_loop();
    int rc;

    atomic_store(&called, 0);
    rc = weft_loop_add_signal_handler(loop, SIGUSR1, count_one, &called);
    if (rc < 0)
        return rc;
    kill(getpid(), SIGUSR1); /* not raise: this may be the thread of a worker, which blocks it */
    bool lost = signal_is_lost(loop, &called); /* as long as there is no memory for a handle */
    inject_disarm();
    CHECK(!lost || !signal_is_lost(loop, &called));
    CHECK(weft_loop_remove_signal_handler(loop, SIGUSR1));
    return 0;
}

/* ---- context variables ---- */

static int values; /* that are not destroyed */

static void destroyed(void *value)
{
    (void)value;
    values--;
}

static const weft_context_var_t variable = {.name = "variable", .destroy = destroyed};

static int set_variable(weft_context_token_t *token)
{
    int rc = weft_context_var_set(&variable, &values, token);

    values += rc == 0;
    return rc;
}

WEFT_CORO(sets_variable)
{
    return set_variable(NULL);
}

FAULTS(faults, context_variables)
{
    weft_context_token_t token;
    weft_context_t *context = NULL;
    void *before = weft_context_var_get(&variable);
    int rc = set_variable(&token);

    if (rc < 0)
        return rc;
    rc = weft_join(weft_create_task(weft_coro(&sets_variable, NULL)), NULL);
    if (rc == 0 && !(context = weft_copy_context()))
        rc = -ENOMEM;
    if (rc == 0)
        rc = weft_join(weft_create_task(weft_coro(&sets_variable, NULL), .context = context), NULL);
    weft_context_unref(context);
    if (weft_context_var_reset(&variable, &token) < 0)
        return rc < 0 ? rc : -ENOMEM;
    CHECK(weft_context_var_get(&variable) == before);
    return rc;
}

/* ---- looking ---- */

FAULTS(faults, call_graph)
{
    weft_call_graph_t *graph = NULL;
    char *text = NULL;
    int rc = weft_capture_call_graph(NULL, 8, &graph);

    CHECK((rc == 0) == (graph != NULL));
    weft_call_graph_free(graph);
    if (rc == 0)
        rc = weft_format_call_graph(NULL, 8, &text);
    CHECK((rc == 0) == (text != NULL));
    free(text);
    return rc;
}
