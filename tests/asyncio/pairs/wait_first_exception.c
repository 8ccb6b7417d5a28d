/* SPDX-License-Identifier: MIT */
/* wait for the first error does not take a cancelled one for it. */
#include "tests/asyncio/pairs/pair.h"

typedef struct work {
    int turns;
    int error;
} work_t;

WEFT_CORO(work)
{
    work_t *w = arg;

    for (int turn = 0; turn < w->turns; turn++)
        TRY(weft_sleep(0));
    return w->error;
}

WEFT_CORO(amain)
{
    work_t works[] = {{0, 0}, {1, -ECANCELED}, {2, -EINVAL}, {100, 0}};
    weft_task_t *tasks[4];
    size_t done;

    for (int i = 0; i < 4; i++)
        tasks[i] = weft_create_task(weft_coro(&work, &works[i]));
    weft_task_t *last = tasks[3];
    TRY(weft_wait(tasks, 4, WEFT_NONE, WEFT_FIRST_EXCEPTION, &done));
    printf("%zu %zu %s\n", done, 4 - done, name_of(weft_exception(tasks[2])));
    printf("%s\n", truth(tasks[3] == last));
    for (int i = 0; i < 4; i++)
        weft_unref(tasks[i]);
    return 0;
}

PAIR(amain, 1)
