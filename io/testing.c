/* SPDX-License-Identifier: MIT */
/*
 * testing: a run on the virtual driver (io/driver/virtual.h), whose clock stands still until all
 * contexts are blocked. So "all others are blocked" is nothing but a sleep, the shortest there is.
 */
#include "weft/testing.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weft/error.h"
#include "weft/wait.h"
#include "io/driver/virtual.h"
#include "runtime/base/clock.h"
#include "runtime/base/options.h"
#include "runtime/core/task.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"

static const weft_ns_t day = 24 * 3600 * WEFT__SECOND;

/* ---- the seed ---- */

static uint64_t choose_seed(uint64_t asked)
{
    const char *wish = getenv("WEFT_SEED");
    uint64_t seed = wish ? strtoull(wish, NULL, 0) : 0;

    if (!seed)
        seed = asked;
    /* Short: it is to be read and typed. */
    return seed ? seed : (uint64_t)weft__clock_now() % 1000000000 + 1;
}

uint64_t weft_testing_seed(void)
{
    const struct weft__virtual_config *config = weft__virtual_config_here();

    return config ? config->seed : 0;
}

/* Also in the handler of a signal: no stream, whose lock may be held. */
static void tell_seed(const char *what)
{
    char line[256];
    int length =
        snprintf(line, sizeof line, "weft_testing_run: %s; again with WEFT_SEED=%" PRIu64 "\n",
                 what, weft_testing_seed());
    ssize_t n = write(STDERR_FILENO, line, (size_t)length);

    (void)n;
}

static void on_abort(int number)
{
    tell_seed("aborted");
    signal(number, SIG_DFL); /* abort() raises it again */
}

/* Only where nobody else has the signal. */
static bool watch_abort(void)
{
    struct sigaction ours = {.sa_handler = on_abort}, now;

    return sigaction(SIGABRT, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
           now.sa_handler == SIG_DFL && sigaction(SIGABRT, &ours, NULL) == 0;
}

/* ---- the main task ---- */

struct test {
    weft_coro_t *coro; /* NULL: it was given to its task */
    weft_ns_t limit;
};

/* Those that are not done, but for the one that says so. */
static void name_tasks(void)
{
    weft_task_t **tasks;
    size_t count;
    char name[64];

    if (weft_all_tasks(NULL, &tasks, &count) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        weft_get_name(tasks[i], name, sizeof name);
        if (tasks[i] != weft_current_task())
            fprintf(stderr, "weft_testing_run: not done at the limit: %s, of %s, created at %s\n",
                    name, tasks[i]->fn->name, tasks[i]->where);
        weft_unref(tasks[i]);
    }
    free(tasks);
}

WEFT_CORO(test_main)
{
    struct test *test = arg;
    weft_task_t *task = weft_create_task(test->coro);
    weft_awaitable_t *aws[] = {task};
    size_t done = 0;
    int waited, rc;

    test->coro = NULL;
    waited = weft_wait(aws, 1, test->limit, WEFT_ALL_COMPLETED, &done);
    if (waited == 0 && done == 0) {
        name_tasks();
        waited = -ETIMEDOUT;
    }
    if (!weft_done(task))
        weft_cancel(task);
    rc = weft_join(task, result);
    return rc == -ECANCELED && waited < 0 ? waited : rc; /* why it was cancelled */
}

/* ---- the run ---- */

static int make_loop(weft_loop_t **loop, const weft_run_opts_t *opts)
{
    const struct weft__loop_config config = {.class = &weft__driver_virtual,
                                             .workers = 1,
                                             .order = opts->order ? opts->order : WEFT_ORDER_FREE,
                                             .debug = opts->debug,
                                             .seed = weft_testing_seed()};

    return weft__loop_new(loop, &config);
}

static int run(struct test *test, void **result, const weft_testing_opts_t *opts)
{
    bool watching = watch_abort();
    int rc = weft_run(weft_coro(&test_main, test), result, .order = opts->order,
                      .debug = opts->debug, .loop_factory = make_loop);

    if (watching)
        signal(SIGABRT, SIG_DFL);
    if (rc < 0)
        tell_seed(weft_strerror(rc));
    return rc;
}

static int simulate(struct test *test, void **result, const weft_testing_opts_t *opts)
{
    const struct weft__virtual_config config = {.seed = choose_seed(opts->seed), .still = true};
    struct weft__virtual *sim;
    int rc;

    if (weft__self() || weft__virtual_config_here())
        return weft__misuse(-EBUSY, "a testing run inside a running loop");
    sim = weft__virtual_new(&config);
    if (!sim)
        return -ENOMEM;
    rc = run(test, result, opts);
    weft__virtual_free(sim);
    return rc;
}

int weft_testing_run_opts(weft_coro_t *coro, void **result, const weft_testing_opts_t *given)
{
    weft_testing_opts_t full;
    const weft_testing_opts_t *opts = weft__options(given, &full, sizeof full);
    struct test test = {.coro = coro};
    int rc;

    if (!coro)
        return weft__misuse(-EPROTOTYPE, "run of no coroutine");
    test.limit = opts && opts->limit > 0 ? opts->limit : day;
    rc = opts ? simulate(&test, result, opts) : weft__bad_options();
    if (test.coro)
        weft_coro_close(test.coro);
    return rc;
}

int weft_wait_all_tasks_blocked(weft_ns_t cushion)
{
    const struct weft__virtual_config *config = weft__virtual_config_here();

    if (!config || !config->still)
        return weft__misuse(-EPERM, "wait_all_tasks_blocked outside of a testing run");
    return weft_sleep(cushion > 0 ? cushion : 1);
}
