/* SPDX-License-Identifier: MIT */
/* system: threads, time and blocking as the scheduler is promised them. */
#include <criterion/criterion.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "runtime/sched/system.h"

TestSuite(system, .timeout = 30);

#define MILLISECOND ((int64_t)1000000)

static const struct weft__system *const sys = &weft__system_posix;

struct seen {
    char name[16];
    sigset_t mask;
    weft__thread self;
};

static void look(void *argument)
{
    struct seen *seen = argument;

    pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
    pthread_sigmask(SIG_SETMASK, NULL, &seen->mask);
    seen->self = sys->thread_self();
}

Test(system, a_thread_has_its_name_and_its_handle)
{
    struct seen seen;
    weft__thread thread;

    cr_assert_eq(sys->thread_start(&thread, "weft-3", look, &seen), 0);
    sys->thread_join(thread);

    cr_expect_str_eq(seen.name, "weft-3");
    cr_expect_eq(seen.self, thread);
    cr_expect_neq(thread, 0);
}

Test(system, a_name_that_is_too_long_is_cut)
{
    struct seen seen;
    weft__thread thread;

    cr_assert_eq(sys->thread_start(&thread, "a-name-of-many-letters", look, &seen), 0);
    sys->thread_join(thread);

    cr_expect_str_eq(seen.name, "a-name-of-many-");
}

Test(system, a_thread_takes_no_signals_but_the_kick_and_faults)
{
    static const int open[] = {SIGURG, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    static const int blocked[] = {SIGINT, SIGTERM, SIGCHLD, SIGUSR1, SIGALRM, SIGPIPE};
    struct seen seen;
    weft__thread thread;

    cr_assert_eq(sys->thread_start(&thread, "weft", look, &seen), 0);
    sys->thread_join(thread);

    for (unsigned i = 0; i < 6; i++) {
        cr_expect_not(sigismember(&seen.mask, open[i]));
        cr_expect(sigismember(&seen.mask, blocked[i]));
    }
}

Test(system, starting_a_thread_leaves_the_callers_mask_alone)
{
    sigset_t before, after;
    struct seen seen;
    weft__thread thread;
    pthread_sigmask(SIG_SETMASK, NULL, &before);

    cr_assert_eq(sys->thread_start(&thread, "weft", look, &seen), 0);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    sys->thread_join(thread);

    for (int signal = 1; signal < 32; signal++)
        cr_expect_eq(sigismember(&after, signal), sigismember(&before, signal));
}

Test(system, a_wait_ends_at_its_deadline)
{
    _Atomic(uint32_t) word = 7;
    int64_t deadline = sys->now() + 5 * MILLISECOND;

    while (sys->wait(&word, 7, deadline))
        ;

    cr_expect_geq(sys->now(), deadline);
    cr_expect_not(sys->wait(&word, 7, 0));
}

Test(system, a_wait_for_a_word_that_has_changed_returns)
{
    _Atomic(uint32_t) word = 7;

    cr_expect(sys->wait(&word, 6, INT64_MAX));
}

static _Atomic(uint32_t) gate;
static uint32_t behind_gate; /* plain on purpose: ThreadSanitizer checks that the gate orders it */

static void wait_at_gate(void *argument)
{
    while (weft__load_acquire(&gate) == 0)
        sys->wait(&gate, 0, INT64_MAX);
    *(uint32_t *)argument = behind_gate;
}

Test(system, wake_all_wakes_all)
{
    weft__thread threads[4];
    uint32_t got[4] = {0};
    for (unsigned i = 0; i < 4; i++)
        cr_assert_eq(sys->thread_start(&threads[i], "weft", wait_at_gate, &got[i]), 0);

    behind_gate = 5;
    weft__store_release(&gate, 1);
    sys->wake_all(&gate);
    for (unsigned i = 0; i < 4; i++)
        sys->thread_join(threads[i]);

    for (unsigned i = 0; i < 4; i++)
        cr_expect_eq(got[i], 5);
}

static _Atomic(uint32_t) kicked_thread;
static pthread_t kick_ran_on;

static void on_kick(int signal)
{
    (void)signal;
    kick_ran_on = pthread_self();
    weft__store_release(&kicked_thread, 1);
}

static void wait_for_kick(void *argument)
{
    (void)argument;
    while (!weft__load_acquire(&kicked_thread))
        sys->wait(&kicked_thread, 0, INT64_MAX);
}

Test(system, a_kick_runs_on_the_thread_it_is_for_and_interrupts_its_wait)
{
    struct sigaction action = {.sa_handler = on_kick};
    weft__thread thread;
    sigaction(SIGURG, &action, NULL);
    cr_assert_eq(sys->thread_start(&thread, "weft", wait_for_kick, NULL), 0);

    do { /* more than once only under ThreadSanitizer, which may keep the first back: sanitizer.h */
        sys->kick(thread);
        sched_yield();
    } while (!weft__load_acquire(&kicked_thread));
    sys->thread_join(thread);

    cr_expect(pthread_equal(kick_ran_on, (pthread_t)thread));
}

static void waits_for_one(void *arg)
{
    weft__system_posix.wait(arg, 0, INT64_MAX);
}

Test(system, knows_how_many_threads_there_are)
{
    static _Atomic(uint32_t) word;
    unsigned before = weft__system_posix.threads();
    weft__thread thread;

    cr_assert_eq(weft__system_posix.thread_start(&thread, "one more", waits_for_one, &word), 0);
    unsigned with = weft__system_posix.threads();
    weft__store_seq_cst(&word, 1);
    weft__system_posix.wake_all(&word);
    weft__system_posix.thread_join(thread);

    cr_expect_geq(before, 1);
    cr_expect_eq(with, before + 1);
}
