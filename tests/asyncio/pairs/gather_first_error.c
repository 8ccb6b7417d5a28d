/* SPDX-License-Identifier: MIT */
/* the first error comes out at once, and the others run on. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(fail)
{
    return -EINVAL;
}

WEFT_CORO(slow)
{
    TRY(weft_sleep(0));
    TRY(weft_sleep(0));
    TRY(weft_sleep(0));
    puts("slow ends");
    return -EDOM;
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&slow, NULL));
    size_t done;

    int rc = weft_gather(WEFT_AWS(weft_ref(task), weft_coro(&fail, NULL)), NULL);
    printf("%s %s\n", name_of(rc), truth(weft_done(task)));
    TRY(weft_wait(&task, 1, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
    printf("%s\n", truth(weft_done(task)));
    weft_unref(task);
    return 0;
}

PAIR(amain, 1)
