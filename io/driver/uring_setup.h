/* SPDX-License-Identifier: MIT */
/*
 * uring_setup: makes a ring with as much of what we want as the kernel gives.
 *
 * Wanted, and why:
 *   COOP_TASKRUN   a completion for a running worker does not interrupt its core: it is posted when
 *                  the worker enters the kernel next. 15-30 % of the cost of a small request.
 *   TASKRUN_FLAG   the ring says, in shared memory, that such completions wait.
 *   SUBMIT_ALL     one bad request does not hold back those behind it.
 *   CLAMP          sizes above the kernel's limit are cut instead of refused.
 *   CQSIZE         a completion queue many times as large as the submission queue. Never dropped.
 * Not wanted: SINGLE_ISSUER and DEFER_TASKRUN, with which no thread but the owner can have
 * completions posted or a request cancelled, so that a worker that is busy or blocked strands its
 * I/O for ever; and SQPOLL, which keeps the credentials of the moment of its creation.
 *
 * A kernel that does not know a flag says EINVAL. The flags are then dropped one by one, the least
 * needed first. A ring that the memory limits refuse is asked for again at half the size, down to
 * 16 entries.
 */
#ifndef WEFT_IO_DRIVER_URING_SETUP_H
#define WEFT_IO_DRIVER_URING_SETUP_H

#include "runtime/base/base.h"
#include "io/driver/uring_abi.h"

/* io_uring_queue_init_params, or a test's own. 0 or -errno. */
typedef int weft__uring_init_fn(unsigned entries, struct io_uring *ring,
                                struct io_uring_params *params);

/* 0 or -errno. [ring]->flags says which flags it has. */
int weft__uring_setup(struct io_uring *ring, unsigned sq_entries, unsigned cq_entries,
                      weft__uring_init_fn *init);

/* Whether the new [ring] can do what the driver needs (0, -ENOSYS before Linux 6.0, or -errno), and
 * whether it takes absolute time-outs (Linux 6.12). */
int weft__uring_probe(struct io_uring *ring, bool *absolute);

/* Asks the kernel to end what has this [user_data], or what the IORING_ASYNC_CANCEL_* [flags] say.
 * Any thread; never waits. 0: asked; -ENOENT: nothing matches; or -errno. */
int weft__uring_cancel(int ring_fd, uint64_t user_data, unsigned flags);

#endif
