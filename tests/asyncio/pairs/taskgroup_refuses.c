/* SPDX-License-Identifier: MIT */
/* a group refuses tasks when it is not open, or ending. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(fails)
{
    return -EINVAL;
}

static void attempt(weft_taskgroup_t *group)
{
    puts(weft_taskgroup_create_task(group, weft_sleep_coro(0, NULL), NULL) < 0 ? "refused"
                                                                               : "accepted");
}

WEFT_CORO(late)
{
    int rc = weft_sleep(WEFT_S(100));

    attempt(arg);
    return rc;
}

WEFT_CORO(amain)
{
    weft_taskgroup_t group = {0};

    attempt(&group);
    TRY(weft_taskgroup_enter(&group));
    attempt(&group);
    TRY(weft_taskgroup_exit(&group, 0));
    attempt(&group);
    TRY(weft_taskgroup_enter(&group));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&late, &group), NULL));
    TRY(weft_sleep(0));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&fails, NULL), NULL));
    if (weft_taskgroup_exit(&group, 0) == WEFT_EGROUP)
        puts("failed");
    return 0;
}

PAIR(amain, 1)
