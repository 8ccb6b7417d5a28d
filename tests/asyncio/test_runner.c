/* SPDX-License-Identifier: MIT */
/* runner: the conformance items on run, Runner and Ctrl-C. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/serial.h"

TestSuite(runner, .timeout = 60);

WEFT_CORO(identity)
{
    *result = arg;
    return weft_sleep(0);
}

WEFT_CORO(fails)
{
    int rc = weft_sleep(0);
    return rc < 0 ? rc : (int)(intptr_t)arg;
}

/* One run of a runner of its own; what it gives. */
static int run_once(weft_coro_t *coro, void **result)
{
    weft_runner_t runner;

    weft_runner_init(&runner, .workers = workers);
    int rc = weft_runner_run(&runner, coro, result);
    CHECK_INT(weft_runner_close(&runner), 0);
    return rc;
}

/* ---- C190, C191, C193 ---- */

CASE(runner, C190_run_gives_the_value)
{
    int x;
    void *value = NULL;

    CHECK_INT(weft_run(weft_coro(&identity, &x), &value, .workers = workers), 0);
    CHECK(value == &x);
    value = NULL;
    CHECK_INT(run_once(weft_coro(&identity, &x), &value), 0);
    CHECK(value == &x);
    CHECK_INT(run_once(weft_coro(&identity, &x), NULL), 0);
}

CASE(runner, C190_run_gives_the_error)
{
    CHECK_INT(run(&fails, (void *)-EIO), -EIO);
    CHECK_INT(run(&fails, (void *)-ECANCELED), -ECANCELED);
    CHECK_INT(run_once(weft_coro(&fails, (void *)-EIO), NULL), -EIO);
    CHECK_INT(run_once(weft_coro(&fails, (void *)WEFT_ELIMIT), NULL), WEFT_ELIMIT);
}

CASE(runner, C191_run_takes_coroutine_objects_only)
{
    weft_runner_t runner;
    weft_loop_t *loop = NULL;

    CHECK_INT(weft_run(NULL, NULL, .workers = workers), -EPROTOTYPE);
    weft_runner_init(&runner, .workers = workers);
    CHECK_INT(weft_runner_run(&runner, NULL, NULL), -EPROTOTYPE);
    CHECK_INT(weft_runner_get_loop(&runner, &loop), 0);
    CHECK_INT(weft_runner_run(&runner, weft_create_future(loop), NULL), -EPROTOTYPE);
    CHECK_INT(weft_runner_run(&runner, weft_coro(NULL, NULL), NULL), -EPROTOTYPE);
    CHECK_INT(weft_runner_close(&runner), 0);
}

static weft_runner_t outer;

WEFT_CORO(runs_inside)
{
    weft_loop_t *loop = NULL;

    CHECK_INT(weft_run(weft_coro(&identity, NULL), NULL), -EBUSY);
    CHECK_INT(run_once(weft_coro(&identity, NULL), NULL), -EBUSY);
    CHECK_INT(weft_runner_run(&outer, weft_coro(&identity, NULL), NULL), -EBUSY);
    CHECK_INT(weft_runner_close(&outer), -EBUSY);
    CHECK_INT(weft_runner_get_loop(&outer, &loop), 0);
    CHECK(loop == weft_get_running_loop());
    return 0;
}

CASE(runner, C193_inside_a_running_loop_it_is_refused)
{
    weft_runner_init(&outer, .workers = workers);
    CHECK_INT(weft_runner_run(&outer, weft_coro(&runs_inside, NULL), NULL), 0);
    CHECK_INT(weft_runner_run(&outer, weft_coro(&identity, NULL), NULL), 0);
    CHECK_INT(weft_runner_close(&outer), 0);
}

/* ---- C194, C195 ---- */

static _Atomic(int) begun, cleaned, reports;

WEFT_CORO(cleans_up)
{
    begun++;
    int rc = weft_sleep(WEFT_NONE);
    CHECK_INT(rc, -ECANCELED);
    CHECK_INT(weft_sleep(WEFT_US(100)), 0);
    cleaned++;
    return arg ? -EIO : rc;
}

static void counts(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)arg;
    CHECK(loop == weft_get_running_loop());
    CHECK_INT(context->error, -EIO);
    CHECK(context->future && strstr(context->message, "shut down"));
    reports++;
}

WEFT_CORO(leaves_ten)
{
    begun = cleaned = reports = 0;
    weft_loop_set_exception_handler(weft_get_running_loop(), counts, NULL);
    for (int i = 0; i < 10; i++)
        weft_unref(weft_create_task(weft_coro(&cleans_up, arg)));
    while (begun < 10)
        turn();
    return 0;
}

CASE(runner, C194_what_is_left_is_cancelled_and_awaited)
{
    BOTH(&leaves_ten, NULL);
    CHECK_INT(cleaned, 10);
    CHECK_INT(reports, 0);
    CHECK_INT(run_once(weft_coro(&leaves_ten, NULL), NULL), 0);
    CHECK_INT(cleaned, 10);
}

CASE(runner, C195_what_fails_in_the_shutdown_is_reported)
{
    BOTH(&leaves_ten, "");
    CHECK_INT(reports, 10);
    CHECK_INT(cleaned, 10);
}

static void counts_a_detached_one(weft_loop_t *loop, const weft_exception_context_t *context,
                                  void *arg)
{
    (void)loop;
    (void)arg;
    CHECK_INT(context->error, -EIO);
    reports++;
}

WEFT_CORO(leaves_a_detached_task)
{
    begun = cleaned = reports = 0;
    weft_loop_set_exception_handler(weft_get_running_loop(), counts_a_detached_one, NULL);
    weft_create_task(weft_coro(&cleans_up, ""), .detached = true);
    while (begun == 0)
        turn();
    return 0;
}

CASE(runner, C195_what_fails_in_the_shutdown_is_reported_once)
{
    BOTH(&leaves_a_detached_task, NULL);
    CHECK_INT(reports, 1);
}

/* ---- C196 ---- */

CASE(runner, C196_it_makes_its_loop_when_it_is_needed)
{
    weft_runner_t runner;
    weft_loop_t *loop = NULL, *same = NULL;

    weft_runner_init(&runner, .workers = WEFT_WORKERS_MAX + 1);
    CHECK_INT(weft_runner_get_loop(&runner, &loop), -EINVAL); /* only now */
    CHECK_INT(weft_runner_run(&runner, weft_coro(&identity, NULL), NULL), -EINVAL);
    CHECK_INT(weft_runner_close(&runner), 0);
    weft_runner_init(&runner, .workers = workers);
    CHECK_INT(weft_runner_close(&runner), 0); /* it has none: it may still be used */
    CHECK(weft_get_event_loop() == NULL);
    CHECK_INT(weft_runner_get_loop(&runner, &loop), 0);
    CHECK(weft_get_event_loop() == loop && !weft_loop_is_running(loop));
    CHECK_INT(weft_runner_get_loop(&runner, &same), 0);
    CHECK(same == loop);
    CHECK_INT(weft_runner_close(&runner), 0);
    CHECK(weft_get_event_loop() == NULL);
}

static weft_future_t *shared;

WEFT_CORO(makes_a_future)
{
    shared = weft_create_future(NULL);
    return 0;
}

WEFT_CORO(completes_it)
{
    CHECK(weft_get_running_loop() == arg);
    CHECK_INT(weft_set_result(shared, NULL), 0);
    return weft_join(shared, NULL);
}

CASE(runner, C196_its_runs_share_one_loop)
{
    weft_runner_t runner;
    weft_loop_t *loop = NULL;

    weft_runner_init(&runner, .workers = workers);
    CHECK_INT(weft_runner_run(&runner, weft_coro(&makes_a_future, NULL), NULL), 0);
    CHECK_INT(weft_runner_get_loop(&runner, &loop), 0);
    CHECK_INT(weft_runner_run(&runner, weft_coro(&completes_it, loop), NULL), 0);
    CHECK_INT(weft_runner_run(&runner, weft_coro(&fails, (void *)-EIO), NULL), -EIO);
    CHECK_INT(weft_runner_run(&runner, weft_coro(&identity, NULL), NULL), 0);
    CHECK_INT(weft_runner_close(&runner), 0);
}

CASE(runner, C196_closed_twice_it_stays_closed_and_refuses)
{
    weft_runner_t runner;
    weft_loop_t *loop = NULL;

    weft_runner_init(&runner, .workers = workers);
    CHECK_INT(weft_runner_get_loop(&runner, &loop), 0);
    weft_loop_ref(loop);
    CHECK_INT(weft_runner_close(&runner), 0);
    CHECK_INT(weft_runner_close(&runner), 0);
    CHECK(weft_loop_is_closed(loop));
    weft_loop_unref(loop);
    CHECK_INT(weft_runner_get_loop(&runner, &loop), -ESHUTDOWN);
    CHECK_INT(weft_runner_run(&runner, weft_coro(&identity, NULL), NULL), -ESHUTDOWN);
}

WEFT_CORO(is_left_by_the_first_run)
{
    weft_create_task(weft_coro(&cleans_up, NULL), .detached = true);
    while (begun == 0)
        turn();
    return 0;
}

WEFT_CORO(finds_it_running)
{
    turn();
    CHECK_INT(cleaned, 0);
    return 0;
}

CASE(runner, C196_tasks_that_a_run_leaves_go_on_until_close)
{
    weft_runner_t runner;

    begun = cleaned = 0;
    weft_runner_init(&runner, .workers = workers);
    CHECK_INT(weft_runner_run(&runner, weft_coro(&is_left_by_the_first_run, NULL), NULL), 0);
    CHECK_INT(weft_runner_run(&runner, weft_coro(&finds_it_running, NULL), NULL), 0);
    CHECK_INT(weft_runner_close(&runner), 0);
    CHECK_INT(cleaned, 1);
}

static _Atomic(int) made;

static int counts_what_it_makes(weft_loop_t **loop, const weft_run_opts_t *opts)
{
    made++;
    CHECK_INT(opts->workers, workers);
    return weft_new_event_loop_opts(loop, opts);
}

static int makes_none(weft_loop_t **loop, const weft_run_opts_t *opts)
{
    (void)loop;
    (void)opts;
    return -EMFILE;
}

CASE(runner, C196_a_loop_factory_makes_the_loop_and_the_threads_own_stays)
{
    weft_loop_t *own = NULL;

    made = 0;
    CHECK_INT(weft_new_event_loop(&own, .workers = workers), 0);
    weft_set_event_loop(own);
    CHECK_INT(weft_run(weft_coro(&identity, NULL), NULL, .workers = workers,
                       .loop_factory = counts_what_it_makes),
              0);
    CHECK_INT(made, 1);
    CHECK(weft_get_event_loop() == own);
    CHECK_INT(weft_run(weft_coro(&identity, NULL), NULL, .loop_factory = makes_none), -EMFILE);
    CHECK(weft_get_event_loop() == own);
    CHECK_INT(run(&identity, NULL), 0);
    CHECK(weft_get_event_loop() == NULL); /* as in Python */
    weft_loop_unref(own);
}

static weft_future_t *go_on;

WEFT_CORO(stops_and_waits)
{
    go_on = weft_create_future(NULL);
    weft_loop_stop(weft_get_running_loop());
    CHECK_INT(weft_join(go_on, NULL), 0);
    cleaned++;
    return 0;
}

WEFT_CORO(lets_it_go_on)
{
    CHECK_INT(weft_set_result(go_on, NULL), 0);
    while (cleaned == 0)
        turn();
    return 0;
}

CASE(runner, C196_a_main_task_that_was_stopped_goes_on_in_the_next_run)
{
    weft_runner_t runner;

    cleaned = 0;
    weft_runner_init(&runner, .workers = workers);
    CHECK_INT(weft_runner_run(&runner, weft_coro(&stops_and_waits, NULL), NULL), WEFT_ESTOPPED);
    CHECK_INT(weft_runner_run(&runner, weft_coro(&lets_it_go_on, NULL), NULL), 0);
    CHECK_INT(weft_runner_close(&runner), 0);
    CHECK_INT(cleaned, 1);
}

static const weft_context_var_t var = {.name = "var", .value = "unset"};

static void set(const char *value)
{
    CHECK_INT(weft_context_var_set(&var, (void *)(uintptr_t)value, NULL), 0);
}

static bool is(const char *value)
{
    return strcmp(weft_context_var_get(&var), value) == 0;
}

#define PAIR(found, left) ((const char *[]){(found), (left)})

/* Finds arg[0], and leaves arg[1]. */
WEFT_CORO(finds_and_sets)
{
    const char **values = arg;

    CHECK(is(values[0]));
    set(values[1]);
    turn();
    CHECK(is(values[1]));
    return 0;
}

CASE(runner, C196_its_runs_share_a_context)
{
    weft_runner_t runner;
    weft_context_t *context = weft_context_create();
    weft_loop_t *loop;

    set("before");
    weft_runner_init(&runner, .workers = workers);
    CHECK_INT(weft_runner_get_loop(&runner, &loop), 0);
    set("after");
    CHECK_INT(weft_runner_run(&runner, weft_coro(&finds_and_sets, PAIR("before", "one")), NULL), 0);
    CHECK_INT(weft_runner_run_in_context(&runner, context,
                                         weft_coro(&finds_and_sets, PAIR("unset", "own")), NULL),
              0);
    CHECK_INT(weft_runner_run(&runner, weft_coro(&finds_and_sets, PAIR("one", "two")), NULL), 0);
    CHECK_INT(weft_runner_run_in_context(&runner, context,
                                         weft_coro(&finds_and_sets, PAIR("own", "end")), NULL),
              0);
    CHECK_INT(weft_runner_run_in_context(&runner, NULL,
                                         weft_coro(&finds_and_sets, PAIR("two", "end")), NULL),
              0);
    CHECK(is("after"));
    CHECK_INT(weft_runner_close(&runner), 0);
    weft_context_unref(context);
}

WEFT_CORO(tells_debug)
{
    *(bool *)arg = weft_loop_get_debug(weft_get_running_loop());
    return 0;
}

static bool debug_of(int debug, weft_loop_factory_t factory)
{
    bool is = false;

    CHECK_INT(weft_run(weft_coro(&tells_debug, &is), NULL, .workers = workers, .debug = debug,
                       .loop_factory = factory),
              0);
    return is;
}

static int makes_it_without_options(weft_loop_t **loop, const weft_run_opts_t *opts)
{
    (void)opts;
    return weft_new_event_loop(loop, .workers = workers);
}

CASE(runner, C196_debug_is_on_off_or_as_the_environment_says)
{
    static const weft_loop_factory_t factories[] = {NULL, makes_it_without_options};

    for (size_t i = 0; i < 2; i++) {
        unsetenv("WEFT_DEBUG");
        CHECK(!debug_of(WEFT_DEBUG_DEFAULT, factories[i]));
        CHECK(debug_of(WEFT_DEBUG_ON, factories[i]));
        setenv("WEFT_DEBUG", "1", 1);
        CHECK(debug_of(WEFT_DEBUG_DEFAULT, factories[i]));
        CHECK(!debug_of(WEFT_DEBUG_OFF, factories[i]));
        setenv("WEFT_DEBUG", "0", 1);
        CHECK(!debug_of(WEFT_DEBUG_DEFAULT, factories[i]));
    }
    unsetenv("WEFT_DEBUG");
}

static int makes_it_by_default(weft_loop_t **loop, const weft_run_opts_t *opts)
{
    (void)opts;
    return weft_default_event_loop_policy()->new_event_loop(
        loop, &(weft_run_opts_t){.size = sizeof(weft_run_opts_t), .workers = workers});
}

/* Real: the policy is that of the case. */
CASE_REAL(runner, C196_debug_is_told_to_the_loop_of_a_policy_that_overlooks_the_options)
{
    static const weft_event_loop_policy_t mine = {
        .size = sizeof mine, .name = "mine", .new_event_loop = makes_it_by_default};

    weft_set_event_loop_policy(&mine);
    CHECK(!debug_of(WEFT_DEBUG_DEFAULT, NULL));
    CHECK(debug_of(WEFT_DEBUG_ON, NULL));
    setenv("WEFT_DEBUG", "1", 1);
    CHECK(!debug_of(WEFT_DEBUG_OFF, NULL));
    unsetenv("WEFT_DEBUG");
    weft_set_event_loop_policy(NULL);
}

/* ---- Ctrl-C: C198, C199, C200 ---- */

static void (*sigint_now(void))(int)
{
    struct sigaction now;

    sigaction(SIGINT, NULL, &now);
    return now.sa_handler;
}

static void press(void)
{
    kill(getpid(), SIGINT);
}

static void presses(void *arg)
{
    (void)arg;
    press();
}

WEFT_CORO(is_interrupted_by_a_callback)
{
    CHECK_INT(weft_loop_call_soon(weft_get_running_loop(), presses, NULL, NULL), 0);
    int rc = forever();
    CHECK_INT(rc, -ECANCELED);
    CHECK_INT(weft_cancelling(weft_current_task()), 1);
    return rc;
}

WEFT_CORO(is_interrupted)
{
    press();
    int rc = forever();
    CHECK_INT(rc, -ECANCELED);
    *result = arg;
    return arg ? 0 : rc;
}

/* Real: a signal. */
CASE_REAL(runner, C198_ctrl_c_cancels_main_and_is_the_result)
{
    signal(SIGINT, SIG_DFL);
    CHECK_INT(run(&is_interrupted_by_a_callback, NULL), -EINTR);
    CHECK_INT(run(&is_interrupted, NULL), -EINTR);
    CHECK(sigint_now() == SIG_DFL);
}

/* Real: a signal. */
CASE_REAL(runner, C198_each_run_of_a_runner_has_its_own_ctrl_c)
{
    weft_runner_t runner;

    signal(SIGINT, SIG_DFL);
    weft_runner_init(&runner, .workers = workers);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(weft_runner_run(&runner, weft_coro(&is_interrupted, NULL), NULL), -EINTR);
        CHECK(sigint_now() == SIG_DFL);
        CHECK_INT(weft_runner_run(&runner, weft_coro(&identity, NULL), NULL), 0);
    }
    CHECK_INT(weft_runner_close(&runner), 0);
}

WEFT_CORO(is_interrupted_at_its_end)
{
    press();
    *result = arg;
    return 0;
}

/* Real: a signal. */
CASE_REAL_UP_TO(runner, C198_ctrl_c_in_the_last_step_of_main_is_not_lost, 1)
{
    weft_runner_t runner;
    int x;

    signal(SIGINT, SIG_DFL);
    weft_runner_init(&runner, .workers = workers);
    for (int i = 0; i < 20; i++) {
        CHECK_INT(weft_runner_run(&runner, weft_coro(&is_interrupted_at_its_end, &x), NULL),
                  -EINTR);
        CHECK_INT(weft_runner_run(&runner, weft_coro(&identity, NULL), NULL), 0);
    }
    CHECK_INT(weft_runner_close(&runner), 0);
}

WEFT_CORO(is_cancelled_and_interrupted)
{
    press();
    CHECK_INT(forever(), -ECANCELED);
    weft_cancel(weft_current_task());
    return weft_sleep(0);
}

/* Real: a signal. */
CASE_REAL(runner, C199_cancelled_by_the_program_too_it_is_cancelled)
{
    signal(SIGINT, SIG_DFL);
    CHECK_INT(run(&is_cancelled_and_interrupted, NULL), -ECANCELED);
    CHECK(sigint_now() == SIG_DFL);
}

/* Real: a signal. */
CASE_REAL(runner, C200_main_that_swallows_ctrl_c_gives_its_value)
{
    int x;
    void *value = NULL;

    signal(SIGINT, SIG_DFL);
    CHECK_INT(weft_run(weft_coro(&is_interrupted, &x), &value, .workers = workers), 0);
    CHECK(value == &x);
    CHECK(sigint_now() == SIG_DFL);
}

/* ---- Ctrl-C is not taken over ---- */

static _Atomic(int) own_handler;

static void handles(int number)
{
    (void)number;
    own_handler++;
}

WEFT_CORO(presses_in_vain)
{
    CHECK(sigint_now() == arg);
    press();
    for (int i = 0; i < 20; i++)
        turn();
    return weft_cancelling(weft_current_task());
}

/* Real: a signal. */
CASE_REAL(runner, C198_a_program_that_handles_or_ignores_sigint_keeps_that)
{
    own_handler = 0;
    signal(SIGINT, handles);
    CHECK_INT(run(&presses_in_vain, (void *)handles), 0);
    while (own_handler == 0)
        poll(NULL, 0, 1);
    CHECK(sigint_now() == handles);
    signal(SIGINT, SIG_IGN);
    CHECK_INT(run(&presses_in_vain, (void *)SIG_IGN), 0);
    CHECK(sigint_now() == SIG_IGN);
    signal(SIGINT, SIG_DFL);
}

WEFT_CORO(looks_at_sigint)
{
    CHECK(sigint_now() == SIG_DFL);
    return 0;
}

static void *runs_beside(void *arg)
{
    CHECK_INT(run(&looks_at_sigint, NULL), 0);
    return arg;
}

/* Real: a signal. */
CASE_REAL(runner, C198_only_the_main_thread_takes_ctrl_c)
{
    pthread_t thread;

    signal(SIGINT, SIG_DFL);
    CHECK_INT(pthread_create(&thread, NULL, runs_beside, NULL), 0);
    pthread_join(thread, NULL);
}

static void notes_it(void *arg)
{
    (void)arg;
    own_handler++;
}

/* Is cancelled at the end of the run, when the handler is that of the loop still. */
WEFT_CORO(is_left_and_presses)
{
    begun++;
    CHECK_INT(forever(), -ECANCELED);
    press();
    while (own_handler < 2)
        turn();
    return -ECANCELED;
}

WEFT_CORO(handles_it_in_its_loop)
{
    weft_loop_t *loop = weft_get_running_loop();

    CHECK(!weft_loop_remove_signal_handler(loop, SIGINT)); /* that of run is none of its */
    CHECK_INT(weft_loop_add_signal_handler(loop, SIGINT, notes_it, NULL), 0);
    press();
    while (own_handler == 0)
        turn();
    weft_unref(weft_create_task(weft_coro(&is_left_and_presses, NULL)));
    while (begun == 0)
        turn();
    return 0;
}

/* Real: a signal. */
CASE_REAL(runner, C198_a_handler_that_main_adds_to_the_loop_stays_until_the_end)
{
    own_handler = begun = 0;
    signal(SIGINT, SIG_DFL);
    CHECK_INT(run(&handles_it_in_its_loop, NULL), 0);
    CHECK_INT(own_handler, 2);
    CHECK(sigint_now() == SIG_DFL);
}
