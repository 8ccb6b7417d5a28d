/* SPDX-License-Identifier: MIT */
/* an error of the body cancels the tasks, and is one of the errors. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(sleeps)
{
    int rc = weft_sleep(WEFT_S(100));

    puts("cancelled");
    return rc < 0 ? -EDOM : 0;
}

WEFT_CORO(amain)
{
    weft_taskgroup_t group;
    weft_task_t *never;

    TRY(weft_taskgroup_enter(&group));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&sleeps, NULL), NULL));
    TRY(weft_sleep(0));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&sleeps, NULL), &never));
    if (weft_taskgroup_exit(&group, -EINVAL) == WEFT_EGROUP) {
        const weft_error_t *errors = weft_last_error();
        for (size_t i = 0; i < weft_error_count(errors); i++)
            printf("%s'%s'", i ? ", " : "[", name_of(weft_error_code(errors, i)));
        printf("] %s\n", truth(weft_cancelled(never)));
    }
    weft_unref(never);
    return 0;
}

PAIR(amain, 1)
