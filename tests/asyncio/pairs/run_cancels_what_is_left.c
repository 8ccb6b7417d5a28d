/* SPDX-License-Identifier: MIT */
/* when main has returned, what is left is cancelled, and may clean up. */
#include "tests/asyncio/pairs/pair.h"

static weft_task_t *tasks[2];

WEFT_CORO(left)
{
    puts("begins");
    int rc = weft_sleep(WEFT_S(100));
    for (int step = 0; step < 3; step++) {
        printf("cleans up %d\n", step);
        TRY(weft_sleep(0));
    }
    return rc;
}

WEFT_CORO(never)
{
    puts("never");
    return 0;
}

WEFT_CORO(amain)
{
    tasks[0] = weft_create_task(weft_coro(&left, NULL));
    TRY(weft_sleep(0));
    tasks[1] = weft_create_task(weft_coro(&never, NULL));
    puts("main returns");
    return 0;
}

static int program(unsigned workers)
{
    TRY(weft_run(weft_coro(&amain, NULL), NULL, .workers = workers));
    for (int i = 0; i < 2; i++) {
        printf("%s\n", truth(weft_cancelled(tasks[i])));
        weft_unref(tasks[i]);
    }
    return 0;
}

PAIR_PLAIN(program(workers), 1)
