/* SPDX-License-Identifier: MIT */
/* thread: from other threads into a loop, and from a loop to threads that may block. */
#include <poll.h>

#include "tests/support/workers.h"

TestSuite(thread, .timeout = 60);

WEFT_CORO(identity)
{
    *result = arg;
    return weft_sleep(0);
}

WEFT_CORO(fails)
{
    return (int)(intptr_t)arg;
}

WEFT_CORO(sleeps_for_ever)
{
    int rc = weft_sleep(WEFT_NONE);
    if (arg)
        ++*(_Atomic(int) *)arg;
    return rc;
}

static void stops(void *loop)
{
    weft_loop_stop(loop);
}

static void ignores(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    (void)context;
    (void)arg;
}

/* Runs a loop on this thread and `body` on another, which then stops the loop. */
struct pair {
    weft_loop_t *loop;
    void (*body)(weft_loop_t *loop);
};

static void *runs_the_body(void *arg)
{
    struct pair *p = arg;
    p->body(p->loop);
    CHECK_INT(weft_loop_call_soon_threadsafe(p->loop, stops, p->loop, NULL), 0);
    return NULL;
}

static void beside(void (*body)(weft_loop_t *loop))
{
    struct pair p = {.body = body};
    pthread_t thread;

    CHECK_INT(weft_new_event_loop(&p.loop, .workers = workers), 0);
    weft_loop_set_exception_handler(p.loop, ignores, NULL); /* of tasks that are left at the end */
    CHECK_INT(pthread_create(&thread, NULL, runs_the_body, &p), 0);
    CHECK_INT(weft_loop_run_forever(p.loop), 0);
    pthread_join(thread, NULL);
    weft_loop_unref(p.loop);
}

/* ---- call_soon_threadsafe ----------------------------------------------------------------------
 */

enum { THREADS = 4, CALLS = 500 };

struct sender {
    weft_loop_t *loop;
    int next; /* only callbacks touch it: they run one at a time */
    struct message {
        struct sender *sender;
        int number;
    } message[CALLS];
};

static void receives(void *arg)
{
    struct message *m = arg;
    CHECK_INT(m->sender->next++, m->number);
}

static void *sends(void *arg)
{
    struct sender *s = arg;

    for (int i = 0; i < CALLS; i++) {
        s->message[i] = (struct message){s, i};
        CHECK_INT(weft_loop_call_soon_threadsafe(s->loop, receives, &s->message[i], NULL), 0);
    }
    return NULL;
}

static void sends_from_four(weft_loop_t *loop)
{
    static struct sender sender[THREADS];
    pthread_t thread[THREADS];

    for (int i = 0; i < THREADS; i++) {
        sender[i].loop = loop;
        sender[i].next = 0;
        CHECK_INT(pthread_create(&thread[i], NULL, sends, &sender[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}

CASE(thread, calls_of_one_thread_run_in_its_order)
{
    beside(sends_from_four);
}

/* ---- run_coroutine_threadsafe ------------------------------------------------------------------
 */

static void runs_some(weft_loop_t *loop)
{
    int x;
    void *value = NULL;

    for (int i = 0; i < 50; i++) {
        weft_cfuture_t *f = weft_run_coroutine_threadsafe(weft_coro(&identity, &x), loop);
        value = NULL;
        CHECK_INT(weft_cfuture_result(f, WEFT_NONE, &value), 0);
        CHECK(value == &x);
        CHECK(weft_cfuture_done(f));
        CHECK(!weft_cfuture_cancel(f));
        CHECK_INT(weft_cfuture_result(f, 0, NULL), 0);
        weft_cfuture_unref(f);
    }
    weft_cfuture_t *f = weft_run_coroutine_threadsafe(weft_coro(&fails, (void *)-EIO), loop);
    CHECK_INT(weft_cfuture_result(f, WEFT_NONE, &value), -EIO);
    CHECK_INT(weft_cfuture_result(f, WEFT_NONE, &value), -EIO);
    weft_cfuture_unref(f);
}

CASE(thread, gets_results_and_errors_of_coroutines) /* C230 */
{
    beside(runs_some);
}

static void *runs_some_too(void *loop)
{
    runs_some(loop);
    return NULL;
}

static void runs_from_ten(weft_loop_t *loop)
{
    pthread_t thread[10];

    for (int i = 0; i < 10; i++)
        CHECK_INT(pthread_create(&thread[i], NULL, runs_some_too, loop), 0);
    for (int i = 0; i < 10; i++)
        pthread_join(thread[i], NULL);
}

CASE(thread, ten_at_once_get_their_own_results) /* C235 */
{
    beside(runs_from_ten);
}

static _Atomic(int) ended;

static void waits_with_a_limit(weft_loop_t *loop)
{
    weft_cfuture_t *f = weft_run_coroutine_threadsafe(weft_coro(&sleeps_for_ever, &ended), loop);

    CHECK_INT(weft_cfuture_result(f, 0, NULL), -ETIMEDOUT);
    CHECK_INT(weft_cfuture_result(f, WEFT_MS(2), NULL), -ETIMEDOUT);
    CHECK_INT(weft_cfuture_result(f, -1, NULL), -ETIMEDOUT);
    CHECK(!weft_cfuture_done(f));
    CHECK(weft_cfuture_cancel(f));
    CHECK_INT(weft_cfuture_result(f, WEFT_NONE, NULL), -ECANCELED);
    CHECK(weft_cfuture_cancel(f)); /* it is */
    weft_cfuture_unref(f);
}

CASE(thread, waits_with_a_limit_and_cancels) /* C231 C233 */
{
    beside(waits_with_a_limit);
}

WEFT_CORO(says_cancelled)
{
    weft_cancel(weft_current_task());
    return weft_sleep(0);
}

static void runs_one_that_is_cancelled_inside(weft_loop_t *loop)
{
    weft_cfuture_t *f = weft_run_coroutine_threadsafe(weft_coro(&says_cancelled, NULL), loop);
    CHECK_INT(weft_cfuture_result(f, WEFT_NONE, NULL), -ECANCELED);
    weft_cfuture_unref(f);
}

CASE(thread, sees_a_cancellation_from_inside)
{
    beside(runs_one_that_is_cancelled_inside);
}

static void *waits_for_it(void *future)
{
    CHECK_INT(weft_cfuture_result(future, WEFT_NONE, NULL), -ECANCELED);
    return NULL;
}

static void two_wait(weft_loop_t *loop)
{
    weft_cfuture_t *f = weft_run_coroutine_threadsafe(weft_coro(&sleeps_for_ever, NULL), loop);
    pthread_t thread[2];

    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_create(&thread[i], NULL, waits_for_it, f), 0);
    CHECK_INT(weft_cfuture_result(f, WEFT_MS(1), NULL), -ETIMEDOUT);
    CHECK(weft_cfuture_cancel(f));
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    weft_cfuture_unref(f);
}

CASE(thread, several_may_wait_for_one)
{
    beside(two_wait);
}

static void drops_at_once(weft_loop_t *loop)
{
    for (int i = 0; i < 50; i++)
        weft_cfuture_unref(weft_run_coroutine_threadsafe(weft_coro(&identity, NULL), loop));
}

CASE(thread, may_let_go_of_its_future_before_the_end)
{
    beside(drops_at_once);
}

WEFT_CORO(blocks_on_its_own_loop)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_cfuture_t *f = weft_run_coroutine_threadsafe(weft_coro(&sleeps_for_ever, NULL), loop);

    CHECK_INT(weft_cfuture_result(f, WEFT_NONE, NULL), -EDEADLK);
    CHECK_INT(weft_cfuture_result(f, WEFT_MS(1), NULL), -EDEADLK);
    CHECK(weft_cfuture_cancel(f));
    CHECK_INT(weft_cfuture_result(f, WEFT_NONE, NULL), -ECANCELED);
    weft_cfuture_unref(f);
    return 0;
}

CASE(thread, of_the_loop_never_blocks_on_it)
{
    CHECK_INT(run(&blocks_on_its_own_loop, NULL), 0);
}

CASE(thread, is_refused_what_is_no_coroutine_or_a_closed_loop) /* C234 */
{
    weft_loop_t *loop = NULL;
    weft_cfuture_t *f;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    f = weft_run_coroutine_threadsafe(NULL, loop);
    CHECK_INT(weft_cfuture_result(f, WEFT_NONE, NULL), -EPROTOTYPE);
    CHECK(weft_cfuture_done(f) && !weft_cfuture_cancel(f));
    weft_cfuture_unref(f);
    f = weft_run_coroutine_threadsafe(weft_create_future(loop), loop);
    CHECK_INT(weft_cfuture_result(f, WEFT_NONE, NULL), -EPROTOTYPE);
    weft_cfuture_unref(f);
    CHECK_INT(weft_loop_close(loop), 0);
    f = weft_run_coroutine_threadsafe(weft_coro(&identity, NULL), loop);
    CHECK_INT(weft_cfuture_result(f, WEFT_NONE, NULL), -ESHUTDOWN);
    weft_cfuture_unref(f);
    weft_loop_unref(loop);
    weft_cfuture_unref(NULL);
}

CASE(thread, whose_loop_closes_gets_ecanceled)
{
    weft_loop_t *loop = NULL;
    pthread_t thread;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    weft_loop_set_exception_handler(loop, ignores, NULL);
    weft_cfuture_t *f = weft_run_coroutine_threadsafe(weft_coro(&sleeps_for_ever, NULL), loop),
                   *never = weft_run_coroutine_threadsafe(weft_coro(&identity, NULL), loop);
    CHECK_INT(pthread_create(&thread, NULL, waits_for_it, f), 0);
    CHECK_INT(weft_loop_close(loop), 0);
    pthread_join(thread, NULL);
    CHECK_INT(weft_cfuture_result(never, WEFT_NONE, NULL), -ECANCELED);
    weft_cfuture_unref(f);
    weft_cfuture_unref(never);
    weft_loop_unref(loop);
}

/* ---- to_thread ---------------------------------------------------------------------------------
 */

static int works(void *arg, void **result)
{
    CHECK(weft_get_running_loop() == NULL);
    CHECK(weft_current_task() == NULL);
    *result = arg;
    return 0;
}

static int works_in_vain(void *arg, void **result)
{
    *result = arg;
    return -EIO;
}

WEFT_CORO(calls_threads)
{
    void *value = NULL;

    CHECK_INT(weft_to_thread(works, &value, &value), 0);
    CHECK(value == &value);
    CHECK_INT(weft_to_thread(works_in_vain, NULL, &value), -EIO);
    CHECK(value == &value);
    CHECK_INT(weft_to_thread(works, NULL, NULL), 0);
    CHECK_INT(weft_to_thread(NULL, NULL, NULL), -EINVAL);
    return 0;
}

CASE(thread, that_may_block_gives_its_value_or_error) /* C236 */
{
    CHECK_INT(weft_to_thread(works, NULL, NULL), -EPERM);
    CHECK_INT(run(&calls_threads, NULL), 0);
}

struct meeting {
    pthread_barrier_t barrier;
};

static int meets(void *arg, void **result)
{
    struct meeting *m = arg;
    (void)result;
    pthread_barrier_wait(&m->barrier);
    return 0;
}

WEFT_CORO(sends_one_to_the_meeting)
{
    return weft_to_thread(meets, arg, NULL);
}

WEFT_CORO(lets_five_meet)
{
    struct meeting m;

    CHECK_INT(weft_to_thread(works, NULL, NULL), 0); /* now one thread of the pool is idle */
    pthread_barrier_init(&m.barrier, NULL, 5);
    weft_awaitable_t *aws[5];
    for (int i = 0; i < 5; i++)
        aws[i] = weft_coro(&sends_one_to_the_meeting, &m);
    int rc = weft_gather(WEFT_ARRAY(aws, 5), NULL);
    pthread_barrier_destroy(&m.barrier);
    return rc;
}

CASE(thread, calls_that_wait_for_each_other_all_run)
{
    for (int i = 0; i < 10; i++)
        CHECK_INT(run(&lets_five_meet, NULL), 0);
}

struct gate {
    pthread_mutex_t lock;
    _Atomic(int) began;
    weft_future_t *started;
};

static int passes_the_gate(void *arg, void **result)
{
    struct gate *g = arg;

    g->began++;
    weft_set_result(g->started, NULL);
    pthread_mutex_lock(&g->lock);
    pthread_mutex_unlock(&g->lock);
    *result = arg;
    return 0;
}

WEFT_CORO(waits_at_the_gate)
{
    void *value = NULL;

    CHECK_INT(weft_to_thread(passes_the_gate, arg, &value), 0);
    CHECK(value == arg);
    CHECK_INT(weft_sleep(0), -ECANCELED);
    return 0;
}

WEFT_CORO(cancels_at_the_gate)
{
    struct gate g = {.lock = PTHREAD_MUTEX_INITIALIZER, .started = weft_create_future(NULL)};

    pthread_mutex_lock(&g.lock);
    weft_task_t *task = weft_create_task(weft_coro(&waits_at_the_gate, &g), .pinned = true);
    CHECK_INT(weft_await(g.started, NULL), 0);
    CHECK(weft_cancel(task));
    CHECK(!weft_done(task));
    pthread_mutex_unlock(&g.lock);
    CHECK_INT(weft_join(task, NULL), 0);
    CHECK_INT(g.began, 1);
    weft_unref(g.started);
    return 0;
}

/* Pinned main, too: a mutex is unlocked by the thread that locked it. */
WEFT_CORO(starts_cancels_at_the_gate)
{
    return weft_join(weft_create_task(weft_coro(&cancels_at_the_gate, NULL), .pinned = true), NULL);
}

CASE(thread, cancel_waits_for_a_call_that_runs_and_its_result_wins)
{
    CHECK_INT(run(&starts_cancels_at_the_gate, NULL), 0);
}

WEFT_CORO(is_cancelled_before_the_call)
{
    struct gate g = {.lock = PTHREAD_MUTEX_INITIALIZER};

    weft_cancel(weft_current_task());
    CHECK_INT(weft_to_thread(passes_the_gate, &g, NULL), -ECANCELED);
    CHECK_INT(g.began, 0);
    CHECK_INT(weft_sleep(0), 0);
    return 0;
}

CASE(thread, a_call_that_did_not_begin_is_taken_back)
{
    CHECK_INT(run(&is_cancelled_before_the_call, NULL), 0);
}

WEFT_CORO(uses_the_executor)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_future_t *future[20], *failed = weft_loop_run_in_executor(loop, NULL, works_in_vain, NULL);
    void *value = NULL;

    for (int i = 0; i < 20; i++) {
        future[i] = weft_loop_run_in_executor(loop, NULL, works, &future[i]);
        CHECK(weft_isfuture(future[i]));
    }
    for (int i = 0; i < 20; i++) {
        CHECK_INT(weft_join(future[i], &value), 0);
        CHECK(value == &future[i]);
    }
    CHECK_INT(weft_join(failed, NULL), -EIO);
    failed = weft_loop_run_in_executor(loop, NULL, NULL, NULL);
    CHECK_INT(weft_join(failed, NULL), -EINVAL);
    return 0;
}

CASE(thread, the_executor_gives_futures)
{
    weft_loop_t *loop = NULL;
    weft_future_t *future;

    CHECK_INT(run(&uses_the_executor, NULL), 0);
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    CHECK_INT(weft_loop_close(loop), 0);
    future = weft_loop_run_in_executor(loop, NULL, works, NULL);
    CHECK_INT(weft_result(future, NULL), -ESHUTDOWN);
    weft_unref(future);
    weft_loop_unref(loop);
}

static _Atomic(int) finished;

static int finishes_late(void *arg, void **result)
{
    (void)arg;
    (void)result;
    poll(NULL, 0, 2);
    finished++;
    return 0;
}

WEFT_CORO(leaves_a_call_behind)
{
    weft_unref(weft_loop_run_in_executor(weft_get_running_loop(), NULL, finishes_late, NULL));
    return 0;
}

CASE(thread, run_waits_for_the_pool)
{
    finished = 0;
    CHECK_INT(run(&leaves_a_call_behind, NULL), 0);
    CHECK_INT(finished, 1);
}
