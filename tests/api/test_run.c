/* SPDX-License-Identifier: MIT */
/* run: a whole program in one call; Ctrl-C, debug mode. */
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
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

static int accept_nobody(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    (void)reader;
    (void)writer;
    (void)arg;
    return 0;
}

/* Each struct of options here is one whose size was not set. */
WEFT_CORO(gives_no_sizes)
{
    weft_taskgroup_t group = {0};
    weft_channel_t *channel;
    weft_queue_t *queue;
    weft_server_t *server;
    weft_reader_t *reader;
    weft_writer_t *writer;
    weft_loop_t *loop;

    CHECK_INT(
        weft_join(weft_create_task_opts(weft_coro(&identity, NULL), &(weft_task_opts_t){0}), NULL),
        -EINVAL);
    CHECK_INT(weft_gather_opts(NULL, 0, NULL, &(weft_gather_opts_t){0}), -EINVAL);
    CHECK_INT(weft_taskgroup_enter_opts(&group, &(weft_taskgroup_opts_t){0}), -EINVAL);
    CHECK_INT(weft_channel_create_opts(&channel, 1, 1, &(weft_channel_opts_t){0}), -EINVAL);
    CHECK_INT(weft_queue_create_opts(&queue, 1, &(weft_queue_opts_t){0}), -EINVAL);
    CHECK_INT(
        weft_start_server_opts(accept_nobody, NULL, "127.0.0.1", 0, &server, &(weft_net_opts_t){0}),
        -EINVAL);
    CHECK_INT(weft_open_connection_opts("127.0.0.1", 1, &reader, &writer, &(weft_net_opts_t){0}),
              -EINVAL);
    CHECK_INT(weft_new_event_loop_opts(&loop, &(weft_run_opts_t){0}), -EINVAL);
    CHECK_INT(weft_loop_stats(NULL, &(weft_stats_t){0}), -EINVAL);
    CHECK_INT(weft_loop_worker_stats(NULL, 0, &(weft_worker_stats_t){0}), -EINVAL);
    return 0;
}

CASE(run, and_all_other_calls_refuse_options_without_their_size)
{
    CHECK_INT(run(&gives_no_sizes, NULL), 0);
    CHECK_INT(weft_run_opts(weft_coro(&identity, NULL), NULL, &(weft_run_opts_t){.workers = 1}),
              -EINVAL);
}

/* As if its header ended behind .name: what stands there is not the caller's to give. */
WEFT_CORO(is_of_an_older_header)
{
    weft_task_opts_t opts = {.name = "old", .detached = true};
    weft_stats_t stats = {.size = offsetof(weft_stats_t, inlined)};

    opts.size = offsetof(weft_task_opts_t, name) + sizeof opts.name;
    memset((char *)&stats + stats.size, 0x55, sizeof stats - stats.size);
    weft_task_t *task = weft_create_task_opts(weft_coro(&identity, NULL), &opts);
    CHECK(task != NULL);
    CHECK_INT(weft_join(task, NULL), 0);
    CHECK_INT(weft_loop_stats(NULL, &stats), 0);
    CHECK(stats.spawned > 0);
    CHECK_INT(((char *)&stats)[stats.size], 0x55);
    return 0;
}

CASE(run, and_all_other_calls_take_the_structs_of_an_older_header)
{
    CHECK_INT(run(&is_of_an_older_header, NULL), 0);
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

static void uses_a_closed_loop(void)
{
    weft_loop_t *loop;

    if (weft_new_event_loop(&loop, .workers = workers, .debug = WEFT_DEBUG_ON) < 0 ||
        weft_loop_close(loop) < 0 || weft_loop_run_forever(loop) != -ESHUTDOWN ||
        weft_loop_call_soon_threadsafe(loop, free, NULL, NULL) != -ESHUTDOWN ||
        weft_join(weft_loop_create_task(loop, weft_coro(&fails, NULL)), NULL) != -ESHUTDOWN ||
        weft_loop_add_signal_handler(loop, SIGUSR1, free, NULL) != -ESHUTDOWN)
        _exit(1);
    _exit(0);
}

CASE(run, in_debug_mode_a_loop_that_is_closed_says_so)
{
    struct child child;

    CHECK(child_run(&child, uses_a_closed_loop));
    CHECK(child_exited(&child, 0));
    CHECK(strstr(child.text, "run on a loop that is closed") != NULL);
    CHECK(strstr(child.text, "a callback on a loop that is closed") != NULL);
    CHECK(strstr(child.text, "create_task on a loop that is closed") != NULL);
    CHECK(strstr(child.text, "a signal handler on a loop that is closed") != NULL);
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
