/* SPDX-License-Identifier: MIT */
/* a signal's handler sees the context variables as they were when it was added. */
#include <signal.h>
#include <unistd.h>

#include "tests/asyncio/pairs/pair.h"

static const weft_context_var_t number = {.name = "number"};

static void callback(void *over)
{
    weft_set_result(over, weft_context_var_get(&number));
}

WEFT_CORO(amain)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_future_t *over = weft_create_future(NULL);
    void *seen;

    TRY(weft_context_var_set(&number, VALUE(1), NULL));
    TRY(weft_loop_add_signal_handler(loop, SIGUSR1, callback, over));
    TRY(weft_context_var_set(&number, VALUE(2), NULL));
    kill(getpid(), SIGUSR1);
    TRY(weft_join(over, &seen));
    printf("%d\n", NUMBER(seen));
    return 0;
}

PAIR(amain, 4)
