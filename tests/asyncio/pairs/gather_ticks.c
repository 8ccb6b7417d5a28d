/* SPDX-License-Identifier: MIT */
/* a gather's callback takes a tick: who awaits it goes on two after the last child. */
#include "tests/asyncio/pairs/ticks.h"

WEFT_CORO(work)
{
    int turns = NUMBER(arg);

    for (int turn = 0; turn < turns; turn++)
        TRY(weft_sleep(0));
    printf("work %d\n", turns);
    return turns == 3 ? -EINVAL : 0;
}

WEFT_CORO(body)
{
    weft_future_t *inner;

    TRY(weft_gather(WEFT_AWS(weft_coro(&work, VALUE(0)), weft_coro(&work, VALUE(1))), NULL));
    puts("all");
    inner = weft_gather_future(WEFT_AWS(weft_coro(&work, VALUE(0)), weft_coro(&work, VALUE(1))));
    TRY(weft_gather(WEFT_AWS(inner, weft_coro(&work, VALUE(2))), NULL));
    puts("nested");
    return 0;
}

WEFT_CORO(fails)
{
    if (weft_gather(WEFT_AWS(weft_coro(&work, VALUE(3)), weft_coro(&work, VALUE(4))), NULL) ==
        -EINVAL)
        puts("failed");
    return 0;
}

WEFT_CORO(amain)
{
    TRY(beside_ticks(&body));
    return beside_ticks(&fails);
}

PAIR(amain, 1)
