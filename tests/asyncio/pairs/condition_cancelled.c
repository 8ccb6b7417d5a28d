/* SPDX-License-Identifier: MIT */
/* who is cancelled in a wait has the lock again before it comes out. */
#include "tests/asyncio/pairs/pair.h"

static weft_condition_t condition = WEFT_CONDITION_INIT;

WEFT_CORO(waiter)
{
    TRY(weft_condition_acquire(&condition));
    int rc = weft_condition_wait(&condition);
    printf("woken %s\n", truth(weft_condition_locked(&condition)));
    TRY(weft_condition_release(&condition));
    return rc;
}

WEFT_CORO(amain)
{
    size_t done;

    printf("%s\n", name_of(weft_condition_notify(&condition, 1)));
    printf("%s\n", name_of(weft_condition_notify_all(&condition)));
    weft_task_t *task = weft_create_task(weft_coro(&waiter, NULL));
    TRY(weft_sleep(0));
    TRY(weft_condition_acquire(&condition));
    weft_cancel(task);
    TRY(weft_sleep(0));
    TRY(weft_sleep(0));
    printf("it waits for the lock %s\n", truth(weft_done(task)));
    TRY(weft_condition_release(&condition));
    TRY(weft_wait(&task, 1, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
    printf("%s %s\n", truth(weft_cancelled(task)), truth(weft_condition_locked(&condition)));
    weft_unref(task);
    return 0;
}

PAIR(amain, 1)
