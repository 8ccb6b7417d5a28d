/* SPDX-License-Identifier: MIT */
/* two cancels before the task runs are one exception, counted twice. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    for (int turn = 0; turn < 2; turn++) {
        if (weft_sleep(turn ? 0 : WEFT_S(100)) == 0)
            printf("%d slept\n", turn);
        else
            printf("%d cancelled %d\n", turn, weft_cancelling(weft_current_task()));
    }
    return 0;
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&work, NULL));

    TRY(weft_sleep(0));
    bool first = weft_cancel(task), second = weft_cancel(task);
    printf("%s %s %d\n", truth(first), truth(second), weft_cancelling(task));
    TRY(weft_await(task, NULL));
    printf("%s\n", truth(weft_cancelled(task)));
    weft_unref(task);
    return 0;
}

PAIR(amain, 1)
