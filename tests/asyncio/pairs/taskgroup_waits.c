/* SPDX-License-Identifier: MIT */
/* a group is left when all its tasks are over, those included that its tasks add. */
#include "tests/asyncio/pairs/pair.h"

typedef struct work {
    char *name;
    int turns;
} work_t;

WEFT_CORO(work)
{
    work_t *w = arg;

    for (int turn = 0; turn < w->turns; turn++)
        TRY(weft_sleep(0));
    printf("%s ends\n", w->name);
    return 0;
}

static work_t a = {"a", 2}, added = {"added", 3};

WEFT_CORO(adds)
{
    TRY(weft_sleep(0));
    TRY(weft_taskgroup_create_task(arg, weft_coro(&work, &added), NULL));
    puts("adds");
    return 0;
}

WEFT_CORO(amain)
{
    weft_taskgroup_t group;

    TRY(weft_taskgroup_enter(&group));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&work, &a), NULL));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&adds, &group), NULL));
    puts("body ends");
    TRY(weft_taskgroup_exit(&group, 0));
    puts("left");
    return 0;
}

PAIR(amain, 1)
