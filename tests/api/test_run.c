/* SPDX-License-Identifier: MIT */
/* run: a whole program in one call; Ctrl-C, debug mode. */
#include <poll.h>
#include <sched.h>
#include <string.h>

#include "tests/support/child.h"
#include "tests/support/workers.h"

TestSuite(run, .timeout = 60);

WEFT_CORO(identity)
{
    *result = arg;
    return weft_sleep(0);
}

WEFT_CORO(fails)
{
    return (int)(intptr_t)arg;
}

/* ---- values and options ------------------------------------------------------------------------
 */

CASE(run, gives_the_value_or_the_error) /* C190 */
{
    int x;
    void *value = NULL;

    CHECK_INT(weft_run(weft_coro(&identity, &x), &value, .workers = workers), 0);
    CHECK(value == &x);
    CHECK_INT(run(&fails, (void *)-EIO), -EIO);
    CHECK_INT(run(&fails, (void *)WEFT_ELIMIT), WEFT_ELIMIT);
    CHECK_INT(run(&fails, (void *)-ECANCELED), -ECANCELED);
    CHECK_INT(weft_run_opts(weft_coro(&identity, &x), NULL, NULL), 0);
}

CASE(run, takes_coroutine_objects_only) /* C191 */
{
    weft_loop_t *loop = NULL;

    CHECK_INT(weft_run(NULL, NULL, .workers = workers), -EPROTOTYPE);
    CHECK_INT(weft_run(weft_coro(NULL, NULL), NULL, .workers = workers), -EPROTOTYPE);
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    CHECK_INT(weft_run(weft_create_future(loop), NULL, .workers = workers), -EPROTOTYPE);
    weft_loop_unref(loop);
}

WEFT_CORO(checks_workers)
{
    weft_stats_t stats = {.size = sizeof stats};

    CHECK_INT(weft_loop_stats(NULL, &stats), 0);
    *(unsigned *)arg = stats.workers;
    return 0;
}

CASE(run, checks_its_options)
{
    unsigned n = 0;
    cpu_set_t cpus;

    CHECK_INT(weft_run(weft_coro(&fails, NULL), NULL, .workers = 257), -EINVAL);
    CHECK_INT(weft_run(weft_coro(&fails, NULL), NULL, .workers = 2, .order = WEFT_ORDER_ASYNCIO),
              -EINVAL);
    CHECK_INT(weft_run(weft_coro(&fails, NULL), NULL, .debug = 9), -EINVAL);
    CHECK_INT(weft_run(weft_coro(&checks_workers, &n), NULL, .workers = workers), 0);
    CHECK_INT(n, workers);
    CHECK_INT(weft_run(weft_coro(&checks_workers, &n), NULL), 0);
    CHECK(n >= 1 && sched_getaffinity(0, sizeof cpus, &cpus) == 0 && (int)n <= CPU_COUNT(&cpus));
}

CASE_ORDERED(run, bears_the_most_workers)
{
    unsigned n = 0;
    CHECK_INT(weft_run(weft_coro(&checks_workers, &n), NULL, .workers = WEFT_WORKERS_MAX), 0);
    CHECK_INT(n, WEFT_WORKERS_MAX);
}

/* ---- Ctrl-C ------------------------------------------------------------------------------------
 */

static struct sigaction sigint_now(void)
{
    struct sigaction now;

    sigaction(SIGINT, NULL, &now);
    return now;
}

WEFT_CORO(interrupts_itself)
{
    kill(getpid(), SIGINT);
    int rc = weft_sleep(WEFT_NONE);
    CHECK_INT(rc, -ECANCELED);
    *result = arg;
    return arg ? 0 : rc;
}

CASE(run, ctrl_c_cancels_the_main_task_and_the_handler_is_restored) /* C198 */
{
    signal(SIGINT, SIG_DFL);
    CHECK_INT(run(&interrupts_itself, NULL), -EINTR);
    CHECK(sigint_now().sa_handler == SIG_DFL);
}

CASE(run, main_that_swallows_ctrl_c_gives_its_value) /* C200 */
{
    int x;
    void *value = NULL;

    signal(SIGINT, SIG_DFL);
    CHECK_INT(weft_run(weft_coro(&interrupts_itself, &x), &value, .workers = workers), 0);
    CHECK(value == &x);
    CHECK(sigint_now().sa_handler == SIG_DFL);
}

WEFT_CORO(is_cancelled_and_interrupted)
{
    kill(getpid(), SIGINT);
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    weft_cancel(weft_current_task());
    return weft_sleep(0);
}

CASE(run, cancelled_by_the_program_too_is_cancelled) /* C199 */
{
    signal(SIGINT, SIG_DFL);
    CHECK_INT(run(&is_cancelled_and_interrupted, NULL), -ECANCELED);
}

WEFT_CORO(ignores_the_first)
{
    kill(getpid(), SIGINT);
    CHECK_INT(weft_sleep(WEFT_NONE), -ECANCELED);
    kill(getpid(), SIGINT);
    for (;;) /* blocks its worker: nothing but the signal ends it */
        poll(NULL, 0, 1);
    return 0;
}

static void runs_ignores_the_first(void)
{
    run(&ignores_the_first, NULL);
}

CASE(run, the_second_ctrl_c_ends_the_process_at_once)
{
    struct child child;

    if (CHILD_TSAN) /* which puts a second signal off for as long as the task does not suspend */
        return;
    CHECK(child_run(&child, runs_ignores_the_first));
    CHECK(child_was_killed(&child, SIGINT));
}

static _Atomic(int) own_handler;

static void counts(int number)
{
    (void)number;
    own_handler++;
}

WEFT_CORO(sends_itself_sigint)
{
    kill(getpid(), SIGINT);
    while (own_handler == 0)
        CHECK_INT(weft_sleep(0), 0);
    return weft_sleep(WEFT_MS(1));
}

CASE(run, leaves_a_programs_own_sigint_handler_alone)
{
    own_handler = 0;
    signal(SIGINT, counts);
    CHECK_INT(run(&sends_itself_sigint, NULL), 0);
    CHECK_INT(own_handler, 1);
    CHECK(sigint_now().sa_handler == counts);
}

/* ---- debug mode --------------------------------------------------------------------------------
 */

WEFT_CORO(misuses)
{
    weft_coro_t *coro = weft_coro(&identity, NULL);

    if (weft_await(weft_current_task(), NULL) != -EDEADLK || weft_await(coro, NULL) != 0 ||
        weft_await(coro, NULL) != -EALREADY)
        return -EIO;
    weft_unref(coro);
    weft_unref(weft_coro(&fails, NULL));
    return 0;
}

WEFT_CORO(starts_misuses)
{
    return weft_join(weft_create_task(weft_coro(&misuses, NULL), .name = "clumsy"), NULL);
}

static void misuses_in_debug_mode(void)
{
    int rc = weft_run(weft_coro(&starts_misuses, NULL), NULL, .workers = workers,
                      .debug = WEFT_DEBUG_ON);
    _exit(rc < 0);
}

static void misuses_without(void)
{
    int rc = weft_run(weft_coro(&starts_misuses, NULL), NULL, .workers = workers,
                      .debug = WEFT_DEBUG_OFF);
    _exit(rc < 0);
}

CASE(run, in_debug_mode_tells_of_misuse_with_the_tasks_name_and_origin)
{
    struct child child;

    CHECK(child_run(&child, misuses_in_debug_mode));
    CHECK(child_exited(&child, 0));
    CHECK(strstr(child.text, "awaits itself") != NULL);
    CHECK(strstr(child.text, "awaited twice") != NULL);
    CHECK(strstr(child.text, "clumsy, created at " __FILE__) != NULL);
    CHECK(strstr(child.text, "never awaited: fails, created at " __FILE__) != NULL);
    CHECK(child_run(&child, misuses_without));
    CHECK(child_exited(&child, 0));
    CHECK(child.text[0] == 0);
}

static void misuses_by_environment(void)
{
    setenv("WEFT_DEBUG", "1", 1);
    if (weft_sleep(0) != -EPERM)
        _exit(1);
    weft_unref(weft_coro(&fails, NULL));
    _exit(run(&starts_misuses, NULL) < 0);
}

CASE(run, takes_debug_mode_from_the_environment)
{
    struct child child;

    CHECK(child_run(&child, misuses_by_environment));
    CHECK(child_exited(&child, 0));
    CHECK(strstr(child.text, "sleep outside of a task") != NULL);
    CHECK(strstr(child.text, "never awaited") != NULL);
    CHECK(strstr(child.text, "clumsy") != NULL);
}
