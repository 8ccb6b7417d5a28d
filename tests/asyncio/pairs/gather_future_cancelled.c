/* SPDX-License-Identifier: MIT */
/* to cancel what gather gives cancels all children. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(child)
{
    int rc = weft_sleep(WEFT_S(100));

    if (rc == -ECANCELED)
        printf("%s is cancelled\n", (char *)arg);
    return rc;
}

WEFT_CORO(amain)
{
    weft_future_t *both =
        weft_gather_future(WEFT_AWS(weft_coro(&child, "a"), weft_coro(&child, "b")));

    TRY(weft_sleep(0));
    bool asked = weft_cancel(both);
    printf("%s %s\n", truth(asked), truth(weft_done(both)));
    int rc = weft_await(both, NULL);
    printf("%s %s %s\n", name_of(rc), truth(weft_cancelled(both)), truth(weft_cancel(both)));
    weft_unref(both);
    return 0;
}

PAIR(amain, 1)
