/* SPDX-License-Identifier: MIT */
/* callbacks with a time run in the order of their times. */
#include "tests/asyncio/pairs/pair.h"

static void say(void *late)
{
    printf("after %d ms\n", NUMBER(late));
}

static void finish(void *over)
{
    weft_set_result(over, NULL);
}

WEFT_CORO(amain)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_future_t *over = weft_create_future(NULL);
    weft_ns_t base = weft_loop_time(loop) + WEFT_MS(10);
    const int lates[] = {3, 1, 2, 0};

    for (int i = 0; i < 4; i++)
        TRY(weft_loop_call_at(loop, base + WEFT_MS(lates[i]), say, VALUE(lates[i]), NULL));
    TRY(weft_loop_call_at(loop, base + WEFT_MS(4), finish, over, NULL));
    TRY(weft_join(over, NULL));
    printf("over %s\n", truth(weft_loop_time(loop) >= base + WEFT_MS(4)));
    return 0;
}

PAIR(amain, 1)
