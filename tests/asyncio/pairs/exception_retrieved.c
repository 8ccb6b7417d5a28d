/* SPDX-License-Identifier: MIT */
/* who looks at an error keeps it from being told. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(fail)
{
    return -EINVAL;
}

static void handler(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop, (void)arg;
    printf("never %s\n", context->message);
}

WEFT_CORO(amain)
{
    char *looks[] = {"exception", "result", "await"};
    size_t done;

    weft_loop_set_exception_handler(weft_get_running_loop(), handler, NULL);
    for (int look = 0; look < 3; look++) {
        weft_task_t *task = weft_create_task(weft_coro(&fail, NULL));
        TRY(weft_wait(&task, 1, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
        int rc = look == 2   ? weft_await(task, NULL)
                 : look == 1 ? weft_result(task, NULL)
                             : weft_exception(task);
        printf("%s %s\n", looks[look], name_of(rc));
        weft_unref(task);
    }
    return 0;
}

PAIR(amain, 4)
