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
