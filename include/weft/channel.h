/* SPDX-License-Identifier: MIT */
/*
 * channel: values from many senders to many receivers, each to one of them, in order.
 *
 *     weft_channel_t *numbers;
 *     int rc = weft_channel_create(&numbers, 16, sizeof(int));
 *     ...
 *     rc = weft_channel_send(numbers, &(int){42});                one task
 *     while ((rc = weft_channel_recv(numbers, &number)) == 0)     another one
 *         use(number);
 *     weft_channel_close(numbers);                                no more will come
 *
 * A channel holds at most [capacity] values. With capacity 0 it holds none: a send lasts until a
 * receiver takes the value from it (a rendezvous). With WEFT_UNBOUNDED it holds as many as there is
 * memory for, and a send never waits.
 *
 * Values have one size, and are copied in and out, under a spin lock: of what is large, send a
 * pointer. Who waits is served in the order in which he came, and nobody overtakes him.
 *
 * Cancelled    A send that returns -ECANCELED has sent nothing, a recv that does has taken nothing.
 *              Where the value has changed hands already, the call returns 0, and the cancel
 *              strikes at the task's next suspension: as with a read that got its bytes.
 * Threads      try_send, try_recv and close are for any thread, also outside of loops, and the
 *              tasks of several loops may share a channel. send and recv are for tasks.
 * Beside it    weft/queue.h is asyncio's queue: pointers, other orders, join. weft/broadcast.h is
 *              for values that all are to see, weft/latest.h for one that changes.
 *
 * It is reference-counted: each who calls it holds a reference until the call has returned.
 */
#ifndef WEFT_CHANNEL_H
#define WEFT_CHANNEL_H

#include "weft/export.h"

typedef struct weft_channel weft_channel_t;

#define WEFT_UNBOUNDED ((size_t)-1)

typedef struct weft_channel_options {
    size_t size;
    /* Called for each value that is left when the last reference goes. */
    void (*destroy)(void *value);
} weft_channel_opts_t;

WEFT_BEGIN

/* A new channel for [capacity] values of [size] bytes. Memory for all of them is taken now, so that
 * no send fails for want of it; that of an unbounded one grows. Needs no loop.
 * Returns      0 with a new reference in *channel, -EINVAL (size 0), -ENOMEM */
#define weft_channel_create(channel, capacity, value_size, ...)                                    \
    weft_channel_create_opts(                                                                      \
        (channel), (capacity), (value_size),                                                       \
        &(weft_channel_opts_t){.size = sizeof(weft_channel_opts_t), __VA_ARGS__})
WEFT_API WEFT_MUST int weft_channel_create_opts(weft_channel_t **channel, size_t capacity,
                                                size_t size, const weft_channel_opts_t *opts);

/* One reference more; returns [channel]. */
WEFT_API weft_channel_t *weft_channel_ref(weft_channel_t *channel);

/* One reference less; NULL is allowed. The last one destroys the values that are left. */
WEFT_API void weft_channel_unref(weft_channel_t *channel);

/* Sends a copy of *value, waiting for room.
 * Call from    a task, else -EPERM
 * Suspends     if there is no room
 * Returns      0; and with nothing sent: -EPIPE (it is closed, before or while it waits),
 *              -ECANCELED, -ENOMEM (an unbounded one) */
WEFT_API WEFT_MUST int weft_channel_send(weft_channel_t *channel, const void *value);

/* The same without waiting: -EAGAIN if there is no room, or with capacity 0 nobody who waits to
 * receive. */
WEFT_API WEFT_MUST int weft_channel_try_send(weft_channel_t *channel, const void *value);

/* Receives the oldest value into *value, waiting for one. *value is written on success only.
 * Call from    a task, else -EPERM
 * Suspends     if there is none
 * Returns      0, -EPIPE (it is closed, and all that was sent has been received), -ECANCELED */
WEFT_API WEFT_MUST int weft_channel_recv(weft_channel_t *channel, void *value);

/* The same without waiting: -EAGAIN if there is no value, or with capacity 0 nobody who waits to
 * send. */
WEFT_API WEFT_MUST int weft_channel_try_recv(weft_channel_t *channel, void *value);

/* From now on a send is -EPIPE, also one that waits; receivers get what was sent before, and then
 * -EPIPE. Idempotent. */
WEFT_API void weft_channel_close(weft_channel_t *channel);
WEFT_API bool weft_channel_is_closed(const weft_channel_t *channel);

/* How many values it holds, without those of senders that wait. */
WEFT_API size_t weft_channel_count(const weft_channel_t *channel);

WEFT_END
#endif
