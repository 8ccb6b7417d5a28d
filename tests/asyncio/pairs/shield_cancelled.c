/* SPDX-License-Identifier: MIT */
/* who is cancelled while it awaits a shield leaves what is shielded running. */
#include "tests/asyncio/pairs/pair.h"

static weft_event_t event;

WEFT_CORO(work)
{
    TRY(weft_event_wait(&event));
    puts("work ends");
    *result = VALUE(3);
    return 0;
}

WEFT_CORO(waiter)
{
    return weft_join(weft_shield(arg), NULL);
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));
    weft_task_t *other = weft_create_task(weft_coro(&waiter, task));
    void *value;

    TRY(weft_sleep(0));
    weft_cancel(other);
    if (weft_join(other, NULL) == -ECANCELED)
        printf("True %s %d\n", truth(weft_done(task)), weft_cancelling(task));
    weft_event_set(&event);
    TRY(weft_join(task, &value));
    printf("%d\n", NUMBER(value));
    return 0;
}

PAIR(amain, 1)
