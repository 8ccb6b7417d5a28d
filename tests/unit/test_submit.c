/* SPDX-License-Identifier: MIT */
#include "runtime/sched/cancel.h"
#include "runtime/sched/submit.h"
#include "tests/unit/loop_support.h"

TestSuite(submit, .timeout = 30);

static struct step step[4];

static bool has_token(unsigned id)
{
    return weft__load_relaxed(&loop->workers[id].token) != 0; /* relaxed: one thread */
}

static void park(unsigned id)
{
    weft__idle_search_begin(loop);
    weft__idle_park(loop, &loop->workers[id]);
}

Test(submit, a_workers_entries_go_to_its_own_deque)
{
    open_loop(2);
    struct weft__worker *worker = be(1);

    bool a = weft__submit_entry(loop, entry(&step[0], "a"));
    bool b = weft__submit_entry(loop, entry(&step[1], "b"));

    cr_expect(a && b);
    cr_expect(weft__mpsc_is_empty(&loop->injector));
    note_deque(worker);
    cr_expect_str_eq(notes, "ab");
    close_loop();
}

Test(submit, what_comes_from_outside_goes_to_the_injector_which_a_worker_takes_whole)
{
    open_loop(2);
    weft__submit_entry(loop, entry(&step[0], "a"));
    weft__submit_entry(loop, entry(&step[1], "b"));
    uint64_t before = weft__deque_length(&loop->workers[1].deque);
    struct weft__worker *worker = be(1);

    weft__worker_turn(worker);

    cr_expect_eq(before, 0);
    cr_expect(weft__mpsc_is_empty(&loop->injector));
    note_deque(worker);
    cr_expect_str_eq(notes, "ab");
    close_loop();
}

Test(submit, a_worker_of_another_loop_counts_as_outside)
{
    open_loop(2);
    struct weft_loop *other = loop;
    struct weft__loop_config config = {.class = class, .workers = 2};
    cr_assert_eq(weft__loop_new(&loop, &config), 0);
    struct weft__worker *worker = be(0);

    weft__submit_entry(other, entry(&step[0], "a"));

    cr_expect_not(weft__mpsc_is_empty(&other->injector));
    cr_expect_eq(weft__deque_length(&worker->deque), 0);
    cr_expect_neq(weft__mpsc_take(&other->injector, WEFT__MPSC_EMPTY), 0);
    be_nobody();
    weft_loop_unref(loop);
    loop = other;
    close_loop();
}

Test(submit, a_closed_loop_refuses_what_comes_from_outside)
{
    open_loop(2);
    weft_loop_close(loop);

    bool taken = weft__submit_entry(loop, entry(&step[0], "a"));

    cr_expect_not(taken);
    close_loop();
}

Test(submit, a_pinned_stack_goes_home_by_list_or_by_mail)
{
    open_loop(2);
    struct weft_awaitable *task = idle_task();
    struct weft__stack stack = {.task = task, .pinned = &loop->workers[1]};
    weft__entry e = weft__entry_make(&stack, WEFT__ENTRY_STACK);

    be(1);
    weft__submit_stack(&stack);
    weft__entry listed = loop->workers[1].pinned_first;
    loop->workers[1].pinned_first = 0;
    loop->workers[1].pinned_last = NULL;
    be(0);
    weft__submit_stack(&stack);

    cr_expect_eq(listed, e);
    cr_expect_eq(weft__mpsc_take(&loop->workers[1].mail, WEFT__MPSC_EMPTY), e);
    cr_expect_eq(weft__deque_length(&loop->workers[0].deque), 0);
    end_idle_task(task);
    close_loop();
}

Test(submit, the_list_of_pinned_entries_is_a_queue)
{
    open_loop(2);
    struct weft__worker *worker = be(0);

    for (int i = 0; i < 3; i++)
        weft__submit_pinned(worker, entry(&step[i], i == 0 ? "a" : i == 1 ? "b" : "c"));
    note_next(worker, 3);
    weft__submit_pinned(worker, entry(&step[3], "d"));
    note_next(worker, 1);

    cr_expect_str_eq(notes, "abcd");
    cr_expect(!worker->pinned_first && !worker->pinned_last);
    close_loop();
}

Test(submit, a_task_in_a_strand_goes_to_its_strand_but_not_in_an_ordered_loop)
{
    for (int ordered = 0; ordered < 2; ordered++) {
        ordered ? open_ordered_loop() : open_loop(2);
        struct weft__worker *worker = be(0);
        struct weft_awaitable *task = idle_task();
        task->flags = 0;
        task->strand = weft_strand_create();
        weft__entry e = weft__entry_make(task, WEFT__ENTRY_TASK);
        weft__entry s = weft__entry_make(task->strand, WEFT__ENTRY_STRAND);

        bool taken = weft__submit_task(task);

        cr_expect(taken);
        cr_expect_eq(weft__deque_take(&worker->deque), ordered ? e : s);
        if (!ordered) {
            cr_expect_eq(weft__strand_next(task->strand), e);
            weft__strand_release(task->strand);
        }
        weft_strand_unref(task->strand);
        end_idle_task(task);
        close_loop();
    }
}

/* ---- who is woken -------------------------------------------------------------------------------
 */

Test(submit, a_push_wakes_a_sleeper_unless_somebody_searches)
{
    for (int outside = 0; outside < 2; outside++) {
        open_loop(3);
        park(1);
        park(2);
        outside ? be_nobody() : (void)be(0);

        weft__submit_entry(loop, entry(&step[0], "a"));
        bool first = has_token(2), both = has_token(1);
        weft__submit_entry(loop, entry(&step[1], "b"));

        cr_expect(first && !both, "outside %d", outside);
        cr_expect_not(has_token(1), "worker 2 searches now");
        be(0);
        weft__worker_turn(&loop->workers[0]);
        note_deque(&loop->workers[0]);
        close_loop();
    }
}

Test(submit, mail_wakes_its_receiver_and_nobody_else)
{
    open_loop(3);
    park(1);
    park(2);
    be(0);

    bool taken = weft__submit_mail(&loop->workers[1], entry(&step[0], "a"));

    cr_expect(taken);
    cr_expect(has_token(1) && !has_token(2));
    be(1);
    weft__worker_turn(&loop->workers[1]);
    note_next(&loop->workers[1], 1);
    cr_expect_str_eq(notes, "a");
    close_loop();
}

/* ---- asks ---------------------------------------------------------------------------------------
 */

Test(submit, an_ask_is_queued_once_with_a_reference_and_wakes_the_worker)
{
    open_loop(2);
    struct weft_awaitable *task = idle_task();
    park(1);

    weft__submit_ask(&loop->workers[1], task);
    weft__submit_ask(&loop->workers[1], task);

    cr_expect_eq(weft__load_relaxed(&task->refs), 3); /* relaxed: one thread */
    cr_expect(has_token(1));
    be(1);
    weft__worker_turn(&loop->workers[1]);
    cr_expect_eq(weft__load_relaxed(&task->refs), 2, "taken in");
    cr_expect_eq(weft__load_relaxed(&task->asked), 0, "and may be asked anew");
    end_idle_task(task);
    close_loop();
}

Test(submit, an_ask_of_a_closed_worker_keeps_no_reference)
{
    open_loop(2);
    struct weft_awaitable *task = idle_task();
    weft__mpsc_close(&loop->workers[1].asks);

    weft__submit_ask(&loop->workers[1], task);

    cr_expect_eq(weft__load_relaxed(&task->refs), 2); /* relaxed: one thread */
    end_idle_task(task);
    close_loop();
}
