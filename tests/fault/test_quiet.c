/* SPDX-License-Identifier: MIT */
/* quiet: a loop that has nothing to do does nothing: none of its threads is scheduled. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weft.h>

TestSuite(quiet, .timeout = 60);

enum { STEP_MS = 500, QUIET_STEPS = 6, MOST_STEPS = 40 };

/* The loop's own threads: the main one, and those that are called weft-... */
static bool is_of_loop(long thread)
{
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/self/task/%ld/comm", thread);
    FILE *file = fopen(path, "re");

    if (file && !fgets(name, sizeof name, file))
        name[0] = 0;
    if (file)
        fclose(file);
    return thread == getpid() || strncmp(name, "weft", 4) == 0;
}

static unsigned long switches_of(long thread)
{
    char path[64], line[128];
    unsigned long sum = 0, n;
    snprintf(path, sizeof path, "/proc/self/task/%ld/status", thread);
    FILE *file = fopen(path, "re");

    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "voluntary_ctxt_switches: %lu", &n) == 1 ||
            sscanf(line, "nonvoluntary_ctxt_switches: %lu", &n) == 1)
            sum += n;
    }
    if (file)
        fclose(file);
    return sum;
}

static unsigned long switches(unsigned *threads)
{
    DIR *directory = opendir("/proc/self/task");
    unsigned long sum = 0;
    struct dirent *entry;

    *threads = 0;
    while (directory && (entry = readdir(directory))) {
        long thread = strtol(entry->d_name, NULL, 10);
        if (thread > 0 && is_of_loop(thread)) {
            sum += switches_of(thread);
            ++*threads;
        }
    }
    if (directory)
        closedir(directory);
    return sum;
}

struct watch {
    weft_loop_t *loop;
    weft_future_t *end;
    unsigned quiet, threads; /* steps in a row without a switch */
};

static void finish(void *arg)
{
    weft_set_result(arg, NULL);
}

/* Looks until three seconds have passed without a switch. The monitor takes its time to fall
 * asleep. */
static void *watch_main(void *arg)
{
    struct watch *w = arg;

    pthread_setname_np(pthread_self(),
                       "watcher"); /* else it has that of the worker it comes from */
    unsigned long before = switches(&w->threads);

    for (int i = 0; i < MOST_STEPS && w->quiet < QUIET_STEPS; i++) {
        poll(NULL, 0, STEP_MS); /* the span that is measured */
        unsigned long after = switches(&w->threads);
        w->quiet = after == before ? w->quiet + 1 : 0;
        before = after;
    }
    while (weft_loop_call_soon_threadsafe(w->loop, finish, w->end, NULL) == -ENOMEM)
        ;
    return NULL;
}

WEFT_CORO(waits)
{
    struct watch *w = arg;
    pthread_t watcher;

    w->loop = weft_get_running_loop();
    w->end = weft_create_future(NULL);
    if (pthread_create(&watcher, NULL, watch_main, w) != 0)
        return -EAGAIN;
    int rc = weft_await(w->end, NULL);
    pthread_join(watcher, NULL);
    weft_unref(w->end);
    return rc;
}

static void stays_quiet(unsigned workers)
{
    struct watch watch = {0};

    int rc = weft_run(weft_coro(&waits, &watch), NULL, .workers = workers);

    cr_expect_eq(rc, 0);
    cr_expect_geq(watch.threads, workers);
    cr_expect_eq(watch.quiet, (unsigned)QUIET_STEPS, "never three seconds without a switch");
}

Test(quiet, with_1_worker)
{
    stays_quiet(1);
}

Test(quiet, with_2_workers)
{
    stays_quiet(2);
}

Test(quiet, with_4_workers)
{
    stays_quiet(4);
}
