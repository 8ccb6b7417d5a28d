/* SPDX-License-Identifier: MIT */
/*
 * serial: a case whose tasks take turns as asyncio's do, on any number of workers.
 *
 * run_serial(fn, arg) is run (workers.h) with the coroutine, and so all tasks that it creates, in
 * one strand. There a turn has a meaning: whoever was runnable has made its step, and waits where
 * it waits, once turn() is over.
 */
#ifndef TESTS_SUPPORT_SERIAL_H
#define TESTS_SUPPORT_SERIAL_H

#include "workers.h"

WEFT_CORO(serial_root)
{
    weft_strand_t *strand = weft_strand_create();
    int rc = CHECK(strand) ? weft_join(weft_create_task(arg, .strand = strand), NULL) : -ENOMEM;

    weft_strand_unref(strand);
    return rc;
}

#define run_serial(fn, arg) run(&serial_root, weft_coro((fn), (arg)))

/* A case that holds with parallel tasks and with such as take turns. */
#define BOTH(fn, arg)                                                                              \
    do {                                                                                           \
        CHECK_INT(run((fn), (arg)), 0);                                                            \
        CHECK_INT(run_serial((fn), (arg)), 0);                                                     \
    } while (0)

static inline weft_ns_t now(void)
{
    return weft_loop_time(weft_get_running_loop());
}

static inline int forever(void)
{
    return weft_sleep(WEFT_NONE);
}

/* No cancel is pending, none is counted. */
static inline bool healthy(void)
{
    return weft_cancelling(weft_current_task()) == 0 && weft_sleep(0) == 0;
}

static inline void turn(void)
{
    CHECK_INT(weft_sleep(0), 0);
}

/* A task of the coroutine that has made its first step. */
#define start(fn, arg) started(weft_create_task(weft_coro((fn), (arg))))

static inline weft_task_t *started(weft_task_t *task)
{
    turn();
    return task;
}

#endif
