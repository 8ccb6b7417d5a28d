/* SPDX-License-Identifier: MIT */
/* each task sees itself across its suspensions; a callback sees none. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(itself)
{
    weft_task_t *before = weft_current_task();

    TRY(weft_sleep(0));
    *result = VALUE(weft_current_task() == before);
    return 0;
}

static void callback(void *over)
{
    weft_set_result(over, VALUE(weft_current_task() == NULL));
}

WEFT_CORO(amain)
{
    weft_future_t *over = weft_create_future(NULL);
    weft_task_t *tasks[3];
    void *same;

    TRY(weft_loop_call_soon(weft_get_running_loop(), callback, over, NULL));
    for (int i = 0; i < 3; i++)
        tasks[i] = weft_create_task(weft_coro(&itself, NULL));
    for (int i = 0; i < 3; i++) {
        TRY(weft_await(tasks[i], &same));
        printf("%s %s\n", truth(same), truth(tasks[i] == weft_current_task()));
        weft_unref(tasks[i]);
    }
    TRY(weft_join(over, &same));
    printf("%s\n", truth(same));
    return 0;
}

PAIR(amain, 4)
