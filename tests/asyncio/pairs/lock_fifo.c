/* SPDX-License-Identifier: MIT */
/* a lock goes to the tasks in the order in which they came. */
#include "tests/asyncio/pairs/pair.h"

static weft_lock_t lock = WEFT_LOCK_INIT;

WEFT_CORO(work)
{
    printf("%s asks\n", (char *)arg);
    TRY(weft_lock_acquire(&lock));
    printf("%s has it %s\n", (char *)arg, truth(weft_lock_locked(&lock)));
    TRY(weft_sleep(0));
    TRY(weft_lock_release(&lock));
    printf("%s gave it back\n", (char *)arg);
    return 0;
}

WEFT_CORO(amain)
{
    TRY(weft_gather(WEFT_AWS(weft_coro(&work, "a"), weft_coro(&work, "b"), weft_coro(&work, "c")),
                    NULL));
    printf("%s\n", truth(weft_lock_locked(&lock)));
    return 0;
}

PAIR(amain, 1)
