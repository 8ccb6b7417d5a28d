/* SPDX-License-Identifier: MIT */
/* a task may catch its cancel and return a value, and was not cancelled then. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(stubborn)
{
    if (weft_sleep(WEFT_S(100)) == -ECANCELED)
        *result = VALUE(42);
    return 0;
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&stubborn, NULL));
    void *value;

    TRY(weft_sleep(0));
    printf("%s\n", truth(weft_cancel(task)));
    TRY(weft_await(task, &value));
    printf("%d %s %d\n", NUMBER(value), truth(weft_cancelled(task)), weft_cancelling(task));
    weft_unref(task);
    return 0;
}

PAIR(amain, 1)
