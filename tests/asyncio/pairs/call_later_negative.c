/* SPDX-License-Identifier: MIT */
/* delays of zero and less come after what is runnable, the least one first. */
#include "tests/asyncio/pairs/pair.h"

static void say(void *text)
{
    puts(text);
}

static void finish(void *over)
{
    weft_set_result(over, NULL);
}

WEFT_CORO(amain)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_future_t *over = weft_create_future(NULL);

    TRY(weft_loop_call_later(loop, 0, finish, over, NULL));
    TRY(weft_loop_call_later(loop, WEFT_S(-1), say, "later -1", NULL));
    TRY(weft_loop_call_later(loop, WEFT_S(-2), say, "later -2", NULL));
    TRY(weft_loop_call_soon(loop, say, "soon", NULL));
    puts("main");
    TRY(weft_join(over, NULL));
    puts("over");
    return 0;
}

PAIR(amain, 1)
