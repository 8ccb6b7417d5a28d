/* SPDX-License-Identifier: MIT */
/* what a callback adds comes after those that were there. */
#include "tests/asyncio/pairs/pair.h"

static void say(weft_future_t *future, void *text)
{
    (void)future;
    puts(text);
}

static void first(weft_future_t *future, void *arg)
{
    (void)arg;
    puts("first");
    weft_add_done_callback(future, say, "second");
}

WEFT_CORO(amain)
{
    weft_future_t *future = weft_create_future(NULL);

    TRY(weft_add_done_callback(future, first, NULL));
    TRY(weft_add_done_callback(future, say, "there"));
    TRY(weft_set_result(future, NULL));
    TRY(weft_sleep(0));
    puts("one tick later");
    TRY(weft_sleep(0));
    weft_unref(future);
    return 0;
}

PAIR(amain, 1)
