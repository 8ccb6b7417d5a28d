/* SPDX-License-Identifier: MIT */
/* what a thread completes can be awaited in the loop; a cancel there reaches it. */
#include "tests/asyncio/pairs/pair.h"

static int complete(void *future, void **result)
{
    (void)result;
    return weft_cfuture_set_result(future, VALUE(6));
}

WEFT_CORO(amain)
{
    weft_cfuture_t *future = weft_cfuture_create();
    weft_future_t *wrapped = weft_wrap_future(future, NULL);
    void *value;

    TRY(weft_to_thread(complete, future, NULL));
    TRY(weft_join(wrapped, &value));
    printf("%d\n", NUMBER(value));
    weft_cfuture_unref(future);
    future = weft_cfuture_create();
    wrapped = weft_wrap_future(future, NULL);
    printf("%s\n", truth(weft_cancel(wrapped)));
    int rc = weft_await(wrapped, NULL);
    printf("%s %s\n", name_of(rc), truth(weft_cancelled(wrapped)));
    weft_unref(wrapped);
    weft_cfuture_unref(future);
    return 0;
}

PAIR(amain, 4)
