/* SPDX-License-Identifier: MIT */
/*
 * select: waits for the first of several to happen: a value comes, a value can go, a task is done,
 * a time is over.
 *
 *     int number;
 *     weft_select_t branches[] = {WEFT_SELECT_RECV(numbers, &number),
 *                                 WEFT_SELECT_SEND(log, &line),
 *                                 WEFT_SELECT_DONE(task)};
 *     int which = weft_select(branches, 3, WEFT_S(1));
 *
 *     if (which == 0 && branches[0].rc == 0)
 *         use(number);
 *
 * Exactly one branch happens, and the others have no effect: nothing was received, nothing sent. Of
 * several that can happen at once any may be the one, so that none of them starves. A call that
 * fails is one in which nothing happened.
 *
 * A branch whose channel or awaitable is NULL never happens: so one is left out without another
 * array. The array may be used again; no other task may use it at the same time. What it names must
 * live until the call has returned.
 */
#ifndef WEFT_SELECT_H
#define WEFT_SELECT_H

#include "weft/channel.h"
#include "weft/task.h"
#include "weft/time.h"

typedef struct weft_select_branch {
    weft_channel_t *channel;
    void *value;
    weft_awaitable_t *aw;
    bool sends;
    int rc; /* of the branch that happened: what came of it */
    uint64_t opaque[12];
} weft_select_t;

/* weft_channel_recv into *value: rc is 0, -EPIPE. */
#define WEFT_SELECT_RECV(channel, value)                                                           \
    {                                                                                              \
        (channel), (value), NULL, false, 0,                                                        \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/* weft_channel_send of *value, which is read when it happens: rc is 0, -EPIPE, -ENOMEM. */
#define WEFT_SELECT_SEND(channel, value)                                                           \
    {                                                                                              \
        (channel), (void *)(value), NULL, true, 0,                                                 \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/* A task or a future is done: rc is 0, whatever it ended with (weft_result). */
#define WEFT_SELECT_DONE(aw)                                                                       \
    {                                                                                              \
        NULL, NULL, (aw), false, 0,                                                                \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

WEFT_BEGIN

/* Waits until one of the [count] branches has happened, for at most [timeout] (WEFT_NONE: for
 * ever; zero or less: not at all). If one has happened when the caller is cancelled, it is
 * returned, and the cancel strikes at the next suspension.
 * Call from    a task, else -EPERM
 * Suspends     if none can happen at once
 * Borrows      all
 * Returns      the place of the branch that happened, with its rc set; -ETIMEDOUT, -ECANCELED,
 *              -EINVAL (more than INT_MAX), -EPROTOTYPE (a coroutine: make it a task), -EXDEV (an
 *              awaitable of another loop), -ENOMEM (never without awaitables and time-out) */
WEFT_API WEFT_MUST int weft_select(weft_select_t *branches, size_t count, weft_ns_t timeout);

WEFT_END
#endif
