/* SPDX-License-Identifier: MIT */
/*
 * From foreign threads into a loop: each callback is called exactly once, in its thread's order,
 * and each coroutine gives its outcome to the thread that asked for it.
 *
 * Four threads mix bursts of callbacks with round trips: coroutines that return, fail, take longer
 * than their caller waits, are cancelled before or while they run. Callbacks outside of strands run
 * one at a time, so what they count in is plain memory. --rounds: how many callbacks each thread
 * registers, instead of a time.
 *
 * Usage: threadsafe [--seed N] [--seconds S] [--workers N] [--rounds N]
 */
#include "watchdog.h"
#include "runtime/base/base.h"
#include "weft.h"

enum { THREADS = 4, WINDOW = 4096, BURST = 64, FAILURE = -77 };

struct caller {
    unsigned id;
    uint64_t registered; /* the thread's */
    uint64_t next;       /* the callbacks': plain */
    _Atomic(uint64_t) called;
    uint64_t trips, timeouts, cancelled, errors;
    uint64_t bodies;         /* coroutines that are known to have run to their end */
    _Atomic(uint64_t) ended; /* coroutines that ran to their end */
};

static struct caller callers[THREADS];
static uint64_t all_called; /* plain: by all threads' callbacks */
static weft_loop_t *loop;
static uint64_t calls, trips, timeouts, cancelled, errors;

/* ---- callbacks ---- */

/* The number of the caller and of the call in one word. */
static void called(void *arg)
{
    uintptr_t word = (uintptr_t)arg;
    struct caller *c = &callers[word % THREADS];

    STRESS_CHECK(c->next == word / THREADS);
    c->next++;
    all_called++;
    atomic_store_explicit(&c->called, c->next, memory_order_release);
}

static bool wants_more(const struct caller *c)
{
    return stress_rounds ? c->registered < stress_rounds : stress_now() < stress_end;
}

/* Memory is bounded: no more than a window of callbacks is on its way. */
static void wait_until_called(struct caller *c, uint64_t number)
{
    watchdog_begin(c->id);
    while (atomic_load_explicit(&c->called, memory_order_acquire) < number) {
        struct timespec t = {.tv_nsec = 50000};
        nanosleep(&t, NULL);
    }
    watchdog_end(c->id);
}

static void register_burst(struct caller *c)
{
    uint64_t n = 1 + stress_random(BURST);

    for (; n > 0 && (!stress_rounds || c->registered < stress_rounds); n--) {
        uintptr_t word = c->registered * THREADS + c->id;
        STRESS_CHECK(weft_loop_call_soon_threadsafe(loop, called, (void *)word, NULL) == 0);
        c->registered++;
    }
    if (c->registered > WINDOW)
        wait_until_called(c, c->registered - WINDOW);
}

/* A callback whose handle is cancelled is called or not, and never after the cancel has returned.
 */
struct cancelled_call {
    _Atomic(uint32_t) calls;
};

static void called_perhaps(void *arg)
{
    atomic_fetch_add(&((struct cancelled_call *)arg)->calls, 1);
}

static void cancel_a_call(void)
{
    struct cancelled_call *call = calloc(1, sizeof *call);
    weft_handle_t *handle = NULL;

    STRESS_CHECK(call);
    STRESS_CHECK(weft_loop_call_soon_threadsafe(loop, called_perhaps, call, &handle) == 0);
    for (uint64_t n = stress_random(2000); n > 0; n--)
        __asm__ volatile("");
    weft_handle_cancel(handle);
    STRESS_CHECK(atomic_load(&call->calls) == !weft_handle_cancelled(handle));
    free(call); /* a call that came now would be seen */
    weft_handle_unref(handle);
}

/* ---- round trips ---- */

WEFT_CORO(answers)
{
    struct caller *c = arg;
    int rc = stress_random(2) ? weft_sleep(WEFT_US(stress_random(30))) : 0;

    if (rc < 0)
        return rc;
    *result = c;
    atomic_fetch_add(&c->ended, 1);
    return 0;
}

WEFT_CORO(fails)
{
    *result = arg; /* goes nowhere */
    atomic_fetch_add(&((struct caller *)arg)->ended, 1);
    return FAILURE;
}

WEFT_CORO(never_answers)
{
    int rc = weft_sleep(WEFT_NONE);

    STRESS_CHECK(rc == -ECANCELED);
    return rc;
}

/* Ends as cancelled, by itself. */
WEFT_CORO(gives_up)
{
    (void)arg;
    return -ECANCELED;
}

static void check_answer(struct caller *c, int rc, const void *value)
{
    STRESS_CHECK(rc == 0 && value == c);
    c->bodies++;
}

static void trip_with_result(struct caller *c, weft_cfuture_t *future)
{
    void *value = NULL;
    int rc = weft_cfuture_result(future, WEFT_NONE, &value);

    check_answer(c, rc, value);
}

static void trip_with_error(struct caller *c, weft_cfuture_t *future)
{
    void *value = NULL;

    STRESS_CHECK(weft_cfuture_result(future, WEFT_S(10), &value) == FAILURE && !value);
    STRESS_CHECK(!weft_cfuture_cancel(future));
    c->bodies++;
    c->errors++;
}

/* The time-out says nothing about the task: it goes on until it is cancelled. */
static void trip_with_timeout(struct caller *c, weft_cfuture_t *future)
{
    void *value = NULL;

    STRESS_CHECK(weft_cfuture_result(future, WEFT_US(stress_random(50)), &value) == -ETIMEDOUT);
    STRESS_CHECK(!weft_cfuture_done(future));
    STRESS_CHECK(weft_cfuture_cancel(future));
    STRESS_CHECK(weft_cfuture_result(future, WEFT_S(10), &value) == -ECANCELED && !value);
    c->timeouts++;
}

/* Perhaps too late: then there is an answer, or it was cancelled already. */
static void trip_with_cancel(struct caller *c, weft_cfuture_t *future)
{
    void *value = NULL;
    bool asked;
    int rc;

    for (uint64_t n = stress_random(3000); n > 0; n--)
        __asm__ volatile("");
    asked = weft_cfuture_cancel(future);
    rc = weft_cfuture_result(future, WEFT_S(10), &value);
    if (rc == -ECANCELED) {
        STRESS_CHECK(asked && !value);
        c->cancelled++;
    } else {
        check_answer(c, rc, value);
    }
}

static void round_trip(struct caller *c)
{
    static const weft_corofn_t *const bodies[] = {&answers, &fails, &never_answers, &answers};
    static void (*const ways[])(struct caller *, weft_cfuture_t *) = {
        trip_with_result, trip_with_error, trip_with_timeout, trip_with_cancel};
    uint64_t way = stress_random(4);
    const weft_corofn_t *body = way == 3 && stress_random(2) ? &gives_up : bodies[way];
    weft_cfuture_t *future;

    watchdog_begin(c->id);
    future = weft_run_coroutine_threadsafe(weft_coro(body, c), loop);
    ways[way](c, future);
    STRESS_CHECK(weft_cfuture_done(future));
    weft_cfuture_unref(future);
    watchdog_end(c->id);
    c->trips++;
}

/* ---- the run ---- */

static void *caller_main(void *arg)
{
    struct caller *c = arg;

    while (wants_more(c)) {
        register_burst(c);
        if (stress_random(8) == 0)
            cancel_a_call();
        if (stress_random(4) == 0)
            round_trip(c);
    }
    wait_until_called(c, c->registered);
    return NULL;
}

WEFT_CORO(root)
{
    return weft_await(arg, NULL);
}

static void *run_loop(void *end)
{
    STRESS_CHECK(weft_loop_run_until_complete(loop, weft_coro(&root, end), NULL) == 0);
    return NULL;
}

static void check_caller(const struct caller *c)
{
    STRESS_CHECK(c->next == c->registered);
    /* A coroutine that was cancelled has not run to its end, or its end was too late for its value.
     */
    STRESS_CHECK(atomic_load(&c->ended) >= c->bodies);
    STRESS_CHECK(atomic_load(&c->ended) <= c->bodies + c->cancelled);
    calls += c->registered;
    trips += c->trips;
    timeouts += c->timeouts;
    cancelled += c->cancelled;
    errors += c->errors;
}

static void run(void)
{
    pthread_t threads[THREADS], runner;
    weft_future_t *end;
    uint64_t before = calls;

    memset(callers, 0, sizeof callers);
    STRESS_CHECK(weft_new_event_loop(&loop, .workers = stress_workers, .order = WEFT_ORDER_FREE) ==
                 0);
    end = weft_create_future(loop);
    all_called = 0;
    STRESS_CHECK(pthread_create(&runner, NULL, run_loop, end) == 0);
    for (unsigned i = 0; i < THREADS; i++) {
        callers[i].id = i;
        STRESS_CHECK(pthread_create(&threads[i], NULL, caller_main, &callers[i]) == 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    STRESS_CHECK(weft_set_result(end, NULL) == 0);
    pthread_join(runner, NULL);
    for (unsigned i = 0; i < THREADS; i++)
        check_caller(&callers[i]);
    STRESS_CHECK(all_called == calls - before);
    weft_unref(end);
    STRESS_CHECK(weft_loop_close(loop) == 0);
    weft_loop_unref(loop);
}

int main(int argc, char **argv)
{
    stress_begin(argc, argv);
    watchdog_start();
    stress_with_workers(run);
    watchdog_stop();
    printf("threadsafe: ok, %" PRIu64 " callbacks and %" PRIu64 " round trips (%" PRIu64
           " time-outs, %" PRIu64 " cancelled, %" PRIu64 " errors) of %d threads\n",
           calls, trips, timeouts, cancelled, errors, (int)THREADS);
    return 0;
}
