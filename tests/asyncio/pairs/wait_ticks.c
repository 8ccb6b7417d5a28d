/* SPDX-License-Identifier: MIT */
/* wait goes on two ticks after the task that ends it, and after its call if all are done. */
#include "tests/asyncio/pairs/ticks.h"

WEFT_CORO(work)
{
    int turns = NUMBER(arg);

    for (int turn = 0; turn < turns; turn++)
        TRY(weft_sleep(0));
    printf("work %d\n", turns);
    return 0;
}

WEFT_CORO(body)
{
    weft_awaitable_t *tasks[] = {weft_create_task(weft_coro(&work, VALUE(0))),
                                 weft_create_task(weft_coro(&work, VALUE(1)))};
    size_t done;

    TRY(weft_wait(tasks, 2, WEFT_NONE, WEFT_FIRST_COMPLETED, &done));
    printf("first of %zu\n", done);
    TRY(weft_wait(tasks, 2, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
    puts("all");
    for (int i = 0; i < 2; i++)
        weft_unref(tasks[i]);
    return 0;
}

WEFT_CORO(amain)
{
    return beside_ticks(&body);
}

PAIR(amain, 1)
