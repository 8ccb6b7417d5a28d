/* SPDX-License-Identifier: MIT */
/* once: one makes the value and all have it; who fails leaves that to the next. */
#include "tests/support/serial.h"

TestSuite(once, .timeout = 60);

static weft_once_t once = WEFT_ONCE_INIT;
static weft_event_t opened = WEFT_EVENT_INIT;
static _Atomic(int) made; /* calls of a function that makes it */
static int first_value, second_value;

static void begin(void)
{
    weft_once_init(&once);
    weft_event_init(&opened);
    made = 0;
}

static void *value_now(void)
{
    void *value;

    return weft_once_get(&once, &value) ? value : NULL;
}

static int makes(void *arg, void **value)
{
    made++;
    CHECK(*value == NULL);
    *value = arg;
    return 0;
}

static int makes_when_open(void *arg, void **value)
{
    int rc = weft_event_wait(&opened);

    return rc < 0 ? rc : makes(arg, value);
}

static int fails(void *arg, void **value)
{
    (void)arg;
    made++;
    *value = &made;
    return -EIO;
}

static int fails_when_open(void *arg, void **value)
{
    int rc = weft_event_wait(&opened);

    return rc < 0 ? rc : fails(arg, value);
}

WEFT_CORO(asks)
{
    return weft_once_get_or_init(&once, makes, arg, result);
}

WEFT_CORO(asks_when_open)
{
    return weft_once_get_or_init(&once, makes_when_open, arg, result);
}

/* ---- one for all ---- */

enum { TASKS = 16 };

static int makes_slowly(void *arg, void **value)
{
    CHECK_INT(weft_sleep(0), 0);
    return makes(arg, value);
}

WEFT_CORO(asks_for_the_slow)
{
    return weft_once_get_or_init(&once, makes_slowly, arg, result);
}

WEFT_CORO(has_many_ask)
{
    weft_task_t *task[TASKS];
    int own[TASKS];
    void *value, *other;

    for (int i = 0; i < TASKS; i++)
        task[i] = weft_create_task(weft_coro(&asks_for_the_slow, &own[i]));
    CHECK_INT(weft_join(task[0], &value), 0);
    for (int i = 1; i < TASKS; i++) {
        CHECK_INT(weft_join(task[i], &other), 0);
        CHECK(other == value);
    }
    CHECK(value_now() == value);
    return 0;
}

CASE(once, one_makes_the_value_and_all_have_it)
{
    begin();
    BOTH(&has_many_ask, NULL); /* the second time it is there */
    CHECK_INT(made, 1);
}

WEFT_CORO(asks_beside_another)
{
    weft_task_t *other = weft_create_task(weft_coro(&asks, &second_value));
    void *value;

    CHECK_INT(weft_once_get_or_init(&once, makes, &first_value, &value), 0);
    CHECK(value == &first_value);
    CHECK_INT(weft_join(other, &value), 0);
    CHECK(value == &first_value);
    return 0;
}

CASE(once, who_need_not_wait_does_not_suspend)
{
    begin();
    CHECK_INT(run_serial(&asks_beside_another, NULL), 0);
}

CASE(once, get_or_init_outside_of_a_task_is_refused)
{
    void *value = &made;

    begin();
    CHECK_INT(weft_once_get_or_init(&once, makes, NULL, &value), -EPERM);
    CHECK(value == &made && made == 0);
}

/* ---- without waiting ---- */

CASE(once, what_is_set_is_the_value_and_stays_it)
{
    void *value = &made;

    begin();
    CHECK(!weft_once_get(&once, &value));
    CHECK(value == &made);
    CHECK_INT(weft_once_set(&once, NULL), 0);
    CHECK(weft_once_get(&once, &value));
    CHECK(value == NULL);
    CHECK_INT(weft_once_set(&once, &second_value), -EALREADY);
    CHECK(value_now() == NULL);
}

WEFT_CORO(sets_while_another_makes)
{
    weft_task_t *task = start(&asks_when_open, &first_value);
    void *value;

    CHECK_INT(weft_once_set(&once, &second_value), -EBUSY);
    CHECK(!weft_once_get(&once, &value));
    weft_event_set(&opened);
    CHECK_INT(weft_join(task, NULL), 0);
    CHECK(value_now() == &first_value);
    return 0;
}

CASE(once, set_does_not_overtake_who_makes_it)
{
    begin();
    CHECK_INT(run_serial(&sets_while_another_makes, NULL), 0);
}

/* Whoever wins, the value is his. */
static void *sets_second(void *arg)
{
    return weft_once_set(arg, &second_value) == 0 ? &second_value : &first_value;
}

WEFT_CORO(races_a_thread)
{
    pthread_t thread;
    void *mine, *theirs;

    CHECK_INT(pthread_create(&thread, NULL, sets_second, &once), 0);
    CHECK_INT(weft_once_get_or_init(&once, makes, &first_value, &mine), 0);
    pthread_join(thread, &theirs);
    CHECK(mine == theirs);
    return 0;
}

CASE(once, another_thread_may_set_it)
{
    for (int i = 0; i < 20; i++) {
        begin();
        CHECK_INT(run(&races_a_thread, NULL), 0);
    }
}

/* ---- failed, cancelled ---- */

static weft_task_t *maker, *first, *second;

/* One makes it and two wait, who came in this order. */
static void three_come(const weft_corofn_t *fn)
{
    maker = start(fn, NULL);
    first = start(&asks_when_open, &first_value);
    second = start(&asks_when_open, &second_value);
    CHECK_INT(made, 0);
}

static void check_has(weft_task_t *task, void *want)
{
    void *value = NULL;

    CHECK_INT(weft_join(task, &value), 0);
    CHECK(value == want && value_now() == want);
}

WEFT_CORO(asks_and_fails)
{
    void *value = &once;
    int rc = weft_once_get_or_init(&once, fails_when_open, arg, &value);

    CHECK(value == &once);
    return rc;
}

WEFT_CORO(has_the_first_fail)
{
    three_come(&asks_and_fails);
    weft_event_set(&opened);
    CHECK_INT(weft_join(maker, NULL), -EIO);
    check_has(second, &first_value);
    check_has(first, &first_value);
    CHECK_INT(made, 2);
    return 0;
}

CASE(once, who_fails_leaves_it_to_the_oldest)
{
    begin();
    CHECK_INT(run_serial(&has_the_first_fail, NULL), 0);
}

WEFT_CORO(cancels_the_maker)
{
    three_come(&asks_when_open);
    CHECK(weft_cancel(maker));
    CHECK_INT(weft_join(maker, NULL), -ECANCELED);
    weft_event_set(&opened);
    check_has(second, &first_value);
    check_has(first, &first_value);
    CHECK_INT(made, 1);
    return 0;
}

CASE(once, who_is_cancelled_while_it_makes_it_leaves_it_to_the_oldest)
{
    begin();
    CHECK_INT(run_serial(&cancels_the_maker, NULL), 0);
}

WEFT_CORO(cancels_who_has_the_turn)
{
    three_come(&asks_and_fails);
    weft_event_set(&opened);
    turn();
    CHECK_INT(made, 1);        /* it has failed, */
    CHECK(weft_cancel(first)); /* who has the turn did not go on yet */
    CHECK_INT(weft_join(first, NULL), -ECANCELED);
    CHECK_INT(weft_join(maker, NULL), -EIO);
    check_has(second, &second_value);
    return 0;
}

CASE(once, the_turn_of_a_cancelled_one_goes_to_the_next)
{
    begin();
    CHECK_INT(run_serial(&cancels_who_has_the_turn, NULL), 0);
}

WEFT_CORO(cancels_one_who_waits)
{
    three_come(&asks_when_open);
    CHECK(weft_cancel(first));
    CHECK_INT(weft_join(first, NULL), -ECANCELED);
    weft_event_set(&opened);
    check_has(second, NULL); /* the maker's */
    return weft_join(maker, NULL);
}

CASE(once, a_cancelled_wait_is_nothing_to_the_others)
{
    begin();
    CHECK_INT(run_serial(&cancels_one_who_waits, NULL), 0);
}

WEFT_CORO(asks_after_a_failure)
{
    void *value;

    CHECK_INT(weft_once_get_or_init(&once, fails, NULL, &value), -EIO);
    CHECK(!weft_once_get(&once, &value));
    CHECK_INT(weft_once_get_or_init(&once, makes, &first_value, &value), 0);
    CHECK(value == &first_value);
    return 0;
}

CASE(once, after_a_failure_it_is_as_new)
{
    begin();
    CHECK_INT(run(&asks_after_a_failure, NULL), 0);
}
