/* SPDX-License-Identifier: MIT */
/* sleep as an object gives what it was given. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_result_t out[2];
    void *value;

    TRY(weft_join(weft_sleep_coro(0, VALUE(3)), &value));
    printf("%d\n", NUMBER(value));
    TRY(weft_gather(
        WEFT_AWS(weft_sleep_coro(WEFT_MS(1), VALUE(1)), weft_sleep_coro(WEFT_S(-1), VALUE(2))),
        out));
    printf("[%d, %d]\n", NUMBER(out[0].value), NUMBER(out[1].value));
    return 0;
}

PAIR(amain, 4)
