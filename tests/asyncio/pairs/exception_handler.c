/* SPDX-License-Identifier: MIT */
/* the handler is told what it is called with; without one the loop says so. */
#include "tests/asyncio/pairs/pair.h"

static void handler(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop, (void)arg;
    printf("%s %s\n", context->message, name_of(context->error));
}

WEFT_CORO(amain)
{
    weft_loop_t *loop = weft_get_running_loop();
    const size_t size = sizeof(weft_exception_context_t);

    weft_loop_set_exception_handler(loop, handler, NULL);
    weft_loop_call_exception_handler(
        loop, &(weft_exception_context_t){.size = size, .message = "first", .error = -EINVAL});
    weft_loop_call_exception_handler(
        loop, &(weft_exception_context_t){.size = size, .message = "second", .error = -EDOM});
    return 0;
}

PAIR(amain, 4)
