/* SPDX-License-Identifier: MIT */
/* a task that is cancelled before it began never begins. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    puts("never");
    return 0;
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));

    bool asked = weft_cancel(task);
    printf("%s %s\n", truth(asked), truth(weft_done(task)));
    printf("%s\n", name_of(weft_await(task, NULL)));
    printf("%s\n", truth(weft_cancelled(task)));
    weft_unref(task);
    return 0;
}

PAIR(amain, 1)
