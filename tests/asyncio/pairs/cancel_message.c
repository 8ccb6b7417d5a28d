/* SPDX-License-Identifier: MIT */
/* the message of a cancel reaches the task and who awaits it. */
#include "tests/asyncio/pairs/pair.h"

static const char *arguments(void)
{
    static char text[40];
    const char *message = weft_error_message(weft_last_error());

    snprintf(text, sizeof text, message ? "('%s',)" : "()", message);
    return text;
}

WEFT_CORO(work)
{
    int rc = weft_sleep(WEFT_S(100));

    if (rc == -ECANCELED)
        printf("task: %s\n", arguments());
    return rc;
}

WEFT_CORO(amain)
{
    for (int begin = 1; begin >= 0; begin--) {
        weft_task_t *task = weft_create_task(weft_coro(&work, NULL));
        if (begin)
            TRY(weft_sleep(0));
        weft_cancel_message(task, "bye");
        if (weft_await(task, NULL) == -ECANCELED)
            printf("main: %s\n", arguments());
        weft_unref(task);
    }
    return 0;
}

PAIR(amain, 1)
