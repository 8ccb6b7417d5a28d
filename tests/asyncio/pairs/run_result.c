/* SPDX-License-Identifier: MIT */
/* run gives what main gave: a value, or its error. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(answer)
{
    TRY(weft_sleep(0));
    *result = VALUE(42);
    return 0;
}

WEFT_CORO(fail)
{
    TRY(weft_sleep(0));
    return -EINVAL;
}

static int program(unsigned workers)
{
    void *value;

    TRY(weft_run(weft_coro(&answer, NULL), &value, .workers = workers));
    printf("%d\n", NUMBER(value));
    printf("%s\n", name_of(weft_run(weft_coro(&fail, NULL), NULL, .workers = workers)));
    return 0;
}

PAIR_PLAIN(program(workers), 4)
