/* SPDX-License-Identifier: MIT */
/* a lock that nobody holds cannot be released; any task may release a held one. */
#include "tests/asyncio/pairs/pair.h"

static weft_lock_t lock = WEFT_LOCK_INIT;

WEFT_CORO(release)
{
    TRY(weft_lock_release(&lock));
    puts("released");
    return 0;
}

WEFT_CORO(amain)
{
    printf("%s\n", name_of(weft_lock_release(&lock)));
    TRY(weft_lock_acquire(&lock));
    TRY(weft_join(weft_create_task(weft_coro(&release, NULL)), NULL));
    printf("%s\n", truth(weft_lock_locked(&lock)));
    return 0;
}

PAIR(amain, 4)
