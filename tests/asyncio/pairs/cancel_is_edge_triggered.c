/* SPDX-License-Identifier: MIT */
/* one cancel strikes once: what the task waits for next is not affected. */
#include "tests/asyncio/pairs/pair.h"

static weft_future_t *first, *second;

WEFT_CORO(stubborn)
{
    if (weft_await(first, NULL) == -ECANCELED)
        printf("caught %s\n", truth(weft_cancelled(first)));
    return weft_await(second, result);
}

WEFT_CORO(amain)
{
    void *value;

    first = weft_create_future(NULL);
    second = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&stubborn, NULL));
    TRY(weft_sleep(0));
    weft_cancel(task);
    TRY(weft_sleep(0));
    printf("%s %s\n", truth(weft_done(task)), truth(weft_done(second)));
    TRY(weft_set_result(second, "value"));
    TRY(weft_await(task, &value));
    puts(value);
    weft_unref(task);
    weft_unref(first);
    weft_unref(second);
    return 0;
}

PAIR(amain, 1)
