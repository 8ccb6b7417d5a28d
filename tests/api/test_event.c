/* SPDX-License-Identifier: MIT */
/* event: a flag that tasks wait for. */
#include <stdlib.h>

#include "tests/support/serial.h"

TestSuite(event, .timeout = 60);

static weft_event_t event = WEFT_EVENT_INIT;
static int woken, order[4];

static void begin(void)
{
    weft_event_init(&event);
    woken = 0;
}

WEFT_CORO(waits)
{
    int rc = weft_event_wait(&event);

    if (rc == 0)
        order[woken++] = (int)(intptr_t)arg;
    return rc;
}

/* ---- set and clear ---- */

WEFT_CORO(sets_and_clears)
{
    weft_task_t *task[3];

    CHECK(!weft_event_is_set(&event));
    for (intptr_t i = 0; i < 3; i++)
        task[i] = start(&waits, (void *)i);
    weft_event_set(&event);
    CHECK(weft_event_is_set(&event));
    weft_event_clear(&event);
    CHECK(!weft_event_is_set(&event));
    for (int i = 0; i < 3; i++) {
        CHECK_INT(weft_join(task[i], NULL), 0);
        CHECK_INT(order[i], i);
    }
    return 0;
}

CASE(event, set_wakes_all_in_order_even_if_it_is_cleared_before_they_run)
{
    begin();
    CHECK_INT(run_serial(&sets_and_clears, NULL), 0);
    CHECK_INT(woken, 3);
}

WEFT_CORO(waits_after_set)
{
    weft_event_set(&event);
    weft_event_set(&event);
    CHECK_INT(weft_event_wait(&event), 0);
    CHECK_INT(weft_event_wait(&event), 0);
    weft_event_clear(&event);
    weft_task_t *task = start(&waits, NULL);
    turn();
    CHECK_INT(woken, 0);
    weft_event_set(&event);
    return weft_join(task, NULL);
}

CASE(event, stays_set_until_it_is_cleared)
{
    begin();
    CHECK_INT(run_serial(&waits_after_set, NULL), 0);
    CHECK_INT(woken, 1);
}

CASE(event, wait_outside_of_a_task_is_refused)
{
    begin();
    CHECK_INT(weft_event_wait(&event), -EPERM);
    weft_event_set(&event);
    CHECK_INT(weft_event_wait(&event), -EPERM);
}

/* ---- cancelled ---- */

WEFT_CORO(cancels_one_of_three)
{
    weft_task_t *task[3];

    for (intptr_t i = 0; i < 3; i++)
        task[i] = start(&waits, (void *)i);
    CHECK(weft_cancel(task[1]));
    weft_event_set(&event);
    CHECK(weft_cancel(task[2])); /* woken, but it did not go on yet */
    CHECK_INT(weft_join(task[0], NULL), 0);
    CHECK_INT(weft_join(task[1], NULL), -ECANCELED);
    CHECK_INT(weft_join(task[2], NULL), -ECANCELED);
    return 0;
}

CASE(event, a_cancelled_waiter_is_cancelled_before_and_after_it_was_woken)
{
    begin();
    CHECK_INT(run_serial(&cancels_one_of_three, NULL), 0);
    CHECK_INT(woken, 1);
}

/* ---- as an object ---- */

WEFT_CORO(sets)
{
    weft_event_set(&event);
    return 0;
}

WEFT_CORO(gathers_waits)
{
    CHECK_INT(weft_gather(WEFT_AWS(weft_event_wait_coro(&event), weft_event_wait_coro(&event),
                                   weft_coro(&sets, NULL)),
                          NULL),
              0);
    weft_event_clear(&event);
    CHECK_INT(weft_wait_for(weft_event_wait_coro(&event), WEFT_MS(1), NULL), -ETIMEDOUT);
    return 0;
}

CASE(event, its_wait_is_a_coroutine_object_too)
{
    begin();
    CHECK_INT(run(&gathers_waits, NULL), 0);
}

/* ---- from elsewhere, and for the last time ---- */

static void *sets_outside(void *arg)
{
    weft_event_set(arg);
    return NULL;
}

/* The event is gone as soon as the wait is over, whatever the other thread still does in set. */
WEFT_CORO(frees_what_it_waited_for)
{
    for (int i = 0; i < 50; i++) {
        weft_event_t *mine = malloc(sizeof *mine);
        pthread_t thread;
        if (!CHECK(mine))
            return -ENOMEM;
        weft_event_init(mine);
        CHECK_INT(pthread_create(&thread, NULL, sets_outside, mine), 0);
        CHECK_INT(weft_event_wait(mine), 0);
        free(mine);
        pthread_join(thread, NULL);
    }
    return 0;
}

CASE(event, may_be_freed_when_its_wait_is_over)
{
    CHECK_INT(run(&frees_what_it_waited_for, NULL), 0);
}
