/* SPDX-License-Identifier: MIT */
/* callbacks and awaiters of a task take their turns as they were added. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    TRY(weft_sleep(0));
    puts("work is over");
    return 0;
}

WEFT_CORO(waiter)
{
    TRY(weft_await(arg, NULL));
    puts("waiter");
    return 0;
}

static void callback(weft_future_t *future, void *text)
{
    (void)future;
    puts(text);
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));

    TRY(weft_add_done_callback(task, callback, "first callback"));
    weft_task_t *other = weft_create_task(weft_coro(&waiter, task));
    TRY(weft_sleep(0));
    TRY(weft_add_done_callback(task, callback, "second callback"));
    TRY(weft_join(other, NULL));
    weft_unref(task);
    return 0;
}

PAIR(amain, 1)
