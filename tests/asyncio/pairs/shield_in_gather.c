/* SPDX-License-Identifier: MIT */
/* shields and gathers go together. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    for (int turn = 0; turn < NUMBER(arg); turn++)
        TRY(weft_sleep(0));
    *result = arg;
    return 0;
}

WEFT_CORO(amain)
{
    weft_future_t *inner =
        weft_gather_future(WEFT_AWS(weft_coro(&work, VALUE(1)), weft_coro(&work, VALUE(2))));
    weft_future_t *outer = weft_shield(inner);
    weft_result_t out[2];

    TRY(weft_sleep(0));
    bool asked = weft_cancel(outer);
    printf("%s %s\n", truth(asked), truth(weft_cancelled(inner)));
    TRY(weft_await(inner, NULL));
    const weft_result_t *in = weft_gather_results(inner, NULL);
    printf("[%d, %d] %s\n", NUMBER(in[0].value), NUMBER(in[1].value), truth(weft_cancelled(outer)));
    weft_unref(inner);
    weft_unref(outer);
    TRY(weft_gather(WEFT_AWS(weft_shield(weft_coro(&work, VALUE(3))), weft_coro(&work, VALUE(4))),
                    out));
    printf("[%d, %d]\n", NUMBER(out[0].value), NUMBER(out[1].value));
    return 0;
}

PAIR(amain, 1)
