/* SPDX-License-Identifier: MIT */
/* uncancel to zero withdraws a cancel that was not delivered yet.
 *
 * Source: CPython 3.13, Task.uncancel in Lib/asyncio/tasks.py; test_uncancel_resets_must_cancel. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_task_t *task = weft_current_task();

    weft_cancel(task);
    printf("%d\n", weft_cancelling(task));
    printf("%d\n", weft_uncancel(task));
    TRY(weft_sleep(0));
    puts("slept");
    return 0;
}

PAIR(amain, 4)
