/* SPDX-License-Identifier: MIT */
#include <alloca.h>

#include "runtime/sched/await.h"
#include "tests/unit/loop_support.h"

TestSuite(await, .timeout = 30);

static uint64_t inlined(void)
{
    return weft__load_relaxed(&weft__self()->counters.inlined); /* relaxed: our own */
}

/* Awaits [child] and tells whether it ran on the caller's stack. */
static bool runs_inlined(weft_task_t *child)
{
    uint64_t before = inlined();

    note(weft_join(child, NULL) == 0 ? "" : "failed ");
    return inlined() == before + 1;
}

static weft_task_t *child_with(weft_task_opts_t opts);

WEFT_CORO(does_nothing)
{
    return 0;
}

static weft_task_t *child_with(weft_task_opts_t opts)
{
    opts.size = sizeof opts;
    return weft_create_task_opts(weft_coro(&does_nothing, NULL), &opts);
}

#define CHILD(...) child_with((weft_task_opts_t){__VA_ARGS__})

static void note_if(bool is, const char *yes, const char *no)
{
    note(is ? yes : no);
}

/* ---- what is allowed ----------------------------------------------------------------------------
 */

WEFT_CORO(awaits_children)
{
    weft_strand_t *strand = weft_strand_create();

    note_if(runs_inlined(CHILD(0)), "plain ", "");
    note_if(runs_inlined(CHILD(.strand = strand)), "", "strand ");
    note_if(runs_inlined(CHILD(.pinned = true)), "", "pinned ");
    note_if(runs_inlined(CHILD(.stack_size = 1 << 20)), "", "large ");
    note_if(runs_inlined(CHILD(.stack_size = 16 << 10)), "small", "");
    weft_strand_unref(strand);
    return 0;
}

Test(await, a_child_is_inlined_unless_its_strand_pin_or_stack_forbids_it)
{
    open_loop(1);

    int rc = run_main(&awaits_children, NULL);

    cr_expect_eq(rc, 0);
    cr_expect_str_eq(notes, "plain strand pinned large small");
    close_loop();
}

WEFT_CORO(awaits_inside)
{
    weft_strand_t *strand = weft_strand_create();

    note_if(runs_inlined(CHILD(0)), "same ", "");
    note_if(runs_inlined(CHILD(.strand = WEFT_PARALLEL)), "", "parallel ");
    weft_task_t *first = CHILD(0), *second = CHILD(0);
    note_if(runs_inlined(first), "", "followed ");
    note_if(runs_inlined(second), "", "done");
    weft_strand_unref(strand);
    return 0;
}

WEFT_CORO(starts_in_a_strand)
{
    weft_strand_t *strand = weft_strand_create();
    int rc = weft_join(weft_create_task(weft_coro(&awaits_inside, NULL), .strand = strand), NULL);

    weft_strand_unref(strand);
    return rc;
}

Test(await, within_a_strand_a_child_is_inlined_if_it_is_the_only_step)
{
    open_loop(1);

    int rc = run_main(&starts_in_a_strand, NULL);

    cr_expect_eq(rc, 0);
    cr_expect_str_eq(notes, "same parallel followed done");
    close_loop();
}

WEFT_CORO(pinned_parent)
{
    note_if(runs_inlined(CHILD(0)), "inlined", "not inlined");
    return 0;
}

WEFT_CORO(starts_pinned)
{
    return weft_join(weft_create_task(weft_coro(&pinned_parent, NULL), .pinned = true), NULL);
}

Test(await, a_pinned_parent_inlines_nothing)
{
    open_loop(1);

    int rc = run_main(&starts_pinned, NULL);

    cr_expect_eq(rc, 0);
    cr_expect_str_eq(notes, "not inlined");
    close_loop();
}

WEFT_CORO(awaits_with_little_room)
{
    char *limit = weft__self()->stack->limit;
    size_t room = (size_t)((char *)__builtin_frame_address(0) - limit);
    volatile char *used = alloca(room - 15 * 1024);

    used[0] = 1;
    note_if(runs_inlined(CHILD(0)), "inlined", "not inlined");
    return used[0] - 1;
}

Test(await, a_parent_with_little_stack_left_inlines_nothing)
{
    open_loop(1);

    int rc = run_main(&awaits_with_little_room, NULL);

    cr_expect_eq(rc, 0);
    cr_expect_str_eq(notes, "not inlined");
    close_loop();
}

/* ---- the budget ---------------------------------------------------------------------------------
 */

static void spend(void)
{
    weft__store_relaxed(&weft__self()->budget, 0); /* relaxed: as the monitor does */
}

WEFT_CORO(spends_its_budget)
{
    struct weft__worker *worker = weft__self();
    uint64_t turns = weft__load_relaxed(&worker->turns); /* relaxed: our own */

    weft_task_t *alone = CHILD(0);
    spend();
    note_if(runs_inlined(alone), "inlined ", "");
    note_if(weft__load_relaxed(&worker->turns) == turns + 1, "after a turn ", "");
    weft_task_t *older = CHILD(0), *child = CHILD(0);
    weft__worker_turn(worker); /* both are part of this tick now */
    spend();
    note_if(runs_inlined(child), "", "older ones first");
    note(weft_done(older) ? "" : "?");
    return weft_join(older, NULL);
}

Test(await, with_the_budget_spent_there_is_a_turn_and_what_is_older_goes_first)
{
    open_loop(1);

    int rc = run_main(&spends_its_budget, NULL);

    cr_expect_eq(rc, 0);
    cr_expect_str_eq(notes, "inlined after a turn older ones first");
    close_loop();
}

/* ---- asyncio's order ----------------------------------------------------------------------------
 */

WEFT_CORO(notes_its_name)
{
    note(arg);
    return 0;
}

static weft_task_t *named(const char *name)
{
    return weft_create_task(weft_coro(&notes_its_name, (void *)(uintptr_t)name));
}

WEFT_CORO(awaits_the_second)
{
    weft_task_t *a = named("a"), *b = named("b");
    bool second = runs_inlined(b);
    weft_task_t *c = named("c");
    bool only = runs_inlined(c);

    note_if(!second && only, "", "?");
    return weft_join(a, NULL);
}

Test(await, in_an_ordered_loop_a_child_is_inlined_only_if_nothing_else_is_runnable)
{
    open_ordered_loop();

    int rc = run_main(&awaits_the_second, NULL);

    cr_expect_eq(rc, 0);
    cr_expect_str_eq(notes, "abc");
    close_loop();
}

WEFT_CORO(makes_another)
{
    weft_task_t **other = arg;

    note("child ");
    *other = named("other ");
    return 0;
}

WEFT_CORO(awaits_one_that_makes_another)
{
    weft_task_t *other = NULL;
    int rc = weft_join(weft_create_task(weft_coro(&makes_another, &other)), NULL);

    note("parent");
    return rc < 0 ? rc : weft_join(other, NULL);
}

Test(await, in_an_ordered_loop_what_became_runnable_meanwhile_comes_before_the_parent)
{
    open_ordered_loop();

    int rc = run_main(&awaits_one_that_makes_another, NULL);

    cr_expect_eq(rc, 0);
    cr_expect_str_eq(notes, "child other parent");
    close_loop();
}

/* Leaves an emptied slot as the oldest: b's, claimed from the middle before a was taken. */
WEFT_CORO(empties_the_oldest_slot)
{
    struct weft__deque *deque = &weft__self()->deque;
    weft_task_t **made = arg;

    for (int i = 0; i < 3; i++)
        made[i] = named(&"a\0b\0c"[2 * i]);
    bool claimed = weft__deque_claim_own(deque, (struct weft__claimable *)made[1]);
    weft__entry a = weft__deque_take(deque);
    note_if(claimed && a == weft__entry_make(made[0], WEFT__ENTRY_TASK), "child ", "?");
    weft__deque_push(deque, a);
    weft__deque_push(deque, weft__entry_make(made[1], WEFT__ENTRY_TASK));
    return 0;
}

WEFT_CORO(awaits_one_that_empties_a_slot)
{
    weft_task_t *made[3] = {0};
    int rc = weft_join(weft_create_task(weft_coro(&empties_the_oldest_slot, made)), NULL);

    note(" parent");
    for (int i = 0; i < 3; i++)
        rc = weft_join(made[i], NULL) < 0 ? -EIO : rc;
    return rc;
}

Test(await, in_an_ordered_loop_an_entry_behind_an_emptied_slot_comes_before_the_parent)
{
    open_ordered_loop();

    int rc = run_main(&awaits_one_that_empties_a_slot, NULL);

    cr_expect_eq(rc, 0);
    cr_expect_str_eq(notes, "child cab parent");
    close_loop();
}

/* ---- what comes of it ---------------------------------------------------------------------------
 */

WEFT_CORO(sleeps_then_fails)
{
    int rc = weft_sleep(WEFT_MS(1));

    note(rc == -ECANCELED ? "child cancelled " : "");
    return rc < 0 ? rc : -EIO;
}

WEFT_CORO(inlines_a_sleeper)
{
    uint64_t before = inlined();
    int rc = weft_join(weft_create_task(weft_coro(&sleeps_then_fails, NULL)), NULL);

    note_if(inlined() == before + 1, "inlined ", "");
    note(rc == -EIO ? "failed" : rc == -ECANCELED ? "cancelled" : "?");
    return 0;
}

Test(await, an_inlined_child_that_suspends_hands_its_outcome_to_its_parent)
{
    open_loop(1);

    int rc = run_main(&inlines_a_sleeper, NULL);

    cr_expect_eq(rc, 0);
    cr_expect_str_eq(notes, "inlined failed");
    close_loop();
}

WEFT_CORO(cancels_the_parent)
{
    weft_task_t *parent = weft_create_task(weft_coro(&inlines_a_sleeper, NULL));
    int rc = weft_sleep(WEFT_MS(1) / 2);

    weft_cancel(parent);
    return rc < 0 ? rc : weft_join(parent, NULL);
}

Test(await, a_cancel_of_the_parent_finds_its_way_to_the_inlined_child)
{
    open_loop(1);

    int rc = run_main(&cancels_the_parent, NULL);

    cr_expect_eq(rc, 0);
    cr_expect_str_eq(notes, "child cancelled inlined cancelled");
    close_loop();
}

WEFT_CORO(awaits_wrongly)
{
    weft_coro_t *spent = weft_coro(&does_nothing, NULL);
    int *rc = arg;

    rc[0] = weft_await(weft_current_task(), NULL);
    rc[1] = weft_await(NULL, NULL);
    rc[2] = weft_await(spent, NULL);
    rc[3] = weft_join(spent, NULL);
    return 0;
}

Test(await, what_cannot_be_awaited_says_why)
{
    int rc[4] = {1, 1, 1, 1};
    open_ordered_loop();

    run_main(&awaits_wrongly, rc);

    cr_expect_eq(rc[0], -EDEADLK);
    cr_expect_eq(rc[1], -EINVAL);
    cr_expect_eq(rc[2], 0);
    cr_expect_eq(rc[3], -EALREADY);
    weft_future_t *future = weft_create_future(loop);
    cr_expect_eq(weft_await(future, NULL), -EPERM, "outside of a task");
    weft_unref(future);
    close_loop();
}

WEFT_CORO(awaits_what_it_got)
{
    return weft_await(arg, NULL);
}

Test(await, an_awaitable_of_another_loop_is_refused)
{
    struct weft__loop_config config = {.class = class, .workers = 1};
    struct weft_loop *other;
    open_ordered_loop();
    cr_assert_eq(weft__loop_new(&other, &config), 0);
    weft_future_t *future = weft_create_future(other);

    int rc = run_main(&awaits_what_it_got, future);

    cr_expect_eq(rc, -EXDEV);
    weft_unref(future);
    weft_loop_unref(other);
    close_loop();
}
