/* SPDX-License-Identifier: MIT */
/* who is cancelled in wait_for has what it waits for cancelled. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    int rc = weft_sleep(WEFT_S(100));

    puts("work ends");
    return rc;
}

WEFT_CORO(waiter)
{
    return weft_wait_for(arg, WEFT_S(100), NULL);
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));
    weft_task_t *other = weft_create_task(weft_coro(&waiter, task));

    TRY(weft_sleep(0));
    weft_cancel(other);
    if (weft_await(other, NULL) == -ECANCELED)
        printf("%s %s\n", truth(weft_cancelled(other)), truth(weft_cancelled(task)));
    weft_unref(task);
    weft_unref(other);
    return 0;
}

PAIR(amain, 1)
