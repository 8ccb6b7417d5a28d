/* SPDX-License-Identifier: MIT */
/* report: errors that nobody waits for go to the loop's exception handler. */
#ifndef WEFT_SCHED_REPORT_H
#define WEFT_SCHED_REPORT_H

struct weft_loop;
struct weft_awaitable;

/* Any thread. [loop] may be NULL: then standard error is told. */
void weft__report_error(struct weft_loop *loop, const char *message, int error,
                        struct weft_awaitable *future);

#endif
