/* SPDX-License-Identifier: MIT */
/* wait_for runs a coroutine in the caller's task.
 *
 * Source: CPython 3.12, wait_for in Lib/asyncio/tasks.py: async with timeouts.timeout(timeout). */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(inner)
{
    char name[20];

    weft_get_name(weft_current_task(), name, sizeof name);
    printf("inner in %s\n", name);
    return 0;
}

WEFT_CORO(other)
{
    puts("other");
    return 0;
}

WEFT_CORO(amain)
{
    TRY(weft_set_name(weft_current_task(), "main"));
    weft_task_t *task = weft_create_task(weft_coro(&other, NULL));
    TRY(weft_wait_for(weft_coro(&inner, NULL), WEFT_S(100), NULL));
    puts("main goes on");
    return weft_join(task, NULL);
}

PAIR(amain, 1)
