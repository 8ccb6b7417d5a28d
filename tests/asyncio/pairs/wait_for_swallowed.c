/* SPDX-License-Identifier: MIT */
/* what swallows the cancel of a time-out gives its value.
 *
 * Source: CPython 3.12, wait_for in Lib/asyncio/tasks.py; test_wait_for_cancel_suppressed. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(swallows)
{
    if (weft_sleep(WEFT_S(100)) == -ECANCELED)
        *result = "value";
    return 0;
}

WEFT_CORO(fails)
{
    if (weft_sleep(WEFT_S(100)) == -ECANCELED)
        return -EINVAL;
    return 0;
}

WEFT_CORO(amain)
{
    void *value;

    TRY(weft_wait_for(weft_coro(&swallows, NULL), WEFT_MS(1), &value));
    puts(value);
    printf("%s\n", name_of(weft_wait_for(weft_coro(&fails, NULL), WEFT_MS(1), &value)));
    return 0;
}

PAIR(amain, 4)
