/* SPDX-License-Identifier: MIT */
/* channel: what a select needs of it. */
#ifndef WEFT_SYNC_CHANNEL_H
#define WEFT_SYNC_CHANNEL_H

#include "weft/channel.h"
#include "runtime/sync/wait_queue.h"

/* Who waits to send or to receive. */
struct weft__visit {
    struct weft__wait_node node;
    void *value; /* where it is, or is to go; only a receiver's is written */
    int rc;      /* -EAGAIN until somebody has completed it, who writes it under the lock */
};

/* One of [task], ready to wait. */
struct weft__visit weft__visit(struct weft_channel *channel, struct weft_awaitable *task,
                               const void *value, bool sends);

/* Its place in an order of all channels: they are numbered as they are made. (Addresses would do,
 * but are others in each run of a simulation.) */
uint64_t weft__channel_number(const struct weft_channel *channel);

#endif
