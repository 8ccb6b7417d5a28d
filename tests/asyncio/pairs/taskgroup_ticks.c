/* SPDX-License-Identifier: MIT */
/* a group is left two ticks after its last task, one if another has failed just before, and
 * cancels one tick after one has failed. */
#include "tests/asyncio/pairs/ticks.h"

WEFT_CORO(work)
{
    int turns = NUMBER(arg), rc = 0;

    for (int turn = 0; turn < turns && rc == 0; turn++)
        rc = weft_sleep(0);
    printf("work %d\n", turns);
    return rc;
}

WEFT_CORO(fails)
{
    puts("fails");
    return -EINVAL;
}

WEFT_CORO(body)
{
    weft_taskgroup_t group;

    TRY(weft_taskgroup_enter(&group));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&work, VALUE(0)), NULL));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&work, VALUE(1)), NULL));
    TRY(weft_taskgroup_exit(&group, 0));
    puts("left");
    return 0;
}

static int fails_beside(int turns)
{
    weft_taskgroup_t group;

    TRY(weft_taskgroup_enter(&group));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&work, VALUE(turns)), NULL));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&fails, NULL), NULL));
    if (weft_taskgroup_exit(&group, 0) == WEFT_EGROUP)
        puts("failed");
    return 0;
}

WEFT_CORO(bad)
{
    (void)arg;
    return fails_beside(5);
}

WEFT_CORO(bad_at_the_end)
{
    (void)arg;
    return fails_beside(1);
}

WEFT_CORO(amain)
{
    TRY(beside_ticks(&body));
    TRY(beside_ticks(&bad));
    return beside_ticks(&bad_at_the_end);
}

PAIR(amain, 1)
