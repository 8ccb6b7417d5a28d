/* SPDX-License-Identifier: MIT */
/* a task that cancels itself is interrupted at its next await. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    bool asked = weft_cancel(weft_current_task());

    printf("%s %d\n", truth(asked), weft_cancelling(weft_current_task()));
    puts("goes on");
    int rc = weft_sleep(0);
    if (rc == 0)
        puts("never");
    puts("interrupted");
    return rc;
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));

    if (weft_await(task, NULL) == -ECANCELED)
        printf("%s\n", truth(weft_cancelled(task)));
    weft_unref(task);
    return 0;
}

PAIR(amain, 4)
