/* SPDX-License-Identifier: MIT */
/* a shield's callback takes a tick: who awaits it goes on two after what is behind it. */
#include "tests/asyncio/pairs/ticks.h"

WEFT_CORO(work)
{
    TRY(weft_sleep(0));
    puts("work");
    return 0;
}

WEFT_CORO(body)
{
    weft_task_t *task;

    TRY(weft_join(weft_shield(weft_coro(&work, NULL)), NULL));
    puts("shielded");
    task = weft_create_task(weft_coro(&work, NULL));
    TRY(weft_await(task, NULL));
    TRY(weft_join(weft_shield(task), NULL));
    puts("was done");
    weft_unref(task);
    return 0;
}

WEFT_CORO(amain)
{
    return beside_ticks(&body);
}

PAIR(amain, 1)
