/* SPDX-License-Identifier: MIT */
/* who is cancelled in a group has its tasks cancelled, and is cancelled itself. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(sleeps)
{
    int rc = weft_sleep(WEFT_S(100));

    puts("child is cancelled");
    return rc;
}

WEFT_CORO(parent)
{
    weft_taskgroup_t group;

    TRY(weft_taskgroup_enter(&group));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&sleeps, NULL), NULL));
    return weft_taskgroup_exit(&group, 0);
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&parent, NULL));

    TRY(weft_sleep(0));
    TRY(weft_sleep(0));
    weft_cancel(task);
    if (weft_await(task, NULL) == -ECANCELED)
        printf("%s %d\n", truth(weft_cancelled(task)), weft_cancelling(task));
    weft_unref(task);
    return 0;
}

PAIR(amain, 1)
