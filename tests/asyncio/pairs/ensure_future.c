/* SPDX-License-Identifier: MIT */
/* a coroutine becomes a task, a future is itself. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    *result = VALUE(4);
    return 0;
}

WEFT_CORO(amain)
{
    weft_future_t *task = weft_ensure_future(weft_coro(&work, NULL), NULL);
    weft_future_t *same = weft_ensure_future(task, NULL);
    void *value;

    printf("%s %s\n", truth(weft_isfuture(task)), truth(same == task));
    weft_unref(same);
    TRY(weft_join(task, &value));
    printf("%d\n", NUMBER(value));
    return 0;
}

PAIR(amain, 4)
