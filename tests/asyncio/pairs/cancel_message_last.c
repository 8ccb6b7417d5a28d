/* SPDX-License-Identifier: MIT */
/* of two messages that come before a task begins the later one counts. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    puts("never");
    return 0;
}

WEFT_CORO(amain)
{
    const char *pairs[][2] = {{"a", "b"}, {NULL, "b"}, {"a", NULL}};

    for (int i = 0; i < 3; i++) {
        weft_task_t *task = weft_create_task(weft_coro(&work, NULL));
        for (int j = 0; j < 2; j++)
            weft_cancel_message(task, pairs[i][j]);
        if (weft_await(task, NULL) == -ECANCELED) {
            const char *message = weft_error_message(weft_last_error());
            printf(message ? "('%s',)\n" : "()\n", message);
        }
        weft_unref(task);
    }
    return 0;
}

PAIR(amain, 1)
