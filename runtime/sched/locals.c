/* SPDX-License-Identifier: MIT */
#include "runtime/sched/locals.h"

#include <pthread.h>

#include "runtime/core/waiters.h"
#include "runtime/sched/worker.h"

static struct weft_awaitable *running_task(void)
{
    struct weft__worker *worker = weft__self();

    return worker ? weft__worker_task(worker) : NULL;
}

weft__vars weft__locals(void)
{
    struct weft_awaitable *task = running_task();

    return task ? weft__awaitable_vars(task) : weft__thread_local()->vars;
}

weft__vars weft__locals_inherit_slow(void)
{
    return weft__vars_snapshot(weft__locals());
}

/* ---- a thread's own go with it ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_thread_exit;

static void forget(void *mine)
{
    weft__vars vars = ((struct weft__thread_local *)mine)->vars;

    ((struct weft__thread_local *)mine)->vars = 0;
    weft__vars_unref(vars);
}

static void make_key(void)
{
    pthread_key_create(&at_thread_exit, forget);
}

weft__vars weft__locals_exchange(weft__vars vars)
{
    struct weft_awaitable *task = running_task();
    weft__vars old;

    if (!task) {
        pthread_once(&once, make_key);
        pthread_setspecific(at_thread_exit, weft__thread_local());
        return weft__locals_enter(weft__thread_local(), vars);
    }
    /* The lock keeps others from a look in between (weft_get_context). It is done already in a
     * handler that is told of its error; whoever looks then does so before it goes. */
    uintptr_t newest = weft__word_lock(task);
    old = weft__awaitable_exchange_vars(task, vars);
    if (newest != WEFT__WORD_DONE)
        weft__word_unlock(task, newest);
    return old;
}
