/* SPDX-License-Identifier: MIT */
/* who releases a lock and wants it again stands behind those who wait. */
#include "tests/asyncio/pairs/pair.h"

static weft_lock_t lock = WEFT_LOCK_INIT;

WEFT_CORO(greedy)
{
    for (int turn = 0; turn < 2; turn++) {
        TRY(weft_lock_acquire(&lock));
        printf("greedy %d\n", turn);
        TRY(weft_sleep(0));
        TRY(weft_lock_release(&lock));
    }
    return 0;
}

WEFT_CORO(patient)
{
    TRY(weft_lock_acquire(&lock));
    puts("patient");
    return weft_lock_release(&lock);
}

WEFT_CORO(amain)
{
    return weft_gather(WEFT_AWS(weft_coro(&greedy, NULL), weft_coro(&patient, NULL)), NULL);
}

PAIR(amain, 1)
