/* SPDX-License-Identifier: MIT */
/* what does not end in time is cancelled, and waited for. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    int rc = weft_sleep(WEFT_S(100));

    if (rc == -ECANCELED) {
        puts("cleans up");
        TRY(weft_sleep(0));
        puts("clean");
    }
    return rc;
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));

    TRY(weft_sleep(0));
    printf("%s\n", name_of(weft_wait_for(task, WEFT_MS(10), NULL)));
    printf("%s\n", name_of(weft_wait_for(weft_coro(&work, NULL), WEFT_MS(10), NULL)));
    printf("%s %d\n", truth(weft_cancelled(task)), weft_cancelling(weft_current_task()));
    weft_unref(task);
    return 0;
}

PAIR(amain, 1)
