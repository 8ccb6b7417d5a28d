/* SPDX-License-Identifier: MIT */
/* who awaits what is cancelled is cancelled, though nobody cancelled it. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(waiter)
{
    int rc = weft_await(arg, NULL);

    if (rc == -ECANCELED)
        printf("waiter %d\n", weft_cancelling(weft_current_task()));
    return rc;
}

WEFT_CORO(amain)
{
    weft_future_t *future = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&waiter, future));

    TRY(weft_sleep(0));
    weft_cancel(future);
    if (weft_await(task, NULL) == -ECANCELED)
        printf("main %d\n", weft_cancelling(weft_current_task()));
    printf("%s %d\n", truth(weft_cancelled(task)), weft_cancelling(task));
    weft_unref(task);
    weft_unref(future);
    return 0;
}

PAIR(amain, 4)
