/* SPDX-License-Identifier: MIT */
/* callbacks that are queued still run after stop, what they add does not. */
#include "tests/asyncio/pairs/pair.h"

static void say(void *text)
{
    puts(text);
}

static void first(void *loop)
{
    puts("first");
    weft_loop_stop(loop);
    weft_loop_call_soon(loop, say, "next run", NULL);
}

static void stop(void *loop)
{
    weft_loop_stop(loop);
}

static int program(unsigned workers)
{
    weft_loop_t *loop;

    TRY(weft_new_event_loop(&loop, .workers = workers));
    TRY(weft_loop_call_soon(loop, first, loop, NULL));
    TRY(weft_loop_call_soon(loop, say, "second", NULL));
    TRY(weft_loop_run_forever(loop));
    puts("stopped");
    TRY(weft_loop_call_soon(loop, stop, loop, NULL));
    TRY(weft_loop_run_forever(loop));
    TRY(weft_loop_close(loop));
    weft_loop_unref(loop);
    return 0;
}

PAIR_PLAIN(program(workers), 1)
