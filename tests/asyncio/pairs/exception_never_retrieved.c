/* SPDX-License-Identifier: MIT */
/* an error that nobody looked at is told when the last reference goes. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(fail)
{
    return -EINVAL;
}

static void handler(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop, (void)arg;
    printf("told of %s\n", name_of(context->error));
}

WEFT_CORO(amain)
{
    size_t done;

    weft_loop_set_exception_handler(weft_get_running_loop(), handler, NULL);
    weft_task_t *task = weft_create_task(weft_coro(&fail, NULL));
    TRY(weft_wait(&task, 1, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
    printf("task %s\n", truth(weft_done(task)));
    weft_unref(task);
    weft_future_t *future = weft_create_future(NULL);
    TRY(weft_set_exception(future, -EDOM));
    puts("future");
    weft_unref(future);
    puts("end");
    return 0;
}

PAIR(amain, 1)
