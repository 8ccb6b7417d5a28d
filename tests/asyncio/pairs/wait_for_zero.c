/* SPDX-License-Identifier: MIT */
/* with no time at all, what is done gives its result, a coroutine never begins. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(never)
{
    puts("never");
    return 0;
}

WEFT_CORO(amain)
{
    weft_future_t *future = weft_create_future(NULL), *pending = weft_create_future(NULL);
    void *value;

    TRY(weft_set_result(future, VALUE(3)));
    TRY(weft_wait_for(future, 0, &value));
    printf("%d\n", NUMBER(value));
    printf("coroutine %s\n", name_of(weft_wait_for(weft_coro(&never, NULL), 0, NULL)));
    printf("pending %s\n", name_of(weft_wait_for(pending, 0, NULL)));
    printf("%s\n", truth(weft_cancelled(pending)));
    weft_unref(future);
    weft_unref(pending);
    return 0;
}

PAIR(amain, 4)
