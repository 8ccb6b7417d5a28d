/* SPDX-License-Identifier: MIT */
#include "weft/wait.h"

#include "runtime/sched/await.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/misuse.h"

static uint32_t sequence(struct weft_awaitable *task)
{
    return weft__tokens_sequence(
        weft__load_relaxed(&task->tokens)); /* relaxed: moved on before we wake */
}

/* asyncio's short way for a time-out that has passed already: done gives its result, anything else
 * is cancelled and waited for; a coroutine never begins. */
static int too_late(struct weft_awaitable *task, weft_awaitable_t *aw, void **result)
{
    uint32_t before;
    int rc;

    if (weft_iscoroutine(aw)) {
        weft_coro_close(aw);
        return -ETIMEDOUT;
    }
    if (weft_done(aw))
        return weft_result(aw, result);
    if (aw == task || aw->loop != task->loop)
        return weft_await(aw, result); /* which refuses it */
    before = sequence(task);
    weft_cancel(aw);
    rc = weft_await(aw, result);
    /* Cancelled because of us, unless a request of the caller's own was delivered or passed on
     * meanwhile. */
    return rc == -ECANCELED && weft_done(aw) && sequence(task) == before ? -ETIMEDOUT : rc;
}

int weft_wait_for(weft_awaitable_t *aw, weft_ns_t timeout, void **result)
{
    weft_timeout_t scope;
    bool steals = aw && weft_iscoroutine(aw);
    weft_task_t *task = weft_current_task();
    int rc;

    if (!task) {
        if (steals)
            weft_coro_close(aw);
        return weft__no_task("wait_for");
    }
    if (timeout <= 0)
        return aw ? too_late(task, aw, result) : -EINVAL;
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

/* ---- as a coroutine object ---- */

struct limited {
    weft_awaitable_t *aw; /* a reference; the body of the coroutine takes it */
    weft_ns_t timeout;
};

static int body(void *arg, void **result)
{
    struct limited *limited = arg;
    weft_awaitable_t *aw = limited->aw;
    bool stolen = weft_iscoroutine(aw);
    int rc;

    limited->aw = NULL;
    rc = weft_wait_for(aw, limited->timeout, result);
    if (!stolen)
        weft_unref(aw);
    return rc;
}

static void destroy(struct weft_awaitable *coro)
{
    weft_awaitable_t *aw = ((struct limited *)(void *)weft__extra(coro)->copy)->aw;

    if (weft_iscoroutine(aw))
        weft__store_relaxed(&aw->kind, WEFT__KIND_SPENT); /* relaxed: as in weft_coro_close */
    weft__awaitable_unref_after(coro, aw);
}

static const weft_corofn_t wait_for_fn = {body, "wait_for", WEFT_HERE, 0, WEFT_COROFN_MAGIC};

weft_coro_t *weft_wait_for_coro_at(weft_awaitable_t *aw, weft_ns_t timeout, const char *where)
{
    bool steals = aw && weft_iscoroutine(aw);
    struct limited limited = {aw, timeout};
    struct weft_awaitable *coro = weft_coro_copy_at(&wait_for_fn, &limited, sizeof limited, where);

    if (weft__kind(coro) != WEFT__KIND_CORO) {
        if (steals)
            weft_coro_close(aw);
        return coro;
    }
    if (!steals)
        weft_ref(aw);
    weft__extra(coro)->destroy = destroy;
    return coro;
}
