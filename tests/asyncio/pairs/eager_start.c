/* SPDX-License-Identifier: MIT */
/* an eager task makes its first step inside create_task.
 *
 * Source: CPython 3.12, eager_task_factory in Lib/asyncio/tasks.py; test_eager_completion,
 * test_block_after_eager_step. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(quick)
{
    puts("quick begins");
    *result = VALUE(1);
    return 0;
}

WEFT_CORO(slow)
{
    puts("slow begins");
    TRY(weft_sleep(0));
    puts("slow ends");
    *result = VALUE(2);
    return 0;
}

WEFT_CORO(amain)
{
    weft_result_t out[2];

    weft_loop_set_task_factory(weft_get_running_loop(), weft_eager_task_factory, NULL);
    weft_task_t *a = weft_create_task(weft_coro(&quick, NULL));
    printf("created %s\n", truth(weft_done(a)));
    weft_task_t *b = weft_create_task(weft_coro(&slow, NULL));
    printf("created %s\n", truth(weft_done(b)));
    TRY(weft_gather(WEFT_AWS(a, b), out));
    printf("[%d, %d]\n", NUMBER(out[0].value), NUMBER(out[1].value));
    return 0;
}

PAIR(amain, 1)
