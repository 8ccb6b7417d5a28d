/* SPDX-License-Identifier: MIT */
/*
 * uring_stray: requests that ended because of their thread.
 *
 * A request belongs to the thread that submitted it. When that thread exits, the kernel cancels it,
 * and when a loop is run by another thread than before, we do. It then ends with -ECANCELED that
 * nobody has asked for, or with -EFAULT if its data came while the thread exited. Such a one is
 * submitted again, and its operation does not notice. Nothing was read, sent or accepted by it: if
 * a part was, the kernel reports the part and no error.
 *
 * A connect goes on in the network stack after its request was cancelled. Submitted again, it says
 * -EALREADY (then the end of the attempt is waited for by a poll, and it is submitted once more) or
 * -EISCONN (then it has succeeded).
 */
#ifndef WEFT_IO_DRIVER_URING_STRAY_H
#define WEFT_IO_DRIVER_URING_STRAY_H

#include "runtime/sched/operation.h"

/* Whether [op], which ended with *result, is to be submitted again; corrects *result if not.
 * [moved]: its thread may have been exchanged or have ended. Nothing more comes for it. Under the
 * completion lock. */
bool weft__uring_stray(struct weft__operation *op, int *result, bool moved);

#endif
