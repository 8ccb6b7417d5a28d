/* SPDX-License-Identifier: MIT */
/* who waits for a predicate goes on when it is true, and has the lock then. */
#include "tests/asyncio/pairs/pair.h"

static weft_condition_t condition = WEFT_CONDITION_INIT;
static int count;

static bool enough(void *arg)
{
    (void)arg;
    return count >= 3;
}

WEFT_CORO(changes)
{
    for (int number = 0; number < 5; number++) {
        TRY(weft_condition_acquire(&condition));
        count++;
        TRY(weft_condition_notify_all(&condition));
        TRY(weft_condition_release(&condition));
        TRY(weft_sleep(0));
    }
    return 0;
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&changes, NULL));

    TRY(weft_condition_acquire(&condition));
    TRY(weft_condition_wait_for(&condition, enough, NULL));
    printf("%s %s\n", truth(enough(NULL)), truth(weft_condition_locked(&condition)));
    TRY(weft_condition_release(&condition));
    TRY(weft_join(task, NULL));
    printf("%d\n", count);
    return 0;
}

PAIR(amain, 4)
