/* SPDX-License-Identifier: MIT */
/* condition: the conformance items on Condition, and what its header says beside them. */
#include <string.h>

#include "tests/support/serial.h"

TestSuite(condition, .timeout = 60);

static weft_condition_t condition;
static int order[8], woken;

static void begin(void)
{
    weft_condition_init(&condition, NULL);
    woken = 0;
}

/* Waits once, and notes it with the lock held. */
WEFT_CORO(waits)
{
    int rc = weft_condition_acquire(&condition);

    if (rc < 0)
        return rc;
    rc = weft_condition_wait(&condition);
    CHECK(weft_condition_locked(&condition));
    if (rc == 0)
        order[woken++] = (int)(intptr_t)arg;
    CHECK_INT(weft_condition_release(&condition), 0);
    return rc;
}

static void notify(size_t n)
{
    CHECK_INT(weft_condition_acquire(&condition), 0);
    CHECK_INT(weft_condition_notify(&condition, n), 0);
    CHECK_INT(weft_condition_release(&condition), 0);
}

/* ---- C258 ---- */

static bool is_woken(void *arg)
{
    (void)arg;
    return woken > 0;
}

WEFT_CORO(does_without_the_lock)
{
    CHECK_INT(weft_condition_wait(&condition), -EPERM);
    CHECK_INT(weft_condition_wait_for(&condition, is_woken, NULL), -EPERM);
    CHECK_INT(weft_condition_notify(&condition, 1), -EPERM);
    CHECK_INT(weft_condition_notify_all(&condition), -EPERM);
    CHECK_INT(weft_condition_release(&condition), -EPERM);
    CHECK(!weft_condition_locked(&condition));
    return 0;
}

CASE(condition, C258_wait_and_notify_need_the_lock)
{
    begin();
    CHECK_INT(run(&does_without_the_lock, NULL), 0);
}

CASE(condition, C258_wait_needs_a_task)
{
    weft_lock_t lock = WEFT_LOCK_INIT;

    weft_condition_init(&condition, &lock);
    CHECK(weft_lock_try_acquire(&lock));
    CHECK_INT(weft_condition_wait(&condition), -EPERM);
    CHECK(weft_lock_locked(&lock)); /* it was not released */
}

/* ---- notify ---- */

WEFT_CORO(notifies_some)
{
    weft_task_t *task[4];

    for (intptr_t i = 0; i < 4; i++)
        task[i] = start(&waits, (void *)i);
    CHECK(!weft_condition_locked(&condition));
    notify(0);
    turn();
    CHECK_INT(woken, 0);
    notify(1);
    CHECK_INT(weft_join(task[0], NULL), 0);
    CHECK_INT(woken, 1);
    notify(2);
    CHECK_INT(weft_join(task[2], NULL), 0);
    CHECK_INT(weft_join(task[1], NULL), 0);
    CHECK_INT(woken, 3);
    notify(2048);
    CHECK_INT(weft_join(task[3], NULL), 0);
    for (int i = 0; i < 4; i++)
        CHECK_INT(order[i], i);
    CHECK(!weft_condition_locked(&condition));
    return 0;
}

CASE(condition, notify_wakes_as_many_as_it_says_oldest_first)
{
    begin();
    CHECK_INT(run_serial(&notifies_some, NULL), 0);
    CHECK_INT(woken, 4);
}

WEFT_CORO(notifies_all)
{
    weft_task_t *task[4];

    for (intptr_t i = 0; i < 4; i++)
        task[i] = start(&waits, (void *)i);
    CHECK_INT(weft_condition_acquire(&condition), 0);
    CHECK_INT(weft_condition_notify_all(&condition), 0);
    for (int i = 0; i < 4; i++)
        turn();
    CHECK_INT(woken, 0); /* none can have the lock */
    CHECK_INT(weft_condition_release(&condition), 0);
    for (int i = 0; i < 4; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    for (int i = 0; i < 4; i++)
        CHECK_INT(order[i], i);
    return 0;
}

CASE(condition, who_is_notified_goes_on_when_the_lock_is_free)
{
    begin();
    CHECK_INT(run_serial(&notifies_all, NULL), 0);
}

WEFT_CORO(waits_for_a_predicate)
{
    int rc = weft_condition_acquire(&condition);

    if (rc < 0)
        return rc;
    rc = weft_condition_wait_for(&condition, is_woken, NULL);
    CHECK(weft_condition_locked(&condition));
    CHECK_INT(weft_condition_release(&condition), 0);
    return rc;
}

WEFT_CORO(notifies_before_it_is_true)
{
    weft_task_t *task = start(&waits_for_a_predicate, NULL);

    notify(1);
    turn();
    turn();
    CHECK(!weft_done(task));
    woken = 1;
    notify(1);
    CHECK_INT(weft_join(task, NULL), 0);
    task = start(&waits_for_a_predicate, NULL); /* true already: no wait */
    CHECK(weft_done(task));
    CHECK_INT(weft_join(task, NULL), 0);
    woken = 0;
    task = start(&waits_for_a_predicate, NULL);
    CHECK(weft_cancel(task));
    return weft_join(task, NULL);
}

CASE(condition, wait_for_goes_on_when_its_predicate_is_true)
{
    begin();
    CHECK_INT(run_serial(&notifies_before_it_is_true, NULL), -ECANCELED);
    CHECK(!weft_condition_locked(&condition));
}

/* ---- C259 ---- */

WEFT_CORO(cancels_while_it_holds_the_lock)
{
    weft_task_t *task = start(&waits, NULL);

    CHECK_INT(weft_condition_acquire(&condition), 0);
    CHECK(weft_cancel_message(task, "the first"));
    for (int i = 0; i < 4; i++)
        turn();
    CHECK(!weft_done(task)); /* it has no lock yet */
    CHECK_INT(weft_condition_release(&condition), 0);
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    CHECK(weft_last_error() && !strcmp(weft_error_message(weft_last_error()), "the first"));
    CHECK(!weft_condition_locked(&condition));
    CHECK_INT(woken, 0);
    return 0;
}

CASE(condition, C259_the_lock_is_acquired_again_before_the_cancel_comes_out)
{
    begin();
    CHECK_INT(run_serial(&cancels_while_it_holds_the_lock, NULL), 0);
}

WEFT_CORO(cancels_who_waits_for_the_lock)
{
    weft_task_t *task = start(&waits, NULL);

    CHECK_INT(weft_condition_acquire(&condition), 0);
    CHECK_INT(weft_condition_notify(&condition, 1), 0);
    turn(); /* it waits for the lock */
    CHECK(weft_cancel(task));
    for (int i = 0; i < 4; i++)
        turn();
    CHECK(!weft_done(task));
    CHECK_INT(weft_condition_release(&condition), 0);
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    CHECK(!weft_condition_locked(&condition));
    return 0;
}

CASE(condition, C259_a_cancel_after_the_notification_does_not_end_the_wait_for_the_lock)
{
    begin();
    CHECK_INT(run_serial(&cancels_who_waits_for_the_lock, NULL), 0);
}

/* Two requests while it waits for the lock are one error, and are counted. */
WEFT_CORO(is_cancelled_twice)
{
    CHECK_INT(weft_condition_acquire(&condition), 0);
    CHECK_INT(weft_condition_wait(&condition), -ECANCELED);
    CHECK_INT(weft_cancelling(weft_current_task()), 2);
    CHECK_INT(weft_sleep(0), 0);
    return weft_condition_release(&condition);
}

WEFT_CORO(cancels_twice)
{
    weft_task_t *task = start(&is_cancelled_twice, NULL);

    CHECK_INT(weft_condition_acquire(&condition), 0);
    CHECK(weft_cancel(task));
    turn();
    CHECK(weft_cancel(task));
    turn();
    CHECK_INT(weft_condition_release(&condition), 0);
    return weft_join(task, NULL);
}

CASE(condition, C259_a_second_cancel_meanwhile_makes_no_second_error)
{
    begin();
    CHECK_INT(run_serial(&cancels_twice, NULL), 0);
}

WEFT_CORO(waits_with_a_cancel_pending)
{
    weft_task_t *task = start(&waits, NULL);

    CHECK_INT(weft_condition_acquire(&condition), 0);
    CHECK(weft_cancel(weft_current_task()));
    CHECK_INT(weft_condition_wait(&condition), -ECANCELED);
    CHECK_INT(weft_condition_notify(&condition, 1), 0); /* the other one's: we did not wait */
    CHECK_INT(weft_condition_release(&condition), 0);
    return weft_join(task, NULL);
}

CASE(condition, a_pending_cancel_ends_a_wait_at_once)
{
    begin();
    CHECK_INT(run_serial(&waits_with_a_cancel_pending, NULL), 0);
    CHECK_INT(woken, 1);
}

/* ---- C260 ---- */

WEFT_CORO(cancels_a_notified_one)
{
    weft_task_t *first = start(&waits, (void *)1), *second = start(&waits, (void *)2);

    CHECK_INT(weft_condition_acquire(&condition), 0);
    CHECK_INT(weft_condition_notify(&condition, 1), 0);
    for (intptr_t i = 0; i < (intptr_t)arg; i++)
        turn(); /* it waits for the lock */
    CHECK(weft_cancel(first));
    CHECK_INT(weft_condition_release(&condition), 0);
    CHECK_INT(weft_join(first, NULL), -ECANCELED);
    CHECK_INT(weft_join(second, NULL), 0);
    CHECK_INT(woken, 1);
    CHECK_INT(order[0], 2);
    return 0;
}

CASE(condition, C260_a_notification_of_one_who_is_cancelled_goes_to_the_next)
{
    begin();
    CHECK_INT(run_serial(&cancels_a_notified_one, NULL), 0);
}

CASE(condition, C260_so_it_does_while_that_one_waits_for_the_lock)
{
    begin();
    CHECK_INT(run_serial(&cancels_a_notified_one, (void *)2), 0);
}

/* ---- C261 ---- */

WEFT_CORO(waits_inside)
{
    return weft_condition_wait(&condition);
}

WEFT_CORO(waits_with_a_time_out)
{
    CHECK_INT(weft_condition_acquire(&condition), 0);
    CHECK_INT(weft_wait_for(weft_coro(&waits_inside, NULL), WEFT_MS(1), NULL), -ETIMEDOUT);
    CHECK(weft_condition_locked(&condition));
    CHECK(healthy());
    return weft_condition_release(&condition);
}

CASE(condition, C261_after_a_time_out_the_lock_is_held)
{
    begin();
    BOTH(&waits_with_a_time_out, NULL);
}

/* ---- beside asyncio's: one lock for two conditions, many workers, other threads ---- */

enum { ITEMS = 300, ROOM = 2, PRODUCERS = 3 };

static weft_lock_t lock;
static weft_condition_t filled, emptied;
static int in_store, got;

WEFT_CORO(produces)
{
    for (int i = 0; i < ITEMS; i++) {
        CHECK_INT(weft_lock_acquire(&lock), 0);
        while (in_store == ROOM)
            CHECK_INT(weft_condition_wait(&emptied), 0);
        in_store++;
        CHECK_INT(weft_condition_notify(&filled, 1), 0);
        CHECK_INT(weft_lock_release(&lock), 0);
    }
    return 0;
}

WEFT_CORO(consumes)
{
    for (int i = 0; i < ITEMS; i++) {
        CHECK_INT(weft_condition_acquire(&filled), 0);
        while (in_store == 0)
            CHECK_INT(weft_condition_wait(&filled), 0);
        in_store--;
        got++;
        CHECK_INT(weft_condition_notify(&emptied, 1), 0);
        CHECK_INT(weft_condition_release(&filled), 0);
    }
    return 0;
}

WEFT_CORO(has_them_produce_and_consume)
{
    weft_task_t *task[2 * PRODUCERS];

    for (int i = 0; i < 2 * PRODUCERS; i++)
        task[i] = weft_create_task(weft_coro(i % 2 ? &produces : &consumes, NULL));
    for (int i = 0; i < 2 * PRODUCERS; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

CASE(condition, several_may_share_a_lock_and_no_notification_is_lost)
{
    weft_lock_init(&lock);
    weft_condition_init(&filled, &lock);
    weft_condition_init(&emptied, &lock);
    in_store = got = 0;
    CHECK_INT(run(&has_them_produce_and_consume, NULL), 0);
    CHECK_INT(got, PRODUCERS * ITEMS);
    CHECK(!weft_lock_locked(&lock));
}

static void *notifies_outside(void *arg)
{
    while (!weft_lock_try_acquire(&lock))
        sched_yield();
    CHECK_INT(weft_condition_notify(arg, 1), 0);
    CHECK_INT(weft_lock_release(&lock), 0);
    return NULL;
}

WEFT_CORO(is_notified_by_a_thread)
{
    pthread_t thread;

    CHECK_INT(weft_lock_acquire(&lock), 0);
    CHECK_INT(pthread_create(&thread, NULL, notifies_outside, &condition), 0);
    CHECK_INT(weft_condition_wait(&condition), 0); /* it waits when the lock is free */
    pthread_join(thread, NULL);
    return weft_lock_release(&lock);
}

/* Real: a thread of its own. */
CASE_REAL(condition, another_thread_that_holds_the_lock_may_notify)
{
    weft_lock_init(&lock);
    weft_condition_init(&condition, &lock);
    CHECK_INT(run(&is_notified_by_a_thread, NULL), 0);
}
