/* SPDX-License-Identifier: MIT */
/* running: runners, policies and executors, each call failing in turn (rounds.h). */
#include "tests/fault/rounds.h"

TestSuite(faults_running, .timeout = 60);

WEFT_CORO(yields)
{
    return weft_sleep(0);
}

FAULTS_OUTSIDE(faults_running, runner_of_two_runs)
{
    weft_runner_t runner;

    weft_runner_init(&runner, .workers = workers);
    int rc = weft_runner_run(&runner, weft_coro(&yields, NULL), NULL);
    if (rc == 0)
        rc = weft_runner_run(&runner, weft_coro(&yields, NULL), NULL);
    int end = weft_runner_close(&runner);
    CHECK(weft_get_event_loop() == NULL);
    return rc < 0 ? rc : end;
}

FAULTS_OUTSIDE(faults_running, loop_of_a_policy)
{
    weft_loop_t *loop;
    int rc = weft_run(weft_coro(&yields, NULL), NULL, .workers = workers,
                      .loop_factory = weft_proactor_event_loop_policy()->new_event_loop);

    CHECK(weft_selector_event_loop_policy()->new_event_loop(&loop, NULL) == -ENOTSUP);
    return rc;
}

static int gives(void *arg, void **result)
{
    *result = arg;
    return 0;
}

FAULTS(faults_running, executor_of_ones_own)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_executor_t *executor;
    int rc = weft_executor_create(&executor, 2);

    if (rc < 0)
        return rc;
    weft_future_t *a = weft_loop_run_in_executor(loop, executor, gives, NULL);
    weft_future_t *b = weft_loop_run_in_executor(loop, executor, gives, NULL);
    rc = weft_join(a, NULL);
    int other = weft_join(b, NULL);
    weft_executor_unref(executor);
    return rc < 0 ? rc : other;
}

/* A loop of its own, as it can be done once only. */
WEFT_CORO(calls_and_shuts)
{
    int rc = weft_to_thread(gives, NULL, NULL), end;

    do
        end = weft_loop_shutdown_default_executor(weft_get_running_loop(), WEFT_S(10));
    while (end == -ENOMEM); /* ask again */
    CHECK(end == 0);
    CHECK(weft_to_thread(gives, NULL, NULL) == -ESHUTDOWN);
    return rc;
}

FAULTS_OUTSIDE(faults_running, executor_that_is_shut)
{
    return weft_run(weft_coro(&calls_and_shuts, NULL), NULL, .workers = workers);
}
