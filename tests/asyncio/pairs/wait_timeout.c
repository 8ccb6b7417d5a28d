/* SPDX-License-Identifier: MIT */
/* a time-out of wait is no error, and cancels nothing. */
#include "tests/asyncio/pairs/pair.h"

static weft_event_t event;

WEFT_CORO(work)
{
    return weft_event_wait(&event);
}

WEFT_CORO(amain)
{
    const weft_ns_t timeouts[] = {WEFT_MS(1), 0};
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));
    size_t done;

    for (int i = 0; i < 2; i++) {
        TRY(weft_wait(&task, 1, timeouts[i], WEFT_ALL_COMPLETED, &done));
        printf("%zu %zu %s %d\n", done, 1 - done, truth(weft_done(task)), weft_cancelling(task));
    }
    weft_event_set(&event);
    TRY(weft_await(task, NULL));
    TRY(weft_wait(&task, 1, 0, WEFT_ALL_COMPLETED, &done));
    printf("%zu %zu\n", done, 1 - done);
    weft_unref(task);
    return 0;
}

PAIR(amain, 4)
