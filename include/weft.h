/* SPDX-License-Identifier: MIT */
/*
 * weft: asyncio for C, on all cores.
 *
 *     #include <stdio.h>
 *     #include <weft.h>
 *
 *     WEFT_CORO(hello)
 *     {
 *         puts("hello");
 *         int rc = weft_sleep(WEFT_S(1));
 *         if (rc < 0)
 *             return rc;
 *         puts("world");
 *         return 0;
 *     }
 *
 *     int main(void)
 *     {
 *         return weft_run(weft_coro(&hello, NULL), NULL) < 0;
 *     }
 *
 * How to read these headers. Each declaration says who may call it ("Call from"), whether it may
 * suspend the calling task ("Suspends": then it is also a cancellation point), what happens to
 * references, every error, and the asyncio function that it is. What is not said is: any thread
 * may call it, it does not suspend, it borrows its arguments, and it has no counterpart in Python.
 *
 * Errors are returned: 0 or a count is success, a negative errno or one of the codes of
 * weft/error.h is not. What is in the global errno after a call of weft means nothing.
 *
 * A task may go on on another thread after each suspension. Its errno goes with it, but a compiler
 * may keep the address of errno, or of any thread-local, across the call: do not use one on both
 * sides of a suspension within one function.
 */
#ifndef WEFT_H
#define WEFT_H

#include "weft/barrier.h"
#include "weft/broadcast.h"
#include "weft/channel.h"
#include "weft/condition.h"
#include "weft/contextvar.h"
#include "weft/error.h"
#include "weft/event.h"
#include "weft/executor.h"
#include "weft/export.h"
#include "weft/future.h"
#include "weft/inspect.h"
#include "weft/latest.h"
#include "weft/lock.h"
#include "weft/loop.h"
#include "weft/notify.h"
#include "weft/once.h"
#include "weft/policy.h"
#include "weft/queue.h"
#include "weft/run.h"
#include "weft/runner.h"
#include "weft/rwlock.h"
#include "weft/select.h"
#include "weft/semaphore.h"
#include "weft/scope.h"
#include "weft/strand.h"
#include "weft/stream.h"
#include "weft/task.h"
#include "weft/taskgroup.h"
#include "weft/thread.h"
#include "weft/time.h"
#include "weft/version.h"
#include "weft/wait.h"

#endif
