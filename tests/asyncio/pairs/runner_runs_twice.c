/* SPDX-License-Identifier: MIT */
/* a runner has one loop for several mains; what one leaves the next one finds. */
#include "tests/asyncio/pairs/pair.h"

static weft_future_t *future;
static weft_task_t *task;

WEFT_CORO(left)
{
    void *value;

    TRY(weft_await(future, &value));
    printf("left has %d\n", NUMBER(value));
    return 0;
}

WEFT_CORO(first)
{
    future = weft_create_future(NULL);
    task = weft_create_task(weft_coro(&left, NULL));
    return weft_sleep(0);
}

WEFT_CORO(second)
{
    TRY(weft_set_result(future, VALUE(2)));
    TRY(weft_await(task, NULL));
    *result = VALUE(weft_done(task));
    weft_unref(task);
    weft_unref(future);
    return 0;
}

static int program(unsigned workers)
{
    weft_runner_t runner;
    weft_loop_t *loop;
    void *done;

    weft_runner_init(&runner, .workers = workers);
    TRY(weft_runner_run(&runner, weft_coro(&first, NULL), NULL));
    TRY(weft_runner_run(&runner, weft_coro(&second, NULL), &done));
    printf("%s\n", truth(done));
    TRY(weft_runner_close(&runner));
    printf("%s\n", name_of(weft_runner_get_loop(&runner, &loop)));
    return 0;
}

PAIR_PLAIN(program(workers), 1)
