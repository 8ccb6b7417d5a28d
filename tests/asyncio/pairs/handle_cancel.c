/* SPDX-License-Identifier: MIT */
/* a cancelled handle is never called, and cancelling it again is nothing. */
#include "tests/asyncio/pairs/pair.h"

static void never(void *arg)
{
    (void)arg;
    puts("never");
}

static void finish(void *over)
{
    weft_set_result(over, NULL);
}

WEFT_CORO(amain)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_future_t *over = weft_create_future(NULL);
    weft_ns_t when = weft_loop_time(loop) + WEFT_S(100);
    weft_handle_t *first, *second;

    TRY(weft_loop_call_later(loop, WEFT_S(100), never, NULL, &first));
    TRY(weft_loop_call_at(loop, when, never, NULL, &second));
    TRY(weft_loop_call_later(loop, WEFT_MS(1), finish, over, NULL));
    printf("%s %s %s\n", truth(weft_handle_cancelled(first)), truth(weft_handle_cancelled(second)),
           truth(weft_handle_when(second) == when));
    weft_handle_cancel(first);
    weft_handle_cancel(second);
    weft_handle_cancel(second);
    printf("%s %s\n", truth(weft_handle_cancelled(first)), truth(weft_handle_cancelled(second)));
    weft_handle_unref(first);
    weft_handle_unref(second);
    return weft_join(over, NULL);
}

PAIR(amain, 4)
