/* SPDX-License-Identifier: MIT */
/* who is cancelled while it waits, or just got the lock, passes it on. */
#include "tests/asyncio/pairs/pair.h"

static weft_lock_t lock = WEFT_LOCK_INIT;

WEFT_CORO(work)
{
    int rc = weft_lock_acquire(&lock);

    if (rc == -ECANCELED)
        printf("%s is cancelled\n", (char *)arg);
    TRY(rc);
    printf("%s has it\n", (char *)arg);
    return weft_lock_release(&lock);
}

WEFT_CORO(amain)
{
    char *names[] = {"a", "b", "c"};
    weft_task_t *tasks[3];
    size_t done;

    TRY(weft_lock_acquire(&lock));
    for (int i = 0; i < 3; i++)
        tasks[i] = weft_create_task(weft_coro(&work, names[i]));
    TRY(weft_sleep(0));
    weft_cancel(tasks[0]);
    TRY(weft_sleep(0));
    TRY(weft_lock_release(&lock));
    weft_cancel(tasks[1]);
    TRY(weft_wait(tasks, 3, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
    for (int i = 0; i < 3; i++) {
        printf("%s ", truth(weft_cancelled(tasks[i])));
        weft_unref(tasks[i]);
    }
    printf("%s\n", truth(weft_lock_locked(&lock)));
    return 0;
}

PAIR(amain, 1)
