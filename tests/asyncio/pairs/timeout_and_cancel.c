/* SPDX-License-Identifier: MIT */
/* a cancel from outside stays a cancel, also when the time-out expired too. */
#include "tests/asyncio/pairs/pair.h"

static weft_future_t *begun;
static bool expired;

WEFT_CORO(work)
{
    const weft_ns_t *delay = arg;
    weft_timeout_t scope;

    TRY(weft_timeout_enter(&scope, *delay));
    TRY(weft_set_result(begun, NULL));
    int rc = weft_sleep(WEFT_S(100));
    if (*delay < WEFT_S(1))
        weft_cancel(weft_current_task());
    rc = weft_timeout_exit(&scope, rc);
    expired = weft_timeout_expired(&scope);
    return rc;
}

WEFT_CORO(amain)
{
    weft_ns_t delays[] = {WEFT_S(100), WEFT_MS(1)};

    for (int i = 0; i < 2; i++) {
        begun = weft_create_future(NULL);
        weft_task_t *task = weft_create_task(weft_coro(&work, &delays[i]));
        TRY(weft_join(begun, NULL));
        if (delays[i] > WEFT_S(1))
            weft_cancel(task);
        int rc = weft_await(task, NULL);
        printf("%s %s %d\n", name_of(rc), truth(expired), weft_cancelling(task));
        weft_unref(task);
    }
    return 0;
}

PAIR(amain, 4)
