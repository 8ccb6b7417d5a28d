/* SPDX-License-Identifier: MIT */
/* a coroutine object serves once. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    *result = VALUE(1);
    return 0;
}

WEFT_CORO(amain)
{
    weft_coro_t *coro = weft_coro(&work, NULL);
    void *value;

    TRY(weft_await(coro, &value));
    printf("%d\n", NUMBER(value));
    printf("%s\n", name_of(weft_await(coro, &value)));
    weft_unref(coro);
    return 0;
}

PAIR(amain, 4)
