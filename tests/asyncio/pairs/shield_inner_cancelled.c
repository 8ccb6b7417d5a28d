/* SPDX-License-Identifier: MIT */
/* if what is shielded is cancelled itself, so is the outer future. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    return weft_sleep(WEFT_S(100));
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));
    weft_future_t *outer = weft_shield(task);

    weft_cancel(task);
    if (weft_await(outer, NULL) == -ECANCELED)
        printf("%s %s %d\n", truth(weft_cancelled(outer)), truth(weft_cancelled(task)),
               weft_cancelling(weft_current_task()));
    weft_unref(outer);
    weft_unref(task);
    return 0;
}

PAIR(amain, 4)
