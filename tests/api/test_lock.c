/* SPDX-License-Identifier: MIT */
/* lock: what its header says beside asyncio's items (tests/asyncio/test_locks.c). */
#include "tests/support/serial.h"

TestSuite(lock, .timeout = 60);

static weft_lock_t lock = WEFT_LOCK_INIT;
static int inside, counted;

/* ---- exclusion ---- */

enum { TASKS = 8, ROUNDS = 200 };

WEFT_CORO(counts_under_the_lock)
{
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_INT(weft_lock_acquire(&lock), 0);
        CHECK_INT(inside++, 0);
        if (i % 4 == 0)
            CHECK_INT(weft_sleep(0), 0);
        counted++; /* no atomic: the lock is enough */
        CHECK_INT(--inside, 0);
        CHECK_INT(weft_lock_release(&lock), 0);
    }
    return 0;
}

WEFT_CORO(has_many_count)
{
    weft_task_t *task[TASKS];

    for (int i = 0; i < TASKS; i++)
        task[i] = weft_create_task(weft_coro(&counts_under_the_lock, NULL));
    for (int i = 0; i < TASKS; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

CASE(lock, keeps_tasks_on_all_workers_apart)
{
    counted = 0;
    CHECK_INT(run(&has_many_count, NULL), 0);
    CHECK_INT(counted, TASKS * ROUNDS);
    CHECK(!weft_lock_locked(&lock));
}

/* ---- without waiting ---- */

WEFT_CORO(tries)
{
    CHECK(weft_lock_try_acquire(&lock));
    CHECK(!weft_lock_try_acquire(&lock));
    CHECK(weft_lock_locked(&lock));
    CHECK_INT(weft_lock_release(&lock), 0);
    CHECK(!weft_lock_locked(&lock));
    return 0;
}

CASE(lock, try_acquire_takes_it_if_it_is_free)
{
    CHECK_INT(run(&tries, NULL), 0);
}

WEFT_CORO(waits_for_the_lock)
{
    int rc = weft_lock_acquire(&lock);

    return rc < 0 ? rc : weft_lock_release(&lock);
}

WEFT_CORO(tries_after_a_release)
{
    CHECK_INT(weft_lock_acquire(&lock), 0);
    weft_task_t *task = start(&waits_for_the_lock, NULL);
    CHECK_INT(weft_lock_release(&lock), 0);
    CHECK(!weft_lock_try_acquire(&lock)); /* it is the waiter's */
    return weft_join(task, NULL);
}

CASE(lock, try_acquire_overtakes_nobody)
{
    CHECK_INT(run_serial(&tries_after_a_release, NULL), 0);
}

static int steps;

WEFT_CORO(steps_once)
{
    steps++;
    return 0;
}

WEFT_CORO(acquires_beside_another)
{
    weft_task_t *task = weft_create_task(weft_coro(&steps_once, NULL));

    CHECK_INT(weft_lock_acquire(&lock), 0);
    CHECK_INT(weft_lock_release(&lock), 0);
    CHECK_INT(steps, 0);
    return weft_join(task, NULL);
}

CASE(lock, a_free_lock_is_taken_without_suspending)
{
    steps = 0;
    CHECK_INT(run_serial(&acquires_beside_another, NULL), 0);
}

CASE(lock, acquire_outside_of_a_task_is_refused)
{
    CHECK_INT(weft_lock_acquire(&lock), -EPERM);
    CHECK(!weft_lock_locked(&lock));
}

/* ---- from elsewhere ---- */

static void releases(void *arg)
{
    CHECK_INT(weft_lock_release(arg), 0);
}

WEFT_CORO(waits_for_a_callback)
{
    CHECK_INT(weft_lock_acquire(&lock), 0);
    CHECK_INT(weft_loop_call_soon(weft_get_running_loop(), releases, &lock, NULL), 0);
    CHECK_INT(weft_lock_acquire(&lock), 0);
    return weft_lock_release(&lock);
}

CASE(lock, a_callback_may_release)
{
    CHECK_INT(run(&waits_for_a_callback, NULL), 0);
}

static void *releases_outside(void *arg)
{
    releases(arg);
    return NULL;
}

WEFT_CORO(waits_for_a_thread)
{
    pthread_t thread;

    CHECK_INT(weft_lock_acquire(&lock), 0);
    CHECK_INT(pthread_create(&thread, NULL, releases_outside, &lock), 0);
    CHECK_INT(weft_lock_acquire(&lock), 0);
    pthread_join(thread, NULL);
    return weft_lock_release(&lock);
}

CASE(lock, another_thread_may_release)
{
    CHECK_INT(run(&waits_for_a_thread, NULL), 0);
}

/* ---- cancelled ---- */

WEFT_CORO(waits_a_while)
{
    weft_coro_t *coro = weft_coro(&waits_for_the_lock, NULL);

    CHECK_INT(weft_lock_acquire(&lock), 0);
    CHECK_INT(weft_wait_for(coro, WEFT_MS(2), NULL), -ETIMEDOUT);
    CHECK_INT(weft_lock_release(&lock), 0);
    CHECK(!weft_lock_locked(&lock));
    return 0;
}

CASE(lock, a_time_out_ends_the_wait)
{
    CHECK_INT(run(&waits_a_while, NULL), 0);
}

/* A cancel that is there before the task waits. */
WEFT_CORO(is_cancelled_and_acquires)
{
    CHECK(weft_cancel(weft_current_task()));
    CHECK_INT(weft_lock_acquire(&lock), 0); /* free: no wait, so no cancellation */
    CHECK_INT(weft_lock_acquire(&lock), -ECANCELED);
    CHECK(weft_lock_locked(&lock));
    return weft_lock_release(&lock);
}

CASE(lock, a_pending_cancel_ends_a_wait_at_once)
{
    CHECK_INT(run(&is_cancelled_and_acquires, NULL), 0);
    CHECK(!weft_lock_locked(&lock));
}

WEFT_CORO(takes_a_cancel_back)
{
    CHECK_INT(weft_lock_acquire(&lock), 0);
    weft_task_t *task = start(&waits_for_the_lock, NULL);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_uncancel(task), 0); /* too late: its wait was ended already */
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    return weft_lock_release(&lock);
}

CASE(lock, uncancel_after_the_wait_was_ended_comes_too_late)
{
    CHECK_INT(run_serial(&takes_a_cancel_back, NULL), 0);
}
