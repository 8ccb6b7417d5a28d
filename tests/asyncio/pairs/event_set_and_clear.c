/* SPDX-License-Identifier: MIT */
/* all that wait when an event is set go on, though it is cleared at once. */
#include "tests/asyncio/pairs/pair.h"

static weft_event_t event = WEFT_EVENT_INIT;

WEFT_CORO(waiter)
{
    printf("%s waits\n", (char *)arg);
    TRY(weft_event_wait(&event));
    printf("%s goes on %s\n", (char *)arg, truth(weft_event_is_set(&event)));
    return 0;
}

WEFT_CORO(amain)
{
    char *names[] = {"a", "b", "c"};
    weft_task_t *tasks[3];
    size_t done;

    for (int i = 0; i < 3; i++)
        tasks[i] = weft_create_task(weft_coro(&waiter, names[i]));
    TRY(weft_sleep(0));
    weft_event_set(&event);
    weft_event_clear(&event);
    weft_task_t *late = weft_create_task(weft_coro(&waiter, "late"));
    TRY(weft_wait(tasks, 3, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
    printf("%s\n", truth(weft_done(late)));
    weft_event_set(&event);
    TRY(weft_event_wait(&event));
    for (int i = 0; i < 3; i++)
        weft_unref(tasks[i]);
    return weft_join(late, NULL);
}

PAIR(amain, 1)
