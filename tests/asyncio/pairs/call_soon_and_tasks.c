/* SPDX-License-Identifier: MIT */
/* callbacks and the first steps of tasks stand in one queue. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(step)
{
    printf("task %s\n", (char *)arg);
    return 0;
}

static void callback(void *number)
{
    printf("callback %d\n", NUMBER(number));
}

WEFT_CORO(amain)
{
    weft_loop_t *loop = weft_get_running_loop();

    TRY(weft_loop_call_soon(loop, callback, VALUE(1), NULL));
    weft_task_t *a = weft_create_task(weft_coro(&step, "a"));
    TRY(weft_loop_call_soon(loop, callback, VALUE(2), NULL));
    weft_task_t *b = weft_create_task(weft_coro(&step, "b"));
    TRY(weft_loop_call_soon(loop, callback, VALUE(3), NULL));
    puts("main");
    TRY(weft_await(b, NULL));
    printf("b is over: %s a: %s\n", truth(weft_done(b)), truth(weft_done(a)));
    weft_unref(a);
    weft_unref(b);
    return 0;
}

PAIR(amain, 1)
