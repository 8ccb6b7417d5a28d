/* SPDX-License-Identifier: MIT */
/* what ends in time comes through wait_for, a value or an error. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    TRY(weft_sleep(0));
    *result = VALUE(1);
    return NUMBER(arg);
}

WEFT_CORO(amain)
{
    const weft_ns_t timeouts[] = {WEFT_NONE, WEFT_S(100)};
    void *value;

    for (int i = 0; i < 2; i++) {
        TRY(weft_wait_for(weft_coro(&work, VALUE(0)), timeouts[i], &value));
        printf("%d\n", NUMBER(value));
        int rc = weft_wait_for(weft_coro(&work, VALUE(-EINVAL)), timeouts[i], &value);
        printf("%s\n", name_of(rc));
    }
    return 0;
}

PAIR(amain, 4)
