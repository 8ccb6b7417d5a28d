/* SPDX-License-Identifier: MIT */
/* an error raised while a cancel is handled replaces it. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    if (weft_sleep(WEFT_S(100)) == -ECANCELED)
        return -EINVAL;
    return 0;
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));

    TRY(weft_sleep(0));
    weft_cancel(task);
    int rc = weft_await(task, NULL);
    printf("%s %s %s\n", name_of(rc), truth(weft_cancelled(task)), truth(weft_done(task)));
    weft_unref(task);
    return 0;
}

PAIR(amain, 1)
