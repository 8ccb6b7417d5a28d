/* SPDX-License-Identifier: MIT */
/* if the innermost swallows a cancel, the outer ones never notice it. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(inner)
{
    if (weft_sleep(WEFT_S(100)) == -ECANCELED)
        puts("inner swallows");
    *result = VALUE(7);
    return 0;
}

WEFT_CORO(outer)
{
    TRY(weft_await(arg, result));
    return weft_sleep(0);
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&inner, NULL));
    weft_task_t *waiter = weft_create_task(weft_coro(&outer, task));
    void *value;

    TRY(weft_sleep(0));
    weft_cancel(waiter);
    TRY(weft_await(waiter, &value));
    printf("%d %d %d\n", NUMBER(value), weft_cancelling(waiter), weft_cancelling(task));
    weft_unref(task);
    weft_unref(waiter);
    return 0;
}

PAIR(amain, 1)
