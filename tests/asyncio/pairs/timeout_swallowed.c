/* SPDX-License-Identifier: MIT */
/* a body that swallows the cancel of its time-out ends well, though it expired. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_timeout_t scope;

    TRY(weft_timeout_enter(&scope, WEFT_MS(1)));
    if (weft_sleep(WEFT_S(100)) == -ECANCELED)
        puts("swallows");
    TRY(weft_timeout_exit(&scope, 0));
    printf("%s %d\n", truth(weft_timeout_expired(&scope)), weft_cancelling(weft_current_task()));
    TRY(weft_sleep(0));
    puts("main goes on");
    return 0;
}

PAIR(amain, 4)
