/* SPDX-License-Identifier: MIT */
/* a signal calls its handler in the loop, until that is removed. */
#include <signal.h>
#include <unistd.h>

#include "tests/asyncio/pairs/pair.h"

static void callback(void *over)
{
    weft_set_result(over, NULL);
}

WEFT_CORO(amain)
{
    weft_loop_t *loop = weft_get_running_loop();

    for (int number = 0; number < 2; number++) {
        weft_future_t *over = weft_create_future(NULL);
        TRY(weft_loop_add_signal_handler(loop, SIGUSR1, callback, over));
        kill(getpid(), SIGUSR1);
        TRY(weft_join(over, NULL));
        printf("signal %d\n", number);
    }
    bool first = weft_loop_remove_signal_handler(loop, SIGUSR1);
    printf("%s %s\n", truth(first), truth(weft_loop_remove_signal_handler(loop, SIGUSR1)));
    if (weft_loop_add_signal_handler(loop, SIGKILL, callback, NULL) < 0)
        puts("refused");
    return 0;
}

PAIR(amain, 4)
