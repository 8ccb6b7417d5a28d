/* SPDX-License-Identifier: MIT */
/* notify wakes those who have waited longest, one after the other. */
#include "tests/asyncio/pairs/pair.h"

static weft_condition_t condition = WEFT_CONDITION_INIT;

WEFT_CORO(waiter)
{
    TRY(weft_condition_acquire(&condition));
    printf("%s waits\n", (char *)arg);
    TRY(weft_condition_wait(&condition));
    printf("%s goes on %s\n", (char *)arg, truth(weft_condition_locked(&condition)));
    return weft_condition_release(&condition);
}

WEFT_CORO(amain)
{
    char *names[] = {"a", "b", "c"};
    weft_task_t *tasks[3];
    size_t done;

    for (int i = 0; i < 3; i++)
        tasks[i] = weft_create_task(weft_coro(&waiter, names[i]));
    TRY(weft_sleep(0));
    TRY(weft_condition_acquire(&condition));
    TRY(weft_condition_notify(&condition, 2));
    puts("notified two");
    TRY(weft_condition_release(&condition));
    TRY(weft_wait(tasks, 2, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
    printf("[%s, %s, %s]\n", truth(weft_done(tasks[0])), truth(weft_done(tasks[1])),
           truth(weft_done(tasks[2])));
    TRY(weft_condition_acquire(&condition));
    TRY(weft_condition_notify_all(&condition));
    TRY(weft_condition_release(&condition));
    for (int i = 0; i < 3; i++)
        TRY(weft_join(tasks[i], NULL));
    return 0;
}

PAIR(amain, 1)
