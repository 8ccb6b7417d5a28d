/* SPDX-License-Identifier: MIT */
/* a task that is cancelled in its sleep wakes, and who awaits it sees it. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(sleeper)
{
    int rc = weft_sleep(WEFT_S(100));

    if (rc == -ECANCELED)
        puts("woken");
    return rc;
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&sleeper, NULL));

    TRY(weft_sleep(0));
    bool asked = weft_cancel(task);
    printf("%s %s\n", truth(asked), truth(weft_done(task)));
    if (weft_await(task, NULL) == -ECANCELED)
        printf("main sees it, %d\n", weft_cancelling(weft_current_task()));
    printf("%s %d %s\n", truth(weft_cancelled(task)), weft_cancelling(task),
           truth(weft_cancel(task)));
    weft_unref(task);
    return 0;
}

PAIR(amain, 1)
