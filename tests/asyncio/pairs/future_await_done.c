/* SPDX-License-Identifier: MIT */
/* to await what is done does not suspend, however often. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(other)
{
    puts("other");
    return 0;
}

WEFT_CORO(amain)
{
    weft_future_t *future = weft_create_future(NULL);
    void *first, *second;

    TRY(weft_set_result(future, VALUE(7)));
    weft_task_t *task = weft_create_task(weft_coro(&other, NULL));
    TRY(weft_await(future, &first));
    TRY(weft_await(future, &second));
    printf("%d %d\n", NUMBER(first), NUMBER(second));
    TRY(weft_join(task, NULL));
    TRY(weft_join(future, &first));
    printf("%d\n", NUMBER(first));
    return 0;
}

PAIR(amain, 1)
