/* SPDX-License-Identifier: MIT */
/* broadcast: what its header says. */
#include "tests/support/serial.h"

TestSuite(broadcast, .timeout = 60);

enum { CAPACITY = 4, VALUES = 300, READERS = 4 };

static weft_broadcast_t *broadcast;

static void make(size_t capacity)
{
    CHECK_INT(weft_broadcast_create(&broadcast, capacity, sizeof(int)), 0);
}

static weft_subscription_t *subscribe(void)
{
    weft_subscription_t *subscription = NULL;

    CHECK_INT(weft_subscription_create(&subscription, broadcast), 0);
    return subscription;
}

static void send_up_to(int from, int end)
{
    for (int i = from; i < end; i++)
        CHECK_INT(weft_broadcast_send(broadcast, &i), 0);
}

static void expect(weft_subscription_t *subscription, int from, int end)
{
    int got = -1;

    for (int i = from; i < end; i++) {
        CHECK_INT(weft_subscription_try_recv(subscription, &got), 0);
        CHECK_INT(got, i);
    }
}

CASE_ORDERED(broadcast, each_subscriber_gets_each_value_sent_after_it_came)
{
    int got;

    make(CAPACITY);
    send_up_to(0, 2);
    weft_subscription_t *early = subscribe();
    send_up_to(2, 4);
    weft_subscription_t *late = subscribe();
    send_up_to(4, 6);
    expect(early, 2, 6);
    expect(late, 4, 6);
    CHECK_INT(weft_subscription_try_recv(early, &got), -EAGAIN);
    CHECK_INT(weft_subscription_try_recv(late, &got), -EAGAIN);
    weft_subscription_free(early);
    weft_subscription_free(late);
    weft_broadcast_unref(broadcast);
}

CASE_ORDERED(broadcast, who_is_too_slow_is_told_once_and_goes_on_with_the_oldest)
{
    weft_subscription_t *slow;
    int got = -1;

    make(CAPACITY);
    slow = subscribe();
    send_up_to(0, CAPACITY + 3);
    CHECK_INT(weft_subscription_try_recv(slow, &got), -EOVERFLOW);
    CHECK_INT(weft_subscription_lost(slow), 3);
    CHECK_INT(got, -1);
    expect(slow, 3, CAPACITY + 3);
    send_up_to(0, CAPACITY);
    expect(slow, 0, CAPACITY);
    weft_subscription_free(slow);
    weft_broadcast_unref(broadcast);
}

CASE_ORDERED(broadcast, after_close_the_rest_is_received_and_nothing_sent)
{
    weft_subscription_t *early, *late;
    int got;

    make(CAPACITY);
    early = subscribe();
    send_up_to(0, 2);
    weft_broadcast_close(broadcast);
    weft_broadcast_close(broadcast);
    late = subscribe();
    CHECK_INT(weft_broadcast_send(broadcast, &(int){2}), -EPIPE);
    expect(early, 0, 2);
    CHECK_INT(weft_subscription_try_recv(early, &got), -EPIPE);
    CHECK_INT(weft_subscription_try_recv(late, &got), -EPIPE);
    weft_subscription_free(early);
    weft_subscription_free(late);
    weft_broadcast_unref(broadcast);
}

Test(broadcast, of_nothing_is_refused)
{
    weft_broadcast_t *none = NULL;

    cr_assert_eq(weft_broadcast_create(&none, 0, 4), -EINVAL);
    cr_assert_eq(weft_broadcast_create(&none, 4, 0), -EINVAL);
    cr_assert_null(none);
}

Test(broadcast, recv_is_refused_outside_of_a_task)
{
    weft_subscription_t *subscription;
    int got;

    cr_assert_eq(weft_broadcast_create(&broadcast, 1, sizeof(int)), 0);
    cr_assert_eq(weft_subscription_create(&subscription, broadcast), 0);
    weft_broadcast_unref(broadcast); /* the subscription has one of its own */
    cr_assert_eq(weft_subscription_recv(subscription, &got), -EPERM);
    weft_subscription_free(subscription);
}

/* ---- waiting ---- */

WEFT_CORO(reads_all)
{
    weft_subscription_t *mine = arg;
    int got, next = 0, rc;

    while ((rc = weft_subscription_recv(mine, &got)) != -EPIPE) {
        if (rc == -EOVERFLOW) {
            CHECK(weft_subscription_lost(mine) > 0);
            next += (int)weft_subscription_lost(mine);
        } else {
            CHECK_INT(rc, 0);
            CHECK_INT(got, next++);
        }
    }
    CHECK_INT(next, VALUES);
    weft_subscription_free(mine);
    return 0;
}

static void *sends_outside(void *arg)
{
    (void)arg;
    send_up_to(0, VALUES);
    weft_broadcast_close(broadcast);
    return NULL;
}

WEFT_CORO(has_many_readers)
{
    weft_task_t *reader[READERS];
    pthread_t thread;

    for (int i = 0; i < READERS; i++)
        reader[i] = weft_create_task(weft_coro(&reads_all, subscribe()));
    CHECK_INT(pthread_create(&thread, NULL, sends_outside, NULL), 0);
    for (int i = 0; i < READERS; i++)
        CHECK_INT(weft_join(reader[i], NULL), 0);
    pthread_join(thread, NULL);
    return 0;
}

CASE(broadcast, what_another_thread_sends_all_receive_or_are_told)
{
    for (size_t capacity = 1; capacity <= VALUES; capacity *= 10) {
        make(capacity);
        CHECK_INT(run(&has_many_readers, NULL), 0);
        weft_broadcast_unref(broadcast);
    }
}

WEFT_CORO(receives_one)
{
    int got = -1, rc = weft_subscription_recv(arg, &got);

    CHECK(rc < 0 || got == 1);
    return rc;
}

WEFT_CORO(cancels_readers)
{
    weft_subscription_t *mine = subscribe();
    weft_task_t *waits = start(&receives_one, mine), *woken;

    CHECK(weft_cancel(waits));
    CHECK_INT(weft_join(waits, NULL), -ECANCELED);
    woken = start(&receives_one, mine);
    send_up_to(1, 2);
    CHECK(weft_cancel(woken));
    CHECK_INT(weft_join(woken, NULL), -ECANCELED);
    expect(mine, 1, 2);
    weft_subscription_free(mine);
    return 0;
}

CASE(broadcast, a_cancelled_recv_has_taken_nothing)
{
    make(1);
    CHECK_INT(run_serial(&cancels_readers, NULL), 0);
    weft_broadcast_unref(broadcast);
}
