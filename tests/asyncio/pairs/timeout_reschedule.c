/* SPDX-License-Identifier: MIT */
/* the deadline can be moved and taken away, until it has expired. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_timeout_t scope;

    TRY(weft_timeout_enter(&scope, WEFT_S(100)));
    TRY(weft_timeout_reschedule(&scope, WEFT_NONE));
    puts(weft_timeout_when(&scope) == WEFT_NONE ? "None" : "a time");
    TRY(weft_timeout_exit(&scope, weft_sleep(0)));

    TRY(weft_timeout_enter(&scope, WEFT_NONE));
    weft_ns_t when = weft_loop_time(loop) + WEFT_MS(1);
    TRY(weft_timeout_reschedule(&scope, when));
    printf("%s\n", truth(weft_timeout_when(&scope) == when));
    int rc = weft_sleep(WEFT_S(100));
    if (weft_timeout_reschedule(&scope, WEFT_NONE) < 0)
        puts("too late");
    printf("%s\n", name_of(weft_timeout_exit(&scope, rc)));
    return 0;
}

PAIR(amain, 4)
