/* SPDX-License-Identifier: MIT */
/* a time-out around a group cancels all that is in it. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_timeout_t scope;
    weft_taskgroup_t group;
    weft_task_t *tasks[3];

    TRY(weft_timeout_enter(&scope, WEFT_MS(1)));
    TRY(weft_taskgroup_enter(&group));
    for (int i = 0; i < 3; i++)
        TRY(weft_taskgroup_create_task(&group, weft_sleep_coro(WEFT_S(100), NULL), &tasks[i]));
    int rc = weft_taskgroup_exit(&group, 0);
    printf("%s\n", name_of(weft_timeout_exit(&scope, rc)));
    for (int i = 0; i < 3; i++) {
        printf("%s%s", i ? ", " : "[", truth(weft_cancelled(tasks[i])));
        weft_unref(tasks[i]);
    }
    printf("] %d\n", weft_cancelling(weft_current_task()));
    return 0;
}

PAIR(amain, 4)
