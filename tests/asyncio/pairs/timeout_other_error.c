/* SPDX-License-Identifier: MIT */
/* another error passes; that it came in a time-out is its context. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    const weft_ns_t delays[] = {WEFT_S(100), WEFT_MS(1)};
    weft_timeout_t scope;

    for (int i = 0; i < 2; i++) {
        TRY(weft_timeout_enter(&scope, delays[i]));
        int rc = weft_sleep(i ? WEFT_S(100) : 0);
        rc = weft_timeout_exit(&scope, -EINVAL);
        printf("%s %d\n", name_of(rc), weft_cancelling(weft_current_task()));
    }
    return 0;
}

PAIR(amain, 4)
