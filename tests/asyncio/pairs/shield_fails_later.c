/* SPDX-License-Identifier: MIT */
/* what fails behind a cancelled shield is told to the exception handler, once.
 *
 * Source: CPython 3.14, shield in Lib/asyncio/tasks.py; test_shield_cancel_outer_exception. 3.11 is
 * silent. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    TRY(weft_await(arg, NULL));
    return -EINVAL;
}

static void handler(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop, (void)arg;
    printf("told of %s\n", name_of(context->error));
}

WEFT_CORO(amain)
{
    weft_future_t *gate = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&work, gate));
    weft_future_t *outer = weft_shield(task);
    size_t done;

    weft_loop_set_exception_handler(weft_get_running_loop(), handler, NULL);
    bool asked = weft_cancel(outer);
    printf("%s %s %s\n", truth(asked), truth(weft_cancelled(outer)), truth(weft_done(task)));
    TRY(weft_set_result(gate, NULL));
    TRY(weft_wait(&task, 1, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
    printf("%s\n", name_of(weft_exception(task)));
    weft_unref(task);
    weft_unref(outer);
    weft_unref(gate);
    return 0;
}

PAIR(amain, 1)
