/* SPDX-License-Identifier: MIT */
/* a main that is cancelled lets that out of run. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_cancel_message(weft_current_task(), "enough");
    TRY(weft_sleep(0));
    puts("never");
    return 0;
}

PAIR_PLAIN((puts(name_of(weft_run(weft_coro(&amain, NULL), NULL, .workers = workers))), 0), 4)
