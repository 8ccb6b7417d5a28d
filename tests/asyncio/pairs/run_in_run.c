/* SPDX-License-Identifier: MIT */
/* run in a running loop is refused. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    puts("never");
    return 0;
}

WEFT_CORO(amain)
{
    printf("%s\n", name_of(weft_run(weft_coro(&work, NULL), NULL)));
    return 0;
}

PAIR(amain, 4)
