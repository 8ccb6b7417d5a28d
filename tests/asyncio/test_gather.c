/* SPDX-License-Identifier: MIT */
/* gather: the conformance items on asyncio.gather. */
#include <string.h>

#include "tests/support/reports.h"
#include "tests/support/serial.h"

TestSuite(gather, .timeout = 60);

static weft_future_t *child[3];

static weft_future_t *gather_children(bool errors)
{
    for (int i = 0; i < 3; i++)
        child[i] = weft_create_future(NULL);
    return weft_gather_future(WEFT_AWS(weft_ref(child[0]), weft_ref(child[1]), weft_ref(child[2])),
                              .return_exceptions = errors);
}

static void drop(weft_future_t *future)
{
    for (int i = 0; i < 3; i++)
        weft_unref(child[i]);
    weft_unref(future);
}

/* ---- C140, C141 ---- */

WEFT_CORO(succeeds)
{
    weft_future_t *future = gather_children(arg != NULL);

    for (int i = 3; i-- > 0;)
        weft_set_result(child[i], (void *)(intptr_t)i);
    CHECK_INT(weft_await(future, NULL), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(weft_gather_results(future, NULL)[i].err, 0);
        CHECK_INT((intptr_t)weft_gather_results(future, NULL)[i].value, i);
    }
    drop(future);
    return 0;
}

CASE(gather, C140_gives_the_values_in_the_order_of_the_arguments)
{
    BOTH(&succeeds, NULL);
    BOTH(&succeeds, "");
}

WEFT_CORO(fails_once)
{
    weft_future_t *future = gather_children(false);

    weft_set_exception(child[1], -EIO);
    CHECK_INT(weft_await(future, NULL), -EIO);
    CHECK(!weft_done(child[0]) && !weft_done(child[2]));
    if (arg)
        weft_cancel(child[0]);
    else
        weft_set_exception(child[0], -EPIPE);
    weft_set_result(child[2], NULL);
    CHECK_INT(weft_await(future, NULL), -EIO);
    drop(future);
    return 0;
}

CASE(gather, C141_gives_the_first_error_at_once_and_later_ones_do_nothing)
{
    BOTH(&fails_once, NULL);
    BOTH(&fails_once, "");
}

/* ---- C143, C144 ---- */

WEFT_CORO(has_a_child_cancelled)
{
    weft_future_t *future = gather_children(false);

    CHECK(weft_cancel(child[1]));
    CHECK_INT(weft_await(future, NULL), -ECANCELED);
    CHECK(weft_done(future) && !weft_cancelled(future));
    CHECK(!weft_done(child[0]));
    CHECK_INT(weft_cancelling(weft_current_task()), 0);
    weft_set_result(child[0], NULL);
    weft_set_exception(child[2], -EIO);
    drop(future);
    return 0;
}

CASE(gather, C143_a_cancelled_child_is_an_error_and_gather_is_not_cancelled)
{
    BOTH(&has_a_child_cancelled, NULL);
}

WEFT_CORO(gets_all_outcomes)
{
    weft_future_t *future = gather_children(true);

    CHECK(weft_cancel(child[0]));
    weft_set_exception(child[1], -EIO);
    CHECK(!weft_done(future));
    weft_set_result(child[2], &future);
    CHECK_INT(weft_await(future, NULL), 0);
    const weft_result_t *r = weft_gather_results(future, NULL);
    CHECK(r[0].err == -ECANCELED && r[1].err == -EIO && r[2].err == 0 && r[2].value == &future);
    drop(future);
    return 0;
}

CASE(gather, C144_errors_and_cancellations_are_entries_if_asked)
{
    BOTH(&gets_all_outcomes, NULL);
}

/* ---- C145 ---- */

static _Atomic(int) runs;

WEFT_CORO(counts_runs)
{
    runs++;
    *result = arg;
    return weft_sleep(0);
}

WEFT_CORO(gathers_one_twice)
{
    weft_coro_t *a = weft_coro(&counts_runs, &runs), *b = weft_coro(&counts_runs, NULL);
    weft_result_t r[4] = {{0}};

    runs = 0;
    CHECK_INT(weft_gather(WEFT_AWS(weft_ref(a), b, weft_ref(a), a), r), 0);
    CHECK_INT(runs, 2);
    CHECK(r[0].value == &runs && !r[1].value && r[2].value == &runs && r[3].value == &runs);
    return 0;
}

CASE(gather, C145_what_is_given_twice_runs_once_and_its_result_is_repeated)
{
    BOTH(&gathers_one_twice, NULL);
}

/* ---- C146, C148 ---- */

WEFT_CORO(cancels_all)
{
    weft_future_t *future = gather_children(arg != NULL);

    CHECK(weft_cancel(future));
    CHECK_INT(weft_await(future, NULL), -ECANCELED);
    for (int i = 0; i < 3; i++)
        CHECK(weft_cancelled(child[i]));
    CHECK(!weft_cancel(future));
    drop(future);
    return 0;
}

CASE(gather, C146_cancel_reaches_all_children_and_a_second_one_is_false)
{
    BOTH(&cancels_all, NULL);
    BOTH(&cancels_all, "");
}

/* f = create_future(); g = gather(f); f.set_result(1); g.cancel() -> False; await g -> [1] */
WEFT_CORO(is_cancelled_too_late)
{
    weft_future_t *future = gather_children(arg != NULL);

    for (int i = 0; i < 3; i++)
        weft_set_result(child[i], NULL);
    CHECK(!weft_cancel(future)); /* in asyncio's order it is not done yet */
    CHECK_INT(weft_await(future, NULL), 0);
    drop(future);
    return 0;
}

CASE(gather, a_cancel_that_reaches_no_child_changes_nothing)
{
    BOTH(&is_cancelled_too_late, NULL);
    BOTH(&is_cancelled_too_late, "");
}

static weft_future_t *begun;

WEFT_CORO(reads_the_message)
{
    int rc = weft_sleep(WEFT_NONE);
    const char *message = weft_error_message(weft_last_error());
    CHECK(message && strcmp(message, "enough") == 0);
    return rc;
}

WEFT_CORO(gathers_readers)
{
    weft_result_t r[2];

    weft_set_result(begun, NULL);
    return weft_gather(
        WEFT_AWS(weft_coro(&reads_the_message, NULL), weft_coro(&reads_the_message, NULL)), r,
        .return_exceptions = true);
}

WEFT_CORO(cancels_with_a_message)
{
    begun = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&gathers_readers, NULL));

    CHECK_INT(weft_join(begun, NULL), 0);
    CHECK_INT(weft_sleep(WEFT_MS(1)), 0);
    CHECK(weft_cancel_message(task, "enough"));
    CHECK_INT(weft_await(task, NULL), -ECANCELED);
    const char *message = weft_error_message(weft_error_of(task));
    CHECK(message && strcmp(message, "enough") == 0);
    weft_unref(task);
    return 0;
}

CASE(gather, C148_a_cancel_of_the_caller_comes_out_with_its_message)
{
    BOTH(&cancels_with_a_message, NULL);
}

/* ---- its caller is cancelled ---- */

WEFT_CORO(fails_in_its_clean_up)
{
    weft_set_result(begun, NULL);
    CHECK_INT(forever(), -ECANCELED);
    return -EIO;
}

WEFT_CORO(gathers_one)
{
    return weft_gather(WEFT_AWS(weft_coro(&fails_in_its_clean_up, NULL)), NULL);
}

WEFT_CORO(cancels_who_gathers_it)
{
    listen();
    begun = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&gathers_one, NULL));

    CHECK_INT(weft_join(begun, NULL), 0);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), -EIO);
    CHECK_INT(reports, 0);
    return 0;
}

CASE(gather, an_error_of_a_childs_clean_up_comes_out_of_a_cancelled_caller)
{
    BOTH(&cancels_who_gathers_it, NULL);
}

WEFT_CORO(gathers_futures)
{
    return weft_gather(WEFT_AWS(weft_ref(child[0]), weft_ref(child[1])), NULL);
}

/* f[1].set_exception(...); t.cancel(): the gather is not done yet; arg: nor can it be cancelled */
WEFT_CORO(is_cancelled_as_a_child_ends)
{
    listen(); /* in vain: nobody gets the error of a gather whose caller was struck */
    for (int i = 0; i < 2; i++)
        child[i] = weft_create_future(NULL);
    weft_task_t *task = start(&gathers_futures, NULL);

    weft_set_exception(child[1], -EIO);
    if (arg)
        weft_set_result(child[0], NULL);
    CHECK(weft_cancel(task));
    CHECK_INT(weft_join(task, NULL), arg ? -ECANCELED : -EIO);
    CHECK(arg || weft_cancelled(child[0]));
    for (int i = 0; i < 2; i++)
        weft_unref(child[i]);
    return 0;
}

CASE_ORDERED(gather, a_cancel_that_reaches_a_child_leaves_an_error_of_the_same_tick_to_come_out)
{
    CHECK_INT(run(&is_cancelled_as_a_child_ends, NULL), 0);
}

CASE_ORDERED(gather, a_cancel_that_reaches_no_child_strikes_the_caller)
{
    CHECK_INT(run(&is_cancelled_as_a_child_ends, ""), 0);
}

/* ---- its children are awaited too ---- */

WEFT_CORO(returns_at_once)
{
    return 0;
}

/* t = create_task(f()); g = gather(t); await t; g.done() -> True */
WEFT_CORO(awaits_a_gathered_child)
{
    weft_task_t *task = weft_create_task(weft_coro(&returns_at_once, NULL));
    weft_future_t *future = weft_gather_future(WEFT_AWS(weft_ref(task)));

    CHECK_INT(weft_await(task, NULL), 0);
    CHECK(weft_done(future));
    CHECK_INT(weft_join(future, NULL), 0);
    weft_unref(task);
    return 0;
}

CASE_ORDERED(gather, is_done_before_who_awaits_its_child_after_it_goes_on)
{
    CHECK_INT(run(&awaits_a_gathered_child, NULL), 0);
}

/* ---- C149 ---- */

WEFT_CORO(fails_twice)
{
    listen();
    weft_future_t *future = gather_children(false);
    weft_set_exception(child[0], -EIO);
    weft_set_exception(child[1], -EPIPE);
    weft_set_exception(child[2], -ENOENT);
    CHECK_INT(weft_await(future, NULL), -EIO);
    drop(future);
    CHECK_INT(reports, 0);
    return 0;
}

CASE(gather, C149_later_errors_are_not_reported)
{
    BOTH(&fails_twice, NULL);
    CHECK_INT(reports, 0);
}

/* ---- C150, C151 ---- */

static weft_loop_t *other_loop;

WEFT_CORO(gathers_across_loops)
{
    weft_future_t *mine = weft_create_future(NULL), *theirs = weft_create_future(other_loop);

    CHECK_INT(weft_gather(WEFT_AWS(weft_ref(mine), weft_ref(theirs)), NULL), -EXDEV);
    CHECK(!weft_done(mine) && !weft_done(theirs));
    weft_unref(mine);
    weft_unref(theirs);
    return 0;
}

CASE(gather, C150_futures_of_different_loops_are_refused)
{
    CHECK_INT(weft_new_event_loop(&other_loop, .workers = workers), 0);
    BOTH(&gathers_across_loops, NULL);
    weft_loop_unref(other_loop);
}

WEFT_CORO(gathers_nothing)
{
    weft_awaitable_t *none[1] = {NULL};
    weft_future_t *future = weft_gather_future(WEFT_ARRAY(none, 0));
    size_t count = 7;

    CHECK(weft_done(future));
    CHECK_INT(weft_await(future, NULL), 0);
    CHECK(weft_gather_results(future, &count) && count == 0);
    weft_unref(future);
    return 0;
}

CASE(gather, C151_of_nothing_is_done_and_empty)
{
    BOTH(&gathers_nothing, NULL);
}

/* ---- beyond the list ---- */

WEFT_CORO(completes_the_children_and_stops)
{
    weft_future_t **future = arg;

    *future = gather_children(false);
    for (int i = 0; i < 3; i++)
        weft_set_result(child[i], NULL);
    weft_loop_stop(weft_get_running_loop());
    return 0;
}

CASE(gather, is_done_at_the_latest_when_its_loop_closes)
{
    weft_future_t *future = NULL;
    weft_loop_t *loop;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    weft_unref(weft_loop_create_task(loop, weft_coro(&completes_the_children_and_stops, &future)));
    CHECK_INT(weft_loop_run_forever(loop), 0);
    /* In asyncio's order: in the next tick. */
    CHECK_INT(weft_done(future), workers > 1 || sim_seed);
    CHECK_INT(weft_loop_close(loop), 0);
    CHECK(weft_done(future));
    CHECK_INT(weft_result(future, NULL), 0);
    drop(future);
    weft_loop_unref(loop);
}
