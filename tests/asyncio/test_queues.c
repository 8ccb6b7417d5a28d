/* SPDX-License-Identifier: MIT */
/* queues: the conformance items on Queue, LifoQueue and PriorityQueue. */
#include "tests/support/serial.h"

TestSuite(queue, .timeout = 30);

static weft_queue_t *queue;
static intptr_t order[16];
static int entered;

static void *item(intptr_t n)
{
    return (void *)n;
}

static int64_t itself(const void *item)
{
    return (intptr_t)item;
}

/* Runs [fn] in one strand with the queue, then drops it. */
static void with(weft_queue_t *made, const weft_corofn_t *fn)
{
    queue = made;
    entered = 0;
    CHECK_INT(run_serial(fn, NULL), 0);
    weft_queue_unref(queue);
}

#define QUEUE(maxsize, ...)                                                                        \
    ({                                                                                             \
        weft_queue_t *made = NULL;                                                                 \
        CHECK_INT(weft_queue_create(&made, (maxsize), __VA_ARGS__), 0);                            \
        made;                                                                                      \
    })

static void put_now(intptr_t n)
{
    CHECK_INT(weft_queue_put_nowait(queue, item(n)), 0);
}

static intptr_t get_now(void)
{
    void *got = item(-1);

    CHECK_INT(weft_queue_get_nowait(queue, &got), 0);
    return (intptr_t)got;
}

WEFT_CORO(gets)
{
    int rc = weft_queue_get(queue, result);

    if (rc == 0)
        order[entered++] = (intptr_t)*result;
    return rc;
}

WEFT_CORO(puts_it)
{
    return weft_queue_put(queue, arg);
}

static intptr_t joined(weft_task_t *task)
{
    void *value = NULL;

    CHECK_INT(weft_join(task, &value), 0);
    return (intptr_t)value;
}

/* ---- C270 ---- */

WEFT_CORO(blocks_at_both_limits)
{
    CHECK(weft_queue_empty(queue) && !weft_queue_full(queue));
    weft_task_t *getter = start(&gets, NULL);
    CHECK(!weft_done(getter));
    put_now(1);
    CHECK_INT(joined(getter), 1);
    put_now(2);
    put_now(3);
    CHECK(weft_queue_full(queue));
    CHECK_INT(weft_queue_qsize(queue), 2);
    CHECK_INT(weft_queue_put_nowait(queue, item(4)), WEFT_EQUEUEFULL);
    weft_task_t *putter = start(&puts_it, item(4));
    CHECK(!weft_done(putter));
    CHECK_INT(get_now(), 2);
    CHECK_INT(joined(putter), 0);
    CHECK_INT(get_now(), 3);
    CHECK_INT(get_now(), 4);
    void *got = item(7);
    CHECK_INT(weft_queue_get_nowait(queue, &got), WEFT_EQUEUEEMPTY);
    CHECK_INT((intptr_t)got, 7);
    return 0;
}

CASE(queue, C270_get_and_put_block_at_the_limits)
{
    with(QUEUE(2), &blocks_at_both_limits);
}

static const intptr_t *wanted;

WEFT_CORO(puts_1_3_2)
{
    put_now(1);
    put_now(3);
    put_now(2);
    for (int i = 0; i < 3; i++)
        CHECK_INT(get_now(), wanted[i]);
    return 0;
}

CASE(queue, C270_items_come_in_the_order_of_the_kind)
{
    wanted = (const intptr_t[]){1, 3, 2};
    with(QUEUE(0), &puts_1_3_2);
    wanted = (const intptr_t[]){2, 3, 1};
    with(QUEUE(0, .lifo = true), &puts_1_3_2);
    wanted = (const intptr_t[]){1, 2, 3};
    with(QUEUE(0, .key = itself), &puts_1_3_2);
}

WEFT_CORO(puts_a_hundred)
{
    for (int i = 0; i < 100; i++)
        put_now(i);
    CHECK(!weft_queue_full(queue));
    CHECK_INT(weft_queue_qsize(queue), 100);
    for (int i = 0; i < 100; i++)
        CHECK_INT(get_now(), i);
    return 0;
}

CASE(queue, C270_zero_and_less_is_no_limit)
{
    with(QUEUE(0), &puts_a_hundred);
    with(QUEUE(-1), &puts_a_hundred);
}

/* ---- C271 ---- */

WEFT_CORO(cancels_readers)
{
    weft_task_t *task[4];

    for (int i = 0; i < 4; i++)
        task[i] = start(&gets, NULL);
    CHECK(weft_cancel(task[0])); /* before an item is there */
    put_now(1);
    put_now(2);
    CHECK(weft_cancel(task[1])); /* it was woken for 1, and did not go on yet */
    CHECK_INT(weft_join(task[0], NULL), -ECANCELED);
    CHECK_INT(weft_join(task[1], NULL), -ECANCELED);
    CHECK_INT(joined(task[2]), 1);
    CHECK_INT(joined(task[3]), 2);
    CHECK(weft_queue_empty(queue));
    return 0;
}

CASE(queue, C271_nothing_is_lost_or_reordered_when_readers_are_cancelled)
{
    with(QUEUE(0), &cancels_readers);
}

WEFT_CORO(cancels_the_last_reader)
{
    weft_task_t *task = start(&gets, NULL);

    put_now(1);
    put_now(2);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    CHECK_INT(weft_queue_qsize(queue), 2);
    CHECK_INT(get_now(), 1);
    CHECK_INT(get_now(), 2);
    return 0;
}

CASE(queue, C271_the_item_of_a_reader_that_is_cancelled_keeps_its_place)
{
    with(QUEUE(0), &cancels_the_last_reader);
}

/* ---- C273 ---- */

WEFT_CORO(has_getters_wait)
{
    weft_task_t *getter[3], *putter[3];

    for (int i = 0; i < 3; i++)
        getter[i] = start(&gets, NULL);
    for (int i = 0; i < 3; i++)
        putter[i] = weft_create_task(weft_coro(&puts_it, item(i)));
    for (int i = 0; i < 3; i++) {
        CHECK_INT(joined(putter[i]), 0);
        CHECK_INT(joined(getter[i]), i);
    }
    return 0;
}

CASE(queue, C273_no_getter_waits_while_there_are_items)
{
    with(QUEUE(1), &has_getters_wait);
}

WEFT_CORO(has_putters_wait)
{
    weft_task_t *task[4];

    put_now(0);
    for (intptr_t i = 0; i < 4; i++)
        task[i] = start(&puts_it, item(i + 1));
    CHECK(weft_cancel(task[1]));
    CHECK_INT(get_now(), 0);
    CHECK(weft_cancel(task[0])); /* it was woken for the room, and did not go on yet */
    CHECK_INT(weft_join(task[0], NULL), -ECANCELED);
    CHECK_INT(weft_join(task[1], NULL), -ECANCELED);
    CHECK_INT(joined(task[2]), 0);
    CHECK_INT(get_now(), 3);
    CHECK_INT(joined(task[3]), 0);
    CHECK_INT(get_now(), 4);
    return 0;
}

CASE(queue, C273_no_putter_waits_while_there_is_room)
{
    with(QUEUE(1), &has_putters_wait);
}

/* ---- C274 ---- */

WEFT_CORO(gives_up_often)
{
    for (int i = 0; i < 20; i++)
        CHECK_INT(weft_wait_for(weft_queue_get_coro(queue), WEFT_US(1), NULL), -ETIMEDOUT);
    put_now(1); /* none of them takes it */
    turn();
    CHECK_INT(weft_queue_qsize(queue), 1);
    for (int i = 0; i < 20; i++)
        CHECK_INT(weft_wait_for(weft_queue_put_coro(queue, item(2)), WEFT_US(1), NULL), -ETIMEDOUT);
    CHECK_INT(get_now(), 1);
    turn();
    CHECK(weft_queue_empty(queue)); /* and none of these puts */
    return 0;
}

CASE(queue, C274_cancelled_getters_and_putters_are_gone)
{
    with(QUEUE(1), &gives_up_often);
}

/* ---- C275 ---- */

WEFT_CORO(works)
{
    void *got;

    for (int i = 0; i < 3; i++) {
        CHECK_INT(weft_queue_get(queue, &got), 0);
        turn();
        order[entered++] = (intptr_t)got;
        CHECK_INT(weft_queue_task_done(queue), 0);
    }
    return 0;
}

WEFT_CORO(waits_for_the_work)
{
    for (int i = 0; i < 6; i++)
        put_now(i);
    weft_task_t *worker[2] = {start(&works, NULL), start(&works, NULL)};
    CHECK_INT(weft_queue_join(queue), 0);
    CHECK_INT(entered, 6);
    joined(worker[0]);
    joined(worker[1]);
    CHECK_INT(weft_queue_task_done(queue), -EINVAL);
    CHECK_INT(weft_queue_join(queue), 0);
    return 0;
}

CASE(queue, C275_join_waits_for_as_many_task_done_as_puts)
{
    with(QUEUE(0), &waits_for_the_work);
}

WEFT_CORO(joins_at_once)
{
    CHECK_INT(weft_queue_task_done(queue), -EINVAL);
    return weft_queue_join(queue);
}

CASE(queue, C275_an_empty_queue_is_joined_at_once)
{
    with(QUEUE(0), &joins_at_once);
}

/* ---- C276 ---- */

WEFT_CORO(joins)
{
    return weft_queue_join(queue);
}

static void check_is_shut_down(void)
{
    void *got;

    CHECK_INT(weft_queue_put(queue, NULL), WEFT_EQUEUESHUTDOWN);
    CHECK_INT(weft_queue_put_nowait(queue, NULL), WEFT_EQUEUESHUTDOWN);
    CHECK_INT(weft_queue_get(queue, &got), WEFT_EQUEUESHUTDOWN);
    CHECK_INT(weft_queue_get_nowait(queue, &got), WEFT_EQUEUESHUTDOWN);
}

WEFT_CORO(shuts_an_empty_one_down)
{
    weft_task_t *getter = start(&gets, NULL);

    weft_queue_shutdown(queue, false);
    CHECK_INT(weft_join(getter, NULL), WEFT_EQUEUESHUTDOWN);
    check_is_shut_down();
    return weft_queue_join(queue);
}

CASE(queue, C276_shutdown_of_an_empty_queue_ends_the_getters)
{
    with(QUEUE(0), &shuts_an_empty_one_down);
}

WEFT_CORO(shuts_a_full_one_down)
{
    put_now(1);
    weft_task_t *putter = start(&puts_it, item(2)), *joiner = start(&joins, NULL);
    weft_queue_shutdown(queue, false);
    CHECK_INT(weft_join(putter, NULL), WEFT_EQUEUESHUTDOWN);
    CHECK_INT(weft_queue_put_nowait(queue, NULL), WEFT_EQUEUESHUTDOWN);
    CHECK_INT(get_now(), 1); /* what is there can be got */
    check_is_shut_down();
    turn();
    CHECK(!weft_done(joiner)); /* until the work is done */
    CHECK_INT(weft_queue_task_done(queue), 0);
    return weft_join(joiner, NULL);
}

CASE(queue, C276_shutdown_lets_what_is_there_be_got_and_done)
{
    with(QUEUE(1), &shuts_a_full_one_down);
}

static int destroyed;

static void count_destroyed(void *item)
{
    destroyed += (int)(intptr_t)item;
}

WEFT_CORO(shuts_down_at_once)
{
    put_now(1);
    put_now(2);
    put_now(4);
    weft_task_t *joiner = start(&joins, NULL);
    CHECK_INT(get_now(), 1);
    weft_queue_shutdown(queue, true);
    CHECK_INT(destroyed, 6);
    CHECK(weft_queue_empty(queue));
    check_is_shut_down();
    turn();
    CHECK(!weft_done(joiner)); /* 1 is unfinished */
    CHECK_INT(weft_queue_task_done(queue), 0);
    CHECK_INT(weft_queue_task_done(queue), -EINVAL);
    return weft_join(joiner, NULL);
}

CASE(queue, C276_immediate_shutdown_drops_the_items_as_done)
{
    destroyed = 0;
    with(QUEUE(3, .destroy = count_destroyed), &shuts_down_at_once);
}

WEFT_CORO(shuts_down_between)
{
    weft_task_t *getter = start(&gets, NULL);

    put_now(1); /* the getter was woken for it, and did not go on yet */
    weft_queue_shutdown(queue, true);
    CHECK_INT(weft_join(getter, NULL), WEFT_EQUEUESHUTDOWN);
    return weft_queue_join(queue);
}

CASE(queue, C276_immediate_shutdown_takes_what_a_getter_was_woken_for)
{
    with(QUEUE(0), &shuts_down_between);
}
