/* SPDX-License-Identifier: MIT */
/* who yields goes on before a callback whose time comes in between. */
#include "tests/asyncio/pairs/pair.h"

static void say(void *text)
{
    puts(text);
}

WEFT_CORO(amain)
{
    weft_loop_t *loop = weft_get_running_loop();

    TRY(weft_loop_call_later(loop, 0, say, "first", NULL));
    TRY(weft_sleep(0));
    puts("yields");
    TRY(weft_sleep(0));
    TRY(weft_loop_call_later(loop, 0, say, "second", NULL));
    TRY(weft_loop_call_soon(loop, say, "soon", NULL));
    TRY(weft_sleep(0));
    puts("ends");
    return weft_sleep(0);
}

PAIR(amain, 1)
