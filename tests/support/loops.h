/* SPDX-License-Identifier: MIT */
/* loops: what cases have that make their loop themselves (workers.h). */
#ifndef TESTS_SUPPORT_LOOPS_H
#define TESTS_SUPPORT_LOOPS_H

#include "workers.h"

static inline weft_loop_t *new_loop(void)
{
    weft_loop_t *loop = NULL;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    return loop;
}

/* A callback. */
static inline void stops(void *loop)
{
    weft_loop_stop(loop);
}

/* Gives back its argument, a turn later. */
WEFT_CORO(identity)
{
    *result = arg;
    return weft_sleep(0);
}

#endif
