/* SPDX-License-Identifier: MIT */
/* gathers nest; the inner one's results are one result of the outer. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(value)
{
    TRY(weft_sleep(0));
    *result = arg;
    return 0;
}

WEFT_CORO(amain)
{
    weft_future_t *inner =
        weft_gather_future(WEFT_AWS(weft_coro(&value, VALUE(1)), weft_coro(&value, VALUE(2))));
    weft_result_t out[2];

    TRY(weft_gather(WEFT_AWS(weft_ref(inner), weft_coro(&value, VALUE(3))), out));
    const weft_result_t *in = weft_gather_results(inner, NULL);
    printf("[[%d, %d], %d]\n", NUMBER(in[0].value), NUMBER(in[1].value), NUMBER(out[1].value));
    weft_unref(inner);
    return 0;
}

PAIR(amain, 4)
