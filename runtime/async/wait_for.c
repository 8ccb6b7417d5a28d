/* SPDX-License-Identifier: MIT */
#include "weft/wait.h"

#include "runtime/sched/await.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/misuse.h"

/* asyncio's short way for a time-out that has passed already: done gives its result, anything else is cancelled
 * and waited for; a coroutine never begins. */
static int too_late(weft_awaitable_t *aw, void **result)
{
    int rc;

    if (weft_iscoroutine(aw)) {
        weft_coro_close(aw);
        return -ETIMEDOUT;
    }
    if (weft_done(aw))
        return weft_result(aw, result);
    weft_cancel(aw);
    rc = weft_await(aw, result);
    if (rc != -ECANCELED)
        return rc;
    /* Cancelled because of us; or is it the caller who was cancelled meanwhile? */
    return weft_done(aw) ? -ETIMEDOUT : rc;
}

int weft_wait_for(weft_awaitable_t *aw, weft_ns_t timeout, void **result)
{
    weft_timeout_t scope;
    bool steals = aw && weft_iscoroutine(aw);
    int rc;

    if (!weft_current_task()) {
        if (steals)
            weft_coro_close(aw);
        return weft__no_task("wait_for");
    }
    if (timeout <= 0)
        return aw ? too_late(aw, result) : -EINVAL;
    rc = weft_timeout_enter(&scope, timeout);
    if (rc < 0) {
        if (steals)
            weft_coro_close(aw);
        return rc;
    }
    rc = weft_timeout_exit(&scope, weft_await(aw, result));
    if (steals)
        weft_unref(aw);
    return rc;
}
