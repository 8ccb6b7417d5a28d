/* SPDX-License-Identifier: MIT */
/* two nested ones with one deadline raise one TimeoutError, and have both expired. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_ns_t when = weft_loop_time(weft_get_running_loop()) + WEFT_MS(1);
    weft_timeout_t outer, inner;

    TRY(weft_timeout_enter_at(&outer, when));
    TRY(weft_timeout_enter_at(&inner, when));
    int rc = weft_timeout_exit(&inner, weft_sleep(WEFT_S(100)));
    rc = weft_timeout_exit(&outer, rc);
    printf("%s\n", name_of(rc));
    printf("%s %s %d\n", truth(weft_timeout_expired(&outer)), truth(weft_timeout_expired(&inner)),
           weft_cancelling(weft_current_task()));
    return 0;
}

PAIR(amain, 1)
