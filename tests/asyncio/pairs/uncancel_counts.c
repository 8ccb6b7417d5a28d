/* SPDX-License-Identifier: MIT */
/* uncancel takes one request back, and stops at zero. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_task_t *task = weft_current_task();
    int before = weft_cancelling(task);

    printf("%d %d\n", before, weft_uncancel(task));
    weft_cancel(task);
    weft_cancel(task);
    printf("%d\n", weft_cancelling(task));
    if (weft_sleep(0) == -ECANCELED)
        printf("cancelled %d\n", weft_cancelling(task));
    int first = weft_uncancel(task), second = weft_uncancel(task);
    printf("%d %d %d\n", first, second, weft_uncancel(task));
    TRY(weft_sleep(0));
    puts("main goes on");
    return 0;
}

PAIR(amain, 4)
