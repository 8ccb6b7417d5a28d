/* SPDX-License-Identifier: MIT */
/* a queue, a stack and a queue by urgency. */
#include "tests/asyncio/pairs/pair.h"

static int64_t value_of(const void *item)
{
    return (intptr_t)item;
}

static int fill_and_drain(weft_queue_t *queue)
{
    const int items[] = {3, 1, 2};
    void *item;

    for (int i = 0; i < 3; i++)
        TRY(weft_queue_put(queue, VALUE(items[i])));
    for (int i = 0; i < 3; i++) {
        TRY(weft_queue_get(queue, &item));
        printf("%s%d", i ? ", " : "[", NUMBER(item));
    }
    printf("] %s\n", truth(weft_queue_empty(queue)));
    weft_queue_unref(queue);
    return 0;
}

WEFT_CORO(amain)
{
    weft_queue_t *queues[3];

    TRY(weft_queue_create(&queues[0], 0));
    TRY(weft_queue_create(&queues[1], 0, .lifo = true));
    TRY(weft_queue_create(&queues[2], 0, .key = value_of));
    for (int i = 0; i < 3; i++)
        TRY(fill_and_drain(queues[i]));
    return 0;
}

PAIR(amain, 4)
