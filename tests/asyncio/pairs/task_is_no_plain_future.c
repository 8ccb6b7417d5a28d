/* SPDX-License-Identifier: MIT */
/* what a task gives cannot be set from outside. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    *result = VALUE(1);
    return 0;
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));
    void *value;

    if (weft_set_result(task, NULL) < 0)
        puts("refused");
    if (weft_set_exception(task, -EINVAL) < 0)
        puts("refused");
    TRY(weft_join(task, &value));
    printf("%d\n", NUMBER(value));
    return 0;
}

PAIR(amain, 4)
