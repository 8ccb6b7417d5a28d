/* SPDX-License-Identifier: MIT */
/* the time-out is for all; what is left raises it, and runs on. */
#include "tests/asyncio/pairs/pair.h"

static weft_event_t never;

WEFT_CORO(work)
{
    return weft_event_wait(&never);
}

WEFT_CORO(amain)
{
    weft_future_t *future = weft_create_future(NULL);
    weft_task_t *tasks[2];
    weft_awaitable_t *aw;
    void *value;
    size_t done;
    int rc;

    TRY(weft_set_result(future, VALUE(1)));
    for (int i = 0; i < 2; i++)
        tasks[i] = weft_create_task(weft_coro(&work, NULL));
    weft_as_completed_t *it =
        weft_as_completed(WEFT_AWS(future, weft_ref(tasks[0]), weft_ref(tasks[1])), WEFT_MS(1));
    while ((rc = weft_as_completed_next(it, &aw)) != 0) {
        if (rc > 0 && weft_result(aw, &value) == 0)
            printf("%d\n", NUMBER(value));
        else
            printf("%s\n", name_of(rc));
    }
    weft_as_completed_free(it);
    printf("[%s, %s] [%d, %d]\n", truth(weft_done(tasks[0])), truth(weft_done(tasks[1])),
           weft_cancelling(tasks[0]), weft_cancelling(tasks[1]));
    weft_event_set(&never);
    TRY(weft_wait(tasks, 2, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
    weft_unref(tasks[0]);
    weft_unref(tasks[1]);
    return 0;
}

PAIR(amain, 4)
