/* SPDX-License-Identifier: MIT */
/* what is shielded gives its value or its error; what is done is given as it is. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    TRY(weft_sleep(0));
    *result = VALUE(1);
    return NUMBER(arg);
}

WEFT_CORO(amain)
{
    void *value;

    TRY(weft_join(weft_shield(weft_coro(&work, VALUE(0))), &value));
    printf("%d\n", NUMBER(value));
    printf("%s\n", name_of(weft_join(weft_shield(weft_coro(&work, VALUE(-EINVAL))), NULL)));
    weft_future_t *future = weft_create_future(NULL);
    TRY(weft_set_result(future, VALUE(2)));
    weft_future_t *shielded = weft_shield(future);
    printf("%s\n", truth(shielded == future));
    weft_unref(shielded);
    weft_unref(future);
    return 0;
}

PAIR(amain, 4)
