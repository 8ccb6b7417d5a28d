/* SPDX-License-Identifier: MIT */
/* join waits until the work on all items is done. */
#include "tests/asyncio/pairs/pair.h"

static weft_queue_t *queue;

WEFT_CORO(worker)
{
    void *item;

    for (;;) {
        TRY(weft_queue_get(queue, &item));
        TRY(weft_sleep(0));
        printf("%s has done %d\n", (char *)arg, NUMBER(item));
        TRY(weft_queue_task_done(queue));
    }
}

WEFT_CORO(amain)
{
    weft_task_t *workers[2];
    size_t done;

    TRY(weft_queue_create(&queue, 0));
    workers[0] = weft_create_task(weft_coro(&worker, "a"));
    workers[1] = weft_create_task(weft_coro(&worker, "b"));
    for (int item = 0; item < 5; item++)
        TRY(weft_queue_put_nowait(queue, VALUE(item)));
    TRY(weft_queue_join(queue));
    printf("joined %zu\n", weft_queue_qsize(queue));
    for (int i = 0; i < 2; i++)
        weft_cancel(workers[i]);
    TRY(weft_wait(workers, 2, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
    printf("%s\n", name_of(weft_queue_task_done(queue)));
    weft_unref(workers[0]);
    weft_unref(workers[1]);
    weft_queue_unref(queue);
    return 0;
}

PAIR(amain, 1)
