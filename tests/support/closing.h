/* SPDX-License-Identifier: MIT */
/* closing: a loop that is closed while a task of it is pending. */
#ifndef TESTS_SUPPORT_CLOSING_H
#define TESTS_SUPPORT_CLOSING_H

#include "loops.h"

static weft_loop_t *loop;

static inline void forget_report(weft_loop_t *which, const weft_exception_context_t *context,
                                 void *arg)
{
    (void)which;
    (void)context;
    (void)arg;
}

static inline void open_loop(void)
{
    loop = new_loop();
    weft_loop_set_exception_handler(loop, forget_report, NULL);
}

/* Runs it until it waits, and what it has created likewise. */
static inline weft_task_t *start(const weft_corofn_t *fn, void *arg)
{
    weft_task_t *task = weft_loop_create_task(loop, weft_coro(fn, arg));

    for (int turns = 0; turns < 2; turns++) {
        CHECK_INT(weft_loop_call_soon(loop, stops, loop, NULL), 0);
        CHECK_INT(weft_loop_run_forever(loop), 0);
    }
    CHECK(!weft_done(task));
    return task;
}

static inline void close_loop(weft_loop_t *which)
{
    CHECK_INT(weft_loop_close(which), 0);
    weft_loop_unref(which);
}

static inline void close_over(weft_task_t *task)
{
    close_loop(loop);
    CHECK_INT(weft_result(task, NULL), -ECANCELED);
    weft_unref(task);
}

#endif
