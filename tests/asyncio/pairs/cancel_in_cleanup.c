/* SPDX-License-Identifier: MIT */
/* a second cancel interrupts the clean-up after the first. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    int rc = weft_sleep(WEFT_S(100));

    puts("cleans up");
    if (weft_sleep(WEFT_S(100)) < 0)
        printf("interrupted %d\n", weft_cancelling(weft_current_task()));
    return rc;
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));

    TRY(weft_sleep(0));
    for (int i = 0; i < 2; i++) {
        weft_cancel(task);
        TRY(weft_sleep(0));
    }
    printf("%s\n", truth(weft_cancelled(task)));
    weft_unref(task);
    return 0;
}

PAIR(amain, 1)
