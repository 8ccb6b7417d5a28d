/* SPDX-License-Identifier: MIT */
/* an event as an object, with a limit. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_event_t event = WEFT_EVENT_INIT;

    printf("%s\n", name_of(weft_wait_for(weft_event_wait_coro(&event), WEFT_MS(1), NULL)));
    weft_event_set(&event);
    TRY(weft_wait_for(weft_event_wait_coro(&event), WEFT_S(100), NULL));
    printf("%s\n", truth(weft_event_is_set(&event)));
    return 0;
}

PAIR(amain, 4)
