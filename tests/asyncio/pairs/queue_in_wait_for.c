/* SPDX-License-Identifier: MIT */
/* a get that is given up takes no item. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_queue_t *queue;
    void *item;

    TRY(weft_queue_create(&queue, 0));
    printf("%s\n", name_of(weft_wait_for(weft_queue_get_coro(queue), WEFT_MS(1), NULL)));
    TRY(weft_wait_for(weft_queue_put_coro(queue, "item"), WEFT_S(100), NULL));
    size_t size = weft_queue_qsize(queue);
    TRY(weft_wait_for(weft_queue_get_coro(queue), WEFT_S(100), &item));
    printf("%zu %s\n", size, (char *)item);
    weft_queue_unref(queue);
    return 0;
}

PAIR(amain, 4)
