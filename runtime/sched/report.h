/* SPDX-License-Identifier: MIT */
/* report: errors that nobody waits for go to the loop's exception handler. */
#ifndef WEFT_SCHED_REPORT_H
#define WEFT_SCHED_REPORT_H

struct weft_loop;
struct weft_awaitable;

/* Any thread. [loop] may be NULL: then standard error is told. */
void weft__report_error(struct weft_loop *loop, const char *message, int error,
                        struct weft_awaitable *future);

/* Any thread, with a reference to [aw], which is done or a coroutine: its error, to its loop. That
 * may be elsewhere, and then takes a reference; or gone: then standard error is told. Once told, it
 * was retrieved; so what a loop that closes was not told of any more, is found again when its
 * reference goes. */
void weft__report_about(struct weft_awaitable *aw, const char *message);

#endif
