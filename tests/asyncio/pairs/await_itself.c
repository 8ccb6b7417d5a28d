/* SPDX-License-Identifier: MIT */
/* a task that awaits itself is told so. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    printf("%s\n", name_of(weft_await(weft_current_task(), NULL)));
    puts("goes on");
    return 0;
}

PAIR(amain, 4)
