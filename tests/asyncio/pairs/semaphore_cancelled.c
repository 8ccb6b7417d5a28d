/* SPDX-License-Identifier: MIT */
/* a permit that was given to one who is cancelled goes to the next. */
#include "tests/asyncio/pairs/pair.h"

static weft_semaphore_t semaphore = WEFT_SEMAPHORE_INIT(0);

WEFT_CORO(work)
{
    TRY(weft_semaphore_acquire(&semaphore));
    printf("%s has one\n", (char *)arg);
    return 0;
}

WEFT_CORO(amain)
{
    weft_task_t *a = weft_create_task(weft_coro(&work, "a"));
    weft_task_t *b = weft_create_task(weft_coro(&work, "b"));
    weft_task_t *both[] = {a, b};
    size_t done;

    TRY(weft_sleep(0));
    TRY(weft_semaphore_release(&semaphore));
    weft_cancel(a);
    TRY(weft_wait(both, 2, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
    printf("%s %s %s\n", truth(weft_cancelled(a)), truth(weft_done(b)),
           truth(weft_semaphore_locked(&semaphore)));
    weft_unref(a);
    weft_unref(b);
    return 0;
}

PAIR(amain, 1)
