/* SPDX-License-Identifier: MIT */
/* an immediate shutdown drops what is in, and wakes who waits.
 *
 * Source: CPython 3.13, test_shutdown_immediate in Lib/test/test_asyncio/test_queues.py. */
#include "tests/asyncio/pairs/pair.h"

static weft_queue_t *queue;

WEFT_CORO(putter)
{
    printf("putter: %s\n", name_of(weft_queue_put(queue, arg)));
    return 0;
}

WEFT_CORO(amain)
{
    void *item;

    TRY(weft_queue_create(&queue, 1));
    TRY(weft_queue_put(queue, VALUE(1)));
    weft_task_t *task = weft_create_task(weft_coro(&putter, VALUE(2)));
    TRY(weft_sleep(0));
    weft_queue_shutdown(queue, true);
    TRY(weft_join(task, NULL));
    TRY(weft_queue_join(queue));
    printf("joined %zu\n", weft_queue_qsize(queue));
    printf("%s\n", name_of(weft_queue_get(queue, &item)));
    weft_queue_unref(queue);
    return 0;
}

PAIR(amain, 1)
