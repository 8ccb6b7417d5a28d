/* SPDX-License-Identifier: MIT */
/* a closed loop refuses everything but a future. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    return 0;
}

static void never(void *arg)
{
    (void)arg;
    puts("never");
}

static int program(unsigned workers)
{
    weft_loop_t *loop;

    TRY(weft_new_event_loop(&loop, .workers = workers));
    TRY(weft_loop_close(loop));
    TRY(weft_loop_close(loop));
    printf("%s %s\n", name_of(weft_loop_call_soon(loop, never, NULL, NULL)),
           name_of(weft_loop_call_later(loop, 0, never, NULL, NULL)));
    printf("%s %s\n", name_of(weft_loop_call_soon_threadsafe(loop, never, NULL, NULL)),
           name_of(weft_loop_run_until_complete(loop, weft_coro(&work, NULL), NULL)));
    weft_future_t *future = weft_create_future(loop);
    printf("%s\n", truth(weft_done(future)));
    weft_unref(future);
    weft_loop_unref(loop);
    return 0;
}

PAIR_PLAIN(program(workers), 4)
