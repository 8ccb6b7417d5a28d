/* SPDX-License-Identifier: MIT */
/* locks: the conformance items on Lock and Semaphore. */
#include "tests/support/serial.h"

TestSuite(lock, .timeout = 30);
TestSuite(semaphore, .timeout = 30);

static weft_lock_t lock;
static int order[8], entered;

static void begin(void)
{
    weft_lock_init(&lock);
    entered = 0;
}

/* Takes the lock, notes that it did, and keeps it. */
WEFT_CORO(takes)
{
    int rc = weft_lock_acquire(&lock);

    if (rc == 0)
        order[entered++] = (int)(intptr_t)arg;
    return rc;
}

WEFT_CORO(takes_and_releases)
{
    int rc = weft_lock_acquire(&lock);

    if (rc < 0)
        return rc;
    order[entered++] = (int)(intptr_t)arg;
    return weft_lock_release(&lock);
}

/* ---- C250 ---- */

WEFT_CORO(hands_over_three_times)
{
    weft_task_t *task[3];

    CHECK_INT(weft_lock_acquire(&lock), 0);
    for (intptr_t i = 0; i < 3; i++)
        task[i] = start(&takes, (void *)i);
    CHECK_INT(entered, 0);
    for (int i = 0; i < 3; i++) {
        CHECK(weft_lock_locked(&lock));
        CHECK_INT(weft_lock_release(&lock), 0);
        turn();
        turn();
        CHECK_INT(entered, i + 1);
        CHECK_INT(order[i], i);
        CHECK_INT(weft_join(task[i], NULL), 0);
    }
    CHECK_INT(weft_lock_release(&lock), 0);
    CHECK(!weft_lock_locked(&lock));
    return 0;
}

CASE(lock, C250_is_handed_over_in_fifo_order)
{
    begin();
    CHECK_INT(run_serial(&hands_over_three_times, NULL), 0);
}

/* ---- C251 ---- */

WEFT_CORO(cancels_a_waiter)
{
    CHECK_INT(weft_lock_acquire(&lock), 0);
    weft_task_t *task = start(&takes, NULL);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    CHECK_INT(weft_lock_release(&lock), 0);
    CHECK(!weft_lock_locked(&lock));
    CHECK_INT(entered, 0);
    return 0;
}

CASE(lock, C251_a_cancelled_waiter_is_gone)
{
    begin();
    CHECK_INT(run_serial(&cancels_a_waiter, NULL), 0);
}

/* ---- C253 ---- */

WEFT_CORO(cancels_and_releases_at_once)
{
    weft_task_t *task[3];

    CHECK_INT(weft_lock_acquire(&lock), 0);
    for (intptr_t i = 0; i < 3; i++)
        task[i] = start(&takes, (void *)i);
    CHECK(weft_cancel(task[0]));
    CHECK_INT(weft_lock_release(&lock), 0);
    CHECK_INT(weft_join(task[0], NULL), -ECANCELED);
    CHECK_INT(weft_join(task[1], NULL), 0);
    turn();
    CHECK_INT(entered, 1);
    CHECK_INT(order[0], 1);
    CHECK(weft_cancel(task[2]));
    CHECK_INT(weft_join(task[2], NULL), -ECANCELED);
    return 0;
}

CASE(lock, C253_cancel_and_release_at_once_let_exactly_one_in)
{
    begin();
    CHECK_INT(run_serial(&cancels_and_releases_at_once, NULL), 0);
}

/* ---- C254 ---- */

WEFT_CORO(cancels_after_the_release)
{
    CHECK_INT(weft_lock_acquire(&lock), 0);
    weft_task_t *first = start(&takes, (void *)1), *second = start(&takes, (void *)2);
    CHECK_INT(weft_lock_release(&lock), 0);
    CHECK(weft_cancel(first)); /* it has the lock, but did not go on yet */
    CHECK_INT(weft_join(first, NULL), -ECANCELED);
    CHECK_INT(weft_join(second, NULL), 0);
    CHECK_INT(entered, 1);
    CHECK_INT(order[0], 2);
    CHECK(weft_lock_locked(&lock));
    return 0;
}

CASE(lock, C254_a_waiter_that_is_cancelled_when_it_was_woken_passes_the_lock_on)
{
    begin();
    CHECK_INT(run_serial(&cancels_after_the_release, NULL), 0);
}

/* ---- C255 ---- */

WEFT_CORO(releases_too_often)
{
    CHECK_INT(weft_lock_release(&lock), -EPERM);
    CHECK_INT(weft_lock_acquire(&lock), 0);
    CHECK_INT(weft_lock_release(&lock), 0);
    CHECK_INT(weft_lock_release(&lock), -EPERM);
    CHECK(!weft_lock_locked(&lock));
    return 0;
}

CASE(lock, C255_release_of_a_free_lock_is_an_error)
{
    begin();
    CHECK_INT(run_serial(&releases_too_often, NULL), 0);
}

/* ---- C256 ---- */

WEFT_CORO(acquires_right_after_its_release)
{
    CHECK_INT(weft_lock_acquire(&lock), 0);
    weft_task_t *task = start(&takes_and_releases, (void *)1);
    CHECK_INT(weft_lock_release(&lock), 0);
    CHECK_INT(weft_lock_acquire(&lock), 0);
    CHECK_INT(entered, 1); /* it was before us */
    CHECK_INT(weft_lock_release(&lock), 0);
    return weft_join(task, NULL);
}

CASE(lock, C256_who_releases_and_acquires_again_waits_its_turn)
{
    begin();
    CHECK_INT(run_serial(&acquires_right_after_its_release, NULL), 0);
}

/* ---- semaphores: tasks that take a permit, and note that they did ---- */

static weft_semaphore_t semaphore;

static void begin_with(int permits)
{
    CHECK_INT(weft_semaphore_init(&semaphore, permits), 0);
    entered = 0;
}

WEFT_CORO(takes_a_permit)
{
    int rc = weft_semaphore_acquire(&semaphore);

    if (rc == 0)
        order[entered++] = (int)(intptr_t)arg;
    return rc;
}

WEFT_CORO(takes_and_gives_a_permit)
{
    int rc = weft_semaphore_acquire(&semaphore);

    if (rc < 0)
        return rc;
    order[entered++] = (int)(intptr_t)arg;
    turn();
    return weft_semaphore_release(&semaphore);
}

/* ---- C263 ---- */

WEFT_CORO(chains_wake_ups)
{
    weft_task_t *task[4];

    for (intptr_t i = 0; i < 4; i++)
        task[i] = start(&takes_and_gives_a_permit, (void *)i);
    for (int i = 0; i < 4; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    for (int i = 0; i < 4; i++)
        CHECK_INT(order[i], i);
    CHECK(!weft_semaphore_locked(&semaphore));
    return 0;
}

CASE(semaphore, C263_permits_go_round_in_fifo_order)
{
    begin_with(1);
    CHECK_INT(run_serial(&chains_wake_ups, NULL), 0);
    CHECK_INT(entered, 4);
}

/* Several releases at once, then acquire by the one who released: it is the last. */
WEFT_CORO(releases_twice_and_acquires)
{
    weft_task_t *first = start(&takes_a_permit, (void *)1);
    weft_task_t *second = start(&takes_a_permit, (void *)2);
    weft_task_t *third = start(&takes_and_gives_a_permit, (void *)3);

    CHECK_INT(weft_semaphore_release(&semaphore), 0);
    CHECK_INT(weft_semaphore_release(&semaphore), 0);
    CHECK_INT(weft_semaphore_release(&semaphore), 0);
    CHECK(weft_semaphore_locked(&semaphore));
    CHECK_INT(weft_semaphore_acquire(&semaphore), 0);
    CHECK_INT(entered, 3);
    for (int i = 0; i < 3; i++)
        CHECK_INT(order[i], i + 1);
    CHECK_INT(weft_join(first, NULL), 0);
    CHECK_INT(weft_join(second, NULL), 0);
    return weft_join(third, NULL);
}

CASE(semaphore, C263_who_releases_and_acquires_again_waits_its_turn)
{
    begin_with(0);
    CHECK_INT(run_serial(&releases_twice_and_acquires, NULL), 0);
}

/* ---- C264 ---- */

WEFT_CORO(cancels_around_a_release)
{
    weft_task_t *task[4];

    for (intptr_t i = 0; i < 4; i++)
        task[i] = start(&takes_a_permit, (void *)i);
    CHECK(weft_cancel(task[0]));
    CHECK_INT(weft_semaphore_release(&semaphore), 0);
    CHECK(weft_cancel(task[1])); /* has the permit, but did not go on yet */
    CHECK(weft_cancel(task[2]));
    for (int i = 0; i < 3; i++)
        CHECK_INT(weft_join(task[i], NULL), -ECANCELED);
    CHECK_INT(weft_join(task[3], NULL), 0);
    CHECK_INT(entered, 1);
    CHECK(weft_semaphore_locked(&semaphore));
    return 0;
}

CASE(semaphore, C264_no_permit_is_lost_by_a_cancel)
{
    begin_with(0);
    CHECK_INT(run_serial(&cancels_around_a_release, NULL), 0);
}

WEFT_CORO(cancels_the_only_one)
{
    weft_task_t *task = start(&takes_a_permit, NULL);

    CHECK_INT(weft_semaphore_release(&semaphore), 0);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    CHECK(!weft_semaphore_locked(&semaphore));
    return weft_semaphore_acquire(&semaphore);
}

CASE(semaphore, C264_a_permit_that_nobody_wants_is_there_for_the_next)
{
    begin_with(0);
    CHECK_INT(run_serial(&cancels_the_only_one, NULL), 0);
}

/* ---- C265 ---- */

WEFT_CORO(releases_more_than_there_were)
{
    CHECK_INT(weft_semaphore_release(&semaphore), -EINVAL);
    CHECK_INT(weft_semaphore_acquire(&semaphore), 0);
    CHECK_INT(weft_semaphore_release(&semaphore), 0);
    CHECK_INT(weft_semaphore_release(&semaphore), -EINVAL);
    CHECK(weft_semaphore_try_acquire(&semaphore));
    CHECK(!weft_semaphore_try_acquire(&semaphore));
    return 0;
}

CASE(semaphore, C265_a_bounded_one_refuses_a_release_too_many)
{
    CHECK_INT(weft_bounded_semaphore_init(&semaphore, 1), 0);
    CHECK_INT(run(&releases_more_than_there_were, NULL), 0);
}

WEFT_CORO(begins_without_permits)
{
    CHECK(weft_semaphore_locked(&semaphore));
    CHECK(!weft_semaphore_try_acquire(&semaphore));
    CHECK_INT(weft_semaphore_release(&semaphore), 0);
    CHECK(!weft_semaphore_locked(&semaphore));
    CHECK_INT(weft_semaphore_init(&semaphore, -1), -EINVAL);
    CHECK_INT(weft_bounded_semaphore_init(&semaphore, -1), -EINVAL);
    CHECK(!weft_semaphore_locked(&semaphore)); /* nothing was changed */
    return 0;
}

CASE(semaphore, C265_may_begin_with_none_but_not_with_less)
{
    begin_with(0);
    CHECK_INT(run(&begins_without_permits, NULL), 0);
}
