/* SPDX-License-Identifier: MIT */
/* what is a coroutine, a future, a coroutine function. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(nothing)
{
    return 0;
}

WEFT_CORO(amain)
{
    weft_coro_t *coro = weft_coro(&nothing, NULL);
    weft_future_t *future = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&nothing, NULL));
    weft_awaitable_t *things[] = {coro, future, task, NULL};

    for (int i = 0; i < 4; i++)
        printf("%s %s\n", truth(weft_iscoroutine(things[i])), truth(weft_isfuture(things[i])));
    printf("%s %s\n", truth(weft_iscoroutinefunction(&nothing)),
           truth(weft_iscoroutinefunction(&puts)));
    weft_coro_close(coro);
    weft_unref(future);
    return weft_join(task, NULL);
}

PAIR(amain, 4)
