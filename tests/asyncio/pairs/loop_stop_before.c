/* SPDX-License-Identifier: MIT */
/* a stop that comes before the run gives one turn. */
#include "tests/asyncio/pairs/pair.h"

static void callback(void *depth)
{
    printf("callback %d\n", NUMBER(depth));
    weft_loop_call_soon(weft_get_running_loop(), callback, VALUE(NUMBER(depth) + 1), NULL);
}

static int program(unsigned workers)
{
    weft_loop_t *loop;

    TRY(weft_new_event_loop(&loop, .workers = workers));
    TRY(weft_loop_call_soon(loop, callback, VALUE(0), NULL));
    for (int run = 0; run < 3; run++) {
        weft_loop_stop(loop);
        TRY(weft_loop_run_forever(loop));
        printf("ran %d\n", run);
    }
    TRY(weft_loop_close(loop));
    weft_loop_unref(loop);
    return 0;
}

PAIR_PLAIN(program(workers), 1)
