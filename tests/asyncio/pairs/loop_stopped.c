/* SPDX-License-Identifier: MIT */
/* stop ends a run before its awaitable is done, which goes on in the next run. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    puts("stops");
    weft_loop_stop(weft_get_running_loop());
    TRY(weft_sleep(0));
    puts("goes on");
    *result = VALUE(1);
    return 0;
}

static weft_task_t *task;

WEFT_CORO(amain)
{
    task = weft_create_task(weft_coro(&work, NULL));
    return weft_sleep(WEFT_S(100));
}

WEFT_CORO(cancel_left)
{
    weft_task_t **left;
    size_t count;

    TRY(weft_all_tasks(NULL, &left, &count));
    for (size_t i = 0; i < count; i++) {
        if (left[i] != weft_current_task())
            weft_cancel(left[i]);
        weft_unref(left[i]);
    }
    free(left);
    return weft_sleep(0);
}

static int program(unsigned workers)
{
    weft_loop_t *loop;
    void *value;

    TRY(weft_new_event_loop(&loop, .workers = workers));
    printf("%s\n", name_of(weft_loop_run_until_complete(loop, weft_coro(&amain, NULL), NULL)));
    TRY(weft_loop_run_until_complete(loop, task, &value));
    printf("%d\n", NUMBER(value));
    weft_unref(task);
    TRY(weft_loop_run_until_complete(loop, weft_coro(&cancel_left, NULL), NULL));
    TRY(weft_loop_close(loop));
    weft_loop_unref(loop);
    return 0;
}

PAIR_PLAIN(program(workers), 1)
