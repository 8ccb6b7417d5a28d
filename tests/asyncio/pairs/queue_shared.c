/* SPDX-License-Identifier: MIT */
/* many producers and consumers: each item is got once. */
#include "tests/asyncio/pairs/pair.h"

static weft_queue_t *queue;

WEFT_CORO(producer)
{
    for (int item = NUMBER(arg); item < 100; item += 4)
        TRY(weft_queue_put(queue, VALUE(item + 1)));
    return 0;
}

WEFT_CORO(consumer)
{
    int total = 0;
    void *item;

    for (;;) {
        TRY(weft_queue_get(queue, &item));
        if (!item)
            break;
        total += NUMBER(item) - 1;
    }
    *result = VALUE(total);
    return 0;
}

WEFT_CORO(amain)
{
    weft_awaitable_t *consumers[3], *producers[4];
    weft_result_t totals[3];

    TRY(weft_queue_create(&queue, 3));
    for (int i = 0; i < 3; i++)
        consumers[i] = weft_create_task(weft_coro(&consumer, NULL));
    for (int first = 0; first < 4; first++)
        producers[first] = weft_coro(&producer, VALUE(first));
    TRY(weft_gather(WEFT_ARRAY(producers, 4), NULL));
    for (int i = 0; i < 3; i++)
        TRY(weft_queue_put(queue, NULL));
    TRY(weft_gather(WEFT_ARRAY(consumers, 3), totals));
    printf("%d\n", NUMBER(totals[0].value) + NUMBER(totals[1].value) + NUMBER(totals[2].value));
    weft_queue_unref(queue);
    return 0;
}

PAIR(amain, 4)
