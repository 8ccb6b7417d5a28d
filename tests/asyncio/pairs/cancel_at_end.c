/* SPDX-License-Identifier: MIT */
/* a task that cancels itself and returns is cancelled, and its value is lost. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    weft_cancel(weft_current_task());
    *result = VALUE(42);
    return 0;
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));
    void *value;
    int rc = weft_await(task, &value);

    if (rc == 0)
        printf("%d\n", NUMBER(value));
    else
        printf("%s %s\n", name_of(rc), truth(weft_cancelled(task)));
    weft_unref(task);
    return 0;
}

PAIR(amain, 4)
