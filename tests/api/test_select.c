/* SPDX-License-Identifier: MIT */
/* select: what its header says. */
#include <stdatomic.h>

#include "tests/support/serial.h"

TestSuite(select, .timeout = 60);

enum { BOTH_SIDES = 4, VALUES = 200 };

static weft_channel_t *a, *b;

static void make(size_t capacity)
{
    CHECK_INT(weft_channel_create(&a, capacity, sizeof(int)), 0);
    CHECK_INT(weft_channel_create(&b, capacity, sizeof(int)), 0);
}

static void drop(void)
{
    weft_channel_unref(a);
    weft_channel_unref(b);
}

static void expect_empty(weft_channel_t *channel)
{
    int got;

    CHECK_INT(weft_channel_try_recv(channel, &got), -EAGAIN);
}

static int select_two(int *x, int *y, weft_ns_t timeout)
{
    weft_select_t branches[] = {WEFT_SELECT_RECV(a, x), WEFT_SELECT_RECV(b, y)};
    int which = weft_select(branches, 2, timeout);

    CHECK(which < 0 || branches[which].rc == 0);
    return which;
}

/* ---- what can happen at once ---- */

WEFT_CORO(takes_what_is_there)
{
    int x = 0, y = 0;

    CHECK_INT(select_two(&x, &y, 0), -ETIMEDOUT);
    CHECK_INT(weft_channel_send(b, &(int){5}), 0);
    CHECK_INT(select_two(&x, &y, WEFT_NONE), 1);
    CHECK(x == 0 && y == 5);
    expect_empty(b);
    return 0;
}

CASE(select, what_can_happen_at_once_does)
{
    make(1);
    CHECK_INT(run(&takes_what_is_there, NULL), 0);
    drop();
}

WEFT_CORO(chooses_often)
{
    weft_future_t *done = weft_create_future(NULL);
    int x, times[3] = {0};

    CHECK_INT(weft_set_result(done, NULL), 0);
    for (int i = 0; i < 300; i++) {
        weft_select_t branches[] = {WEFT_SELECT_RECV(a, &x), WEFT_SELECT_SEND(b, &i),
                                    WEFT_SELECT_DONE(done)};
        CHECK(weft_channel_try_send(a, &i) != -EPIPE); /* full or not: there is one now */
        CHECK(weft_channel_try_recv(b, &x) != -EPIPE);
        int which = weft_select(branches, 3, WEFT_NONE);
        if (CHECK(which >= 0 && branches[which].rc == 0))
            times[which]++;
    }
    for (int i = 0; i < 3; i++)
        CHECK(times[i] > 30);
    weft_unref(done);
    return 0;
}

CASE(select, no_branch_starves)
{
    make(1);
    CHECK_INT(run(&chooses_often, NULL), 0);
    drop();
}

WEFT_CORO(selects_from_nothing)
{
    int x;
    weft_select_t none[] = {WEFT_SELECT_RECV(NULL, &x), WEFT_SELECT_DONE(NULL)};

    CHECK_INT(weft_select(none, 2, 0), -ETIMEDOUT);
    CHECK_INT(weft_select(none, 2, WEFT_US(10)), -ETIMEDOUT);
    CHECK_INT(weft_select(NULL, 0, WEFT_US(10)), -ETIMEDOUT);
    return 0;
}

CASE(select, what_is_null_never_happens)
{
    CHECK_INT(run(&selects_from_nothing, NULL), 0);
}

WEFT_CORO(nothing)
{
    return 0;
}

WEFT_CORO(is_refused)
{
    weft_coro_t *coro = weft_coro(&nothing, NULL);
    weft_select_t branches[] = {WEFT_SELECT_DONE(coro)};

    CHECK_INT(weft_select(branches, 1, 0), -EPROTOTYPE);
    CHECK_INT(weft_select(branches, (size_t)INT32_MAX + 1, 0), -EINVAL);
    return weft_await(coro, NULL);
}

CASE(select, what_is_wrong_is_refused)
{
    weft_select_t branches[] = {WEFT_SELECT_DONE(NULL)};

    CHECK_INT(weft_select(branches, 1, 0), -EPERM);
    CHECK_INT(run(&is_refused, NULL), 0);
}

/* ---- waiting, in turns ---- */

static weft_future_t *future;
static int chosen, outcome, received;

/* Receives from a, sends 7 to b, or waits for the future. */
WEFT_CORO(selects)
{
    int seven = 7;
    weft_select_t branches[] = {WEFT_SELECT_RECV(a, &received), WEFT_SELECT_SEND(b, &seven),
                                WEFT_SELECT_DONE(future), WEFT_SELECT_DONE(future)};

    outcome = received = 1;
    chosen = weft_select(branches, 4, WEFT_S(3600));
    if (chosen >= 0)
        outcome = branches[chosen].rc;
    return chosen < 0 ? chosen : 0;
}

static weft_task_t *waits(void)
{
    weft_task_t *task = start(&selects, NULL);

    CHECK(!weft_done(task));
    return task;
}

/* Nothing of the others is left. */
static void expect_chosen(weft_task_t *task, int which, int rc)
{
    int got;

    CHECK_INT(weft_join(task, NULL), 0);
    CHECK_INT(chosen, which);
    CHECK_INT(outcome, rc);
    if (!weft_channel_is_closed(a))
        CHECK_INT(weft_channel_try_send(a, &(int){1}), -EAGAIN);
    if (!weft_channel_is_closed(b))
        CHECK_INT(weft_channel_try_recv(b, &got), -EAGAIN);
}

WEFT_CORO(is_woken_by_each)
{
    int got = 0;
    weft_task_t *task;

    future = weft_create_future(NULL);
    task = waits();
    CHECK_INT(weft_channel_try_send(a, &(int){3}), 0);
    expect_chosen(task, 0, 0);
    CHECK_INT(received, 3);
    task = waits();
    CHECK_INT(weft_channel_try_recv(b, &got), 0);
    CHECK_INT(got, 7);
    expect_chosen(task, 1, 0);
    task = waits();
    CHECK_INT(weft_set_result(future, NULL), 0);
    CHECK_INT(weft_join(task, NULL), 0);
    CHECK(chosen >= 2 && outcome == 0);
    weft_unref(future);
    return 0;
}

CASE(select, each_kind_of_branch_wakes_it)
{
    make(0);
    CHECK_INT(run_serial(&is_woken_by_each, NULL), 0);
    drop();
}

WEFT_CORO(has_two_happen_at_once)
{
    int got = 0;
    weft_task_t *task;

    future = weft_create_future(NULL);
    task = waits();
    CHECK_INT(weft_channel_try_recv(b, &got), 0);
    CHECK_INT(weft_channel_try_send(a, &(int){3}), -EAGAIN); /* it has chosen */
    CHECK_INT(weft_set_result(future, NULL), 0);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -ECANCELED); /* at its end: it met no other wait */
    CHECK(chosen == 1 && received == 1);
    weft_unref(future);
    return 0;
}

CASE(select, once_one_has_happened_no_other_does)
{
    make(0);
    CHECK_INT(run_serial(&has_two_happen_at_once, NULL), 0);
    drop();
}

WEFT_CORO(is_cancelled)
{
    int got;
    weft_task_t *task;

    future = weft_create_future(NULL);
    task = waits();
    CHECK(weft_cancel(task));
    CHECK_INT(weft_channel_try_send(a, &(int){3}), -EAGAIN);
    CHECK_INT(weft_channel_try_recv(b, &got), -EAGAIN);
    CHECK_INT(weft_set_result(future, NULL), 0);
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    CHECK(chosen == -ECANCELED && received == 1);
    weft_unref(future);
    return 0;
}

CASE(select, if_it_is_cancelled_nothing_has_happened)
{
    make(0);
    CHECK_INT(run_serial(&is_cancelled, NULL), 0);
    drop();
}

WEFT_CORO(is_closed)
{
    weft_task_t *task;

    future = weft_create_future(NULL);
    task = waits();
    weft_channel_close(b);
    expect_chosen(task, 1, -EPIPE);
    weft_unref(future);
    return 0;
}

CASE(select, a_channel_that_is_closed_is_a_branch_that_happened)
{
    make(0);
    CHECK_INT(run_serial(&is_closed, NULL), 0);
    drop();
}

WEFT_CORO(times_out)
{
    int x = 0, y = 0;

    CHECK_INT(select_two(&x, &y, WEFT_MS(1)), -ETIMEDOUT);
    CHECK_INT(weft_channel_try_send(a, &x), -EAGAIN); /* nobody waits any more */
    return 0;
}

static weft_future_t *other;
static weft_task_t *left;
static _Atomic(bool) begun;

WEFT_CORO(selects_futures)
{
    weft_select_t branches[] = {WEFT_SELECT_DONE(future), WEFT_SELECT_DONE(other)};

    (void)arg;
    begun = true;
    return weft_select(branches, 2, WEFT_NONE);
}

WEFT_CORO(leaves_it_behind)
{
    begun = false;
    left = weft_create_task(weft_coro(&selects_futures, NULL));
    while (!begun)
        CHECK_INT(weft_sleep(0), 0);
    return 0;
}

/* A task that is ended before it goes on frees nothing: here, what the select has allocated.
 * LeakSanitizer counts it by thread, so there is one. */
__attribute__((weak)) void __lsan_disable(void);
__attribute__((weak)) void __lsan_enable(void);

static int leave_it_behind(weft_loop_t *loop)
{
    if (__lsan_disable)
        __lsan_disable();
    int rc = weft_loop_run_until_complete(loop, weft_coro(&leaves_it_behind, NULL), NULL);
    if (__lsan_enable)
        __lsan_enable();
    return rc;
}

static void is_quiet(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    (void)context;
    (void)arg;
}

CASE_ORDERED(select, that_was_woken_as_its_loop_closed_is_told_no_more)
{
    weft_loop_t *loop;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    weft_loop_set_exception_handler(loop, is_quiet, NULL);
    future = weft_create_future(loop);
    other = weft_create_future(loop);
    CHECK_INT(leave_it_behind(loop), 0);
    CHECK_INT(weft_set_result(future, NULL), 0); /* nobody runs that could go on */
    CHECK(!weft_done(left));
    weft_loop_unref(loop);
    CHECK_INT(weft_result(left, NULL), -ECANCELED);
    CHECK_INT(weft_set_result(other, NULL), 0);
    weft_unref(left);
    weft_unref(future);
    weft_unref(other);
}

CASE(select, after_its_time_it_waits_nowhere)
{
    make(0);
    CHECK_INT(run(&times_out, NULL), 0);
    drop();
}

WEFT_CORO(meets_itself)
{
    int x = 0;
    weft_select_t branches[] = {WEFT_SELECT_RECV(a, &x), WEFT_SELECT_SEND(a, &x)};

    CHECK_INT(weft_select(branches, 2, WEFT_MS(1)), -ETIMEDOUT);
    return 0;
}

CASE(select, it_does_not_send_to_itself)
{
    make(0);
    CHECK_INT(run(&meets_itself, NULL), 0);
    drop();
}

/* ---- selects on both sides, on all workers ---- */

static atomic_int sent, got, sum;

/* Sends and receives as often, in either channel, until it has done both often enough. */
WEFT_CORO(exchanges)
{
    int to_send = VALUES, to_receive = VALUES, in, value = 1;

    (void)arg;
    while (to_send + to_receive > 0) {
        weft_select_t branches[] = {WEFT_SELECT_RECV(to_receive ? a : NULL, &in),
                                    WEFT_SELECT_SEND(to_send ? b : NULL, &value),
                                    WEFT_SELECT_RECV(to_receive ? b : NULL, &in),
                                    WEFT_SELECT_SEND(to_send ? a : NULL, &value)};
        int which = weft_select(branches, 4, WEFT_NONE);
        if (!CHECK(which >= 0 && branches[which].rc == 0))
            return -EIO;
        if (branches[which].sends) {
            to_send--;
            atomic_fetch_add(&sent, 1);
        } else {
            to_receive--;
            atomic_fetch_add(&got, 1);
            atomic_fetch_add(&sum, in);
        }
    }
    return 0;
}

WEFT_CORO(has_many_exchange)
{
    weft_task_t *task[BOTH_SIDES];

    /* Who is left alone with sends and receives of its own would wait for ever. */
    for (int i = 0; i < BOTH_SIDES; i++)
        task[i] = weft_create_task(weft_coro(&exchanges, NULL));
    for (int i = 0; i < BOTH_SIDES; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

CASE(select, what_some_send_others_receive_once)
{
    atomic_store(&sent, 0);
    atomic_store(&got, 0);
    atomic_store(&sum, 0);
    make(BOTH_SIDES * VALUES);
    CHECK_INT(run(&has_many_exchange, NULL), 0);
    CHECK_INT(atomic_load(&sent), BOTH_SIDES * VALUES);
    CHECK_INT(atomic_load(&got), BOTH_SIDES * VALUES);
    CHECK_INT(atomic_load(&sum), BOTH_SIDES * VALUES);
    drop();
}

WEFT_CORO(only_sends)
{
    int value = 1;

    (void)arg;
    for (int i = 0; i < VALUES; i++) {
        weft_select_t branches[] = {WEFT_SELECT_SEND(a, &value), WEFT_SELECT_SEND(b, &value)};
        int which = weft_select(branches, 2, WEFT_NONE);
        CHECK(which >= 0 && branches[which].rc == 0);
    }
    return 0;
}

WEFT_CORO(only_receives)
{
    int x = 0, y = 0;

    (void)arg;
    for (int i = 0; i < VALUES; i++) {
        x = y = 0;
        CHECK(select_two(&x, &y, WEFT_NONE) >= 0);
        atomic_fetch_add(&sum, x + y);
    }
    return 0;
}

WEFT_CORO(has_selects_meet)
{
    weft_task_t *task[2 * BOTH_SIDES];

    for (int i = 0; i < 2 * BOTH_SIDES; i++)
        task[i] = weft_create_task(weft_coro(i % 2 ? &only_sends : &only_receives, NULL));
    for (int i = 0; i < 2 * BOTH_SIDES; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

CASE(select, selects_meet_each_other)
{
    for (size_t capacity = 0; capacity < 3; capacity++) {
        atomic_store(&sum, 0);
        make(capacity);
        CHECK_INT(run(&has_selects_meet, NULL), 0);
        CHECK_INT(atomic_load(&sum), BOTH_SIDES * VALUES);
        expect_empty(a);
        expect_empty(b);
        drop();
    }
}
