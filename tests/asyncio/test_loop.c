/* SPDX-License-Identifier: MIT */
/* loop: the conformance items on the loop: callbacks, handles, how it runs and stops. */
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/serial.h"

TestSuite(loop, .timeout = 60);

static weft_loop_t *new_loop(void)
{
    weft_loop_t *loop = NULL;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    return loop;
}

static void stops(void *loop)
{
    weft_loop_stop(loop);
}

static void never(void *arg)
{
    (void)arg;
    CHECK(!"called");
}

static char text[64];
static size_t length;

static void clear(void)
{
    length = 0;
    text[0] = 0;
}

static void notes(void *letter)
{
    if (length < sizeof text - 1)
        text[length++] = (char)(intptr_t)letter;
    text[length] = 0;
}

#define LETTER(c) ((void *)(intptr_t)(c))

WEFT_CORO(identity)
{
    *result = arg;
    return weft_sleep(0);
}

WEFT_CORO(awaits)
{
    return weft_await(arg, result);
}

/* Runs what is scheduled by now. */
static void one_pass(weft_loop_t *loop)
{
    weft_loop_stop(loop);
    CHECK_INT(weft_loop_run_forever(loop), 0);
}

/* ---- C201 ---- */

CASE(loop, C201_callbacks_are_called_in_order_each_once)
{
    weft_loop_t *loop = new_loop();

    clear();
    for (int c = 'a'; c <= 'z'; c++)
        CHECK_INT(weft_loop_call_soon(loop, notes, LETTER(c), NULL), 0);
    CHECK_INT(weft_loop_call_soon(loop, stops, loop, NULL), 0);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    CHECK(strcmp(text, "abcdefghijklmnopqrstuvwxyz") == 0);
    weft_loop_unref(loop);
}

static void notes_and_calls(void *loop)
{
    notes(LETTER('a'));
    CHECK_INT(weft_loop_call_soon(loop, notes, LETTER('c'), NULL), 0);
}

CASE_ORDERED(loop, C201_what_a_callback_schedules_is_called_in_the_next_pass)
{
    weft_loop_t *loop = new_loop();

    clear();
    CHECK_INT(weft_loop_call_soon(loop, notes_and_calls, loop, NULL), 0);
    CHECK_INT(weft_loop_call_soon(loop, notes, LETTER('b'), NULL), 0);
    one_pass(loop);
    CHECK(strcmp(text, "ab") == 0);
    one_pass(loop);
    CHECK(strcmp(text, "abc") == 0);
    weft_loop_unref(loop);
}

/* ---- C203 ---- */

static weft_ns_t due;

static void is_due(void *loop)
{
    CHECK(weft_loop_time(loop) >= due);
    weft_loop_stop(loop);
}

CASE(loop, C203_a_call_comes_not_before_its_time)
{
    weft_loop_t *loop = new_loop();
    weft_handle_t *handle = NULL;

    due = weft_loop_time(loop) + WEFT_MS(5);
    CHECK_INT(weft_loop_call_at(loop, due, is_due, loop, &handle), 0);
    CHECK_INT(weft_handle_when(handle), due);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    due = weft_loop_time(loop) + WEFT_MS(5);
    CHECK_INT(weft_loop_call_later(loop, WEFT_MS(5), is_due, loop, NULL), 0);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    weft_handle_unref(handle);
    weft_loop_unref(loop);
}

CASE_ORDERED(loop, C203_the_more_negative_a_delay_the_sooner)
{
    weft_loop_t *loop = new_loop();

    clear();
    CHECK_INT(weft_loop_call_later(loop, WEFT_MS(1), stops, loop, NULL), 0);
    CHECK_INT(weft_loop_call_later(loop, -WEFT_S(1), notes, LETTER('b'), NULL), 0);
    CHECK_INT(weft_loop_call_later(loop, -WEFT_S(2), notes, LETTER('a'), NULL), 0);
    CHECK_INT(weft_loop_call_later(loop, 0, notes, LETTER('c'), NULL), 0);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    CHECK(strcmp(text, "abc") == 0);
    CHECK_INT(weft_loop_call_later(loop, WEFT_NONE, never, NULL, NULL), -EINVAL);
    CHECK_INT(weft_loop_call_at(loop, WEFT_NONE, never, NULL, NULL), -EINVAL);
    weft_loop_unref(loop);
}

/* ---- C204 ---- */

static long resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long size = 0, resident = 0;

    CHECK(file && fscanf(file, "%ld %ld", &size, &resident) == 2);
    if (file)
        fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

static void set_and_cancel(weft_loop_t *loop, int n)
{
    weft_handle_t *handle = NULL;

    for (int i = 0; i < n; i++) {
        if (!CHECK_INT(weft_loop_call_later(loop, WEFT_S(3600), never, NULL, &handle), 0))
            return;
        weft_handle_cancel(handle);
        CHECK(weft_handle_cancelled(handle));
        weft_handle_unref(handle);
    }
}

CASE(loop, C204_cancelled_timers_do_not_pile_up)
{
    weft_loop_t *loop = new_loop();

    set_and_cancel(loop, 1000);
    long before = resident_bytes();
    set_and_cancel(loop, 200000); /* 25 MB, if they did */
    CHECK(resident_bytes() - before < 10 * 1024 * 1024);
    weft_loop_unref(loop);
}

/* ---- C205 ---- */

WEFT_CORO(sleeps_a_little)
{
    static const weft_ns_t delays[] = {WEFT_MS(10), WEFT_US(100), WEFT_US(1), 10, 1};
    weft_stats_t before = {.size = sizeof before}, after = {.size = sizeof after};

    CHECK_INT(weft_loop_stats(NULL, &before), 0);
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        weft_ns_t start = now();
        CHECK_INT(weft_sleep(delays[i]), 0);
        CHECK(now() >= start + delays[i]);
    }
    CHECK_INT(weft_loop_stats(NULL, &after), 0);
    CHECK(after.parks - before.parks <= 40);
    return 0;
}

CASE_ORDERED(loop, C205_a_tiny_sleep_does_not_spin)
{
    CHECK_INT(run(&sleeps_a_little, NULL), 0);
}

/* ---- C206: real, with a thread of its own ---- */

struct foreign {
    weft_loop_t *loop;
    weft_future_t *called;
};

static void completes(void *future)
{
    CHECK_INT(weft_set_result(future, NULL), 0);
}

static void *calls_the_loop(void *arg)
{
    struct foreign *f = arg;

    CHECK(weft_get_event_loop() == NULL && weft_get_running_loop() == NULL);
    CHECK_INT(weft_loop_call_soon(f->loop, never, NULL, NULL), -EPERM);
    CHECK_INT(weft_loop_call_later(f->loop, 0, never, NULL, NULL), -EPERM);
    CHECK_INT(weft_loop_call_at(f->loop, 0, never, NULL, NULL), -EPERM);
    CHECK_INT(weft_loop_call_soon_threadsafe(f->loop, completes, f->called, NULL), 0);
    return NULL;
}

WEFT_CORO(lets_a_thread_call)
{
    struct foreign f = {weft_get_running_loop(), weft_create_future(NULL)};
    pthread_t thread;

    CHECK_INT(pthread_create(&thread, NULL, calls_the_loop, &f), 0);
    CHECK_INT(weft_join(f.called, NULL), 0);
    pthread_join(thread, NULL);
    return 0;
}

CASE_REAL(loop, C206_a_call_from_the_wrong_thread_is_refused)
{
    CHECK_INT(run(&lets_a_thread_call, NULL), 0);
}

/* ---- C208 ---- */

struct slow {
    weft_handle_t *handle;
    _Atomic(int) began, asked, over;
};

/* Is not over before the other thread is about to cancel it. */
static void is_slow(void *arg)
{
    struct slow *s = arg;

    s->began = 1;
    while (!s->asked)
        sched_yield();
    for (int i = 0; i < 50; i++)
        sched_yield();
    s->over = 1;
}

static void *cancels_the_slow_one(void *arg)
{
    struct slow *s = arg;

    while (!s->began)
        sched_yield();
    s->asked = 1;
    weft_handle_cancel(s->handle);
    CHECK_INT(s->over, 1);
    CHECK(!weft_handle_cancelled(s->handle));
    return NULL;
}

/* Real: a thread of its own. */
CASE_REAL(loop, C208_cancel_from_another_thread_waits_while_the_callback_runs)
{
    weft_loop_t *loop = new_loop();

    for (int i = 0; i < 20; i++) {
        struct slow s = {0};
        pthread_t thread;
        CHECK_INT(weft_loop_call_soon_threadsafe(loop, is_slow, &s, &s.handle), 0);
        CHECK_INT(weft_loop_call_soon(loop, stops, loop, NULL), 0);
        CHECK_INT(pthread_create(&thread, NULL, cancels_the_slow_one, &s), 0);
        CHECK_INT(weft_loop_run_forever(loop), 0);
        pthread_join(thread, NULL);
        weft_handle_unref(s.handle);
    }
    weft_loop_unref(loop);
}

static void *cancels(void *handle)
{
    weft_handle_cancel(handle);
    CHECK(weft_handle_cancelled(handle));
    return NULL;
}

/* Real: a thread of its own. */
CASE_REAL(loop, C208_what_another_thread_cancelled_in_time_is_not_called)
{
    weft_loop_t *loop = new_loop();
    weft_handle_t *handle = NULL;
    pthread_t thread;

    CHECK_INT(weft_loop_call_soon_threadsafe(loop, never, NULL, &handle), 0);
    CHECK(!weft_handle_cancelled(handle));
    CHECK_INT(pthread_create(&thread, NULL, cancels, handle), 0);
    pthread_join(thread, NULL);
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&identity, NULL), NULL), 0);
    weft_handle_unref(handle);
    weft_loop_unref(loop);
}

static weft_handle_t *own;

static void cancels_itself(void *loop)
{
    weft_handle_cancel(own);
    CHECK(!weft_handle_cancelled(own));
    weft_loop_stop(loop);
}

CASE(loop, C208_cancel_from_the_loop_itself_does_not_wait)
{
    weft_loop_t *loop = new_loop();

    CHECK_INT(weft_loop_call_soon_threadsafe(loop, cancels_itself, loop, &own), 0);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    weft_handle_unref(own);
    weft_loop_unref(loop);
}

/* ---- C209 ---- */

WEFT_CORO(stops_then_awaits)
{
    weft_loop_stop(weft_get_running_loop());
    return weft_await(arg, result);
}

CASE(loop, C209_run_until_complete_that_is_stopped_says_so_and_the_task_goes_on)
{
    weft_loop_t *loop = new_loop();
    weft_future_t *future = weft_create_future(loop);
    weft_cfuture_t *task = weft_run_coroutine_threadsafe(weft_coro(&awaits, future), loop);
    void *value = NULL;

    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&stops_then_awaits, future), NULL),
              WEFT_ESTOPPED);
    CHECK(!weft_cfuture_done(task));
    CHECK_INT(weft_set_result(future, &value), 0);
    CHECK_INT(weft_loop_run_until_complete(loop, future, &value), 0);
    CHECK(value == &value);
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&identity, NULL), NULL), 0);
    while (!weft_cfuture_done(task))
        one_pass(loop);
    CHECK_INT(weft_cfuture_result(task, 0, &value), 0);
    weft_cfuture_unref(task);
    weft_unref(future);
    weft_loop_unref(loop);
}

/* ---- C210 ---- */

static int fired;

static void fires_and_stops(void *loop)
{
    fired++;
    weft_loop_stop(loop);
}

CASE(loop, C210_stopped_before_it_runs_it_goes_on_a_little_and_returns_by_itself)
{
    weft_loop_t *loop = new_loop();

    fired = 0;
    CHECK_INT(weft_loop_call_soon(loop, fires_and_stops, loop, NULL), 0);
    while (fired == 0)
        one_pass(loop);
    CHECK(!weft_loop_is_running(loop) && !weft_loop_is_closed(loop));
    weft_loop_unref(loop);
}

CASE_ORDERED(loop, C210_stopped_before_it_runs_it_makes_one_pass)
{
    weft_loop_t *loop = new_loop();

    clear();
    CHECK_INT(weft_loop_call_soon(loop, stops, loop, NULL), 0); /* not twice */
    CHECK_INT(weft_loop_call_soon(loop, notes_and_calls, loop, NULL), 0);
    one_pass(loop);
    CHECK(strcmp(text, "a") == 0);
    one_pass(loop);
    CHECK(strcmp(text, "ac") == 0);
    weft_loop_unref(loop);
}

CASE(loop, C210_an_event_whose_callback_stops_the_loop_is_not_delivered_again)
{
    weft_loop_t *loop = new_loop();

    fired = 0;
    CHECK_INT(weft_loop_call_later(loop, WEFT_MS(1), fires_and_stops, loop, NULL), 0);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    for (int i = 0; i < 3; i++)
        one_pass(loop);
    CHECK_INT(fired, 1);
    weft_loop_unref(loop);
}

/* ---- C211 ---- */

static void runs_another(void *loop)
{
    weft_loop_t *running = weft_get_running_loop();

    CHECK_INT(weft_loop_run_forever(loop), -EBUSY);
    CHECK_INT(weft_loop_run_forever(running), -EBUSY);
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&identity, NULL), NULL), -EBUSY);
    CHECK_INT(weft_loop_close(running), -EBUSY);
    weft_loop_stop(running);
}

CASE(loop, C211_inside_a_running_loop_none_is_run)
{
    weft_loop_t *loop = new_loop(), *other = new_loop();

    CHECK_INT(weft_loop_call_soon(loop, runs_another, other, NULL), 0);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    CHECK(!weft_loop_is_running(loop) && !weft_loop_is_running(other));
    weft_loop_unref(loop);
    weft_loop_unref(other);
}

/* ---- C213 ---- */

CASE(loop, C213_a_run_that_failed_leaves_no_callback_behind)
{
    weft_loop_t *loop = new_loop();
    weft_future_t *orphan = weft_create_future(loop), *other = weft_create_future(loop);

    CHECK_INT(weft_loop_call_soon(loop, stops, loop, NULL), 0);
    CHECK_INT(weft_loop_run_until_complete(loop, orphan, NULL), WEFT_ESTOPPED);
    CHECK_INT(weft_set_result(orphan, NULL), 0); /* must not stop the next run */
    fired = 0;
    CHECK_INT(weft_loop_call_later(loop, WEFT_MS(2), fires_and_stops, loop, NULL), 0);
    CHECK_INT(weft_loop_run_until_complete(loop, other, NULL), WEFT_ESTOPPED);
    CHECK_INT(fired, 1);
    CHECK_INT(weft_loop_close(loop), 0);
    CHECK_INT(weft_loop_run_until_complete(loop, other, NULL), -ESHUTDOWN);
    CHECK_INT(weft_set_result(other, NULL), 0);
    weft_unref(orphan);
    weft_unref(other);
    weft_loop_unref(loop);
}

/* ---- C214 ---- */

WEFT_CORO(fails)
{
    return -EIO;
}

static _Atomic(int) reports;

static void counts(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    CHECK(loop == weft_get_running_loop() && arg == &reports);
    CHECK(context->message && context->error == -EIO && context->future);
    reports++;
}

static void counts_and_passes_on(weft_loop_t *loop, const weft_exception_context_t *context,
                                 void *arg)
{
    counts(loop, context, arg);
    weft_loop_default_exception_handler(loop, context);
}

WEFT_CORO(leaves_one_that_failed)
{
    weft_loop_t *loop = weft_get_running_loop();

    reports = 0;
    weft_loop_set_exception_handler(loop, arg ? counts_and_passes_on : counts, &reports);
    weft_create_task(weft_coro(&fails, NULL), .detached = true, .name = "lost");
    while (reports == 0)
        turn();
    return 0;
}

CASE(loop, C214_the_programs_handler_is_told)
{
    BOTH(&leaves_one_that_failed, NULL);
    CHECK_INT(reports, 1);
}

static void lets_the_default_one_tell(void)
{
    _exit(run(&leaves_one_that_failed, "") < 0);
}

WEFT_CORO(leaves_one_to_the_default_handler)
{
    weft_create_task(weft_coro(&fails, NULL), .detached = true, .name = "lost");
    return 0;
}

static void has_no_handler(void)
{
    _exit(run(&leaves_one_to_the_default_handler, NULL) < 0);
}

/* Real: a fork. */
CASE_REAL(loop, C214_the_default_handler_tells_standard_error)
{
    static void (*const programs[])(void) = {lets_the_default_one_tell, has_no_handler};
    struct child child;

    for (size_t i = 0; i < 2; i++) {
        CHECK(child_run(&child, programs[i]));
        CHECK(child_exited(&child, 0));
        CHECK(strstr(child.text, "lost") && strstr(child.text, weft_strerror(-EIO)));
    }
}

/* ---- C218: real where a signal comes ---- */

static _Atomic(int) signals;

static void counts_signal(void *arg)
{
    CHECK(arg == &signals && weft_get_running_loop() && !weft_current_task());
    signals++;
}

static void send(int number)
{
    kill(getpid(), number);
}

WEFT_CORO(is_signalled)
{
    weft_loop_t *loop = weft_get_running_loop();

    signals = 0;
    CHECK_INT(weft_loop_add_signal_handler(loop, SIGUSR1, counts_signal, &signals), 0);
    for (int i = 1; i <= 3; i++) {
        send(SIGUSR1);
        while (signals < i)
            turn();
    }
    turn();
    CHECK_INT(signals, 3);
    CHECK(weft_loop_remove_signal_handler(loop, SIGUSR1));
    CHECK(!weft_loop_remove_signal_handler(loop, SIGUSR1));
    send(SIGUSR1);
    for (int i = 0; i < 10; i++)
        turn();
    CHECK_INT(signals, 3);
    return 0;
}

CASE_REAL(loop, C218_a_signal_is_delivered_in_the_loop_once_each_until_it_is_removed)
{
    signal(SIGUSR1, SIG_IGN);
    BOTH(&is_signalled, NULL);
}

static void *sends_later(void *arg)
{
    (void)arg;
    send(SIGUSR1);
    return NULL;
}

CASE_REAL(loop, C218_a_signal_wakes_a_loop_that_sleeps)
{
    weft_loop_t *loop = new_loop();
    pthread_t thread;
    sigset_t set, before;

    CHECK_INT(weft_loop_add_signal_handler(loop, SIGUSR1, stops, loop), 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    for (int i = 0; i < 10; i++) {
        pthread_sigmask(SIG_BLOCK, &set, &before); /* the new thread does not take it itself */
        CHECK_INT(pthread_create(&thread, NULL, sends_later, NULL), 0);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        CHECK_INT(weft_loop_run_forever(loop), 0);
        pthread_join(thread, NULL);
    }
    weft_loop_unref(loop);
}

CASE(loop, C218_what_no_program_may_handle_is_refused)
{
    static const int refused[] = {-1, 0, SIGKILL, SIGSTOP, SIGSEGV, NSIG};
    weft_loop_t *loop = new_loop();

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        CHECK_INT(weft_loop_add_signal_handler(loop, refused[i], never, NULL), -EINVAL);
    CHECK_INT(weft_loop_add_signal_handler(loop, SIGUSR1, NULL, NULL), -EINVAL);
    weft_loop_unref(loop);
}

/* ---- C219: real, as they fork ---- */

static int wait_for_child(pid_t child)
{
    int status = -1;

    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    return status;
}

/* Ends by what is sent to it, if that has an effect at all. */
static void waits_for_its_end(void)
{
    alarm(5);
    for (;;)
        poll(NULL, 0, 1);
}

WEFT_CORO(forks)
{
    weft_loop_t *loop = weft_get_running_loop();
    pid_t child = fork();

    if (child == 0) {
        bool clean = !weft_get_running_loop() && !weft_get_event_loop() && !weft_current_task() &&
                     weft_loop_is_closed(loop);
        _exit(clean ? 0 : 1);
    }
    int status = wait_for_child(child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(weft_get_running_loop() == loop);
    turn();
    return 0;
}

CASE_REAL(loop, C219_a_forked_child_has_no_loop_and_no_current_task)
{
    BOTH(&forks, NULL);
}

WEFT_CORO(forks_a_child_that_is_signalled)
{
    weft_loop_t *loop = weft_get_running_loop();

    signals = 0;
    CHECK_INT(weft_loop_add_signal_handler(loop, SIGUSR1, counts_signal, &signals), 0);
    pid_t child = fork();
    if (child == 0) {
        send(SIGUSR1);
        waits_for_its_end();
    }
    int status = wait_for_child(child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
    for (int i = 0; i < 10; i++)
        turn();
    CHECK_INT(signals, 0);
    send(SIGUSR1);
    while (signals == 0)
        turn();
    return 0;
}

CASE_REAL(loop, C219_a_signal_of_the_child_has_its_default_effect_there_and_none_in_the_parent)
{
    signal(SIGUSR1, SIG_DFL);
    if (CHILD_TSAN) /* in whose child sigaction tells of ThreadSanitizer's own handler */
        return;
    for (int i = 0; i < 3; i++)
        BOTH(&forks_a_child_that_is_signalled, NULL);
}

static struct sigaction below;
static _Atomic(int) above;

static void passes_on(int number, siginfo_t *info, void *context)
{
    above++;
    below.sa_sigaction(number, info, context);
}

WEFT_CORO(forks_below_a_handler_of_its_own)
{
    struct sigaction action = {.sa_sigaction = passes_on, .sa_flags = SA_SIGINFO};
    weft_loop_t *loop = weft_get_running_loop();

    CHECK_INT(weft_loop_add_signal_handler(loop, SIGUSR1, never, NULL), 0);
    sigaction(SIGUSR1, &action, &below);
    above = 0;
    pid_t child = fork();
    if (child == 0) {
        alarm(5);
        for (int i = 1; i <= 2; i++) {
            send(SIGUSR1);
            while (above < i)
                poll(NULL, 0, 1);
        }
        _exit(above == 2 ? 0 : 1);
    }
    int status = wait_for_child(child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    sigaction(SIGUSR1, &below, NULL);
    return 0;
}

CASE_REAL(loop, C219_a_handler_of_the_programs_stays_in_the_child)
{
    signal(SIGUSR1, SIG_DFL);
    CHECK_INT(run(&forks_below_a_handler_of_its_own, NULL), 0);
}

WEFT_CORO(forks_a_child_with_a_loop)
{
    signals = 0;
    CHECK_INT(weft_loop_add_signal_handler(weft_get_running_loop(), SIGUSR1, never, NULL), 0);
    pid_t child = fork();
    if (child == 0) {
        alarm(30);
        _exit(run(&is_signalled, NULL) < 0 || failure[0]);
    }
    int status = wait_for_child(child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return 0;
}

CASE_REAL_UP_TO(loop, C219_the_child_may_run_a_loop_with_handlers_of_its_own, CHILD_MOST_WORKERS)
{
    signal(SIGUSR1, SIG_IGN);
    for (int i = 0; i < 3; i++)
        BOTH(&forks_a_child_with_a_loop, NULL);
}

static int forks_in_a_thread(void *arg, void **result)
{
    (void)result;
    pid_t child = fork();
    if (child == 0) {
        send(SIGUSR2);
        waits_for_its_end();
    }
    *(int *)arg = wait_for_child(child);
    return 0;
}

WEFT_CORO(forks_in_the_pool)
{
    int status = 0;

    CHECK_INT(weft_to_thread(forks_in_a_thread, &status, NULL), 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR2);
    return 0;
}

CASE_REAL(loop, C219_a_child_forked_from_any_thread_can_be_signalled)
{
    CHECK_INT(run(&forks_in_the_pool, NULL), 0);
}

/* ---- C220: real, as a policy chooses the virtual driver, and for threads of their own ---- */

static void *has_none(void *arg)
{
    CHECK(weft_get_event_loop() == NULL);
    weft_set_event_loop(arg);
    CHECK(weft_get_event_loop() == arg);
    return NULL;
}

WEFT_CORO(is_in_its_loop)
{
    CHECK(weft_get_event_loop() == arg && weft_get_running_loop() == arg);
    return 0;
}

CASE_REAL(loop, C220_each_thread_has_a_current_loop_of_its_own)
{
    weft_loop_t *loop = new_loop(), *other = new_loop();
    pthread_t thread;

    CHECK(weft_get_event_loop() == NULL); /* new_event_loop does not set it */
    weft_set_event_loop(loop);
    CHECK_INT(pthread_create(&thread, NULL, has_none, other), 0);
    pthread_join(thread, NULL);
    CHECK(weft_get_event_loop() == loop && weft_get_running_loop() == NULL);
    CHECK_INT(weft_loop_run_until_complete(other, weft_coro(&is_in_its_loop, other), NULL), 0);
    CHECK(weft_get_event_loop() == loop);
    weft_set_event_loop(NULL);
    CHECK(weft_get_event_loop() == NULL);
    weft_loop_unref(loop);
    weft_loop_unref(other);
}

CASE_REAL(loop, C220_the_default_policy_is_there_and_comes_back)
{
    const weft_event_loop_policy_t *policy = weft_get_event_loop_policy();

    CHECK(policy && policy == weft_default_event_loop_policy());
    weft_set_event_loop_policy(weft_proactor_event_loop_policy());
    CHECK(weft_get_event_loop_policy() == weft_proactor_event_loop_policy());
    weft_set_event_loop_policy(NULL);
    CHECK(weft_get_event_loop_policy() == policy);
}

WEFT_CORO(is_run)
{
    *(bool *)arg = true;
    return weft_sleep(0);
}

CASE_REAL(loop, C220_the_proactor_policy_runs_on_completions_under_both_of_its_names)
{
    bool ran = false;

    CHECK(weft_windows_proactor_event_loop_policy() == weft_proactor_event_loop_policy());
    weft_set_event_loop_policy(weft_windows_proactor_event_loop_policy());
    CHECK_INT(run(&is_run, &ran), 0);
    CHECK(ran);
    weft_set_event_loop_policy(NULL);
    ran = false;
    CHECK_INT(weft_run(weft_coro(&is_run, &ran), NULL, .workers = workers,
                       .loop_factory = weft_proactor_event_loop_policy()->new_event_loop),
              0);
    CHECK(ran);
}

CASE_REAL(loop, C220_the_selector_policy_says_that_it_is_not_there)
{
    weft_loop_t *loop = NULL;

    weft_set_event_loop_policy(weft_selector_event_loop_policy());
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), -ENOTSUP);
    CHECK_INT(run(&identity, NULL), -ENOTSUP);
    CHECK(loop == NULL);
    weft_set_event_loop(NULL); /* the slot is there all the same */
    CHECK(weft_get_event_loop() == NULL);
    weft_set_event_loop_policy(NULL);
}

static weft_loop_t *only_one;
static int times_made;

static int makes_and_counts(weft_loop_t **loop, const weft_run_opts_t *opts)
{
    times_made++;
    return weft_default_event_loop_policy()->new_event_loop(loop, opts);
}

static weft_loop_t *gets_the_only_one(void)
{
    return only_one;
}

static void sets_the_only_one(weft_loop_t *loop)
{
    only_one = loop;
}

static void *sees_it_too(void *loop)
{
    CHECK(weft_get_event_loop() == loop);
    return NULL;
}

CASE_REAL(loop, C220_a_policy_of_the_programs_own_is_asked)
{
    static const weft_event_loop_policy_t mine = {.size = sizeof mine,
                                                  .name = "mine",
                                                  .new_event_loop = makes_and_counts,
                                                  .get_event_loop = gets_the_only_one,
                                                  .set_event_loop = sets_the_only_one};
    static const weft_event_loop_policy_t empty = {.size = sizeof empty, .name = "empty"};
    pthread_t thread;

    times_made = 0;
    weft_set_event_loop_policy(&mine);
    weft_loop_t *loop = new_loop();
    CHECK_INT(times_made, 1);
    CHECK(weft_get_event_loop() == NULL);
    weft_set_event_loop(loop);
    CHECK_INT(pthread_create(&thread, NULL, sees_it_too, loop), 0);
    pthread_join(thread, NULL);
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&is_in_its_loop, loop), NULL), 0);
    weft_set_event_loop(NULL);
    weft_loop_unref(loop);
    weft_set_event_loop_policy(&empty); /* whose members are the default one's */
    CHECK_INT(run(&identity, NULL), 0);
    weft_set_event_loop_policy(NULL);
}
