/* SPDX-License-Identifier: MIT */
/* what runs in a time-out is cancelled when it passes, and TimeoutError comes out. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_task_t *task = weft_current_task();
    weft_timeout_t scope;

    TRY(weft_timeout_enter(&scope, WEFT_MS(1)));
    int rc = weft_sleep(WEFT_S(100));
    printf("%s %d\n", truth(weft_timeout_expired(&scope)), weft_cancelling(task));
    rc = weft_timeout_exit(&scope, rc);
    printf("%s %s %d\n", name_of(rc), truth(weft_timeout_expired(&scope)), weft_cancelling(task));
    TRY(weft_sleep(0));
    puts("main goes on");
    return 0;
}

PAIR(amain, 4)
