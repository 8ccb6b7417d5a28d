/* SPDX-License-Identifier: MIT */
/* signal: handlers that run in the loop. */
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include "tests/support/workers.h"

TestSuite(signal, .timeout = 30);

struct seen {
    weft_future_t *end;
    _Atomic(int) count, want;
};

static void counts(void *arg)
{
    struct seen *s = arg;

    CHECK(weft_get_running_loop() != NULL);
    CHECK(weft_current_task() == NULL);
    if (++s->count == s->want)
        weft_set_result(s->end, NULL);
}

static _Atomic(int) before;

static void earlier(int number)
{
    (void)number;
    before++;
}

static void *raises(void *arg)
{
    (void)arg;
    kill(getpid(), SIGUSR1);
    return NULL;
}

WEFT_CORO(is_signalled)
{
    struct seen s = {.end = weft_create_future(NULL), .want = 3};
    weft_loop_t *loop = weft_get_running_loop();
    pthread_t thread;

    CHECK_INT(weft_loop_add_signal_handler(loop, SIGUSR1, counts, &s), 0);
    for (int i = 1; i <= 3; i++) {
        kill(getpid(), SIGUSR1);
        while (i < 3 && s.count < i)
            CHECK_INT(weft_sleep(0), 0);
    }
    CHECK_INT(weft_await(s.end, NULL), 0);
    weft_unref(s.end);
    s.end = weft_create_future(NULL);
    s.want = 4;
    CHECK_INT(pthread_create(&thread, NULL, raises, NULL), 0);
    CHECK_INT(weft_await(s.end, NULL), 0);
    pthread_join(thread, NULL);
    CHECK_INT(s.count, 4);
    CHECK_INT(before, 4);
    CHECK(weft_loop_remove_signal_handler(loop, SIGUSR1));
    CHECK(!weft_loop_remove_signal_handler(loop, SIGUSR1));
    kill(getpid(), SIGUSR1);
    while (before < 5)
        CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(s.count, 4);
    weft_unref(s.end);
    return 0;
}

CASE(signal,
     is_delivered_in_the_loop_once_each_and_the_earlier_handler_is_called_and_restored) /* C218 */
{
    struct sigaction action = {.sa_handler = earlier}, now;

    before = 0;
    sigaction(SIGUSR1, &action, NULL);
    CHECK_INT(run(&is_signalled, NULL), 0);
    CHECK(sigaction(SIGUSR1, NULL, &now) == 0 && now.sa_handler == earlier);
}

WEFT_CORO(replaces)
{
    struct seen a = {.end = weft_create_future(NULL), .want = 1},
                b = {.end = weft_create_future(NULL), .want = 1};
    weft_loop_t *loop = weft_get_running_loop();

    CHECK_INT(weft_loop_add_signal_handler(loop, SIGUSR1, counts, &a), 0);
    CHECK_INT(weft_loop_add_signal_handler(loop, SIGUSR1, counts, &b), 0);
    kill(getpid(), SIGUSR1);
    CHECK_INT(weft_await(b.end, NULL), 0);
    CHECK_INT(a.count, 0);
    weft_unref(a.end);
    weft_unref(b.end);
    return 0;
}

CASE(signal, handler_replaces_the_loops_earlier_one_and_goes_with_the_loop)
{
    struct sigaction now;

    signal(SIGUSR1, SIG_IGN);
    CHECK_INT(run(&replaces, NULL), 0);
    CHECK(sigaction(SIGUSR1, NULL, &now) == 0 && now.sa_handler == SIG_IGN);
}

/* The signal arrives while the task runs, so that no turn comes in between. */
WEFT_CORO(removes_before_the_turn)
{
    struct seen s = {.end = weft_create_future(NULL), .want = 1};
    weft_loop_t *loop = weft_get_running_loop();

    CHECK_INT(weft_loop_add_signal_handler(loop, SIGUSR1, counts, &s), 0);
    kill(getpid(), SIGUSR1);
    CHECK(weft_loop_remove_signal_handler(loop, SIGUSR1));
    CHECK_INT(weft_loop_add_signal_handler(loop, SIGUSR1, counts, &s), 0);
    for (int i = 0; i < 10; i++)
        CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(s.count, 0);
    kill(getpid(), SIGUSR1);
    CHECK_INT(weft_await(s.end, NULL), 0);
    CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(s.count, 1);
    weft_unref(s.end);
    return 0;
}

CASE_ORDERED(signal, that_arrived_for_a_removed_handler_is_not_delivered_to_the_next_one)
{
    signal(SIGUSR1, SIG_IGN);
    CHECK_INT(run(&removes_before_the_turn, NULL), 0);
}

static _Atomic(int) dropped;

static void drop(void *value)
{
    (void)value;
    dropped++;
}

static const weft_context_var_t var = {.name = "var", .destroy = drop};

WEFT_CORO(is_refused_by_libc)
{
    weft_loop_t *loop = weft_get_running_loop();

    (void)arg;
    CHECK_INT(weft_context_var_set(&var, loop, NULL), 0);
    CHECK_INT(weft_loop_add_signal_handler(loop, __SIGRTMIN, counts, NULL), -EINVAL);
    return 0;
}

CASE(signal, handler_that_was_refused_keeps_no_context_variables)
{
    dropped = 0;
    CHECK_INT(run(&is_refused_by_libc, NULL), 0);
    CHECK_INT(dropped, 1);
}

CASE(signal, refuses_what_no_program_may_handle)
{
    static const int refused[] = {-1,     0,      SIGKILL, SIGSTOP, SIGSEGV, SIGBUS,
                                  SIGFPE, SIGILL, SIGURG,  65,      100000};
    struct seen s = {0};
    weft_loop_t *loop = NULL, *other = NULL;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    CHECK_INT(weft_new_event_loop(&other, .workers = workers), 0);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        CHECK_INT(weft_loop_add_signal_handler(loop, refused[i], counts, &s), -EINVAL);
        CHECK(!weft_loop_remove_signal_handler(loop, refused[i]));
    }
    CHECK_INT(weft_loop_add_signal_handler(loop, SIGUSR1, NULL, &s), -EINVAL);
    CHECK_INT(weft_loop_add_signal_handler(loop, SIGUSR1, counts, &s), 0);
    CHECK_INT(weft_loop_add_signal_handler(other, SIGUSR1, counts, &s), -EBUSY);
    CHECK(!weft_loop_remove_signal_handler(other, SIGUSR1));
    CHECK(weft_loop_remove_signal_handler(loop, SIGUSR1));
    CHECK_INT(weft_loop_add_signal_handler(other, SIGUSR1, counts, &s), 0);
    weft_loop_unref(loop);
    weft_loop_unref(other);
}

static void stops(void *loop)
{
    weft_loop_stop(loop);
}

/* Stays until the handler has run: the kernel may choose this thread for it, and one that ends
 * takes along what ThreadSanitizer has kept back (runtime/core/sanitizer.h). */
static void *signals_the_process(void *stopped)
{
    kill(getpid(), SIGUSR2);
    sem_wait(stopped);
    return NULL;
}

CASE(signal, wakes_a_loop_that_sleeps)
{
    weft_loop_t *loop = NULL;
    pthread_t thread;
    sem_t stopped;

    sem_init(&stopped, 0, 0);
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    CHECK_INT(weft_loop_add_signal_handler(loop, SIGUSR2, stops, loop), 0);
    for (int i = 0; i < 10; i++) {
        CHECK_INT(pthread_create(&thread, NULL, signals_the_process, &stopped), 0);
        CHECK_INT(weft_loop_run_forever(loop), 0);
        sem_post(&stopped);
        pthread_join(thread, NULL);
    }
    weft_loop_unref(loop);
}

/* ---- beside a close ----------------------------------------------------------------------------
 */

static _Atomic(bool) adding;

static void *adds_until_it_is_refused(void *loop)
{
    int rc;

    while ((rc = weft_loop_add_signal_handler(loop, SIGUSR1, counts, NULL)) == 0)
        adding = true;
    adding = true;
    CHECK_INT(rc, -ESHUTDOWN);
    return NULL;
}

/* Not simulated: a thread that the library did not start. */
CASE_REAL(signal, handler_that_is_added_beside_a_close_is_refused_or_goes_with_the_loop)
{
    struct sigaction now;

    for (int i = 0; i < 100; i++) {
        weft_loop_t *loop = NULL;
        pthread_t thread;

        CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
        adding = false;
        CHECK_INT(pthread_create(&thread, NULL, adds_until_it_is_refused, loop), 0);
        while (!adding)
            ;
        CHECK_INT(weft_loop_close(loop), 0);
        pthread_join(thread, NULL);
        CHECK_INT(sigaction(SIGUSR1, NULL, &now), 0);
        CHECK(now.sa_handler == SIG_DFL);
        weft_loop_unref(loop);
    }
}
