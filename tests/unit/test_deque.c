/* SPDX-License-Identifier: MIT */
/*
 * deque: what one thread can see. It plays owner, thief and claimer in turn; what they do to each
 * other at the same time is the matter of tests/stress/deque.c. Link with -Wl,--wrap=calloc.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "runtime/core/deque.h"

TestSuite(deque, .timeout = 30);

#define HOME 3
#define CAPACITY 4
#define PATIENCE 1000

static bool no_memory;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return no_memory ? NULL : __real_calloc(count, size);
}

static struct weft__claimable things[300];

static weft__entry task(unsigned i)
{
    return weft__entry_make(&things[i], WEFT__ENTRY_TASK);
}

static weft__entry stack(unsigned i)
{
    return weft__entry_make(&things[i], WEFT__ENTRY_STACK);
}

static void open_deque(struct weft__deque *d)
{
    cr_assert_eq(weft__deque_init(d, HOME, CAPACITY, false, false), 0);
}

static void push_tasks(struct weft__deque *d, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        weft__deque_push(d, task(i));
}

static void expect_tasks(struct weft__deque *d, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        cr_assert_eq(weft__deque_take(d), task(i), "entry %u", i);
}

static void close_empty(struct weft__deque *d)
{
    weft__deque_check(d);
    cr_expect_eq(weft__deque_take(d), 0);
    cr_expect_eq(weft__deque_length(d), 0);
    weft__deque_destroy(d);
}

Test(deque, owner_takes_the_oldest_first)
{
    struct weft__deque d;
    open_deque(&d);

    weft__deque_push(&d, task(0));
    weft__deque_push(&d, stack(1));
    weft__deque_push(&d, task(2));

    cr_expect_eq(weft__deque_length(&d), 3);
    cr_expect_eq(weft__deque_take(&d), task(0));
    cr_expect_eq(weft__deque_take(&d), stack(1));
    cr_expect_eq(weft__deque_take(&d), task(2));
    close_empty(&d);
}

Test(deque, order_survives_growth_and_wrapping)
{
    struct weft__deque d;
    open_deque(&d);
    unsigned in = 0;
    unsigned out = 0;

    while (in < 300) {
        push_tasks(&d, in, in + 3);
        in += 3;
        expect_tasks(&d, out, out + 2);
        out += 2;
        weft__deque_check(&d);
    }

    expect_tasks(&d, out, in);
    close_empty(&d);
}

Test(deque, slots_do_not_begin_a_page)
{
    struct weft__deque d;
    open_deque(&d);

    push_tasks(&d, 0, 5); /* and grows once */

    uintptr_t at = (uintptr_t)weft__load_relaxed(&d.slots)->slot;
    cr_expect_eq(at % 4096, 5 * WEFT__CACHE_LINE);
    expect_tasks(&d, 0, 5);
    close_empty(&d);
}

Test(deque, pos_names_home_and_slot)
{
    struct weft__deque d;
    open_deque(&d);

    push_tasks(&d, 0, 2);

    cr_expect_eq(weft__deque_home_of(&things[1]), HOME);
    cr_expect_eq(things[1].pos & WEFT__DEQUE_INDEX_MASK, 1);
    expect_tasks(&d, 0, 2);
    close_empty(&d);
}

Test(deque, claim_takes_its_task_from_anywhere_once)
{
    struct weft__deque d;
    open_deque(&d);
    push_tasks(&d, 0, 7);

    cr_expect(weft__deque_claim(&d, &d, &things[3]), "from the middle");
    cr_expect(weft__deque_claim(&d, &d, &things[0]), "the oldest");
    cr_expect(weft__deque_claim(&d, &d, &things[6]), "the newest");
    cr_expect_not(weft__deque_claim(&d, &d, &things[3]), "twice");
    weft__deque_check(&d);

    expect_tasks(&d, 1, 3);
    expect_tasks(&d, 4, 6);
    close_empty(&d);
}

Test(deque, claims_in_any_order_leave_nothing_behind)
{
    struct weft__deque d;
    open_deque(&d);
    push_tasks(&d, 0, 100);

    for (unsigned i = 0; i < 100; i++) /* 37 and 100 have no common divisor: each once */
        cr_assert(weft__deque_claim(&d, &d, &things[i * 37 % 100]));

    cr_expect_eq(weft__deque_peek(&d, 0), 0);
    close_empty(&d);
}

Test(deque, claiming_the_newest_frees_the_slots_below_it_too)
{
    struct weft__deque d;
    open_deque(&d);
    push_tasks(&d, 0, 4);

    weft__deque_claim(&d, &d, &things[1]);
    weft__deque_claim(&d, &d, &things[2]);
    weft__deque_claim(&d, &d, &things[3]);

    cr_expect_eq(weft__deque_length(&d), 1);
    cr_expect_eq(weft__deque_take(&d), task(0));
    close_empty(&d);
}

Test(deque, another_worker_claims_by_the_same_pos)
{
    struct weft__deque own;
    struct weft__deque home;
    cr_assert_eq(weft__deque_init(&own, HOME + 1, CAPACITY, false, false), 0);
    open_deque(&home);
    push_tasks(&home, 0, 3);

    cr_expect(weft__deque_claim(&own, &home, &things[1]));
    cr_expect_not(weft__deque_claim(&own, &home, &things[1]));

    cr_expect_eq(weft__deque_take(&home), task(0));
    cr_expect_eq(weft__deque_take(&home), task(2));
    close_empty(&home);
    close_empty(&own);
}

Test(deque, a_stale_pos_claims_nothing)
{
    struct weft__deque d;
    open_deque(&d);
    push_tasks(&d, 0, 1);
    weft__deque_take(&d);

    for (unsigned i = 0; i < 20; i++) { /* others come by the slot, also after growth */
        push_tasks(&d, 1, 6);
        cr_expect_not(weft__deque_claim(&d, &d, &things[0]));
        expect_tasks(&d, 1, 6);
    }

    close_empty(&d);
}

Test(deque, the_thief_takes_the_oldest_but_leaves_the_last)
{
    struct weft__deque d;
    struct weft__deque_look look = {0};
    open_deque(&d);
    push_tasks(&d, 0, 3);

    cr_expect_eq(weft__deque_steal(&d, &look, 0, PATIENCE), task(0));
    cr_expect_eq(weft__deque_steal(&d, &look, 0, PATIENCE), task(1));
    cr_expect_eq(weft__deque_steal(&d, &look, 0, PATIENCE), 0);

    cr_expect_eq(weft__deque_take(&d), task(2));
    close_empty(&d);
}

Test(deque, the_last_entry_is_stolen_from_an_owner_that_stands_still)
{
    struct weft__deque d;
    struct weft__deque_look look = {0};
    open_deque(&d);
    push_tasks(&d, 0, 1);

    cr_expect_eq(weft__deque_steal(&d, &look, 5, PATIENCE), 0, "first look");
    cr_expect_eq(weft__deque_steal(&d, &look, 5 + PATIENCE, PATIENCE), 0, "too early");
    cr_expect_eq(weft__deque_steal(&d, &look, 6 + PATIENCE, PATIENCE), task(0));

    close_empty(&d);
}

Test(deque, the_last_entry_is_left_to_an_owner_that_moves)
{
    struct weft__deque d;
    struct weft__deque_look look = {0};
    open_deque(&d);

    for (unsigned i = 0; i < 10; i++) { /* a ping-pong: the same entry, again and again */
        weft__deque_push(&d, stack(0));
        cr_expect_eq(weft__deque_steal(&d, &look, i * 2 * PATIENCE, PATIENCE), 0);
        cr_expect_eq(weft__deque_take(&d), stack(0));
    }
    for (unsigned i = 20; i < 30; i++) { /* spawn and await, one by one */
        weft__deque_push(&d, task(0));
        cr_expect_eq(weft__deque_steal(&d, &look, i * 2 * PATIENCE, PATIENCE), 0);
        cr_expect(weft__deque_claim(&d, &d, &things[0]));
    }

    close_empty(&d);
}

Test(deque, one_thief_robs_several_owners_that_stand_still_among_moving_ones)
{
    struct weft__deque d[3];
    struct weft__deque_look look = {0};
    uint64_t now = 0;
    bool robbed[3] = {false};
    for (unsigned i = 0; i < 3; i++) {
        open_deque(&d[i]);
        push_tasks(&d[i], i, i + 1);
    }

    for (unsigned visit = 0; visit < 30; visit++, now += PATIENCE / 2) {
        unsigned i = visit % 3;
        robbed[i] |= weft__deque_steal(&d[i], &look, now, PATIENCE) == task(i);
        if (i == 1) { /* only the second one moves */
            cr_assert(weft__deque_claim(&d[1], &d[1], &things[1]));
            push_tasks(&d[1], 1, 2);
        }
    }

    cr_expect(robbed[0]);
    cr_expect_not(robbed[1]);
    cr_expect(robbed[2]);
    expect_tasks(&d[1], 1, 2);
    for (unsigned i = 0; i < 3; i++)
        close_empty(&d[i]);
}

Test(deque, a_wrong_hint_hides_nothing_from_thieves)
{
    struct weft__deque d;
    struct weft__deque_look look = {0};
    open_deque(&d);
    push_tasks(&d, 0, 8);
    for (unsigned i = 0; i < 6; i++)
        weft__deque_steal(&d, &look, 0, PATIENCE);
    /* The indices that the hint has passed are used anew, and behind it only the last is left. */
    weft__deque_claim(&d, &d, &things[6]);
    weft__deque_claim(&d, &d, &things[7]);
    push_tasks(&d, 10, 20);
    for (unsigned i = 16; i < 19; i++)
        weft__deque_claim(&d, &d, &things[i]);

    for (unsigned i = 10; i < 16; i++)
        cr_expect_eq(weft__deque_steal(&d, &look, 0, PATIENCE), task(i));

    cr_expect_eq(weft__deque_take(&d), task(19));
    close_empty(&d);
}

Test(deque, has_work_sees_each_entry_but_a_single_one_that_moves)
{
    struct weft__deque d;
    struct weft__deque_look look = {0};
    open_deque(&d);

    cr_expect_not(weft__deque_has_work(&d, &look), "empty");
    push_tasks(&d, 0, 1);
    cr_expect(weft__deque_has_work(&d, &look), "never looked at");
    weft__deque_steal(&d, &look, 0, PATIENCE);
    cr_expect(weft__deque_has_work(&d, &look), "stands still");
    weft__deque_take(&d);
    push_tasks(&d, 0, 1);
    cr_expect_not(weft__deque_has_work(&d, &look), "single and moving");
    push_tasks(&d, 1, 2);
    cr_expect(weft__deque_has_work(&d, &look), "two");

    expect_tasks(&d, 0, 2);
    close_empty(&d);
}

Test(deque, peek_changes_nothing)
{
    struct weft__deque d;
    open_deque(&d);
    push_tasks(&d, 0, 3);

    cr_expect_eq(weft__deque_peek(&d, 0), task(0));
    cr_expect_eq(weft__deque_peek(&d, 2), task(2));
    cr_expect_eq(weft__deque_peek(&d, 3), 0);

    expect_tasks(&d, 0, 3);
    close_empty(&d);
}

Test(deque, a_tick_is_what_was_queued_when_it_began)
{
    struct weft__deque d;
    open_deque(&d);
    push_tasks(&d, 0, 2);

    uint64_t mark = weft__deque_mark(&d);
    cr_expect_not(weft__deque_passed(&d, mark));
    weft__deque_take(&d);
    push_tasks(&d, 2, 3);
    cr_expect_not(weft__deque_passed(&d, mark));
    weft__deque_take(&d);
    cr_expect(weft__deque_passed(&d, mark));

    expect_tasks(&d, 2, 3);
    close_empty(&d);
}

Test(deque, claiming_the_only_entry_ends_the_tick_it_was_in)
{
    struct weft__deque d;
    open_deque(&d);
    push_tasks(&d, 0, 1);
    uint64_t mark = weft__deque_mark(&d);

    weft__deque_claim(&d, &d, &things[0]);

    cr_expect(weft__deque_passed(&d, mark));
    close_empty(&d);
}

Test(deque, without_memory_pushes_keep_their_order)
{
    struct weft__deque d;
    open_deque(&d);

    no_memory = true;
    push_tasks(&d, 0, 200);
    cr_expect_eq(weft__deque_length(&d), 200);
    weft__deque_check(&d);
    expect_tasks(&d, 0, 3);
    push_tasks(&d, 200, 210); /* a slot is free, but older entries wait outside */
    expect_tasks(&d, 3, 90);
    no_memory = false;
    push_tasks(&d, 210, 220);

    expect_tasks(&d, 90, 220);
    close_empty(&d);
}

Test(deque, the_ring_is_used_again_after_an_overflow)
{
    struct weft__deque d;
    open_deque(&d);
    no_memory = true;
    push_tasks(&d, 0, 6);
    no_memory = false;
    expect_tasks(&d, 0, 6);

    push_tasks(&d, 6, 8);

    cr_expect(weft__deque_claim(&d, &d, &things[6]), "only what is in a slot can be claimed");
    expect_tasks(&d, 7, 8);
    close_empty(&d);
}

Test(deque, thieves_reach_the_overflow_of_an_owner_that_stands_still)
{
    struct weft__deque d;
    struct weft__deque_look look = {0};
    open_deque(&d);
    no_memory = true;
    push_tasks(&d, 0, 6);
    no_memory = false;
    for (unsigned i = 0; i < 4; i++) /* the ring, with its last entry */
        weft__deque_claim_foreign(&d, &things[i]);

    cr_expect(weft__deque_has_work(&d, &look));
    cr_expect_eq(weft__deque_steal(&d, &look, 0, PATIENCE), 0, "first look");
    cr_expect_eq(weft__deque_steal(&d, &look, 2 * PATIENCE, PATIENCE), task(4));
    cr_expect_eq(weft__deque_steal(&d, &look, 2 * PATIENCE, PATIENCE), task(5));
    cr_expect_not(weft__deque_has_work(&d, &look));

    push_tasks(&d, 6, 7); /* the owner learns that nothing is left outside */
    expect_tasks(&d, 6, 7);
    close_empty(&d);
}

Test(deque, a_ring_without_memory_is_refused)
{
    struct weft__deque d;
    no_memory = true;

    int rc = weft__deque_init(&d, HOME, CAPACITY, false, false);

    no_memory = false;
    cr_expect_eq(rc, -ENOMEM);
}

Test(deque, alone_or_with_ordered_pushes_it_behaves_the_same)
{
    for (unsigned mode = 0; mode < 2; mode++) {
        struct weft__deque d;
        cr_assert_eq(weft__deque_init(&d, HOME, CAPACITY, mode == 0, mode == 1), 0);

        push_tasks(&d, 0, 20);
        cr_expect(weft__deque_claim(&d, &d, &things[5]));
        cr_expect_not(weft__deque_claim(&d, &d, &things[5]));

        expect_tasks(&d, 0, 5);
        expect_tasks(&d, 6, 20);
        close_empty(&d);
    }
}
