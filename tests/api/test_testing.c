/* SPDX-License-Identifier: MIT */
/* testing: runs whose clock jumps, and whose order a seed chooses. */
#include <stdlib.h>
#include <string.h>
#include <weft/testing.h>

#include "tests/support/child.h"
#include "tests/support/workers.h"

TestSuite(testing, .timeout = 60);

enum { SEEDS = 100 };

static weft_ns_t now(void)
{
    return weft_loop_time(weft_get_running_loop());
}

#define test(fn, arg, ...) weft_testing_run(weft_coro((fn), (arg)), NULL, __VA_ARGS__)

/* ---- the clock --------------------------------------------------------------------------------
 */

WEFT_CORO(sleeps_a_minute_sixty_times)
{
    for (int i = 0; i < 60; i++)
        CHECK_INT(weft_sleep(WEFT_S(60)), 0);
    return 0;
}

WEFT_CORO(sleeps_for_an_hour)
{
    weft_ns_t begin = now();
    weft_task_t *tasks[20];

    for (int i = 0; i < 20; i++)
        tasks[i] = weft_create_task(weft_coro(&sleeps_a_minute_sixty_times, NULL));
    for (int i = 0; i < 20; i++)
        CHECK_INT(weft_join(tasks[i], NULL), 0);
    CHECK_INT(now() - begin, WEFT_S(3600));
    return 0;
}

CASE_ORDERED(testing, an_hour_of_sleep_is_over_at_once_and_exactly_an_hour)
{
    CHECK_INT(test(&sleeps_for_an_hour, NULL, .seed = 1), 0);
    CHECK_INT(test(&sleeps_for_an_hour, NULL, .seed = 1, .order = WEFT_ORDER_ASYNCIO), 0);
}

WEFT_CORO(waits_for_what_never_comes)
{
    return weft_sleep(WEFT_NONE);
}

WEFT_CORO(has_an_hours_patience)
{
    weft_ns_t begin = now();

    CHECK_INT(weft_wait_for(weft_coro(&waits_for_what_never_comes, NULL), WEFT_S(3600), NULL),
              -ETIMEDOUT);
    CHECK_INT(now() - begin, WEFT_S(3600));
    return 0;
}

CASE_ORDERED(testing, a_time_out_of_an_hour_expires)
{
    CHECK_INT(test(&has_an_hours_patience, NULL), 0);
}

WEFT_CORO(keeps_busy)
{
    weft_ns_t begin = now();

    for (int i = 0; i < 1000; i++)
        CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(now(), begin);
    return 0;
}

CASE_ORDERED(testing, time_stands_still_while_a_task_can_make_a_step)
{
    CHECK_INT(test(&keeps_busy, NULL), 0);
}

/* ---- the order --------------------------------------------------------------------------------
 */

static char letters[64];
static size_t length;

static void note(char letter)
{
    if (length < sizeof letters - 1)
        letters[length++] = letter;
    letters[length] = 0;
}

WEFT_CORO(notes_three_times)
{
    for (int i = 0; i < 3; i++) {
        note(*(const char *)arg);
        CHECK_INT(weft_sleep(0), 0);
    }
    return 0;
}

WEFT_CORO(five_at_once)
{
    weft_strand_t *strand = arg;
    weft_task_t *tasks[5];

    length = 0;
    for (int i = 0; i < 5; i++)
        tasks[i] = weft_create_task(weft_coro(&notes_three_times, (void *)(uintptr_t) & "abcde"[i]),
                                    .strand = strand);
    for (int i = 0; i < 5; i++)
        CHECK_INT(weft_join(tasks[i], NULL), 0);
    return 0;
}

CASE_ORDERED(testing, the_seed_chooses_the_order_and_the_same_seed_the_same)
{
    char first[64], before[64];
    unsigned different = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        CHECK_INT(test(&five_at_once, NULL, .seed = seed), 0);
        memcpy(before, letters, sizeof before);
        CHECK_INT(test(&five_at_once, NULL, .seed = seed), 0);
        CHECK(strcmp(letters, before) == 0);
        if (seed == 1)
            memcpy(first, letters, sizeof first);
        different += strcmp(letters, first) != 0;
    }
    CHECK(different > SEEDS / 2);
}

CASE_ORDERED(testing, asyncios_order_holds_under_every_seed)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        CHECK_INT(test(&five_at_once, NULL, .seed = seed, .order = WEFT_ORDER_ASYNCIO), 0);
        CHECK(strcmp(letters, "abcdeabcdeabcde") == 0);
    }
}

WEFT_CORO(five_in_a_strand)
{
    weft_strand_t *strand = weft_strand_create();
    int rc = weft_join(weft_create_task(weft_coro(&five_at_once, strand), .strand = strand), NULL);

    weft_strand_unref(strand);
    return rc;
}

CASE_ORDERED(testing, a_strand_keeps_its_order_under_every_seed)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        CHECK_INT(test(&five_in_a_strand, NULL, .seed = seed), 0);
        CHECK(strcmp(letters, "abcdeabcdeabcde") == 0);
    }
}

/* What a user looks for: a sum that is read before a suspension and written after it. */
static int sum;

WEFT_CORO(adds_one_carelessly)
{
    int read;

    CHECK_INT(weft_sleep(0), 0);
    read = sum;
    CHECK_INT(weft_sleep(0), 0);
    sum = read + 1;
    return 0;
}

WEFT_CORO(two_that_add)
{
    weft_task_t *a = weft_create_task(weft_coro(&adds_one_carelessly, NULL));
    weft_task_t *b = weft_create_task(weft_coro(&adds_one_carelessly, NULL));

    sum = 0;
    CHECK_INT(weft_join(a, NULL), 0);
    CHECK_INT(weft_join(b, NULL), 0);
    *result = &sum;
    return sum == 2 ? 0 : -EDOM;
}

CASE_ORDERED(testing, some_seed_finds_a_race_others_do_not_and_each_does_so_again)
{
    unsigned found = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        int rc = test(&two_that_add, NULL, .seed = seed);
        CHECK_INT(test(&two_that_add, NULL, .seed = seed), rc);
        found += rc == -EDOM;
    }
    CHECK(found > 0 && found < SEEDS);
}

/* ---- wait_all_tasks_blocked -------------------------------------------------------------------
 */

WEFT_CORO(makes_many_steps)
{
    int *steps = arg;

    while (*steps < 100) {
        (*steps)++;
        CHECK_INT(weft_sleep(0), 0);
    }
    return weft_sleep(WEFT_S(10));
}

WEFT_CORO(waits_for_the_steps)
{
    int steps = 0;
    weft_task_t *task = weft_create_task(weft_coro(&makes_many_steps, &steps));
    weft_ns_t begin = now();

    CHECK_INT(weft_wait_all_tasks_blocked(0), 0);
    CHECK_INT(steps, 100);
    CHECK(!weft_done(task));
    CHECK(now() - begin <= 1);
    CHECK_INT(weft_wait_all_tasks_blocked(WEFT_S(11)), 0);
    CHECK(weft_done(task));
    return weft_join(task, NULL);
}

CASE_ORDERED(testing, who_waits_until_all_are_blocked_finds_their_steps_made)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        CHECK_INT(test(&waits_for_the_steps, NULL, .seed = seed), 0);
}

WEFT_CORO(is_cancelled_while_it_waits)
{
    weft_cancel(weft_current_task());
    CHECK_INT(weft_wait_all_tasks_blocked(0), -ECANCELED);
    return 0;
}

CASE_ORDERED(testing, who_waits_until_all_are_blocked_can_be_cancelled)
{
    CHECK_INT(test(&is_cancelled_while_it_waits, NULL), 0);
}

WEFT_CORO(waits_where_time_is_real)
{
    return weft_wait_all_tasks_blocked(0);
}

CASE_ORDERED(testing, to_wait_until_all_are_blocked_takes_a_testing_run)
{
    CHECK_INT(weft_wait_all_tasks_blocked(0), -EPERM);
    CHECK_INT(run(&waits_where_time_is_real, NULL), -EPERM);
}

/* ---- outcomes ---------------------------------------------------------------------------------
 */

WEFT_CORO(returns_its_argument)
{
    *result = arg;
    return weft_sleep(WEFT_S(1));
}

CASE_ORDERED(testing, the_result_comes_out)
{
    int object;
    void *value = NULL;

    CHECK_INT(weft_testing_run(weft_coro(&returns_its_argument, &object), &value), 0);
    CHECK(value == &object);
    CHECK_INT(weft_testing_run_opts(weft_coro(&returns_its_argument, NULL), &value, NULL), 0);
    CHECK(value == NULL);
}

WEFT_CORO(cleans_up)
{
    int rc = weft_sleep(WEFT_NONE);

    CHECK_INT(weft_sleep(WEFT_S(1)), 0);
    *(int *)arg = rc;
    return rc;
}

CASE_ORDERED(testing, what_waits_for_ever_is_cancelled_at_the_limit_and_cleans_up)
{
    int seen = 0;

    CHECK_INT(test(&cleans_up, &seen), -ETIMEDOUT);
    CHECK_INT(seen, -ECANCELED);
}

WEFT_CORO(has_a_heart_beat)
{
    for (;;) {
        int rc = weft_sleep(WEFT_S(1));
        if (rc < 0)
            return rc;
        ++*(int *)arg;
    }
}

CASE_ORDERED(testing, the_limit_ends_what_goes_on_and_on)
{
    int beats = 0;

    CHECK_INT(test(&has_a_heart_beat, &beats, .limit = WEFT_S(100)), -ETIMEDOUT);
    CHECK(beats == 99 || beats == 100);
}

static void deadlocks(void)
{
    _exit(test(&waits_for_what_never_comes, NULL, .seed = 4711) == 0);
}

CASE_ORDERED(testing, a_run_that_fails_says_who_waits_and_the_seed)
{
    struct child child;

    CHECK(child_run(&child, deadlocks));
    CHECK(strstr(child.text, "of waits_for_what_never_comes, created at "));
    CHECK(strstr(child.text, "WEFT_SEED=4711"));
}

WEFT_CORO(aborts)
{
    (void)arg;
    CHECK_INT(weft_sleep(WEFT_S(1)), 0);
    abort();
}

static void aborts_in_a_run(void)
{
    signal(SIGABRT, SIG_DFL); /* of Criterion, if it has one */
    _exit(test(&aborts, NULL, .seed = 4712) == 0);
}

CASE_ORDERED(testing, an_assertion_that_fails_in_a_run_leaves_its_seed)
{
    struct child child;

    CHECK(child_run(&child, aborts_in_a_run));
    CHECK(child_was_killed(&child, SIGABRT));
    CHECK(strstr(child.text, "WEFT_SEED=4712"));
}

/* ---- the seed ---------------------------------------------------------------------------------
 */

WEFT_CORO(tells_its_seed)
{
    *(uint64_t *)arg = weft_testing_seed();
    return 0;
}

CASE_ORDERED(testing, the_seed_is_the_environments_else_the_options_else_a_new_one)
{
    uint64_t seed = 0;

    CHECK_INT(test(&tells_its_seed, &seed, .seed = 7), 0);
    CHECK_INT(seed, 7);
    CHECK_INT(test(&tells_its_seed, &seed), 0);
    CHECK(seed != 0);
    setenv("WEFT_SEED", "9", 1);
    CHECK_INT(test(&tells_its_seed, &seed, .seed = 7), 0);
    CHECK_INT(seed, 9);
    unsetenv("WEFT_SEED");
    CHECK_INT(weft_testing_seed(), 0);
}

/* ---- threads, and what is refused -------------------------------------------------------------
 */

static int runs_a_test(void *arg, void **result)
{
    *result = arg;
    return test(&keeps_busy, NULL);
}

static int asks_the_loop(void *loop, void **result)
{
    weft_cfuture_t *answer =
        weft_run_coroutine_threadsafe(weft_coro(&returns_its_argument, loop), loop);
    int rc = weft_cfuture_result(answer, WEFT_S(10), result);

    weft_cfuture_unref(answer);
    return rc;
}

WEFT_CORO(calls_threads)
{
    void *loop = weft_get_running_loop(), *value = NULL;

    CHECK_INT(weft_to_thread(runs_a_test, arg, NULL), -EBUSY);
    CHECK_INT(weft_to_thread(asks_the_loop, loop, &value), 0);
    CHECK(value == loop);
    return 0;
}

CASE_ORDERED(testing, functions_of_to_thread_run_and_may_ask_the_loop)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        CHECK_INT(test(&calls_threads, NULL, .seed = seed), 0);
    CHECK_INT(test(&calls_threads, NULL, .order = WEFT_ORDER_ASYNCIO), 0);
}

static int sets(void *flag, void **result)
{
    *result = NULL;
    *(bool *)flag = true;
    return 0;
}

WEFT_CORO(yields_until_a_thread_has_run)
{
    bool flag = false;
    weft_future_t *future = weft_loop_run_in_executor(weft_get_running_loop(), NULL, sets, &flag);

    while (!flag)
        CHECK_INT(weft_sleep(0), 0);
    (void)arg;
    return weft_join(future, NULL);
}

CASE_ORDERED(testing, a_thread_goes_on_while_a_task_yields)
{
    CHECK_INT(test(&yields_until_a_thread_has_run, NULL), 0);
    CHECK_INT(test(&yields_until_a_thread_has_run, NULL, .order = WEFT_ORDER_ASYNCIO), 0);
}

WEFT_CORO(runs_a_test_inside)
{
    return test(&keeps_busy, arg);
}

CASE_ORDERED(testing, a_run_inside_of_a_loop_is_refused)
{
    CHECK_INT(run(&runs_a_test_inside, NULL), -EBUSY);
    CHECK_INT(test(&runs_a_test_inside, NULL), -EBUSY);
    CHECK_INT(weft_testing_run(NULL, NULL), -EPROTOTYPE);
    CHECK_INT(test(&keeps_busy, NULL, .order = 99), -EINVAL);
}

static int never_served(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    (void)reader, (void)writer, (void)arg;
    return CHECK(!"served");
}

WEFT_CORO(wants_the_network)
{
    weft_reader_t *reader;
    weft_writer_t *writer;
    weft_server_t *server = arg;

    CHECK_INT(weft_open_connection("127.0.0.1", 1, &reader, &writer), -EBADF);
    CHECK_INT(weft_start_server(never_served, NULL, "127.0.0.1", 0, &server), 0);
    CHECK_INT(weft_sleep(WEFT_S(10)), 0);
    weft_server_close(server);
    CHECK_INT(weft_server_wait_closed(server), 0);
    weft_server_unref(server);
    return 0;
}

CASE_ORDERED(testing, there_is_no_network)
{
    CHECK_INT(test(&wants_the_network, NULL), 0);
}

static void *runs_many(void *arg)
{
    for (uint64_t seed = 1; seed <= SEEDS / 4; seed++)
        CHECK_INT(test(&waits_for_the_steps, arg, .seed = seed), 0);
    return NULL;
}

CASE_ORDERED(testing, threads_may_run_tests_at_the_same_time)
{
    pthread_t other;

    CHECK_INT(pthread_create(&other, NULL, runs_many, NULL), 0);
    runs_many(NULL);
    CHECK_INT(pthread_join(other, NULL), 0);
}
