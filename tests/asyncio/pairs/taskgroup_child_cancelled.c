/* SPDX-License-Identifier: MIT */
/* a child that is cancelled is no failure of its group. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    for (int turn = 0; turn < NUMBER(arg); turn++)
        TRY(weft_sleep(0));
    return 0;
}

WEFT_CORO(amain)
{
    weft_taskgroup_t group;
    weft_task_t *one, *other;

    TRY(weft_taskgroup_enter(&group));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&work, VALUE(100)), &one));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&work, VALUE(3)), &other));
    TRY(weft_sleep(0));
    weft_cancel(one);
    TRY(weft_taskgroup_exit(&group, 0));
    printf("%s %s %s\n", truth(weft_cancelled(one)), truth(weft_cancelled(other)),
           truth(weft_done(other)));
    weft_unref(one);
    weft_unref(other);
    return 0;
}

PAIR(amain, 1)
