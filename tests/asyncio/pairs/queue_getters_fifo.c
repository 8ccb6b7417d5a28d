/* SPDX-License-Identifier: MIT */
/* those who wait for items get them in the order in which they came. */
#include "tests/asyncio/pairs/pair.h"

static weft_queue_t *queue;

WEFT_CORO(getter)
{
    void *item;

    printf("%s waits\n", (char *)arg);
    TRY(weft_queue_get(queue, &item));
    printf("%s got %d\n", (char *)arg, NUMBER(item));
    return 0;
}

WEFT_CORO(amain)
{
    char *names[] = {"a", "b", "c"};
    weft_task_t *tasks[3];

    TRY(weft_queue_create(&queue, 0));
    for (int i = 0; i < 3; i++)
        tasks[i] = weft_create_task(weft_coro(&getter, names[i]));
    TRY(weft_sleep(0));
    for (int i = 0; i < 3; i++)
        TRY(weft_queue_put_nowait(queue, VALUE(i)));
    TRY(weft_gather(WEFT_ARRAY(tasks, 3), NULL));
    weft_queue_unref(queue);
    return 0;
}

PAIR(amain, 1)
