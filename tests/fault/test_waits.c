/* SPDX-License-Identifier: MIT */
/* waits: what waits for several awaitables, each call failing in turn (rounds.h). */
#include "tests/fault/rounds.h"

TestSuite(faults_waits, .timeout = 60);

static int first(int rc, int next)
{
    return rc < 0 ? rc : next;
}

static int error_of(weft_awaitable_t *aw)
{
    return weft_done(aw) ? weft_exception(aw) : 0;
}

WEFT_CORO(sleeps_a_little)
{
    return weft_sleep(WEFT_MS(1));
}

WEFT_CORO(sleeps_for_ever)
{
    return weft_sleep(WEFT_NONE);
}

FAULTS(faults_waits, wait)
{
    weft_future_t *f = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&sleeps_a_little, NULL));
    weft_awaitable_t *aws[] = {f, task, f};
    size_t done = 0;
    int rc = first(error_of(f), error_of(task));

    rc = first(rc, weft_wait(aws, 3, WEFT_S(30), WEFT_FIRST_COMPLETED, &done));
    CHECK(rc < 0 || (done == 1 && aws[0] == task));
    rc = first(rc, weft_wait(aws, 3, 0, WEFT_ALL_COMPLETED, &done));
    rc = first(rc, weft_join(task, NULL));
    weft_unref(f);
    return rc;
}

FAULTS(faults_waits, shield)
{
    weft_future_t *outer = weft_shield(weft_coro(&sleeps_a_little, NULL));
    int rc = weft_join(outer, NULL);

    outer = weft_shield(weft_coro(&sleeps_a_little, NULL));
    rc = first(rc, error_of(outer));
    weft_cancel(outer);
    weft_unref(outer);
    return first(rc, weft_sleep(WEFT_MS(2)));
}

FAULTS(faults_waits, as_completed)
{
    weft_as_completed_t *it =
        weft_as_completed(WEFT_AWS(weft_coro(&sleeps_a_little, NULL), weft_create_future(NULL),
                                   weft_coro(&sleeps_a_little, NULL)),
                          WEFT_MS(5));
    int n = 0, rc = weft_join(weft_as_completed_coro(it), NULL), error = rc == -ETIMEDOUT ? 0 : rc;

    while ((rc = weft_as_completed_next(it, NULL)) != 0 && n < 9) {
        error = first(error, rc == -ETIMEDOUT ? 0 : rc);
        n++;
    }
    weft_as_completed_free(it);
    return error;
}

FAULTS(faults_waits, wait_for_and_sleep_as_objects)
{
    weft_result_t r[2] = {{0}};
    int rc = weft_gather(WEFT_AWS(weft_wait_for_coro(weft_coro(&sleeps_for_ever, NULL), WEFT_MS(1)),
                                  weft_sleep_coro(WEFT_MS(1), NULL)),
                         r, .return_exceptions = true);

    rc = first(rc, r[0].err == -ETIMEDOUT ? 0 : r[0].err);
    return first(rc, r[1].err);
}

FAULTS(faults_waits, timeouts)
{
    weft_timeout_t t;
    int rc = weft_timeout_enter(&t, WEFT_S(3600));

    if (rc < 0)
        return rc;
    rc = weft_timeout_reschedule(&t, weft_loop_time(weft_get_running_loop()) + WEFT_MS(1));
    if (rc < 0)
        return weft_timeout_exit(&t, rc);
    rc = weft_timeout_exit(&t, weft_sleep(WEFT_NONE));
    return rc == -ETIMEDOUT ? 0 : rc;
}

FAULTS(faults_waits, messages)
{
    weft_task_t *task = weft_create_task(weft_coro(&sleeps_for_ever, NULL));
    int rc = error_of(task), out;

    CHECK(weft_cancel_message(task, "enough") || weft_done(task)); /* without a stack it is */
    out = weft_join(task, NULL); /* without the message, if there was no memory for it */
    CHECK(weft_raise(-EIO, "lost") == -EIO);
    return first(rc, out == -ECANCELED ? 0 : out);
}

FAULTS(faults_waits, task_group)
{
    weft_taskgroup_t tg;
    weft_task_t *task = NULL;
    int rc = weft_taskgroup_enter(&tg), created;

    if (rc < 0)
        return rc;
    created = weft_taskgroup_create_task(&tg, weft_coro(&sleeps_a_little, NULL), &task);
    rc = first(created, weft_taskgroup_create_task(&tg, weft_coro(&sleeps_for_ever, NULL), NULL));
    if (rc == 0) {
        rc = weft_sleep(WEFT_MS(2));
        weft_taskgroup_cancel(&tg);
    }
    int out = weft_taskgroup_exit(&tg, rc);
    CHECK(created < 0 || weft_done(task));
    weft_unref(task);
    if (out != WEFT_EGROUP)
        return out;
    /* One failed: the group says so, with the list if there was memory for it. */
    const weft_error_t *error = weft_last_error();
    return weft_error_count(error) > 0 ? weft_error_code(error, 0) : -ENOMEM;
}

FAULTS(faults_waits, scopes)
{
    weft_scope_t outer, inner;
    int rc = weft_scope_enter(&outer, WEFT_NONE, false);

    if (rc < 0)
        return rc;
    rc = weft_scope_set_deadline(&outer, weft_loop_time(weft_get_running_loop()) + WEFT_MS(1));
    if (rc < 0)
        return weft_scope_exit(&outer, rc);
    int struck = weft_sleep(WEFT_S(3600)), closed = weft_scope_enter(&inner, WEFT_NONE, true);
    if (closed == 0)
        closed = weft_scope_exit(&inner, weft_sleep(WEFT_MS(1)));
    return first(weft_scope_exit(&outer, struck), closed);
}

FAULTS(faults_waits, races)
{
    size_t winner;
    int rc =
        weft_race(WEFT_AWS(weft_coro(&sleeps_for_ever, NULL), weft_coro(&sleeps_a_little, NULL)),
                  &winner, NULL);

    CHECK(rc < 0 || winner == 1);
    int staggered = weft_staggered_race(
        WEFT_AWS(weft_sleep_coro(WEFT_MS(20), NULL), weft_coro(&sleeps_a_little, NULL)), WEFT_MS(1),
        &winner, NULL);
    if (staggered == WEFT_EGROUP)
        staggered = weft_last_error() ? weft_error_code(weft_last_error(), 1) : -ENOMEM;
    return first(rc, staggered);
}
