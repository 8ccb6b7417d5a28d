/* SPDX-License-Identifier: MIT */
/*
 * loop_support: a loop on the virtual driver, for tests of what is inside of it.
 *
 * A test either runs the loop (run_main), or plays its workers by hand: be(1) makes the calling
 * context worker 1, until be_nobody. As in virtual_support.h, assertions stand in the test
 * functions: what runs in a task or a callback leaves notes, which the test compares.
 */
#ifndef WEFT_TESTS_UNIT_LOOP_SUPPORT_H
#define WEFT_TESTS_UNIT_LOOP_SUPPORT_H

#include <stdio.h>
#include <string.h>

#include <weft.h>

#include "runtime/core/task.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/self.h"
#include "tests/unit/virtual_support.h"

static struct weft_loop *loop;
static char notes[256];

static inline void note(const char *text)
{
    size_t length = strlen(notes);

    snprintf(notes + length, sizeof notes - length, "%s", text);
}

static inline void say_nothing(struct weft_loop *l, const weft_exception_context_t *c, void *arg)
{
    (void)l;
    (void)c;
    (void)arg;
}

static inline void open_loop_in(const struct weft__virtual_config *world, unsigned workers,
                                int order)
{
    struct weft__loop_config config = {.class = class, .workers = workers, .order = order};

    notes[0] = '\0';
    begin(world);
    cr_assert_eq(weft__loop_new(&loop, &config), 0);
    weft_loop_set_exception_handler(loop, say_nothing, NULL);
}

/* More than one worker, or not in asyncio's order. */
static inline void open_loop(unsigned workers)
{
    open_loop_in(&(struct weft__virtual_config){.seed = workers}, workers,
                 workers == 1 ? WEFT_ORDER_FREE : WEFT_ORDER_DEFAULT);
}

static inline void open_ordered_loop(void)
{
    open_loop_in(&(struct weft__virtual_config){.seed = 1}, 1, WEFT_ORDER_ASYNCIO);
}

static inline struct weft__worker *be(unsigned id)
{
    weft__self_set(&loop->workers[id]);
    return &loop->workers[id];
}

static inline void be_nobody(void)
{
    weft__self_set(NULL);
}

static inline void close_loop(void)
{
    be_nobody();
    cr_assert_eq(weft_loop_close(loop), 0);
    weft_loop_unref(loop);
    finish();
}

static inline int run_main(const weft_corofn_t *fn, void *arg)
{
    return weft_loop_run_until_complete(loop, weft_coro(fn, arg), NULL);
}

/* Something that can stand in any queue and is never run. */
struct step {
    _Alignas(64) weft__entry next;
    const char *name;
};

static inline weft__entry entry(struct step *step, const char *name)
{
    step->name = name;
    return weft__entry_make(step, WEFT__ENTRY_HANDLE);
}

static inline void note_entry(weft__entry e)
{
    note(e ? ((struct step *)weft__entry_object(e))->name : "-");
}

/* Notes what the worker would run, up to the end or [most]. */
static inline void note_next(struct weft__worker *worker, unsigned most)
{
    weft__entry e;

    while (most-- > 0 && (e = weft__worker_next(worker)))
        note_entry(e);
}

/* Takes a deque empty, which the caller owns, noting what stood in it. */
static inline void note_deque(struct weft__worker *worker)
{
    weft__entry e;

    while ((e = weft__deque_take(&worker->deque)))
        note_entry(e);
}

/* A task that nobody runs. Two references, as any: the handle's and the run's. */
WEFT_CORO(never_runs)
{
    return 0;
}

static inline struct weft_awaitable *idle_task(void)
{
    struct weft_awaitable *task = weft__awaitable_new(WEFT__KIND_CORO, &never_runs, NULL, "");

    cr_assert_not_null(task);
    weft__store_relaxed(&task->kind, WEFT__KIND_TASK); /* relaxed: one thread */
    task->loop = loop;
    task->stack = NULL;
    return task;
}

/* Its end, as if it had run. */
static inline void end_idle_task(struct weft_awaitable *task)
{
    weft__store_relaxed(&task->tokens, 0); /* relaxed: one thread */
    weft__awaitable_unref(task, 2);
}

#endif
