/* SPDX-License-Identifier: MIT */
/* all that await a future go on in the order in which they came. */
#include "tests/asyncio/pairs/pair.h"

static weft_future_t *future;

WEFT_CORO(waiter)
{
    void *value;

    printf("%s waits\n", (char *)arg);
    TRY(weft_await(future, &value));
    printf("%s has %d\n", (char *)arg, NUMBER(value));
    return 0;
}

static void callback(weft_future_t *done, void *arg)
{
    (void)done, (void)arg;
    puts("callback");
}

WEFT_CORO(amain)
{
    char *names[] = {"a", "b", "c"};
    weft_task_t *tasks[3];

    future = weft_create_future(NULL);
    for (int i = 0; i < 3; i++)
        tasks[i] = weft_create_task(weft_coro(&waiter, names[i]));
    TRY(weft_sleep(0));
    TRY(weft_add_done_callback(future, callback, NULL));
    TRY(weft_set_result(future, VALUE(5)));
    puts("set");
    for (int i = 0; i < 3; i++)
        TRY(weft_join(tasks[i], NULL));
    weft_unref(future);
    return 0;
}

PAIR(amain, 1)
