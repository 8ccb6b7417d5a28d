/* SPDX-License-Identifier: MIT */
/* remove_done_callback takes all equal ones, and counts them. */
#include "tests/asyncio/pairs/pair.h"

static void never(weft_future_t *future, void *arg)
{
    (void)future, (void)arg;
    puts("never");
}

static void last(weft_future_t *future, void *over)
{
    (void)future;
    puts("last");
    weft_set_result(over, NULL);
}

WEFT_CORO(amain)
{
    weft_future_t *future = weft_create_future(NULL);
    weft_future_t *over = weft_create_future(NULL);

    TRY(weft_add_done_callback(future, never, NULL));
    TRY(weft_add_done_callback(future, never, NULL));
    TRY(weft_add_done_callback(future, last, over));
    size_t removed = weft_remove_done_callback(future, never, NULL);
    printf("%zu %zu\n", removed, weft_remove_done_callback(future, never, NULL));
    TRY(weft_set_result(future, NULL));
    TRY(weft_join(over, NULL));
    weft_unref(future);
    return 0;
}

PAIR(amain, 4)
