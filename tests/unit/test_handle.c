/* SPDX-License-Identifier: MIT */
#include "runtime/sched/handle.h"
#include "tests/unit/loop_support.h"

TestSuite(handle, .timeout = 30);

static void call_noted(void *name)
{
    note(name);
}

static void soon(const char *name, weft_handle_t **handle)
{
    cr_assert_eq(weft_loop_call_soon(loop, call_noted, (void *)(uintptr_t)name, handle), 0);
}

static void run_all(struct weft__worker *worker)
{
    weft__entry e;

    while ((e = weft__worker_next(worker)))
        weft__handle_run(weft__entry_object(e));
}

static uint32_t references(struct weft_handle *handle)
{
    return weft__load_relaxed(&handle->refs) & ~WEFT__HANDLE_HOLDS; /* relaxed: one thread */
}

Test(handle, it_is_called_once_in_the_order_of_being_asked_for)
{
    open_ordered_loop();
    struct weft__worker *worker = be(0);
    soon("a", NULL);
    soon("b", NULL);
    soon("c", NULL);

    run_all(worker);
    run_all(worker);

    cr_expect_str_eq(notes, "abc");
    close_loop();
}

Test(handle, one_that_is_cancelled_is_skipped_and_says_so)
{
    weft_handle_t *a, *b;
    open_ordered_loop();
    struct weft__worker *worker = be(0);
    soon("a", &a);
    soon("b", &b);

    weft_handle_cancel(a);
    run_all(worker);
    weft_handle_cancel(b);

    cr_expect_str_eq(notes, "b");
    cr_expect(weft_handle_cancelled(a));
    cr_expect_not(weft_handle_cancelled(b), "it was called before");
    weft_handle_unref(a);
    weft_handle_unref(b);
    close_loop();
}

Test(handle, its_callers_reference_is_all_that_is_left_after_the_call)
{
    weft_handle_t *handle;
    open_ordered_loop();
    struct weft__worker *worker = be(0);
    soon("a", &handle);

    uint32_t before = references(handle);
    run_all(worker);

    cr_expect_eq(before, 2);
    cr_expect_eq(references(handle), 1);
    cr_expect_eq(weft__load_relaxed(&handle->state), WEFT__HANDLE_DONE);
    weft_handle_unref(handle);
    close_loop();
}

Test(handle, cancelling_a_timed_one_takes_its_timer_out)
{
    weft_handle_t *handle;
    open_ordered_loop();
    struct weft__worker *worker = be(0);
    cr_assert_eq(weft_loop_call_later(loop, 100, call_noted, NULL, &handle), 0);
    int64_t before = weft__timers_first(&worker->timers);

    weft_handle_cancel(handle);

    cr_expect_eq(before, weft_handle_when(handle));
    cr_expect_eq(weft__timers_first(&worker->timers), WEFT__TIMERS_NEVER);
    cr_expect_eq(references(handle), 1);
    weft_handle_unref(handle);
    close_loop();
}

Test(handle, one_that_is_dropped_is_never_called_and_cancelling_it_then_does_nothing)
{
    weft_handle_t *handle;
    open_ordered_loop();
    struct weft__worker *worker = be(0);
    soon("a", &handle);
    weft__entry e = weft__worker_next(worker);

    weft__handle_drop(weft__entry_object(e));
    weft_handle_cancel(handle);

    cr_expect_str_eq(notes, "");
    cr_expect_not(weft_handle_cancelled(handle));
    cr_expect_eq(references(handle), 1);
    weft_handle_unref(handle);
    close_loop();
}

Test(handle, a_closed_loop_refuses_it_and_it_goes)
{
    open_ordered_loop();
    struct weft_handle *handle = weft_handle_ref(weft__handle_new(loop));
    handle->fn = call_noted;
    weft_loop_close(loop);

    int rc = weft__handle_submit(handle);

    cr_expect_eq(rc, -ESHUTDOWN);
    cr_expect_eq(references(handle), 1);
    weft_handle_unref(handle);
    close_loop();
}

Test(handle, it_belongs_to_the_strand_that_is_running_where_it_is_made)
{
    open_loop(2);
    struct weft__worker *worker = be(0);
    weft_strand_t *strand = weft_strand_create();

    struct weft_handle *outside = weft__handle_new(loop);
    worker->strand = strand;
    struct weft_handle *inside = weft__handle_new(loop);
    worker->strand = NULL;

    cr_expect_null(outside->strand);
    cr_expect_eq(inside->strand, strand);
    cr_expect_eq(weft__load_relaxed(&strand->refs), 2); /* relaxed: one thread */
    weft_handle_unref(inside);
    weft_handle_unref(outside);
    cr_expect_eq(weft__load_relaxed(&strand->refs), 1);
    weft_strand_unref(strand);
    close_loop();
}

/* ---- a cancel from outside while it runs --------------------------------------------------------
 */

static weft_handle_t *running;
static bool ended, ended_when_cancelled;

static void cancel_it(void *arg)
{
    (void)arg;
    weft_handle_cancel(running);
    ended_when_cancelled = ended;
}

static void call_until_somebody_waits(void *thread)
{
    weft__virtual_thread(thread, cancel_it, NULL);
    /* relaxed: one thread of the operating system. */
    while (weft__load_relaxed(&running->state) != WEFT__HANDLE_WAITED)
        sys->now();
    sys->now();
    ended = true;
}

Test(handle, a_cancel_from_outside_returns_when_the_call_has_ended)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        weft__thread thread;
        open_loop_in(&(struct weft__virtual_config){.seed = seed}, 1, WEFT_ORDER_DEFAULT);
        struct weft__worker *worker = be(0);
        ended = ended_when_cancelled = false;
        weft_loop_call_soon(loop, call_until_somebody_waits, &thread, &running);

        run_all(worker);
        sys->thread_join(thread);

        cr_assert(ended_when_cancelled);
        cr_assert_not(weft_handle_cancelled(running));
        weft_handle_unref(running);
        close_loop();
    }
}
