/* SPDX-License-Identifier: MIT */
/* when one fails, the others and the body are cancelled, and the errors come out. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(sleeps)
{
    int rc = weft_sleep(WEFT_S(100));

    printf("%s is cancelled\n", (char *)arg);
    return rc;
}

WEFT_CORO(fails)
{
    TRY(weft_sleep(0));
    return -EINVAL;
}

WEFT_CORO(amain)
{
    weft_taskgroup_t group;

    TRY(weft_taskgroup_enter(&group));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&fails, NULL), NULL));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&sleeps, "child"), NULL));
    if (weft_taskgroup_exit(&group, weft_join(weft_coro(&sleeps, "body"), NULL)) == WEFT_EGROUP) {
        const weft_error_t *errors = weft_last_error();
        for (size_t i = 0; i < weft_error_count(errors); i++)
            printf("%s'%s'", i ? ", " : "[", name_of(weft_error_code(errors, i)));
        puts("]");
    }
    printf("%d\n", weft_cancelling(weft_current_task()));
    return 0;
}

PAIR(amain, 1)
