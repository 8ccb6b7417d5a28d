/* SPDX-License-Identifier: MIT */
/* semaphore: what its header says beside asyncio's items (tests/asyncio/test_locks.c). */
#include "tests/support/serial.h"

TestSuite(semaphore, .timeout = 60);

enum { TASKS = 8, ROUNDS = 100, PERMITS = 3 };

static weft_semaphore_t semaphore = WEFT_BOUNDED_SEMAPHORE_INIT(PERMITS);
static _Atomic(int) inside;

/* ---- never more than there are permits ---- */

WEFT_CORO(goes_in_and_out)
{
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_INT(weft_semaphore_acquire(&semaphore), 0);
        CHECK(inside++ < PERMITS);
        if (i % 4 == 0)
            CHECK_INT(weft_sleep(0), 0);
        CHECK(inside-- > 0);
        CHECK_INT(weft_semaphore_release(&semaphore), 0);
    }
    return 0;
}

WEFT_CORO(has_many_go_in)
{
    weft_task_t *task[TASKS];

    for (int i = 0; i < TASKS; i++)
        task[i] = weft_create_task(weft_coro(&goes_in_and_out, NULL));
    for (int i = 0; i < TASKS; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

CASE(semaphore, lets_as_many_in_as_there_are_permits)
{
    CHECK_INT(run(&has_many_go_in, NULL), 0);
    CHECK_INT(weft_semaphore_release(&semaphore), -EINVAL); /* all are back */
}

/* ---- without waiting ---- */

CASE(semaphore, acquire_outside_of_a_task_is_refused)
{
    CHECK_INT(weft_semaphore_acquire(&semaphore), -EPERM);
    CHECK_INT(weft_semaphore_release(&semaphore), -EINVAL);
}

static weft_semaphore_t none; /* all zeros */

WEFT_CORO(takes)
{
    return weft_semaphore_acquire(&none);
}

WEFT_CORO(tries_after_a_release)
{
    weft_task_t *task = start(&takes, NULL);

    CHECK_INT(weft_semaphore_release(&none), 0);
    CHECK(!weft_semaphore_try_acquire(&none)); /* it is the waiter's */
    CHECK_INT(weft_join(task, NULL), 0);
    CHECK(!weft_semaphore_try_acquire(&none));
    return 0;
}

CASE(semaphore, try_acquire_overtakes_nobody)
{
    CHECK_INT(run_serial(&tries_after_a_release, NULL), 0);
}

/* A waiter that left is no reason to wait. */
WEFT_CORO(acquires_after_a_cancel)
{
    weft_task_t *task = start(&takes, NULL);

    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    for (int i = 0; i < 2; i++)
        CHECK_INT(weft_semaphore_release(&none), 0);
    for (int i = 0; i < 2; i++)
        CHECK(weft_semaphore_try_acquire(&none));
    CHECK(weft_semaphore_locked(&none));
    return 0;
}

CASE(semaphore, a_waiter_that_was_cancelled_takes_nothing)
{
    CHECK_INT(run_serial(&acquires_after_a_cancel, NULL), 0);
}

/* ---- from elsewhere ---- */

static void *releases_outside(void *arg)
{
    for (int i = 0; i < PERMITS; i++)
        CHECK_INT(weft_semaphore_release(arg), 0);
    return NULL;
}

WEFT_CORO(waits_for_a_thread)
{
    pthread_t thread;

    CHECK_INT(pthread_create(&thread, NULL, releases_outside, &none), 0);
    for (int i = 0; i < PERMITS; i++)
        CHECK_INT(weft_semaphore_acquire(&none), 0);
    pthread_join(thread, NULL);
    CHECK(weft_semaphore_locked(&none));
    return 0;
}

CASE(semaphore, another_thread_may_release)
{
    CHECK_INT(run(&waits_for_a_thread, NULL), 0);
}
