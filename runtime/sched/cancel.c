/* SPDX-License-Identifier: MIT */
#include "runtime/sched/cancel.h"

#include "runtime/base/sim.h"
#include "runtime/core/waiters.h"
#include "runtime/sched/level.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/message.h"
#include "runtime/sched/submit.h"

static bool is_here(const struct weft_awaitable *task)
{
    struct weft__worker *worker = weft__self();

    return task->loop->ordered && worker && worker->loop == task->loop;
}

/* The rest of a wake by the holder itself: see core/task.h. */
static void submit_held(struct weft_awaitable *task)
{
    weft__fetch_or_acq_rel(&task->ws, WEFT__SUBMITTED); /* for our own let_go */
    weft__submit_stack(task->stack);
}

void weft__wake(struct weft_awaitable *task)
{
    struct weft_loop *loop = task->loop;
    bool entered = weft__loop_enter(loop);

    weft__sim_point("wake");
    /* acq_rel: release what was written for the task (its node, a result); acquire pairs with the
     * release of a holder. WAITING is cleared by exactly one, whoever unlinked the node. */
    uint32_t old = weft__fetch_and_acq_rel(&task->ws, ~(uint32_t)WEFT__WAITING);

    weft__debug_assert(old & WEFT__WAITING);
    weft__sim_point("awake");
    if (weft__likely(!(old & WEFT__HELD)))
        weft__submit_stack(task->stack);
    else if ((old & WEFT__HELD_HERE) && is_here(task))
        submit_held(task);
    weft__loop_leave(loop, entered);
}

/* Sets HELD. False: the task does not wait, or another holder was asked to look again. */
static bool hold(struct weft_awaitable *task)
{
    /* seq_cst: the tokens were put before; see weft__wait_publish. */
    uint32_t ws = weft__load_seq_cst(&task->ws);
    uint32_t held = is_here(task) ? WEFT__HELD | WEFT__HELD_HERE : WEFT__HELD;

    while (ws & WEFT__WAITING) {
        uint32_t want = ws & WEFT__HELD ? ws | WEFT__AGAIN : ws | held;
        weft__sim_point("hold");
        /* seq_cst: acquires the frame, which was published by the release of WAITING. */
        if (weft__cas_seq_cst(&task->ws, &ws, want))
            return !(ws & WEFT__HELD);
    }
    return false;
}

/* Clears HELD. Returns false if another canceller came meanwhile: look again, still holding. */
static bool let_go_of(struct weft_awaitable *task, bool woke)
{
    /* relaxed: the CAS decides. */
    uint32_t ws = weft__load_relaxed(&task->ws);

    for (;;) {
        bool again = (ws & WEFT__AGAIN) && (ws & WEFT__WAITING) && !woke;
        uint32_t want = again ? WEFT__WAITING | WEFT__HELD : woke ? 0 : ws & WEFT__WAITING;
        weft__sim_point("let go");
        /* seq_cst: release what we did under the hold; acquire what the waker wrote, whose submit
         * is ours. */
        if (!weft__cas_seq_cst(&task->ws, &ws, want))
            continue;
        if (again)
            return false;
        weft__sim_point("gone");
        if (!want && !(ws & WEFT__SUBMITTED))
            weft__submit_stack(task->stack);
        return true;
    }
}

static bool let_go(struct weft_awaitable *task, bool woke)
{
    struct weft_loop *loop = task->loop;
    bool entered = weft__loop_enter(loop);
    bool gone = let_go_of(task, woke);

    weft__loop_leave(loop, entered);
    return gone;
}

static void interrupt_held(struct weft_awaitable *task, struct weft__walk *walk)
{
    bool woke = false;

    do {
        if (!weft__wait_tokens(task) && !weft__wait_struck(task->wait))
            continue;
        woke = task->wait->kind->interrupt(task, task->wait, walk);
        if (woke)
            weft__wait_strike(task->wait);
    } while (!let_go(task, woke));
}

static void interrupt_one(struct weft_awaitable *task, struct weft__walk *walk)
{
    if (hold(task))
        interrupt_held(task, walk);
}

void weft__wait_publish_held(struct weft_awaitable *task)
{
    /* seq_cst: before the look at the tokens; see weft__wait_publish. */
    weft__store_seq_cst(&task->ws, WEFT__WAITING | WEFT__HELD);
}

void weft__wait_let_go(struct weft_awaitable *task)
{
    struct weft__walk walk = {.held = task};

    interrupt_held(task, &walk);
}

/* Adds [n] to what is pending and [m] to the count. Both stop at their largest value: more requests
 * than that are one. */
static uint64_t with_cancels(uint64_t tokens, uint64_t n, uint64_t m)
{
    uint64_t pending = weft__tokens_edges(tokens) + n, count = weft__tokens_count(tokens) + m;

    pending = pending < WEFT__TOKEN_EDGES ? pending : WEFT__TOKEN_EDGES;
    count = count < 0xffff ? count : 0xffff;
    return (tokens & ~(uint64_t)0xffffffff) | count << 16 | (tokens & WEFT__TOKEN_LEVEL) | pending;
}

/* Under the lock of the word. Returns what the tokens were. seq_cst: put before the look at ws; see
 * weft__wait_publish. */
static uint64_t put(struct weft_awaitable *task, uint32_t depth, uint64_t n)
{
    uint64_t old = weft__load_relaxed(&task->tokens);
    uint64_t pending = weft__scope_withholds(task, depth, (uint32_t)n) ? 0 : n;

    while (!weft__cas_seq_cst(&task->tokens, &old, with_cancels(old, pending, n)))
        ;
    return old;
}

/* One step, as an uncancel may come from elsewhere at any time. seq_cst: one order of all changes.
 */
uint32_t weft__tokens_take(struct weft_awaitable *task)
{
    /* relaxed: a token that comes later is met by the next wait. */
    uint64_t old = weft__load_relaxed(&task->tokens);

    while (
        weft__tokens_edges(old) > 0 &&
        !weft__cas_seq_cst(&task->tokens, &old, (old & ~WEFT__TOKEN_EDGES) + WEFT__TOKEN_SEQUENCE))
        ;
    return weft__tokens_edges(old);
}

void weft__tokens_return(struct weft_awaitable *task, uint32_t n)
{
    uint64_t old = weft__load_relaxed(&task->tokens); /* relaxed: the CAS decides */

    while (n > 0 && weft__tokens_count(old) > 0 &&
           !weft__cas_seq_cst(&task->tokens, &old, with_cancels(old, n, 0)))
        ;
}

/* The same with that of a scope, which stays, and is one if there are no others. */
static uint32_t take_pending(struct weft_awaitable *task)
{
    uint32_t n = weft__tokens_take(task);

    /* relaxed: as above. */
    return n ? n : weft__tokens_pending(weft__load_relaxed(&task->tokens)) ? 1 : 0;
}

void weft__walk_into(struct weft__walk *walk, struct weft_awaitable *task,
                     struct weft_awaitable *inner)
{
    /* The outer's sequence moves on: a scope that expired does not withdraw what has left. */
    uint32_t n = take_pending(task);
    struct weft_error *message;

    if (n == 0)
        return;
    message = weft__message_take(task);
    weft__message_put(inner, message);
    weft__error_unref(message);
    put(inner, 0, n);
    if (!walk->next) {
        weft__awaitable_ref(inner);
        walk->next = inner;
    }
}

/* An outer walk that holds [task] looks again when it lets go, and goes on as in any cycle. */
static void mark_cycle(struct weft__walk *outer, const struct weft_awaitable *task)
{
    for (; outer; outer = outer->outer) {
        if (outer->held == task)
            outer->cycle = true;
    }
}

void weft__interrupt(struct weft_awaitable *first, bool owner, struct weft__walk *outer)
{
    struct weft__walk walk = {.owner = owner, .outer = outer};
    struct weft_awaitable *task = first, *tortoise = NULL;
    unsigned steps = 0, limit = 8;
    bool counted = false; /* the walk's own reference: not for the first */

    if (weft__unlikely(outer != NULL)) {
        walk.root = outer->root;
        walk.depth = outer->depth;
        walk.cycle = outer->root && outer->root->rounds > WEFT__WALK_ROUNDS;
    }
    for (;;) {
        walk.next = NULL;
        walk.held = task;
        if (weft__unlikely(outer != NULL))
            mark_cycle(outer, task);
        interrupt_one(task, &walk);
        if (counted)
            weft__awaitable_unref(task, 1);
        task = walk.next;
        if (!task)
            break;
        counted = true;
        walk.owner = false;
        if (task == tortoise) {
            walk.cycle = true;
        } else if (++steps == limit) {
            if (tortoise)
                weft__awaitable_unref(tortoise, 1);
            tortoise = task;
            weft__awaitable_ref(task);
            limit *= 2;
        }
    }
    if (tortoise)
        weft__awaitable_unref(tortoise, 1);
}

static bool token_put(struct weft_awaitable *task, uint32_t depth, uint32_t *sequence,
                      struct weft_error *message)
{
    uintptr_t newest = weft__word_lock(task);

    if (newest == WEFT__WORD_DONE)
        return false;
    weft__message_put(task, message);
    uint64_t old = put(task, depth, 1);
    if (sequence)
        *sequence = weft__tokens_sequence(old);
    weft__word_unlock(task, newest);
    return true;
}

bool weft__token_put(struct weft_awaitable *task, uint32_t depth, uint32_t *sequence)
{
    return token_put(task, depth, sequence, NULL);
}

bool weft__cancel_task(struct weft_awaitable *task, struct weft__walk *outer)
{
    if (!token_put(task, 0, NULL, outer ? outer->message : NULL))
        return false;
    weft__interrupt(task, false, outer);
    return true;
}

/* Holds alone. False: the task does not wait. Whoever else holds it lets go soon. */
static bool hold_alone(struct weft_awaitable *task)
{
    for (;;) {
        uint32_t ws = weft__load_seq_cst(&task->ws); /* seq_cst throughout: as in hold */
        if (!(ws & (WEFT__WAITING | WEFT__HELD)))
            return false;
        if (ws == WEFT__WAITING && weft__cas_seq_cst(&task->ws, &ws, WEFT__WAITING | WEFT__HELD))
            return true;
        weft__pause();
    }
}

/* Whoever came while we held it had to go; so it is interrupted after all, if it waits still. */
bool weft__look(struct weft_awaitable *task, void (*look)(struct weft_awaitable *task, void *arg),
                void *arg)
{
    bool again = false;

    weft__sim_point("look");
    if (!hold_alone(task))
        return false;
    look(task, arg);
    while (!let_go(task, false))
        again = true;
    if (again)
        weft__interrupt(task, false, NULL);
    return true;
}

void weft__cancel_for_ever(struct weft_awaitable *task)
{
    struct weft__walk walk = {.cycle = true, .held = task}; /* pass nothing on: out of the list */

    if (!hold_alone(task) || !weft__token_put(task, UINT32_MAX, NULL))
        return;
    bool out = task->wait->kind->interrupt(task, task->wait, &walk);
    if (walk.next)
        weft__awaitable_unref(walk.next, 1);
    /* Whoever took the node out before us reads the frame until it has cleared WAITING. A parent of
     * an inlined child stands in no list. acquire: as in let_go. */
    while (!out && task->wait->kind->commit && weft__load_acquire(&task->ws) & WEFT__WAITING)
        weft__pause();
    weft__store_seq_cst(&task->ws, 0); /* seq_cst: as in hold */
}

bool weft__raise_pending(struct weft_awaitable *task)
{
    if (take_pending(task) == 0)
        return false;
    weft__error_set(task, weft__message_take(task));
    return true;
}

bool weft__raise_struck(struct weft_awaitable *task)
{
    weft__error_set(task, weft__message_take(task));
    return true;
}

uint32_t weft__token_take_back(struct weft_awaitable *task, bool own, uint32_t sequence)
{
    uint64_t old = weft__load_relaxed(&task->tokens), new;

    do {
        uint64_t pending = weft__tokens_edges(old), count = weft__tokens_count(old);
        if (count > 0)
            count--;
        if (own && pending && weft__tokens_sequence(old) == sequence)
            pending--;
        if (count == 0)
            pending = 0;
        new = (old & ~(uint64_t)0xffffffff) | count << 16 | (old & WEFT__TOKEN_LEVEL) | pending;
        /* seq_cst: one order of all changes of the tokens. */
    } while (!weft__cas_seq_cst(&task->tokens, &old, new));
    return weft__tokens_count(new);
}
