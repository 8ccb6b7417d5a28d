/* SPDX-License-Identifier: MIT */
/*
 * ticks: a task that counts ticks aloud, beside which others go on when it is their turn.
 */
#ifndef TESTS_ASYNCIO_PAIRS_TICKS_H
#define TESTS_ASYNCIO_PAIRS_TICKS_H

#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(ticks)
{
    for (int tick = 0; tick < 8; tick++) {
        printf("tick %d\n", tick);
        TRY(weft_sleep(0));
    }
    return 0;
}

/* Runs [body] beside it, and waits for both. */
static inline int beside_ticks(const weft_corofn_t *body)
{
    weft_task_t *clock = weft_create_task(weft_coro(&ticks, NULL));
    weft_task_t *task = weft_create_task(weft_coro_at(body, NULL, WEFT_HERE));

    TRY(weft_join(task, NULL));
    return weft_join(clock, NULL);
}

#endif
