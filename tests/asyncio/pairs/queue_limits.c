/* SPDX-License-Identifier: MIT */
/* a full queue takes nothing, an empty one gives nothing. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_queue_t *queue;
    void *item;

    TRY(weft_queue_create(&queue, 2));
    printf("%s %s %s\n", truth(weft_queue_empty(queue)), truth(weft_queue_full(queue)),
           name_of(weft_queue_get_nowait(queue, &item)));
    for (int i = 1; i <= 3; i++) {
        int rc = weft_queue_put_nowait(queue, VALUE(i));
        printf("%s %zu %s\n", name_of(rc), weft_queue_qsize(queue), truth(weft_queue_full(queue)));
    }
    for (int i = 0; i < 3; i++) {
        int rc = weft_queue_get_nowait(queue, &item);
        if (rc == 0)
            printf("%d %zu\n", NUMBER(item), weft_queue_qsize(queue));
        else
            printf("%s %zu\n", name_of(rc), weft_queue_qsize(queue));
    }
    weft_queue_unref(queue);
    return 0;
}

PAIR(amain, 4)
