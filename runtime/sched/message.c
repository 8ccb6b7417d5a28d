/* SPDX-License-Identifier: MIT */
#include "runtime/sched/message.h"

#include "runtime/base/spin.h"
#include "runtime/sched/worker.h"

static struct weft__spin lock; /* all messages: a leaf */

/* Puts [message] (a reference) in place of what there is, which it returns. */
static struct weft_error *swap(struct weft__extra *extra, struct weft_error *message)
{
    struct weft_error *old;

    weft__spin_lock(&lock);
    old = weft__load_relaxed(&extra->message); /* relaxed: under the lock */
    weft__store_relaxed(&extra->message, message);
    weft__spin_unlock(&lock);
    return old;
}

/* The extra part of [task], if there is a message in it. */
static struct weft__extra *with_message(struct weft_awaitable *task)
{
    struct weft__extra *extra = weft__extra(task);

    /* relaxed: the token that came with it was seen, or it is none of ours. */
    return extra && weft__load_relaxed(&extra->message) ? extra : NULL;
}

void weft__message_put(struct weft_awaitable *task, struct weft_error *message)
{
    struct weft__extra *extra = message ? weft__awaitable_extra(task) : with_message(task);

    if (extra)
        weft__error_unref(swap(extra, weft__error_ref(message)));
}

struct weft_error *weft__message_take(struct weft_awaitable *task)
{
    struct weft__extra *extra = with_message(task);

    return extra ? swap(extra, NULL) : NULL;
}

struct weft_error *weft__message_peek(struct weft_awaitable *task)
{
    struct weft__extra *extra = with_message(task);
    struct weft_error *message;

    if (!extra)
        return NULL;
    weft__spin_lock(&lock);
    message = weft__error_ref(weft__load_relaxed(&extra->message)); /* relaxed: under the lock */
    weft__spin_unlock(&lock);
    return message;
}

void weft__message_follow(const struct weft_awaitable *aw)
{
    struct weft__worker *worker = weft__self();
    struct weft_awaitable *task = worker ? weft__worker_task(worker) : NULL;

    if (task)
        weft__error_set(task, weft__error_ref(weft__error_of(aw)));
}
