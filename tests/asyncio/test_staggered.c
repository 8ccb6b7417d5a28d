/* SPDX-License-Identifier: MIT */
/* staggered: the conformance item on staggered_race, and race. */
#include "tests/support/serial.h"

TestSuite(staggered, .timeout = 60);

static _Atomic(int) ran, struck;

WEFT_CORO(gives)
{
    ran++;
    *result = arg;
    return weft_sleep(0);
}

WEFT_CORO(fails)
{
    ran++;
    int rc = weft_sleep(0);
    return rc < 0 ? rc : (int)(intptr_t)arg;
}

WEFT_CORO(hangs)
{
    ran++;
    int rc = weft_sleep(WEFT_NONE);
    struck += rc == -ECANCELED;
    return rc;
}

static void begin(void)
{
    ran = struck = 0;
}

static void *number(intptr_t n)
{
    return (void *)n;
}

/* ---- C246 ---- */

WEFT_CORO(succeeds_at_once)
{
    void *value = NULL;
    size_t winner = 9;

    begin();
    CHECK_INT(weft_staggered_race(WEFT_AWS(weft_coro(&gives, number(1)), weft_coro(&gives, NULL)),
                                  WEFT_NONE, &winner, &value),
              0);
    CHECK_INT(winner, 0);
    CHECK_INT((intptr_t)value, 1);
    CHECK_INT(ran, 1);
    return 0;
}

CASE(staggered, C246_one_that_succeeds_is_enough)
{
    BOTH(&succeeds_at_once, NULL);
}

WEFT_CORO(fails_first)
{
    void *value = NULL;
    size_t winner = 9;

    begin();
    CHECK_INT(
        weft_staggered_race(WEFT_AWS(weft_coro(&fails, number(-EIO)), weft_coro(&gives, number(2)),
                                     weft_coro(&gives, number(3))),
                            arg ? WEFT_S(3600) : WEFT_NONE, &winner, &value),
        0);
    CHECK_INT(winner, 1);
    CHECK_INT((intptr_t)value, 2);
    CHECK_INT(ran, 2);
    return 0;
}

CASE(staggered, C246_the_second_starts_as_soon_as_the_first_fails)
{
    BOTH(&fails_first, NULL);
    BOTH(&fails_first, "");
}

WEFT_CORO(hangs_first)
{
    void *value = NULL;
    size_t winner = 9;
    weft_ns_t start = weft_loop_time(weft_get_running_loop());

    begin();
    CHECK_INT(weft_staggered_race(WEFT_AWS(weft_coro(&hangs, NULL), weft_coro(&gives, number(2))),
                                  WEFT_MS(3), &winner, &value),
              0);
    CHECK_INT(winner, 1);
    CHECK_INT((intptr_t)value, 2);
    CHECK_INT(struck, 1); /* before it returned */
    CHECK(weft_loop_time(weft_get_running_loop()) - start >= WEFT_MS(3));
    CHECK_INT(weft_sleep(0), 0);
    return 0;
}

CASE(staggered, C246_the_second_starts_when_the_first_has_had_its_time)
{
    BOTH(&hangs_first, NULL);
}

WEFT_CORO(all_fail)
{
    size_t winner = 9;

    begin();
    CHECK_INT(weft_staggered_race(
                  WEFT_AWS(weft_coro(&fails, number(-EIO)), weft_coro(&fails, number(-EPIPE))),
                  WEFT_MS(1), &winner, NULL),
              WEFT_EGROUP);
    const weft_error_t *e = weft_last_error();
    CHECK_INT(weft_error_count(e), 2);
    CHECK(weft_error_code(e, 0) == -EIO && weft_error_code(e, 1) == -EPIPE);
    CHECK_INT(winner, 9);
    return 0;
}

CASE(staggered, C246_if_none_succeeds_all_errors_come_out)
{
    BOTH(&all_fail, NULL);
}

static weft_future_t *go;

WEFT_CORO(gives_at_go)
{
    ran++;
    int rc = weft_await(go, NULL);
    *result = arg;
    return rc == -ECANCELED && weft_done(go) ? 0 : rc; /* it had won as well */
}

WEFT_CORO(fires)
{
    while (ran < 2)
        turn();
    weft_set_result(go, NULL);
    return 0;
}

WEFT_CORO(has_two_winners)
{
    void *value = NULL;
    size_t winner = 9;

    begin();
    go = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&fires, NULL));
    CHECK_INT(weft_staggered_race(WEFT_AWS(weft_coro(&gives_at_go, number(0)),
                                           weft_coro(&gives_at_go, number(1)),
                                           weft_coro(&gives_at_go, number(2))),
                                  WEFT_US(10), &winner, &value),
              0);
    CHECK(winner < 3);
    CHECK_INT((intptr_t)value, (intptr_t)winner);
    CHECK_INT(weft_join(task, NULL), 0);
    weft_unref(go);
    return 0;
}

CASE(staggered, C246_of_several_winners_there_is_one)
{
    for (int i = 0; i < 20; i++)
        BOTH(&has_two_winners, NULL);
}

WEFT_CORO(is_misused)
{
    weft_coro_t *spent = weft_coro(&gives, NULL);
    weft_future_t *future = weft_create_future(NULL);
    weft_awaitable_t *none[] = {NULL};

    CHECK_INT(weft_await(spent, NULL), 0);
    CHECK_INT(weft_staggered_race(WEFT_ARRAY(none, 0), 0, NULL, NULL), -EINVAL);
    CHECK_INT(weft_staggered_race(WEFT_ARRAY(none, 1), 0, NULL, NULL), -EPROTOTYPE);
    begin();
    CHECK_INT(weft_staggered_race(WEFT_AWS(weft_coro(&gives, NULL), spent), 0, NULL, NULL),
              -EALREADY);
    CHECK_INT(weft_staggered_race(WEFT_AWS(weft_coro(&gives, NULL), future), 0, NULL, NULL),
              -EPROTOTYPE);
    CHECK_INT(ran, 0);
    return 0;
}

CASE(staggered, refuses_what_it_cannot_start)
{
    BOTH(&is_misused, NULL);
    CHECK_INT(weft_staggered_race(WEFT_AWS(weft_coro(&gives, NULL)), 0, NULL, NULL), -EPERM);
}

static weft_future_t *begun;

WEFT_CORO(races_for_ever)
{
    weft_set_result(begun, NULL);
    if (arg)
        return weft_race(WEFT_AWS(weft_coro(&hangs, NULL), weft_coro(&hangs, NULL)), NULL, NULL);
    return weft_staggered_race(WEFT_AWS(weft_coro(&hangs, NULL), weft_coro(&hangs, NULL)), 0, NULL,
                               NULL);
}

WEFT_CORO(cancels_a_racer)
{
    begin();
    begun = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&races_for_ever, arg));

    CHECK_INT(weft_join(begun, NULL), 0);
    while (ran < 2)
        turn();
    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    CHECK_INT(struck, 2);
    return 0;
}

CASE(staggered, cancel_of_the_racer_ends_all_that_run)
{
    BOTH(&cancels_a_racer, NULL);
}

/* ---- race ---- */

WEFT_CORO(races)
{
    void *value = NULL;
    size_t winner = 9;

    begin();
    CHECK_INT(weft_race(WEFT_AWS(weft_coro(&hangs, NULL), weft_coro(&gives, number(7)),
                                 weft_create_future(NULL)),
                        &winner, &value),
              0);
    CHECK_INT(winner, 1);
    CHECK_INT((intptr_t)value, 7);
    CHECK_INT(ran - struck, 1); /* the other had ended, if it began */
    CHECK_INT(weft_race(WEFT_AWS(weft_coro(&hangs, NULL), weft_coro(&fails, number(-EIO))), &winner,
                        NULL),
              -EIO);
    CHECK_INT(winner, 1);
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    return weft_sleep(0);
}

CASE(race, the_first_that_is_done_wins_and_the_others_have_ended)
{
    BOTH(&races, NULL);
}

WEFT_CORO(races_with_its_own)
{
    weft_future_t *loser = weft_create_future(NULL), *first = weft_create_future(NULL);
    size_t winner = 9;

    weft_set_result(first, NULL);
    CHECK_INT(weft_race(WEFT_AWS(weft_ref(loser), weft_ref(first), weft_ref(loser)), &winner, NULL),
              0);
    CHECK_INT(winner, 1);
    CHECK(weft_cancelled(loser));
    CHECK_INT(weft_race(WEFT_AWS(loser, first), &winner, NULL), -ECANCELED);
    CHECK_INT(winner, 0); /* both were done */
    weft_awaitable_t *none[] = {NULL};
    CHECK_INT(weft_race(WEFT_ARRAY(none, 0), NULL, NULL), -EINVAL);
    CHECK_INT(weft_race(WEFT_ARRAY(none, 1), NULL, NULL), -EPROTOTYPE);
    return 0;
}

CASE(race, futures_take_part_and_losers_are_cancelled)
{
    BOTH(&races_with_its_own, NULL);
    CHECK_INT(weft_race(WEFT_AWS(weft_coro(&gives, NULL)), NULL, NULL), -EPERM);
}

CASE(race, cancel_of_the_racer_ends_all)
{
    BOTH(&cancels_a_racer, "");
}
