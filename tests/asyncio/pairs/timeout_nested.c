/* SPDX-License-Identifier: MIT */
/* of nested time-outs that which expired first raises, then the outer one. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_timeout_t outer, inner;

    TRY(weft_timeout_enter(&outer, WEFT_S(100)));
    TRY(weft_timeout_enter(&inner, WEFT_MS(1)));
    if (weft_timeout_exit(&inner, weft_sleep(WEFT_S(100))) == -ETIMEDOUT)
        printf("inner %s %s\n", truth(weft_timeout_expired(&inner)),
               truth(weft_timeout_expired(&outer)));
    TRY(weft_timeout_reschedule(&outer, weft_loop_time(weft_get_running_loop())));
    if (weft_timeout_exit(&outer, weft_sleep(WEFT_S(100))) == -ETIMEDOUT)
        printf("outer %s %s\n", truth(weft_timeout_expired(&inner)),
               truth(weft_timeout_expired(&outer)));
    printf("%d\n", weft_cancelling(weft_current_task()));
    return 0;
}

PAIR(amain, 4)
