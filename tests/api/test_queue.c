/* SPDX-License-Identifier: MIT */
/* queue: what its header says beside asyncio's items (tests/asyncio/test_queues.c). */
#include <stdatomic.h>

#include "tests/support/workers.h"

TestSuite(queue, .timeout = 60);

enum { PUTTERS = 4, GETTERS = 4, ITEMS = 500 };

static weft_queue_t *queue;
static atomic_int seen[PUTTERS * ITEMS];

WEFT_CORO(puts_its_share)
{
    for (intptr_t i = 0; i < ITEMS; i++)
        CHECK_INT(weft_queue_put(queue, (void *)((intptr_t)arg * ITEMS + i)), 0);
    return 0;
}

WEFT_CORO(gets_to_the_end)
{
    void *got;
    int rc;

    while ((rc = weft_queue_get(queue, &got)) == 0) {
        atomic_fetch_add(&seen[(intptr_t)got], 1);
        CHECK_INT(weft_queue_task_done(queue), 0);
    }
    return rc;
}

WEFT_CORO(has_many_put_and_get)
{
    weft_task_t *getter[GETTERS], *putter[PUTTERS];

    for (int i = 0; i < GETTERS; i++)
        getter[i] = weft_create_task(weft_coro(&gets_to_the_end, NULL));
    for (intptr_t i = 0; i < PUTTERS; i++)
        putter[i] = weft_create_task(weft_coro(&puts_its_share, (void *)i));
    for (int i = 0; i < PUTTERS; i++)
        CHECK_INT(weft_join(putter[i], NULL), 0);
    CHECK_INT(weft_queue_join(queue), 0);
    weft_queue_shutdown(queue, false);
    for (int i = 0; i < GETTERS; i++)
        CHECK_INT(weft_join(getter[i], NULL), WEFT_EQUEUESHUTDOWN);
    return 0;
}

CASE(queue, each_item_is_got_once_on_all_workers)
{
    for (int i = 0; i < PUTTERS * ITEMS; i++)
        atomic_store(&seen[i], 0);
    CHECK_INT(weft_queue_create(&queue, 3), 0);
    CHECK_INT(run(&has_many_put_and_get, NULL), 0);
    weft_queue_unref(queue);
    for (int i = 0; i < PUTTERS * ITEMS; i++)
        CHECK_INT(atomic_load(&seen[i]), 1);
}

static int64_t tens(const void *item)
{
    return (intptr_t)item / 10;
}

Test(queue, equal_keys_keep_their_order)
{
    static const intptr_t puts[] = {31, 12, 33, 14, 25, 16, 37, 28, 19, 20},
                          gets[] = {12, 14, 16, 19, 25, 28, 20, 31, 33, 37};
    void *got;

    cr_assert_eq(weft_queue_create(&queue, 0, .key = tens), 0);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(weft_queue_put_nowait(queue, (void *)puts[i]), 0);
    for (int i = 0; i < 10; i++) {
        cr_assert_eq(weft_queue_get_nowait(queue, &got), 0);
        cr_assert_eq((intptr_t)got, gets[i]);
    }
    weft_queue_unref(queue);
}

Test(queue, grows_around_its_end)
{
    void *got;
    intptr_t put = 0, taken = 0;

    cr_assert_eq(weft_queue_create(&queue, 0), 0);
    for (int i = 0; i < 200; i++) {
        for (int k = 0; k < 3; k++)
            cr_assert_eq(weft_queue_put_nowait(queue, (void *)put++), 0);
        for (int k = 0; k < 2; k++) {
            cr_assert_eq(weft_queue_get_nowait(queue, &got), 0);
            cr_assert_eq((intptr_t)got, taken++);
        }
    }
    cr_assert_eq(weft_queue_qsize(queue), 200);
    weft_queue_unref(queue);
}

Test(queue, two_orders_at_once_are_refused)
{
    weft_queue_t *none = NULL;

    cr_assert_eq(weft_queue_create(&none, 0, .lifo = true, .key = tens), -EINVAL);
    cr_assert_null(none);
}

Test(queue, calls_that_wait_are_refused_outside_of_a_task)
{
    void *got;

    cr_assert_eq(weft_queue_create(&queue, 1), 0);
    cr_assert_eq(weft_queue_put(queue, NULL), -EPERM);
    cr_assert_eq(weft_queue_get(queue, &got), -EPERM);
    cr_assert_eq(weft_queue_join(queue), -EPERM);
    cr_assert(weft_queue_empty(queue));
    weft_queue_unref(queue);
}

static int destroyed;

static void count(void *item)
{
    destroyed += (int)(intptr_t)item;
}

Test(queue, the_last_reference_destroys_what_is_left)
{
    void *got;

    cr_assert_eq(weft_queue_create(&queue, 0, .destroy = count), 0);
    for (intptr_t i = 1; i <= 4; i *= 2)
        cr_assert_eq(weft_queue_put_nowait(queue, (void *)i), 0);
    cr_assert_eq(weft_queue_get_nowait(queue, &got), 0);
    cr_assert_eq(weft_queue_ref(queue), queue);
    weft_queue_unref(queue);
    cr_expect_eq(destroyed, 0);
    weft_queue_unref(queue);
    cr_expect_eq(destroyed, 6);
}

static void *puts_outside(void *arg)
{
    CHECK_INT(weft_queue_put_nowait(queue, arg), 0);
    return NULL;
}

WEFT_CORO(gets_from_a_thread)
{
    pthread_t thread;
    void *got = NULL;

    CHECK_INT(pthread_create(&thread, NULL, puts_outside, &queue), 0);
    CHECK_INT(weft_join(weft_create_task(weft_queue_get_coro(queue)), &got), 0);
    CHECK(got == &queue);
    pthread_join(thread, NULL);
    return 0;
}

CASE(queue, another_thread_may_put)
{
    CHECK_INT(weft_queue_create(&queue, 1), 0);
    CHECK_INT(run(&gets_from_a_thread, NULL), 0);
    weft_queue_unref(queue);
}
