/* SPDX-License-Identifier: MIT */
/* a bounded semaphore refuses a release too many, another does not. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    weft_semaphore_t plain = WEFT_SEMAPHORE_INIT(0), bounded = WEFT_BOUNDED_SEMAPHORE_INIT(1);
    weft_semaphore_t other;

    printf("%s\n", name_of(weft_semaphore_init(&other, -1)));
    printf("%s %s\n", truth(weft_semaphore_locked(&plain)), truth(weft_semaphore_locked(&bounded)));
    TRY(weft_semaphore_release(&plain));
    TRY(weft_semaphore_acquire(&plain));
    TRY(weft_semaphore_acquire(&bounded));
    printf("%s %s\n", truth(weft_semaphore_locked(&plain)), truth(weft_semaphore_locked(&bounded)));
    TRY(weft_semaphore_release(&bounded));
    printf("%s\n", name_of(weft_semaphore_release(&bounded)));
    return 0;
}

PAIR(amain, 4)
