/* SPDX-License-Identifier: MIT */
/* a time-out that is far away, or none, or over before an await, does nothing. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    const weft_ns_t delays[] = {WEFT_S(100), WEFT_NONE};
    weft_timeout_t scope;

    for (int i = 0; i < 2; i++) {
        TRY(weft_timeout_enter(&scope, delays[i]));
        TRY(weft_timeout_exit(&scope, weft_sleep(0)));
        printf("%s %s\n", truth(weft_timeout_expired(&scope)),
               truth(weft_timeout_when(&scope) == WEFT_NONE));
    }
    TRY(weft_timeout_enter(&scope, 0));
    TRY(weft_timeout_exit(&scope, 0));
    printf("%s\n", truth(weft_timeout_expired(&scope)));
    TRY(weft_sleep(0));
    puts("main goes on");
    return 0;
}

PAIR(amain, 1)
