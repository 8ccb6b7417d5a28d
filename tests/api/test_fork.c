/* SPDX-License-Identifier: MIT */
/* fork: the child has a dead loop that says so, and a stack that works until exec. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/workers.h"

TestSuite(fork, .timeout = 30);

static void never(void *arg)
{
    (void)arg;
    _exit(99);
}

WEFT_CORO(identity)
{
    *result = arg;
    return weft_sleep(0);
}

static int exit_code(pid_t child)
{
    int status = -1;

    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

/* Each step that fails is the exit code. */
static void dead_loop(weft_loop_t *loop, weft_future_t *future)
{
    int step = 1;

    for (;; step++) {
        bool right = false;
        switch (step) {
        case 1:
            right = weft_get_running_loop() == NULL;
            break;
        case 2:
            right = weft_current_task() == NULL;
            break;
        case 3:
            right = weft_loop_is_closed(loop) && !weft_loop_is_running(loop);
            break;
        case 4:
            right = weft_loop_call_soon(loop, never, NULL, NULL) == -ESHUTDOWN;
            break;
        case 5:
            right = weft_loop_call_soon_threadsafe(loop, never, NULL, NULL) == -ESHUTDOWN;
            break;
        case 6:
            right = weft_loop_run_forever(loop) == -ESHUTDOWN;
            break;
        case 7:
            right = weft_loop_close(loop) == -ESHUTDOWN;
            break;
        case 8:
            right = weft_await(future, NULL) < 0;
            break;
        case 9:
            right = weft_get_event_loop() == NULL;
            break;
        default:
            return;
        }
        if (!right)
            _exit(step);
    }
}

/* In the child of a task, whose calls say -ESHUTDOWN, too. */
static void dead_task(weft_loop_t *loop, weft_future_t *future)
{
    char deep[8192]; /* the stack is still there, with what was on it */

    dead_loop(loop, future);
    for (size_t i = 0; i < sizeof deep; i++)
        ((volatile char *)deep)[i] = (char)i;
    if (weft_sleep(0) != -ESHUTDOWN || weft_sleep(WEFT_MS(1)) != -ESHUTDOWN)
        _exit(20);
    if (weft_await(future, NULL) != -ESHUTDOWN)
        _exit(21);
    weft_task_t *task = weft_create_task(weft_coro(&identity, NULL));
    if (weft_result(task, NULL) != -ESHUTDOWN)
        _exit(22);
}

WEFT_CORO(forks)
{
    weft_future_t *future = weft_create_future(NULL);
    weft_loop_t *loop = weft_get_running_loop();
    int marker = 4711;
    pid_t child = fork();

    if (child == 0) {
        dead_task(loop, future);
        _exit(marker == 4711 ? 0 : 30);
    }
    CHECK_INT(exit_code(child), 0);
    weft_unref(future);
    CHECK_INT(weft_sleep(0), 0);
    return 0;
}

CASE(fork, from_a_task_leaves_the_child_a_dead_loop) /* C219 */
{
    CHECK_INT(run(&forks, NULL), 0);
}

WEFT_CORO(forks_and_returns)
{
    pid_t child = fork();

    if (child == 0)
        return arg ? -EIO : 0;
    CHECK_INT(exit_code(child), arg ? 1 : 0);
    return 0;
}

CASE(fork, a_body_that_returns_in_the_child_ends_it)
{
    CHECK_INT(run(&forks_and_returns, NULL), 0);
    CHECK_INT(run(&forks_and_returns, ""), 0);
}

/* Awaits a child that runs on its stack, which forks and returns. */
WEFT_CORO(awaits_one_that_forks)
{
    pid_t self = getpid();
    int rc = weft_join(weft_create_task(weft_coro(&forks_and_returns, arg)), NULL);
    if (getpid() != self)
        _exit(98);
    return rc;
}

CASE(fork, a_body_that_returns_in_the_child_ends_it_also_where_it_runs_on_its_parents_stack)
{
    CHECK_INT(run(&awaits_one_that_forks, NULL), 0);
    CHECK_INT(run(&awaits_one_that_forks, ""), 0);
}

WEFT_CORO(execs)
{
    pid_t child = fork();

    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "exit 7", (char *)NULL);
        _exit(1);
    }
    CHECK_INT(exit_code(child), 7);
    return 0;
}

CASE(fork, and_exec_from_a_task_work)
{
    CHECK_INT(run(&execs, NULL), 0);
}

WEFT_CORO(forks_a_new_program)
{
    pid_t child = fork();

    if (child == 0) {
        int x;
        void *value = NULL;
        int rc = weft_run(weft_coro(&identity, &x), &value, .workers = workers);
        _exit(rc == 0 && value == &x ? 0 : 1);
    }
    CHECK_INT(exit_code(child), 0);
    return 0;
}

CASE_REAL_UP_TO(fork, the_child_may_run_a_new_loop, CHILD_MOST_WORKERS) /* C219 */
{
    CHECK_INT(run(&forks_a_new_program, NULL), 0);
}

static weft_future_t *pending;

static void *forks_beside(void *loop)
{
    pid_t child = fork();

    if (child == 0) {
        dead_loop(loop, pending);
        weft_loop_unref(loop);
        _exit(0);
    }
    CHECK_INT(exit_code(child), 0);
    weft_loop_stop(loop);
    return NULL;
}

CASE(fork, beside_a_running_loop_leaves_the_child_a_dead_one)
{
    weft_loop_t *loop = NULL;
    pthread_t thread;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    pending = weft_create_future(loop);
    CHECK_INT(pthread_create(&thread, NULL, forks_beside, loop), 0);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    pthread_join(thread, NULL);
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&identity, NULL), NULL), 0);
    weft_unref(pending);
    weft_loop_unref(loop);
}

static void runs_a_task(weft_loop_t *loop)
{
    weft_cfuture_t *future = weft_run_coroutine_threadsafe(weft_coro(&identity, loop), loop);
    void *value = NULL;

    CHECK_INT(weft_cfuture_result(future, WEFT_NONE, &value), 0);
    CHECK(value == loop);
    weft_cfuture_unref(future);
}

/* On a thread that does not run the loop, while another does. */
static void *forks_beside_and_execs(void *loop)
{
    runs_a_task(loop); /* it is running */
    pid_t child = fork();
    if (child == 0) {
        dead_loop(loop, pending);
        execl("/bin/true", "true", (char *)NULL);
        _exit(99);
    }
    CHECK_INT(exit_code(child), 0);
    runs_a_task(loop);
    weft_loop_stop(loop);
    return NULL;
}

static void *runs(void *loop)
{
    CHECK_INT(weft_loop_run_forever(loop), 0);
    return NULL;
}

/* Both with a new loop. */
static void on_two_threads(void *(*here)(void *), void *(*there)(void *))
{
    weft_loop_t *loop = NULL;
    pthread_t thread;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    pending = weft_create_future(loop);
    CHECK_INT(pthread_create(&thread, NULL, there, loop), 0);
    here(loop);
    pthread_join(thread, NULL);
    weft_unref(pending);
    weft_loop_unref(loop);
}

CASE(fork, and_exec_work_from_the_thread_that_made_a_loop_which_another_runs)
{
    on_two_threads(forks_beside_and_execs, runs);
}

CASE(fork, and_exec_work_from_a_foreign_thread_while_a_loop_runs)
{
    on_two_threads(runs, forks_beside_and_execs);
}

CASE(fork, of_a_stopped_loop_leaves_the_child_a_dead_one)
{
    weft_loop_t *loop = NULL;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    weft_set_event_loop(loop);
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&identity, NULL), NULL), 0);
    pending = weft_create_future(loop);
    pid_t child = fork();
    if (child == 0) {
        dead_loop(loop, pending);
        _exit(0);
    }
    CHECK_INT(exit_code(child), 0);
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&identity, NULL), NULL), 0);
    weft_set_event_loop(NULL);
    weft_unref(pending);
    weft_loop_unref(loop);
}
