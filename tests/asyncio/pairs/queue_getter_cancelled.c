/* SPDX-License-Identifier: MIT */
/* a getter that is cancelled takes no item with it. */
#include "tests/asyncio/pairs/pair.h"

static weft_queue_t *queue;

WEFT_CORO(getter)
{
    void *item;

    TRY(weft_queue_get(queue, &item));
    printf("%s got %s\n", (char *)arg, (char *)item);
    return 0;
}

WEFT_CORO(amain)
{
    size_t done;

    TRY(weft_queue_create(&queue, 0));
    weft_task_t *a = weft_create_task(weft_coro(&getter, "a"));
    weft_task_t *b = weft_create_task(weft_coro(&getter, "b"));
    weft_task_t *both[] = {a, b};
    TRY(weft_sleep(0));
    TRY(weft_queue_put_nowait(queue, "item"));
    weft_cancel(a);
    TRY(weft_wait(both, 2, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
    printf("%s %s %zu\n", truth(weft_cancelled(a)), truth(weft_cancelled(b)),
           weft_queue_qsize(queue));
    weft_unref(a);
    weft_unref(b);
    weft_queue_unref(queue);
    return 0;
}

PAIR(amain, 1)
