/* SPDX-License-Identifier: MIT */
/* channel: what its header says. */
#include <stdatomic.h>
#include <string.h>

#include "tests/support/serial.h"

TestSuite(channel, .timeout = 60);

enum { SENDERS = 4, RECEIVERS = 4, VALUES = 300 };

static weft_channel_t *channel;
static const size_t capacities[] = {0, 1, 3, WEFT_UNBOUNDED};

static void make(size_t capacity)
{
    CHECK_INT(weft_channel_create(&channel, capacity, sizeof(int)), 0);
}

/* ---- many on both sides ---- */

static atomic_int seen[SENDERS * VALUES];

WEFT_CORO(sends_its_share)
{
    for (int i = 0; i < VALUES; i++)
        CHECK_INT(weft_channel_send(channel, &(int){(int)(intptr_t)arg * VALUES + i}), 0);
    return 0;
}

/* The values of one sender arrive in the order in which they were sent, at one receiver. */
WEFT_CORO(receives_to_the_end)
{
    int got, rc, last[SENDERS] = {-1, -1, -1, -1};

    while ((rc = weft_channel_recv(channel, &got)) == 0) {
        atomic_fetch_add(&seen[got], 1);
        CHECK(got % VALUES > last[got / VALUES]);
        last[got / VALUES] = got % VALUES;
    }
    return rc;
}

WEFT_CORO(has_many_send_and_receive)
{
    weft_task_t *receiver[RECEIVERS], *sender[SENDERS];

    for (int i = 0; i < RECEIVERS; i++)
        receiver[i] = weft_create_task(weft_coro(&receives_to_the_end, NULL));
    for (intptr_t i = 0; i < SENDERS; i++)
        sender[i] = weft_create_task(weft_coro(&sends_its_share, (void *)i));
    for (int i = 0; i < SENDERS; i++)
        CHECK_INT(weft_join(sender[i], NULL), 0);
    weft_channel_close(channel);
    for (int i = 0; i < RECEIVERS; i++)
        CHECK_INT(weft_join(receiver[i], NULL), -EPIPE);
    return 0;
}

CASE(channel, each_value_is_received_once_on_all_workers)
{
    for (size_t c = 0; c < sizeof capacities / sizeof *capacities; c++) {
        for (int i = 0; i < SENDERS * VALUES; i++)
            atomic_store(&seen[i], 0);
        make(capacities[c]);
        CHECK_INT(run(&has_many_send_and_receive, NULL), 0);
        weft_channel_unref(channel);
        for (int i = 0; i < SENDERS * VALUES; i++)
            CHECK_INT(atomic_load(&seen[i]), 1);
    }
}

/* ---- without waiting ---- */

Test(channel, holds_as_many_as_its_capacity)
{
    int got;

    make(2);
    cr_assert_eq(weft_channel_try_recv(channel, &got), -EAGAIN);
    cr_assert_eq(weft_channel_try_send(channel, &(int){1}), 0);
    cr_assert_eq(weft_channel_try_send(channel, &(int){2}), 0);
    cr_assert_eq(weft_channel_try_send(channel, &(int){3}), -EAGAIN);
    cr_assert_eq(weft_channel_count(channel), 2);
    for (int i = 1; i <= 2; i++) {
        cr_assert_eq(weft_channel_try_recv(channel, &got), 0);
        cr_assert_eq(got, i);
    }
    cr_assert_eq(weft_channel_count(channel), 0);
    weft_channel_unref(channel);
}

Test(channel, without_bound_grows_around_its_end)
{
    int got, sent = 0, received = 0;

    make(WEFT_UNBOUNDED);
    for (int i = 0; i < 200; i++) {
        for (int k = 0; k < 3; k++)
            cr_assert_eq(weft_channel_try_send(channel, &(int){sent++}), 0);
        for (int k = 0; k < 2; k++) {
            cr_assert_eq(weft_channel_try_recv(channel, &got), 0);
            cr_assert_eq(got, received++);
        }
    }
    cr_assert_eq(weft_channel_count(channel), 200);
    weft_channel_unref(channel);
}

Test(channel, without_capacity_needs_somebody_who_waits)
{
    int got;

    make(0);
    cr_assert_eq(weft_channel_try_send(channel, &(int){1}), -EAGAIN);
    cr_assert_eq(weft_channel_try_recv(channel, &got), -EAGAIN);
    weft_channel_unref(channel);
}

Test(channel, values_of_any_size_stay_whole)
{
    char got[100], value[100];

    cr_assert_eq(weft_channel_create(&channel, 3, sizeof value), 0);
    for (int i = 0; i < 10; i++) {
        memset(value, i, sizeof value);
        cr_assert_eq(weft_channel_try_send(channel, value), 0);
        cr_assert_eq(weft_channel_try_recv(channel, got), 0);
        cr_assert_eq(memcmp(got, value, sizeof got), 0);
    }
    weft_channel_unref(channel);
}

Test(channel, wrong_sizes_are_refused)
{
    weft_channel_t *none = NULL;

    cr_assert_eq(weft_channel_create(&none, 1, 0), -EINVAL);
    cr_assert_eq(weft_channel_create(&none, SIZE_MAX / 2, 8), -ENOMEM);
    cr_assert_null(none);
}

Test(channel, calls_that_wait_are_refused_outside_of_a_task)
{
    int got;

    make(1);
    cr_assert_eq(weft_channel_send(channel, &(int){1}), -EPERM);
    cr_assert_eq(weft_channel_recv(channel, &got), -EPERM);
    cr_assert_eq(weft_channel_count(channel), 0);
    weft_channel_unref(channel);
}

static int destroyed;

static void count(void *value)
{
    destroyed += *(int *)value;
}

Test(channel, the_last_reference_destroys_what_is_left)
{
    int got;

    cr_assert_eq(weft_channel_create(&channel, 3, sizeof(int), .destroy = count), 0);
    for (int i = 1; i <= 4; i *= 2)
        cr_assert_eq(weft_channel_try_send(channel, &i), 0);
    cr_assert_eq(weft_channel_try_recv(channel, &got), 0);
    cr_assert_eq(weft_channel_ref(channel), channel);
    weft_channel_unref(channel);
    cr_expect_eq(destroyed, 0);
    weft_channel_unref(channel);
    cr_expect_eq(destroyed, 6);
}

/* ---- waiting, in turns ---- */

struct visit {
    int value, rc;
};

WEFT_CORO(sends)
{
    struct visit *visit = arg;

    return visit->rc = weft_channel_send(channel, &visit->value);
}

WEFT_CORO(receives)
{
    struct visit *visit = arg;

    return visit->rc = weft_channel_recv(channel, &visit->value);
}

static void end(weft_task_t *task, int rc)
{
    CHECK_INT(weft_join(task, NULL), rc);
}

WEFT_CORO(has_receivers_wait)
{
    struct visit visit[3] = {{0}};
    weft_task_t *task[3];

    for (int i = 0; i < 3; i++)
        task[i] = start(&receives, &visit[i]);
    for (int i = 0; i < 3; i++)
        CHECK_INT(weft_channel_try_send(channel, &(int){i}), 0);
    CHECK_INT(weft_channel_count(channel), 0);
    for (int i = 0; i < 3; i++) {
        end(task[i], 0);
        CHECK_INT(visit[i].value, i);
    }
    return 0;
}

CASE(channel, who_waits_to_receive_is_served_in_order)
{
    for (size_t c = 0; c < sizeof capacities / sizeof *capacities; c++) {
        make(capacities[c]);
        CHECK_INT(run_serial(&has_receivers_wait, NULL), 0);
        weft_channel_unref(channel);
    }
}

WEFT_CORO(has_senders_wait)
{
    int capacity = (int)(intptr_t)arg, got;
    struct visit visit[3] = {{2, 1}, {3, 1}, {4, 1}};
    weft_task_t *task[3];

    for (int i = 2 - capacity; i < 2; i++)
        CHECK_INT(weft_channel_send(channel, &i), 0);
    for (int i = 0; i < 3; i++)
        task[i] = start(&sends, &visit[i]);
    for (int i = 2 - capacity; i < 5 - capacity; i++) {
        CHECK_INT(weft_channel_try_send(channel, &(int){9}), -EAGAIN);
        CHECK_INT(weft_channel_try_recv(channel, &got), 0);
        CHECK_INT(got, i);
        turn();
        for (int k = 0; k < 3; k++) /* each receive lets one in */
            CHECK_INT(weft_done(task[k]), k <= i - 2 + capacity);
    }
    for (int i = 5 - capacity; i < 5; i++) {
        CHECK_INT(weft_channel_try_recv(channel, &got), 0);
        CHECK_INT(got, i);
    }
    for (int i = 0; i < 3; i++)
        end(task[i], 0);
    CHECK_INT(weft_channel_try_recv(channel, &got), -EAGAIN);
    return 0;
}

CASE(channel, who_waits_to_send_is_served_in_order_and_not_overtaken)
{
    for (intptr_t capacity = 0; capacity <= 2; capacity++) {
        make((size_t)capacity);
        CHECK_INT(run_serial(&has_senders_wait, (void *)capacity), 0);
        weft_channel_unref(channel);
    }
}

WEFT_CORO(closes_over_senders)
{
    struct visit late = {5, 0};
    int got;

    CHECK_INT(weft_channel_send(channel, &(int){1}), 0);
    weft_task_t *task = start(&sends, &late);
    weft_channel_close(channel);
    weft_channel_close(channel);
    CHECK(weft_channel_is_closed(channel));
    end(task, -EPIPE);
    CHECK_INT(weft_channel_send(channel, &(int){2}), -EPIPE);
    CHECK_INT(weft_channel_recv(channel, &got), 0);
    CHECK_INT(got, 1);
    CHECK_INT(weft_channel_recv(channel, &got), -EPIPE);
    CHECK_INT(weft_channel_try_recv(channel, &got), -EPIPE);
    return 0;
}

CASE(channel, close_ends_senders_at_once_and_receivers_after_the_last_value)
{
    make(1);
    CHECK(!weft_channel_is_closed(channel));
    CHECK_INT(run_serial(&closes_over_senders, NULL), 0);
    weft_channel_unref(channel);
}

WEFT_CORO(closes_over_receivers)
{
    struct visit visit[2] = {{7, 0}, {7, 0}};
    weft_task_t *task[] = {start(&receives, &visit[0]), start(&receives, &visit[1])};

    weft_channel_close(channel);
    for (int i = 0; i < 2; i++) {
        end(task[i], -EPIPE);
        CHECK_INT(visit[i].value, 7);
    }
    return 0;
}

CASE(channel, close_wakes_all_who_wait_to_receive)
{
    make(0);
    CHECK_INT(run_serial(&closes_over_receivers, NULL), 0);
    weft_channel_unref(channel);
}

/* ---- cancelled ---- */

WEFT_CORO(cancels_a_receiver)
{
    struct visit first = {7, 0}, second = {0, 1};
    weft_task_t *task[] = {start(&receives, &first), start(&receives, &second)};
    int got;

    CHECK(weft_cancel(task[0]));
    CHECK_INT(weft_channel_send(channel, &(int){1}), 0);
    end(task[0], -ECANCELED);
    end(task[1], 0);
    CHECK(first.rc == -ECANCELED && first.value == 7 && second.value == 1);
    CHECK_INT(weft_channel_try_recv(channel, &got), -EAGAIN);
    return 0;
}

CASE(channel, a_cancelled_recv_has_taken_nothing)
{
    make(1);
    CHECK_INT(run_serial(&cancels_a_receiver, NULL), 0);
    weft_channel_unref(channel);
}

WEFT_CORO(cancels_a_sender)
{
    struct visit first = {1, 0}, second = {2, 1};
    weft_task_t *task[] = {start(&sends, &first), start(&sends, &second)};
    int got;

    CHECK(weft_cancel(task[0]));
    CHECK_INT(weft_channel_recv(channel, &got), 0);
    CHECK_INT(got, 2);
    end(task[0], -ECANCELED);
    end(task[1], 0);
    CHECK_INT(first.rc, -ECANCELED);
    CHECK_INT(weft_channel_try_recv(channel, &got), -EAGAIN);
    return 0;
}

CASE(channel, a_cancelled_send_has_sent_nothing)
{
    make(0);
    CHECK_INT(run_serial(&cancels_a_sender, NULL), 0);
    weft_channel_unref(channel);
}

WEFT_CORO(receives_and_is_cancelled)
{
    int got;

    CHECK_INT(weft_channel_recv(channel, &got), 0);
    CHECK_INT(got, 1);
    CHECK_INT(weft_sleep(0), -ECANCELED);
    return 0;
}

WEFT_CORO(cancels_after_the_value_changed_hands)
{
    weft_task_t *task = start(&receives_and_is_cancelled, NULL);

    CHECK_INT(weft_channel_try_send(channel, &(int){1}), 0);
    CHECK(weft_cancel(task));
    end(task, 0);
    return 0;
}

CASE(channel, a_cancel_after_the_value_changed_hands_strikes_at_the_next_wait)
{
    make(0);
    CHECK_INT(run_serial(&cancels_after_the_value_changed_hands, NULL), 0);
    weft_channel_unref(channel);
}

/* ---- other threads ---- */

static void *sends_outside(void *arg)
{
    (void)arg;
    for (int i = 0; i < VALUES; i++)
        CHECK_INT(weft_channel_try_send(channel, &i), 0);
    weft_channel_close(channel);
    return NULL;
}

WEFT_CORO(receives_from_a_thread)
{
    pthread_t thread;
    int got, next = 0;

    CHECK_INT(pthread_create(&thread, NULL, sends_outside, NULL), 0);
    while (weft_channel_recv(channel, &got) == 0)
        CHECK_INT(got, next++);
    CHECK_INT(next, VALUES);
    pthread_join(thread, NULL);
    return 0;
}

CASE(channel, another_thread_may_send_and_close)
{
    make(WEFT_UNBOUNDED);
    CHECK_INT(run(&receives_from_a_thread, NULL), 0);
    weft_channel_unref(channel);
}

static void *receives_outside(void *arg)
{
    int got, next = 0, rc;

    (void)arg;
    while ((rc = weft_channel_try_recv(channel, &got)) != -EPIPE) {
        if (rc == 0)
            CHECK_INT(got, next++);
        else
            sched_yield();
    }
    CHECK_INT(next, VALUES);
    return NULL;
}

WEFT_CORO(sends_to_a_thread)
{
    pthread_t thread;

    CHECK_INT(pthread_create(&thread, NULL, receives_outside, NULL), 0);
    for (int i = 0; i < VALUES; i++)
        CHECK_INT(weft_channel_send(channel, &i), 0);
    weft_channel_close(channel);
    pthread_join(thread, NULL);
    return 0;
}

CASE(channel, another_thread_may_receive)
{
    make(2);
    CHECK_INT(run(&sends_to_a_thread, NULL), 0);
    weft_channel_unref(channel);
}
