/* SPDX-License-Identifier: MIT */
/* which loop runs here, and which is set. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(amain)
{
    printf("%s %s\n", truth(weft_get_running_loop() == arg), truth(weft_get_event_loop() == arg));
    return 0;
}

static int program(unsigned workers)
{
    weft_loop_t *loop;

    TRY(weft_new_event_loop(&loop, .workers = workers));
    weft_set_event_loop(loop);
    printf("%s\n", truth(weft_get_event_loop() == loop));
    TRY(weft_loop_run_until_complete(loop, weft_coro(&amain, loop), NULL));
    weft_set_event_loop(NULL);
    TRY(weft_loop_close(loop));
    weft_loop_unref(loop);
    return 0;
}

PAIR_PLAIN(program(workers), 4)
