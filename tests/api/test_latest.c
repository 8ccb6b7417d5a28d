/* SPDX-License-Identifier: MIT */
/* latest: what its header says. */
#include "tests/support/serial.h"

TestSuite(latest, .timeout = 60);

enum { VALUES = 300, WATCHERS = 4 };

static weft_latest_t *latest;

static void make(int value)
{
    CHECK_INT(weft_latest_create(&latest, sizeof(int), &value), 0);
}

static void send_value(int value)
{
    CHECK_INT(weft_latest_send(latest, &value), 0);
}

Test(latest, the_newest_value_is_copied_out_with_its_number)
{
    int got;

    make(10);
    cr_assert_eq(weft_latest_get(latest, &got), 1);
    cr_assert_eq(got, 10);
    send_value(11);
    send_value(12);
    cr_assert_eq(weft_latest_get(latest, &got), 3);
    cr_assert_eq(got, 12);
    cr_assert_eq(weft_latest_ref(latest), latest);
    weft_latest_unref(latest);
    weft_latest_unref(latest);
}

Test(latest, a_value_without_size_is_refused)
{
    weft_latest_t *none = NULL;

    cr_assert_eq(weft_latest_create(&none, 0, ""), -EINVAL);
    cr_assert_eq(weft_latest_create(&none, SIZE_MAX, ""), -ENOMEM);
    cr_assert_null(none);
}

Test(latest, changed_is_refused_outside_of_a_task)
{
    uint64_t seen = 0;
    int got;

    make(1);
    cr_assert_eq(weft_latest_changed(latest, &seen, &got), -EPERM);
    weft_latest_unref(latest);
}

WEFT_CORO(looks)
{
    uint64_t seen = 0;
    int got = 0;

    (void)arg;
    CHECK_INT(weft_latest_changed(latest, &seen, &got), 0);
    CHECK(got == 1 && seen == 1);
    send_value(2);
    send_value(3);
    CHECK_INT(weft_latest_changed(latest, &seen, &got), 0);
    CHECK(got == 3 && seen == 3);
    send_value(4);
    weft_latest_close(latest);
    weft_latest_close(latest);
    CHECK_INT(weft_latest_send(latest, &(int){5}), -EPIPE);
    CHECK_INT(weft_latest_changed(latest, &seen, &got), 0);
    CHECK(got == 4 && seen == 4);
    CHECK_INT(weft_latest_changed(latest, &seen, &got), -EPIPE);
    CHECK(got == 4 && seen == 4);
    CHECK_INT(weft_latest_get(latest, &got), 4);
    return 0;
}

CASE(latest, only_the_newest_is_seen_and_the_last_one_also_after_close)
{
    make(1);
    CHECK_INT(run(&looks, NULL), 0);
    weft_latest_unref(latest);
}

WEFT_CORO(watches_to_the_end)
{
    uint64_t seen = 0, before = 0;
    int got = -1, last = -1, rc;

    (void)arg;
    while ((rc = weft_latest_changed(latest, &seen, &got)) == 0) {
        CHECK(got > last && seen > before);
        last = got;
        before = seen;
    }
    CHECK_INT(got, VALUES);
    return rc;
}

static void *sends_outside(void *arg)
{
    (void)arg;
    for (int i = 1; i <= VALUES; i++)
        send_value(i);
    weft_latest_close(latest);
    return NULL;
}

WEFT_CORO(has_many_watchers)
{
    weft_task_t *watcher[WATCHERS];
    pthread_t thread;

    for (int i = 0; i < WATCHERS; i++)
        watcher[i] = weft_create_task(weft_coro(&watches_to_the_end, NULL));
    CHECK_INT(pthread_create(&thread, NULL, sends_outside, NULL), 0);
    for (int i = 0; i < WATCHERS; i++)
        CHECK_INT(weft_join(watcher[i], NULL), -EPIPE);
    pthread_join(thread, NULL);
    return 0;
}

CASE(latest, all_who_watch_see_the_last_value)
{
    make(0);
    CHECK_INT(run(&has_many_watchers, NULL), 0);
    weft_latest_unref(latest);
}

static uint64_t one_seen;

WEFT_CORO(watches_once)
{
    int got = 7, rc = weft_latest_changed(latest, &one_seen, &got);

    CHECK(rc == 0 || got == 7);
    return rc;
}

WEFT_CORO(sends_to_who_watches)
{
    weft_task_t *task;

    one_seen = 1;
    task = start(&watches_once, NULL);
    CHECK(!weft_done(task));
    send_value(2);
    turn();
    CHECK(weft_done(task) || !weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), 0);
    return 0;
}

CASE(latest, a_send_wakes_who_watches)
{
    make(1);
    CHECK_INT(run_serial(&sends_to_who_watches, NULL), 0);
    weft_latest_unref(latest);
}

WEFT_CORO(cancels_watchers)
{
    weft_task_t *waits, *woken;

    one_seen = 1;
    waits = start(&watches_once, NULL);
    CHECK(weft_cancel(waits));
    CHECK_INT(weft_join(waits, NULL), -ECANCELED);
    woken = start(&watches_once, NULL);
    send_value(2);
    CHECK(weft_cancel(woken));
    CHECK_INT(weft_join(woken, NULL), -ECANCELED);
    CHECK_INT(one_seen, 1);
    CHECK_INT(weft_join(start(&watches_once, NULL), NULL), 0);
    CHECK_INT(one_seen, 2);
    return 0;
}

CASE(latest, a_cancelled_wait_has_seen_nothing)
{
    make(1);
    CHECK_INT(run_serial(&cancels_watchers, NULL), 0);
    weft_latest_unref(latest);
}
