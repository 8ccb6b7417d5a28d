/* SPDX-License-Identifier: MIT */
/* a foreign thread starts coroutines in the loop, and blocks for what comes of them. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    TRY(weft_sleep(0));
    *result = VALUE(5);
    return NUMBER(arg);
}

static int foreign(void *loop, void **result)
{
    weft_cfuture_t *future = weft_run_coroutine_threadsafe(weft_coro(&work, VALUE(0)), loop);

    TRY(weft_cfuture_result(future, WEFT_NONE, result));
    printf("%d\n", NUMBER(*result));
    weft_cfuture_unref(future);
    future = weft_run_coroutine_threadsafe(weft_coro(&work, VALUE(-EINVAL)), loop);
    int rc = weft_cfuture_result(future, WEFT_S(100), NULL);
    printf("%s %s\n", name_of(rc), truth(weft_cfuture_done(future)));
    weft_cfuture_unref(future);
    return 0;
}

WEFT_CORO(amain)
{
    return weft_to_thread(foreign, weft_get_running_loop(), NULL);
}

PAIR(amain, 4)
