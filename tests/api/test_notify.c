/* SPDX-License-Identifier: MIT */
/* notify: one is told and nothing is lost, or all are told that wait. */
#include "tests/support/serial.h"

TestSuite(notify, .timeout = 60);

static weft_notify_t notify = WEFT_NOTIFY_INIT;
static int woken, order[4];

static void begin(void)
{
    weft_notify_init(&notify);
    woken = 0;
}

WEFT_CORO(waits)
{
    int rc = weft_notify_wait(&notify);

    if (rc == 0)
        order[woken++] = (int)(intptr_t)arg;
    return rc;
}

WEFT_CORO(is_told_before_it_waits)
{
    weft_notify_one(&notify);
    weft_notify_one(&notify); /* the same as one */
    CHECK_INT(weft_notify_wait(&notify), 0);
    weft_task_t *task = start(&waits, NULL);
    turn();
    CHECK_INT(woken, 0);
    weft_notify_one(&notify);
    return weft_join(task, NULL);
}

CASE(notify, what_one_was_told_before_it_waits_is_not_lost_and_not_doubled)
{
    begin();
    CHECK_INT(run_serial(&is_told_before_it_waits, NULL), 0);
    CHECK_INT(woken, 1);
}

CASE(notify, wait_outside_of_a_task_is_refused)
{
    begin();
    weft_notify_one(&notify);
    CHECK_INT(weft_notify_wait(&notify), -EPERM);
}

WEFT_CORO(tells_one_and_then_all)
{
    weft_task_t *task[4];

    weft_notify_all(&notify); /* nobody waits: nothing is kept */
    for (intptr_t i = 0; i < 4; i++)
        task[i] = start(&waits, (void *)i);
    CHECK_INT(woken, 0);
    weft_notify_one(&notify);
    CHECK_INT(weft_join(task[0], NULL), 0);
    turn();
    CHECK_INT(woken, 1);
    weft_notify_all(&notify);
    for (int i = 1; i < 4; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    for (int i = 0; i < 4; i++)
        CHECK_INT(order[i], i);
    return 0;
}

CASE(notify, one_is_the_oldest_and_all_are_those_who_wait)
{
    begin();
    CHECK_INT(run_serial(&tells_one_and_then_all, NULL), 0);
}

WEFT_CORO(cancels_who_was_told)
{
    weft_task_t *first = start(&waits, (void *)1), *second = start(&waits, (void *)2);

    weft_notify_one(&notify);
    CHECK(weft_cancel(first)); /* was told, but did not go on yet */
    CHECK_INT(weft_join(first, NULL), -ECANCELED);
    CHECK_INT(weft_join(second, NULL), 0);
    first = start(&waits, NULL);
    weft_notify_one(&notify);
    CHECK(weft_cancel(first));
    CHECK_INT(weft_join(first, NULL), -ECANCELED);
    CHECK_INT(weft_notify_wait(&notify), 0); /* nobody else was there: it is kept */
    return 0;
}

CASE(notify, what_a_cancelled_one_was_told_goes_to_the_next)
{
    begin();
    CHECK_INT(run_serial(&cancels_who_was_told, NULL), 0);
}

WEFT_CORO(cancels_one_of_all)
{
    weft_task_t *first = start(&waits, NULL), *second;

    weft_notify_all(&notify);
    CHECK(weft_cancel(first));
    CHECK_INT(weft_join(first, NULL), -ECANCELED);
    second = start(&waits, NULL);
    turn();
    CHECK_INT(woken, 0); /* it was not there */
    CHECK(weft_cancel(second));
    CHECK_INT(weft_join(second, NULL), -ECANCELED);
    return 0;
}

CASE(notify, what_all_were_told_is_for_those_alone)
{
    begin();
    CHECK_INT(run_serial(&cancels_one_of_all, NULL), 0);
}

enum { CHANGES = 200 };

static _Atomic(int) changes;

static void *changes_and_tells(void *arg)
{
    for (int i = 0; i < CHANGES; i++) {
        changes++;
        weft_notify_one(arg);
    }
    return NULL;
}

WEFT_CORO(follows_a_thread)
{
    pthread_t thread;

    CHECK_INT(pthread_create(&thread, NULL, changes_and_tells, &notify), 0);
    while (changes < CHANGES)
        CHECK_INT(weft_notify_wait(&notify), 0);
    pthread_join(thread, NULL);
    return 0;
}

CASE(notify, another_thread_may_tell)
{
    begin();
    changes = 0;
    CHECK_INT(run(&follows_a_thread, NULL), 0);
}
