/* SPDX-License-Identifier: MIT */
/* gather of nothing is nothing; what is given twice runs once. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    puts("runs");
    *result = VALUE(5);
    return 0;
}

WEFT_CORO(amain)
{
    weft_result_t out[2];

    TRY(weft_gather(WEFT_ARRAY(NULL, 0), NULL));
    puts("[]");
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));
    TRY(weft_gather(WEFT_AWS(task, weft_ref(task)), out));
    printf("[%d, %d]\n", NUMBER(out[0].value), NUMBER(out[1].value));
    weft_coro_t *coro = weft_coro(&work, NULL);
    TRY(weft_gather(WEFT_AWS(coro, weft_ref(coro)), out));
    printf("[%d, %d]\n", NUMBER(out[0].value), NUMBER(out[1].value));
    return 0;
}

PAIR(amain, 4)
