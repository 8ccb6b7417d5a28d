/* SPDX-License-Identifier: MIT */
/* after shutdown nothing comes in, what is in comes out, then nothing does.
 *
 * Source: CPython 3.13, test_shutdown_nonempty in Lib/test/test_asyncio/test_queues.py. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_queue_t *queue;
    void *item;

    TRY(weft_queue_create(&queue, 0));
    TRY(weft_queue_put(queue, VALUE(1)));
    TRY(weft_queue_put(queue, VALUE(2)));
    weft_queue_shutdown(queue, false);
    printf("%s\n", name_of(weft_queue_put(queue, VALUE(3))));
    for (int i = 0; i < 2; i++) {
        TRY(weft_queue_get(queue, &item));
        printf("%d\n", NUMBER(item));
        TRY(weft_queue_task_done(queue));
    }
    printf("%s\n", name_of(weft_queue_get(queue, &item)));
    TRY(weft_queue_join(queue));
    puts("joined");
    weft_queue_unref(queue);
    return 0;
}

PAIR(amain, 4)
