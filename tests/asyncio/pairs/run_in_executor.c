/* SPDX-License-Identifier: MIT */
/* what runs in the loop's pool is a future. */
#include "tests/asyncio/pairs/pair.h"

static int work(void *arg, void **result)
{
    *result = VALUE(NUMBER(arg) * NUMBER(arg));
    return 0;
}

WEFT_CORO(amain)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_future_t *futures[4];
    weft_result_t out[4];

    for (int i = 0; i < 4; i++)
        futures[i] = weft_loop_run_in_executor(loop, NULL, work, VALUE(i));
    for (int i = 0; i < 4; i++)
        printf("%s%s", i ? ", " : "[", truth(weft_isfuture(futures[i])));
    puts("]");
    TRY(weft_gather(WEFT_ARRAY(futures, 4), out));
    for (int i = 0; i < 4; i++)
        printf("%s%d", i ? ", " : "[", NUMBER(out[i].value));
    puts("]");
    return 0;
}

PAIR(amain, 4)
