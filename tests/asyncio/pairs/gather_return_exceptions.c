/* SPDX-License-Identifier: MIT */
/* with return_exceptions errors and cancellations are results. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    *result = VALUE(1);
    return NUMBER(arg);
}

WEFT_CORO(amain)
{
    weft_result_t results[3];

    TRY(weft_gather(WEFT_AWS(weft_coro(&work, VALUE(0)), weft_coro(&work, VALUE(-EINVAL)),
                             weft_coro(&work, VALUE(-ECANCELED))),
                    results, .return_exceptions = true));
    for (int i = 0; i < 3; i++) {
        if (results[i].err == 0)
            printf("%d\n", NUMBER(results[i].value));
        else
            printf("%s\n", name_of(results[i].err));
    }
    return 0;
}

PAIR(amain, 4)
