/* SPDX-License-Identifier: MIT */
/* when the outer one expires, the inner one lets the cancel pass. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_timeout_t outer, inner;

    TRY(weft_timeout_enter(&outer, WEFT_MS(1)));
    TRY(weft_timeout_enter(&inner, WEFT_S(100)));
    int rc = weft_timeout_exit(&inner, weft_sleep(WEFT_S(100)));
    printf("%s %s %s\n", name_of(rc), truth(weft_timeout_expired(&inner)),
           truth(weft_timeout_expired(&outer)));
    rc = weft_timeout_exit(&outer, rc);
    printf("%s\n", name_of(rc));
    return 0;
}

PAIR(amain, 4)
