/* SPDX-License-Identifier: MIT */
/* what fails when run cancels it is told to the exception handler. */
#include "tests/asyncio/pairs/pair.h"

static weft_task_t *task;

WEFT_CORO(left)
{
    TRY(weft_set_result(arg, NULL));
    if (weft_sleep(WEFT_S(100)) < 0)
        return -EINVAL;
    return 0;
}

static void handler(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop, (void)arg;
    printf("told of %s\n", name_of(context->error));
}

WEFT_CORO(amain)
{
    weft_future_t *begun = weft_create_future(NULL);

    weft_loop_set_exception_handler(weft_get_running_loop(), handler, NULL);
    task = weft_create_task(weft_coro(&left, begun));
    TRY(weft_join(begun, NULL));
    puts("main returns");
    return -EDOM;
}

static int program(unsigned workers)
{
    printf("%s\n", name_of(weft_run(weft_coro(&amain, NULL), NULL, .workers = workers)));
    weft_unref(task);
    return 0;
}

PAIR_PLAIN(program(workers), 1)
