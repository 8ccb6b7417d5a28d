/* SPDX-License-Identifier: MIT */
/* a coroutine that is awaited runs in its caller's task, at once. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(inner)
{
    char name[20];

    weft_get_name(weft_current_task(), name, sizeof name);
    printf("inner in %s\n", name);
    *result = VALUE(3);
    return 0;
}

WEFT_CORO(other)
{
    puts("other");
    return 0;
}

WEFT_CORO(amain)
{
    void *value;

    TRY(weft_set_name(weft_current_task(), "main"));
    weft_task_t *task = weft_create_task(weft_coro(&other, NULL));
    TRY(weft_join(weft_coro(&inner, NULL), &value));
    printf("%d\n", NUMBER(value));
    TRY(weft_join(weft_create_task(weft_coro(&inner, NULL), .name = "child"), &value));
    printf("%d\n", NUMBER(value));
    return weft_join(task, NULL);
}

PAIR(amain, 1)
