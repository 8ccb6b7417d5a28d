/* SPDX-License-Identifier: MIT */
/* a callback can take back one that is to run right after it. */
#include "tests/asyncio/pairs/pair.h"

static weft_handle_t *handle;

static void cancel(void *arg)
{
    (void)arg;
    weft_handle_cancel(handle);
}

static void say(void *text)
{
    puts(text);
}

WEFT_CORO(amain)
{
    weft_loop_t *loop = weft_get_running_loop();

    TRY(weft_loop_call_soon(loop, cancel, NULL, NULL));
    TRY(weft_loop_call_soon(loop, say, "never", &handle));
    TRY(weft_loop_call_soon(loop, say, "last", NULL));
    TRY(weft_sleep(0));
    printf("%s\n", truth(weft_handle_cancelled(handle)));
    weft_handle_unref(handle);
    return 0;
}

PAIR(amain, 1)
