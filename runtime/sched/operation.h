/* SPDX-License-Identifier: MIT */
/*
 * operation: one request to the kernel.
 *
 * An awaited operation lives on the waiting task's stack, as does the memory that it names. The
 * kernel owns both until the completion arrives, so the task is resumed by the completion and by
 * nothing else; a cancellation only asks the kernel to hurry. If the kernel does not know the
 * operation yet, the canceller leaves an ask with the worker whose ring it is to go to
 * (weft__submit_ask): that one flushes, and interrupts the task again. An operation that nobody
 * awaits lives in the object that submitted it.
 *
 * Who        submit     the worker that runs the task (driver.h)
 *            complete   whoever holds the driver's completion lock: the owner, or a helper
 *            cancel     who holds the task (cancel.h), from any worker or thread
 */
#ifndef WEFT_SCHED_OPERATION_H
#define WEFT_SCHED_OPERATION_H

#include "runtime/base/atomic.h"
#include "runtime/base/base.h"

struct weft__driver;
struct weft_awaitable;

enum weft__opcode {
    WEFT__OP_RECV, /* fd, buffer, length, flags (MSG_*)            -> bytes, 0 at the end */
    WEFT__OP_SEND, /* fd, buffer, length, flags (MSG_*)            -> bytes; with MSG_WAITALL all */
    WEFT__OP_ACCEPT,  /* fd; multishot: once per connection           -> close-on-exec descriptor */
    WEFT__OP_CONNECT, /* fd, buffer = sockaddr, length                -> 0 */
    WEFT__OP_POLL,    /* fd, flags = events                           -> events */
    WEFT__OP_SHUTDOWN, /* fd, flags = SHUT_*                           -> 0 */
    WEFT__OP_CLOSE,    /* fd                                           -> 0 */
};

enum { WEFT__STRAYED_NO, WEFT__STRAYED_YES, WEFT__STRAYED_CONNECTING }; /* of `strayed`, below */

struct weft__operation {
    /* what is asked: constant from the submission to the completion */
    uint8_t code;
    bool poll_first; /* RECV: do not try, wait for readiness (a hint) */
    uint32_t flags;
    int fd;
    void *buffer;
    size_t length;

    /* Called once by the reaper for each completion, with the driver's completion lock held;
     * [more]: others will follow (multishot). It must not start an operation or block; it may take
     * the locks that come after that one (docs/hacking.md), and wake tasks. When [more] is false
     * the operation is the submitter's again, from within this call on. */
    void (*complete)(struct weft__operation *op, int result, bool more);
    void *argument; /* of complete: the task, or the object that owns the operation */

    /* the driver's */
    _Atomic(struct weft__driver *) driver; /* whose ring it is to go to: set by the commit before
                                              the task is published, and by submit */
    struct weft__operation *next;          /* queue of what did not fit */
    _Atomic(bool) asked; /* cancel was called: -ECANCELED is the answer. Cleared by submit */
    uint8_t strayed; /* WEFT__STRAYED_*: its thread went, it was submitted anew (uring_stray.h) */

    /* the outcome of an awaited operation */
    int result;
    /* release by the completion, acquire by a canceller whom the kernel told -ENOENT: completed, so
     * nobody has to be asked. */
    _Atomic(bool) done;
};

/* Submits [op] and suspends the current task until it has completed. Fills in complete and
 * argument. A completion with -ECANCELED or -EINTR that no cancellation asked for is submitted
 * again. Returns the result (>= 0: it wins over a cancellation, which stays pending), -ECANCELED,
 * -errno. */
int weft__operation_await(struct weft__operation *op);

/* Submits [op] on this worker's driver; op->complete and op->argument are set. Never fails, never
 * waits. Call from a worker (task or scheduler context). */
void weft__operation_start(struct weft__operation *op);

#endif
