/* SPDX-License-Identifier: MIT */
#include "runtime/core/waiters.h"
#include "runtime/sched/cancel.h"
#include "tests/unit/loop_support.h"

TestSuite(cancel, .timeout = 30);

/* relaxed, as everywhere here: one thread. */
static uint32_t pending(struct weft_awaitable *task)
{
    return weft__tokens_pending(weft__load_relaxed(&task->tokens));
}

static uint32_t count(struct weft_awaitable *task)
{
    return weft__tokens_count(weft__load_relaxed(&task->tokens));
}

static uint32_t sequence(struct weft_awaitable *task)
{
    return weft__tokens_sequence(weft__load_relaxed(&task->tokens));
}

/* ---- tokens -------------------------------------------------------------------------------------
 */

Test(cancel, a_token_is_pending_and_counted_until_it_is_taken_back)
{
    struct weft_awaitable *task = idle_task();

    bool put = weft__token_put(task, 0, NULL) && weft__token_put(task, 0, NULL);
    uint32_t left = weft__token_take_back(task, false, 0);

    cr_expect(put);
    cr_expect(left == 1 && count(task) == 1);
    cr_expect_eq(pending(task), 2, "it stays, as there is still a request");
    cr_expect_eq(weft__token_take_back(task, false, 0), 0);
    cr_expect_eq(pending(task), 0, "none is left, so nothing is delivered");
    cr_expect_eq(weft__token_take_back(task, false, 0), 0, "never below zero");
    end_idle_task(task);
}

Test(cancel, a_task_that_is_done_takes_no_token)
{
    struct weft_awaitable *task = idle_task();
    weft__awaitable_complete(task, 0, NULL, NULL);

    bool put = weft__token_put(task, 0, NULL);
    bool cancelled = weft__cancel_task(task, NULL);

    cr_expect(!put && !cancelled);
    cr_expect_eq(weft__load_relaxed(&task->tokens), 0);
    cr_expect_eq(weft__load_relaxed(&task->word), WEFT__WORD_DONE);
    end_idle_task(task);
}

Test(cancel, all_that_is_pending_is_raised_once_and_stays_counted)
{
    struct weft_awaitable *task = idle_task();
    weft__token_put(task, 0, NULL);
    weft__token_put(task, 0, NULL);

    bool first = weft__raise(task);
    bool second = weft__raise(task);

    cr_expect(first && !second);
    cr_expect(pending(task) == 0 && count(task) == 2);
    end_idle_task(task);
}

Test(cancel, the_sequence_moves_when_tokens_leave_and_only_then)
{
    struct weft_awaitable *task = idle_task();
    uint32_t first, second, third;
    weft__token_put(task, 0, &first);
    weft__token_put(task, 0, &second);

    weft__token_take_back(task, true, second);
    uint32_t taken_back = sequence(task);
    weft__raise(task);
    weft__token_put(task, 0, &third);

    cr_expect_eq(first, second);
    cr_expect_eq(taken_back, first);
    cr_expect_eq(third, first + 1);
    end_idle_task(task);
}

Test(cancel, ones_own_token_is_withdrawn_unless_it_has_left)
{
    struct weft_awaitable *task = idle_task();
    uint32_t own;
    weft__token_put(task, 0, NULL);
    weft__token_put(task, 0, &own);

    weft__token_take_back(task, true, own);
    uint32_t withdrawn = pending(task);
    weft__token_put(task, 0, &own);
    weft__raise(task);
    weft__token_put(task, 0, NULL);
    weft__token_take_back(task, true, own);

    cr_expect_eq(withdrawn, 1);
    cr_expect_eq(pending(task), 1, "somebody else's is kept");
    end_idle_task(task);
}

Test(cancel, both_counts_stop_at_their_largest_value)
{
    struct weft_awaitable *task = idle_task();

    for (int i = 0; i < 70000; i++)
        weft__token_put(task, 0, NULL);

    cr_expect_eq(pending(task), WEFT__TOKEN_EDGES);
    cr_expect_eq(count(task), 0xffff);
    cr_expect_eq(sequence(task), 0);
    end_idle_task(task);
}

Test(cancel, walking_into_a_task_moves_what_is_pending_and_the_sequence)
{
    struct weft_awaitable *outer = idle_task(), *inner = idle_task();
    struct weft__walk walk = {0};
    weft__token_put(outer, 0, NULL);
    weft__token_put(outer, 0, NULL);

    weft__walk_into(&walk, outer, inner);
    weft__walk_into(&walk, outer, inner);

    cr_expect(pending(outer) == 0 && count(outer) == 2 && sequence(outer) == 1);
    cr_expect(pending(inner) == 2 && count(inner) == 2 && sequence(inner) == 0);
    cr_expect_eq(walk.next, inner);
    cr_expect_eq(weft__load_relaxed(&inner->refs), 3, "the walk's, once");
    weft__awaitable_unref(inner, 1);
    end_idle_task(outer);
    end_idle_task(inner);
}

/* ---- holding ------------------------------------------------------------------------------------
 */

static unsigned interrupts;
static void (*meanwhile)(struct weft_awaitable *task); /* while it is held */
static bool unlinks;

static bool interrupt(struct weft_awaitable *task, struct weft__wait *wait, struct weft__walk *walk)
{
    (void)wait;
    (void)walk;
    if (++interrupts == 1 && meanwhile)
        meanwhile(task);
    return unlinks;
}

static const struct weft__wait_kind test_kind = {"test", NULL, interrupt, NULL, NULL};
static struct weft__wait test_wait = {.kind = &test_kind};

/* A task that waits; its stack can be submitted, and never runs. */
static struct weft_awaitable *waiting_task(struct weft__stack *stack)
{
    struct weft_awaitable *task = idle_task();

    *stack = (struct weft__stack){.task = task};
    task->stack = stack;
    task->wait = &test_wait;
    weft__store_relaxed(&task->ws, WEFT__WAITING);
    interrupts = 0;
    meanwhile = NULL;
    unlinks = false;
    return task;
}

/* How often it was made runnable. */
static unsigned submitted(struct weft__worker *worker)
{
    unsigned n = 0;

    while (weft__deque_take(&worker->deque))
        n++;
    return n;
}

Test(cancel, a_task_that_waits_is_interrupted_and_goes_on_once_if_it_was_unlinked)
{
    for (unsigned unlinked = 0; unlinked < 2; unlinked++) {
        struct weft__stack stack;
        open_loop(2);
        struct weft__worker *worker = be(0);
        struct weft_awaitable *task = waiting_task(&stack);
        unlinks = unlinked;

        weft__cancel_task(task, NULL);

        cr_expect_eq(interrupts, 1);
        cr_expect_eq(weft__load_relaxed(&task->ws), unlinked ? 0 : WEFT__WAITING);
        cr_expect_eq(submitted(worker), unlinked);
        end_idle_task(task);
        close_loop();
    }
}

Test(cancel, a_task_that_does_not_wait_is_left_alone_with_its_token)
{
    struct weft__stack stack;
    open_loop(2);
    struct weft__worker *worker = be(0);
    struct weft_awaitable *task = waiting_task(&stack);
    weft__store_relaxed(&task->ws, 0);

    weft__cancel_task(task, NULL);

    cr_expect_eq(interrupts, 0);
    cr_expect_eq(pending(task), 1);
    cr_expect_eq(submitted(worker), 0);
    end_idle_task(task);
    close_loop();
}

Test(cancel, an_interrupt_without_a_pending_token_does_nothing)
{
    struct weft__stack stack;
    open_loop(2);
    be(0);
    struct weft_awaitable *task = waiting_task(&stack);

    weft__interrupt(task, false, NULL);

    cr_expect_eq(interrupts, 0);
    cr_expect_eq(weft__load_relaxed(&task->ws), WEFT__WAITING);
    end_idle_task(task);
    close_loop();
}

Test(cancel, a_waker_that_meets_a_hold_leaves_the_submit_to_the_holder)
{
    struct weft__stack stack;
    open_loop(2);
    struct weft__worker *worker = be(0);
    struct weft_awaitable *task = waiting_task(&stack);
    meanwhile = weft__wake;

    weft__cancel_task(task, NULL);

    cr_expect_eq(submitted(worker), 1);
    cr_expect_eq(weft__load_relaxed(&task->ws), 0);
    end_idle_task(task);
    close_loop();
}

static void cancel_again(struct weft_awaitable *task)
{
    weft__cancel_task(task, NULL);
}

Test(cancel, a_canceller_that_meets_a_hold_has_the_holder_look_again)
{
    struct weft__stack stack;
    open_loop(2);
    struct weft__worker *worker = be(0);
    struct weft_awaitable *task = waiting_task(&stack);
    meanwhile = cancel_again;

    weft__cancel_task(task, NULL);

    cr_expect_eq(interrupts, 2);
    cr_expect_eq(pending(task), 2);
    cr_expect_eq(weft__load_relaxed(&task->ws), WEFT__WAITING);
    cr_expect_eq(submitted(worker), 0);
    end_idle_task(task);
    close_loop();
}

/* ---- cycles -------------------------------------------------------------------------------------
 */

static weft_task_t *in_cycle[3];
static int outcome[3];

WEFT_CORO(awaits_the_next)
{
    return weft_await(in_cycle[((intptr_t)arg + 1) % 3], NULL);
}

WEFT_CORO(makes_a_cycle)
{
    intptr_t first = (intptr_t)arg;

    for (intptr_t i = 0; i < 3; i++)
        in_cycle[i] = weft_create_task(weft_coro(&awaits_the_next, (void *)i));
    int rc = weft_sleep(WEFT_MS(1));
    weft_cancel(in_cycle[first]);
    for (int i = 0; i < 3; i++)
        outcome[i] = weft_join(in_cycle[i], NULL);
    return rc;
}

Test(cancel, a_cycle_of_three_tasks_is_ended_by_one_cancel_of_any)
{
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct weft__virtual_config world = {.seed = seed, .time_limit = 10 * WEFT__SECOND};
        open_loop_in(&world, seed % 2 ? 3 : 1, WEFT_ORDER_DEFAULT);

        int rc = run_main(&makes_a_cycle, (void *)(intptr_t)(seed % 3));

        cr_assert_eq(rc, 0);
        for (int i = 0; i < 3; i++)
            cr_assert_eq(outcome[i], -ECANCELED, "seed %d, task %d", (int)seed, i);
        close_loop();
    }
}
