/* SPDX-License-Identifier: MIT */
/* a loop runs until one awaitable is done; what is left goes on in the next run. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(steps)
{
    puts("begins");
    TRY(weft_await(arg, NULL));
    puts("goes on");
    *result = VALUE(5);
    return 0;
}

static weft_task_t *task;

WEFT_CORO(begin)
{
    task = weft_create_task(weft_coro(&steps, arg));
    return weft_sleep(0);
}

WEFT_CORO(complete)
{
    return weft_set_result(arg, NULL);
}

static int program(unsigned workers)
{
    weft_loop_t *loop;
    void *value;

    TRY(weft_new_event_loop(&loop, .workers = workers));
    weft_future_t *gate = weft_create_future(loop);
    TRY(weft_loop_run_until_complete(loop, weft_coro(&begin, gate), NULL));
    printf("%s %s %s\n", truth(weft_done(task)), truth(weft_loop_is_running(loop)),
           truth(weft_loop_is_closed(loop)));
    TRY(weft_loop_run_until_complete(loop, weft_coro(&complete, gate), NULL));
    TRY(weft_loop_run_until_complete(loop, task, &value));
    printf("%d %s\n", NUMBER(value), truth(weft_done(task)));
    weft_unref(task);
    weft_unref(gate);
    TRY(weft_loop_close(loop));
    printf("%s\n", truth(weft_loop_is_closed(loop)));
    weft_loop_unref(loop);
    return 0;
}

PAIR_PLAIN(program(workers), 1)
