/* SPDX-License-Identifier: MIT */
/* what a callback schedules runs in the next tick. */
#include "tests/asyncio/pairs/pair.h"

static void callback(void *depth)
{
    printf("callback %d\n", NUMBER(depth));
    if (NUMBER(depth) < 3)
        weft_loop_call_soon(weft_get_running_loop(), callback, VALUE(NUMBER(depth) + 1), NULL);
}

WEFT_CORO(amain)
{
    TRY(weft_loop_call_soon(weft_get_running_loop(), callback, VALUE(0), NULL));
    for (int step = 0; step < 4; step++) {
        printf("main %d\n", step);
        TRY(weft_sleep(0));
    }
    return 0;
}

PAIR(amain, 1)
