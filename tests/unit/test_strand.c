/* SPDX-License-Identifier: MIT */
#include "runtime/sched/strand.h"
#include "tests/unit/loop_support.h"

TestSuite(strand, .timeout = 30);

static weft_strand_t *strand;
static struct step step[4];

static struct weft__worker *set_up(void)
{
    open_loop(2);
    struct weft__worker *worker = be(0);
    strand = weft_strand_create();
    cr_assert_not_null(strand);
    return worker;
}

static bool push(unsigned i)
{
    static const char *const name[] = {"a", "b", "c", "d"};

    return weft__strand_push(strand, entry(&step[i], name[i]));
}

static void abort_it(void *arg)
{
    (void)arg;
    abort();
}

static unsigned refs(void)
{
    return weft__load_relaxed(&strand->refs); /* relaxed: one thread */
}

static void tear_down(void)
{
    weft_strand_unref(strand);
    close_loop();
}

Test(strand, its_steps_come_in_the_order_in_which_they_were_pushed)
{
    struct weft__worker *worker = set_up();
    push(0);
    push(1);
    cr_assert_eq(weft__deque_take(&worker->deque), weft__entry_make(strand, WEFT__ENTRY_STRAND));

    note_entry(weft__strand_next(strand));
    push(2);
    for (int i = 0; i < 3; i++)
        note_entry(weft__strand_next(strand));

    cr_expect_str_eq(notes, "abc-");
    weft__strand_release(strand);
    tear_down();
}

Test(strand, it_is_submitted_once_as_long_as_somebody_is_responsible)
{
    struct weft__worker *worker = set_up();

    push(0);
    push(1);
    uint64_t queued = weft__deque_length(&worker->deque);
    weft__deque_take(&worker->deque);
    while (weft__strand_next(strand))
        ;
    push(2); /* while it is held */
    uint64_t held = weft__deque_length(&worker->deque);

    cr_expect_eq(queued, 1);
    cr_expect_eq(held, 0);
    note_entry(weft__strand_next(strand));
    cr_expect_str_eq(notes, "c");
    weft__strand_release(strand);
    tear_down();
}

Test(strand, a_release_lets_go_and_the_next_push_submits_it_anew)
{
    struct weft__worker *worker = set_up();
    push(0);
    unsigned responsible = refs();
    weft__deque_take(&worker->deque);
    weft__strand_next(strand);

    weft__strand_release(strand);
    unsigned idle = refs();
    bool nothing = weft__deque_take(&worker->deque) == 0;
    push(1);

    cr_expect(responsible == 2 && idle == 1, "the entry's reference");
    cr_expect(nothing);
    cr_expect_eq(weft__deque_take(&worker->deque), weft__entry_make(strand, WEFT__ENTRY_STRAND));
    weft__strand_next(strand);
    weft__strand_release(strand);
    tear_down();
}

Test(strand, a_release_looks_again_and_stays_responsible_for_what_came)
{
    struct weft__worker *worker = set_up();
    push(0);
    weft__deque_take(&worker->deque);
    weft__strand_next(strand);
    push(1);

    weft__strand_release(strand);

    cr_expect_eq(refs(), 2);
    cr_expect_eq(weft__deque_take(&worker->deque), weft__entry_make(strand, WEFT__ENTRY_STRAND));
    note_entry(weft__strand_next(strand));
    cr_expect_str_eq(notes, "b");
    weft__strand_release(strand);
    tear_down();
}

Test(strand, a_release_with_steps_left_of_a_batch_keeps_them)
{
    struct weft__worker *worker = set_up();
    push(0);
    push(1);
    weft__deque_take(&worker->deque);
    weft__strand_next(strand);

    weft__strand_release(strand);

    cr_expect_eq(weft__deque_take(&worker->deque), weft__entry_make(strand, WEFT__ENTRY_STRAND));
    cr_expect_not(weft__strand_is_empty(strand));
    note_entry(weft__strand_next(strand));
    cr_expect_str_eq(notes, "b");
    weft__strand_release(strand);
    tear_down();
}

Test(strand, a_claim_takes_the_only_step_and_no_other)
{
    struct weft__worker *worker = set_up();
    push(0);
    push(1);
    weft__deque_take(&worker->deque);

    bool followed = weft__strand_claim(strand, entry(&step[0], "a"));
    note_entry(weft__strand_next(strand));
    bool other = weft__strand_claim(strand, entry(&step[2], "c"));
    bool only = weft__strand_claim(strand, entry(&step[1], "b"));

    cr_expect(!followed && !other && only);
    cr_expect(weft__strand_is_empty(strand));
    cr_expect_eq(weft__strand_next(strand), 0);
    weft__strand_release(strand);
    tear_down();
}

Test(strand, after_the_loop_was_closed_it_refuses_every_step_and_counts_nothing)
{
    set_up();
    be_nobody();
    cr_assert_eq(weft_loop_close(loop), 0);

    bool first = push(0);
    bool second = push(1);

    cr_expect_not(first);
    cr_expect_not(second);
    cr_expect_eq(refs(), 1);
    tear_down();
}

Test(strand, closing_the_loop_lets_go_of_one_that_is_queued)
{
    struct weft__worker *worker = set_up();
    struct weft_handle *handle;
    worker->strand = strand;
    cr_assert_eq(weft_loop_call_soon(loop, abort_it, NULL, &handle), 0);
    worker->strand = NULL;
    unsigned queued = refs();
    be_nobody();

    weft_loop_close(loop);

    cr_expect_eq(queued, 3, "ours, the handle's, the entry's");
    cr_expect_eq(refs(), 2);
    weft_handle_unref(handle);
    cr_expect_eq(refs(), 1);
    tear_down();
}
