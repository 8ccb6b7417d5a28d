/* SPDX-License-Identifier: MIT */
/* a cancel goes to the innermost, and comes out through all that await it. */
#include "tests/asyncio/pairs/pair.h"

typedef struct wait {
    const char *name;
    weft_awaitable_t *inner;
} wait_t;

WEFT_CORO(wait)
{
    wait_t *w = arg;
    int rc = weft_await(w->inner, NULL);

    if (rc == -ECANCELED)
        printf("%s %d\n", w->name, weft_cancelling(weft_current_task()));
    return rc;
}

WEFT_CORO(amain)
{
    weft_future_t *leaf = weft_create_future(NULL);
    weft_task_t *inner = weft_create_task(weft_coro(&wait, (&(wait_t){"inner", leaf})));
    weft_task_t *middle = weft_create_task(weft_coro(&wait, (&(wait_t){"middle", inner})));
    weft_task_t *outer = weft_create_task(weft_coro(&wait, (&(wait_t){"outer", middle})));
    size_t done;

    TRY(weft_sleep(0));
    weft_cancel(outer);
    printf("%s %d %d %d\n", truth(weft_cancelled(leaf)), weft_cancelling(inner),
           weft_cancelling(middle), weft_cancelling(outer));
    TRY(weft_wait(&outer, 1, WEFT_NONE, WEFT_ALL_COMPLETED, &done));
    printf("%s %s %s\n", truth(weft_cancelled(inner)), truth(weft_cancelled(middle)),
           truth(weft_cancelled(outer)));
    weft_unref(leaf);
    weft_unref(inner);
    weft_unref(middle);
    weft_unref(outer);
    return 0;
}

PAIR(amain, 1)
