/* SPDX-License-Identifier: MIT */
/* wait for the first one leaves the others running. */
#include "tests/asyncio/pairs/pair.h"

static weft_event_t events[3];

WEFT_CORO(work)
{
    TRY(weft_event_wait(&events[NUMBER(arg)]));
    *result = arg;
    return 0;
}

static int value_of(weft_task_t *task)
{
    void *value;

    return weft_result(task, &value) == 0 ? NUMBER(value) : -1;
}

WEFT_CORO(amain)
{
    weft_task_t *tasks[3];
    size_t done;

    for (int i = 0; i < 3; i++)
        tasks[i] = weft_create_task(weft_coro(&work, VALUE(i)));
    weft_event_set(&events[1]);
    TRY(weft_wait(tasks, 3, WEFT_NONE, WEFT_FIRST_COMPLETED, &done));
    printf("[%d] %zu\n", value_of(tasks[0]), 3 - done);
    weft_event_set(&events[0]);
    weft_event_set(&events[2]);
    TRY(weft_wait(tasks + 1, 2, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
    printf("[%d, %d] %zu\n", value_of(tasks[1]), value_of(tasks[2]), 2 - done);
    for (int i = 0; i < 3; i++)
        weft_unref(tasks[i]);
    return 0;
}

PAIR(amain, 4)
