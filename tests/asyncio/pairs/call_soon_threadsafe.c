/* SPDX-License-Identifier: MIT */
/* callbacks of one thread come in its order, and wake the loop. */
#include "tests/asyncio/pairs/pair.h"

static weft_future_t *over;

static void say(void *number)
{
    printf("callback %d\n", NUMBER(number));
}

static void finish(void *arg)
{
    (void)arg;
    weft_set_result(over, NULL);
}

static int foreign(void *loop, void **result)
{
    (void)result;
    for (int number = 0; number < 3; number++)
        TRY(weft_loop_call_soon_threadsafe(loop, say, VALUE(number), NULL));
    return weft_loop_call_soon_threadsafe(loop, finish, NULL, NULL);
}

WEFT_CORO(amain)
{
    over = weft_create_future(NULL);
    TRY(weft_to_thread(foreign, weft_get_running_loop(), NULL));
    return weft_join(over, NULL);
}

PAIR(amain, 4)
