/* SPDX-License-Identifier: MIT */
/*
 * testing: a test of code that waits for hours. It takes milliseconds, as the clock of a testing
 * run jumps; and it is made with many seeds, each of which is another order of the tasks' steps. A
 * run that fails prints its seed; WEFT_SEED=... ./testing makes just that run again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <weft.h>
#include <weft/testing.h>

/* ---- what is tested: a reminder that comes an hour after the last sign of life ---- */

struct reminder {
    weft_event_t alive; /* a sign of life */
    int sent;
};

WEFT_CORO(remind)
{
    struct reminder *reminder = arg;

    for (;;) {
        int rc = weft_wait_for(weft_event_wait_coro(&reminder->alive), WEFT_S(3600), NULL);
        if (rc == -ETIMEDOUT)
            reminder->sent++;
        else if (rc < 0)
            return rc;
        weft_event_clear(&reminder->alive);
    }
}

/* ---- the test ---- */

#define CHECK(condition) ((condition) ? (void)0 : failed(#condition))

static void failed(const char *what)
{
    fprintf(stderr, "not so: %s\n", what);
    abort(); /* the run says its seed */
}

WEFT_CORO(test)
{
    struct reminder reminder = {.sent = 0};
    weft_ns_t begin = weft_loop_time(weft_get_running_loop());
    weft_task_t *task;

    weft_event_init(&reminder.alive);
    task = weft_create_task(weft_coro(&remind, &reminder));
    for (int i = 0; i < 10; i++) { /* in time each time */
        CHECK(weft_sleep(WEFT_S(3599)) == 0);
        CHECK(reminder.sent == 0);
        weft_event_set(&reminder.alive);
        CHECK(weft_wait_all_tasks_blocked(0) == 0);
        CHECK(!weft_event_is_set(&reminder.alive)); /* it has seen that */
    }
    CHECK(weft_sleep(WEFT_S(3 * 3600)) == 0); /* and then not any more */
    CHECK(reminder.sent == 3);
    weft_cancel(task);
    CHECK(weft_join(task, NULL) == -ECANCELED);
    *(weft_ns_t *)arg = weft_loop_time(weft_get_running_loop()) - begin;
    return 0;
}

int main(void)
{
    enum { SEEDS = 100 };
    weft_ns_t passed = 0;

    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        int rc = weft_testing_run(weft_coro(&test, &passed), NULL, .seed = seed);
        if (rc < 0)
            return 1;
    }
    printf("%d times %d hours\n", SEEDS, (int)(passed / WEFT_S(3600)));
    return 0;
}
