/* SPDX-License-Identifier: MIT */
/* wait refuses nothing, coroutines, and what it does not know. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    return 0;
}

static void attempt(weft_awaitable_t *aw, size_t count, int return_when)
{
    size_t done;

    printf("%s\n", name_of(weft_wait(&aw, count, WEFT_NONE, return_when, &done)));
}

WEFT_CORO(amain)
{
    weft_coro_t *coro = weft_coro(&work, NULL);
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));

    attempt(NULL, 0, WEFT_ALL_COMPLETED);
    attempt(coro, 1, WEFT_ALL_COMPLETED);
    attempt(task, 1, 42);
    weft_coro_close(coro);
    return weft_join(task, NULL);
}

PAIR(amain, 4)
