/* SPDX-License-Identifier: MIT */
/* wait returns when all are done, failed ones too, and raises none of their errors. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    return NUMBER(arg);
}

WEFT_CORO(amain)
{
    int errors[] = {0, -EINVAL, -ECANCELED};
    weft_task_t *tasks[3];
    size_t done;

    for (int i = 0; i < 3; i++)
        tasks[i] = weft_create_task(weft_coro(&work, VALUE(errors[i])));
    for (int i = 0; i < 2; i++) {
        TRY(weft_wait(tasks, 3, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
        printf("%zu %zu\n", done, 3 - done);
    }
    printf("[%s, %s, %s]\n", truth(weft_cancelled(tasks[0])), truth(weft_cancelled(tasks[1])),
           truth(weft_cancelled(tasks[2])));
    printf("%s\n", name_of(weft_exception(tasks[1])));
    for (int i = 0; i < 3; i++)
        weft_unref(tasks[i]);
    return 0;
}

PAIR(amain, 4)
