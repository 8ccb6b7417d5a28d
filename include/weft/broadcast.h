/* SPDX-License-Identifier: MIT */
/*
 * broadcast: each value to every subscriber.
 *
 *     weft_broadcast_t *news;
 *     int rc = weft_broadcast_create(&news, 64, sizeof(struct item));
 *     weft_subscription_t *mine;
 *     rc = weft_subscription_create(&mine, news);                 for what is sent from now on
 *     ...
 *     rc = weft_subscription_recv(mine, &item);
 *     if (rc == -EOVERFLOW)                                       too slow
 *         printf("%llu lost\n", (unsigned long long)weft_subscription_lost(mine));
 *
 * The last [capacity] values are kept. A send never waits: it overwrites the oldest one. A
 * subscriber that had not received that yet is told so by its next recv, once, and goes on with the
 * oldest that is left.
 *
 * Values are copied in and out, under a spin lock, as with weft/channel.h. A subscription is for
 * one task at a time; if several use it, each value goes to one of them. A cancelled recv has taken
 * nothing.
 *
 * A broadcast is reference-counted: each who calls it holds a reference until the call has
 * returned; a subscription holds one.
 */
#ifndef WEFT_BROADCAST_H
#define WEFT_BROADCAST_H

#include "weft/export.h"

typedef struct weft_broadcast weft_broadcast_t;
typedef struct weft_subscription weft_subscription_t;

WEFT_BEGIN

/* A new broadcast that keeps [capacity] values of [size] bytes. Needs no loop.
 * Returns      0 with a new reference in *broadcast, -EINVAL (capacity or size 0), -ENOMEM */
WEFT_API WEFT_MUST int weft_broadcast_create(weft_broadcast_t **broadcast, size_t capacity,
                                             size_t size);

/* One reference more; returns [broadcast]. */
WEFT_API weft_broadcast_t *weft_broadcast_ref(weft_broadcast_t *broadcast);

/* One reference less; NULL is allowed. */
WEFT_API void weft_broadcast_unref(weft_broadcast_t *broadcast);

/* Sends a copy of *value to all subscribers; with none it is lost.
 * Returns      0, -EPIPE (it is closed) */
WEFT_API WEFT_MUST int weft_broadcast_send(weft_broadcast_t *broadcast, const void *value);

/* From now on a send is -EPIPE; subscribers get what was sent before, and then -EPIPE. Idempotent.
 */
WEFT_API void weft_broadcast_close(weft_broadcast_t *broadcast);

/* A new subscription, to all that is sent from now on.
 * Returns      0 with it in *subscription, -ENOMEM */
WEFT_API WEFT_MUST int weft_subscription_create(weft_subscription_t **subscription,
                                                weft_broadcast_t *broadcast);

/* Ends and frees it; nobody may be using it. NULL is allowed. */
WEFT_API void weft_subscription_free(weft_subscription_t *subscription);

/* Receives the oldest value that it has not received yet into *value, waiting for one. *value is
 * written on success only.
 * Call from    a task, else -EPERM
 * Suspends     if there is none
 * Returns      0; -EOVERFLOW (values were overwritten before they were received: the next call gets
 *              the oldest that is left), -EPIPE (closed, and all was received), -ECANCELED */
WEFT_API WEFT_MUST int weft_subscription_recv(weft_subscription_t *subscription, void *value);

/* The same without waiting, by any thread: -EAGAIN if there is no value. */
WEFT_API WEFT_MUST int weft_subscription_try_recv(weft_subscription_t *subscription, void *value);

/* How many values the last -EOVERFLOW was about. */
WEFT_API uint64_t weft_subscription_lost(const weft_subscription_t *subscription);

WEFT_END
#endif
