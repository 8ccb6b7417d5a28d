/* SPDX-License-Identifier: MIT */
/*
 * sequel: what has to follow a completion, and must not be done in it.
 *
 * A completion runs under a driver's lock and may submit nothing. What it can do is to push a
 * handle; the loop then calls the function on a worker's base, where operations may be started. The
 * object that the function works on is kept alive by an anchor: a future that nobody completes,
 * whose destruction is the drop of the object's reference. Every handle holds its anchor, so that
 * the drop comes exactly once, whether the handle is called, is cancelled, or is thrown away by a
 * loop that closes.
 */
#ifndef WEFT_IO_SEQUEL_H
#define WEFT_IO_SEQUEL_H

#include "runtime/core/task.h"
#include "runtime/sched/handle.h"

/* An anchor that calls drop(anchor) when its last reference goes; the object is the `data` of its
 * extra part. NULL when out of memory: then [object] stays the caller's. Any thread. */
struct weft_awaitable *weft__sequel_anchor(void *object,
                                           void (*drop)(struct weft_awaitable *anchor));

/* A handle that has run(anchor, object) called, for weft__handle_submit, which takes it, or for an
 * alarm. It takes a reference to [anchor] of its own. NULL when out of memory. Any thread. */
struct weft_handle *weft__sequel_new(struct weft_loop *loop, struct weft_awaitable *anchor,
                                     weft_done_fn_t run);

#endif
