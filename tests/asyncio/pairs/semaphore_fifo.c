/* SPDX-License-Identifier: MIT */
/* permits go to the tasks in the order in which they came. */
#include "tests/asyncio/pairs/pair.h"

static weft_semaphore_t semaphore = WEFT_SEMAPHORE_INIT(2);

WEFT_CORO(work)
{
    TRY(weft_semaphore_acquire(&semaphore));
    printf("%s in %s\n", (char *)arg, truth(weft_semaphore_locked(&semaphore)));
    TRY(weft_sleep(0));
    printf("%s out\n", (char *)arg);
    return weft_semaphore_release(&semaphore);
}

WEFT_CORO(amain)
{
    char *names[] = {"a", "b", "c", "d", "e"};
    weft_coro_t *coros[5];

    for (int i = 0; i < 5; i++)
        coros[i] = weft_coro(&work, names[i]);
    TRY(weft_gather(WEFT_ARRAY(coros, 5), NULL));
    printf("%s\n", truth(weft_semaphore_locked(&semaphore)));
    return 0;
}

PAIR(amain, 1)
