/* SPDX-License-Identifier: MIT */
/* who puts into a full queue, and who gets from an empty one, waits for its turn. */
#include "tests/asyncio/pairs/pair.h"

static weft_queue_t *queue;

WEFT_CORO(producer)
{
    for (int item = 0; item < 4; item++) {
        TRY(weft_queue_put(queue, VALUE(item)));
        printf("put %d\n", item);
    }
    return 0;
}

WEFT_CORO(consumer)
{
    void *item;

    for (int i = 0; i < 4; i++) {
        TRY(weft_queue_get(queue, &item));
        printf("got %d\n", NUMBER(item));
    }
    return 0;
}

WEFT_CORO(amain)
{
    TRY(weft_queue_create(&queue, 1));
    TRY(weft_gather(WEFT_AWS(weft_coro(&producer, NULL), weft_coro(&consumer, NULL)), NULL));
    weft_queue_unref(queue);
    return 0;
}

PAIR(amain, 1)
