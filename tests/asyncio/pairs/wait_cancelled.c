/* SPDX-License-Identifier: MIT */
/* who is cancelled in wait leaves what it waits for alone. */
#include "tests/asyncio/pairs/pair.h"

static weft_event_t event;

WEFT_CORO(work)
{
    TRY(weft_event_wait(&event));
    *result = "value";
    return 0;
}

WEFT_CORO(waiter)
{
    weft_task_t *task = arg;
    size_t done;

    return weft_wait(&task, 1, WEFT_NONE, WEFT_ALL_COMPLETED, &done);
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));
    weft_task_t *other = weft_create_task(weft_coro(&waiter, task));
    void *value;

    TRY(weft_sleep(0));
    weft_cancel(other);
    if (weft_await(other, NULL) == -ECANCELED)
        printf("%s %s %d\n", truth(weft_cancelled(other)), truth(weft_done(task)),
               weft_cancelling(task));
    weft_event_set(&event);
    TRY(weft_join(task, &value));
    puts(value);
    weft_unref(other);
    return 0;
}

PAIR(amain, 1)
