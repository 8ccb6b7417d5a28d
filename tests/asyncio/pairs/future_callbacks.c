/* SPDX-License-Identifier: MIT */
/* callbacks of a future come in order, never inside set_result, and soon if late. */
#include "tests/asyncio/pairs/pair.h"

static void say(weft_future_t *future, void *name)
{
    void *value;

    if (weft_result(future, &value) == 0)
        printf("%s %d\n", (char *)name, NUMBER(value));
}

WEFT_CORO(amain)
{
    weft_future_t *future = weft_create_future(NULL);

    TRY(weft_add_done_callback(future, say, "callback 1"));
    TRY(weft_add_done_callback(future, say, "callback 2"));
    TRY(weft_add_done_callback(future, say, "callback 3"));
    TRY(weft_set_result(future, VALUE(42)));
    puts("set");
    TRY(weft_sleep(0));
    TRY(weft_add_done_callback(future, say, "late"));
    puts("added");
    TRY(weft_sleep(0));
    puts("end");
    weft_unref(future);
    return 0;
}

PAIR(amain, 1)
