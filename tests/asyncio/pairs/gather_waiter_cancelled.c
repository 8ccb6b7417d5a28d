/* SPDX-License-Identifier: MIT */
/* who is cancelled while it awaits gather has its children cancelled. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(child)
{
    int rc = weft_sleep(WEFT_S(100));

    puts(arg);
    return rc;
}

WEFT_CORO(parent)
{
    weft_result_t results[2];

    TRY(weft_gather(WEFT_AWS(weft_coro(&child, "a"), weft_coro(&child, "b")), results,
                    .return_exceptions = true));
    puts("never");
    return 0;
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&parent, NULL));

    TRY(weft_sleep(0));
    TRY(weft_sleep(0));
    weft_cancel_message(task, "why");
    if (weft_await(task, NULL) == -ECANCELED)
        printf("('%s',) %s\n", weft_error_message(weft_last_error()), truth(weft_cancelled(task)));
    weft_unref(task);
    return 0;
}

PAIR(amain, 1)
