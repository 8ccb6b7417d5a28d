/* SPDX-License-Identifier: MIT */
/* a child that is cancelled is an error of the whole, which is not cancelled. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(child)
{
    return weft_sleep(WEFT_S(100));
}

WEFT_CORO(amain)
{
    weft_task_t *one = weft_create_task(weft_coro(&child, NULL));
    weft_task_t *other = weft_create_task(weft_coro(&child, NULL));
    weft_future_t *both = weft_gather_future(WEFT_AWS(weft_ref(one), weft_ref(other)));

    weft_cancel(one);
    int rc = weft_await(both, NULL);
    printf("%s %s %d\n", name_of(rc), truth(weft_cancelled(both)),
           weft_cancelling(weft_current_task()));
    printf("%s %s\n", truth(weft_cancelled(one)), truth(weft_done(other)));
    weft_unref(one);
    weft_unref(other);
    weft_unref(both);
    return 0;
}

PAIR(amain, 4)
