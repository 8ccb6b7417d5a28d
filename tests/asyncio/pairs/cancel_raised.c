/* SPDX-License-Identifier: MIT */
/* who raises CancelledError itself counts as cancelled, with no request. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    return -ECANCELED;
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));

    if (weft_await(task, NULL) == -ECANCELED)
        printf("%s %d\n", truth(weft_cancelled(task)), weft_cancelling(task));
    printf("%d\n", weft_cancelling(weft_current_task()));
    weft_unref(task);
    return 0;
}

PAIR(amain, 4)
