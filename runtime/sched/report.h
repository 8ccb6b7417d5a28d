/* SPDX-License-Identifier: MIT */
/* report: errors that nobody waits for go to the loop's exception handler. */
#ifndef WEFT_SCHED_REPORT_H
#define WEFT_SCHED_REPORT_H

struct weft_loop;
struct weft_awaitable;

/* Any thread. [loop] may be NULL: then standard error is told. */
void weft__report_error(struct weft_loop *loop, const char *message, int error,
                        struct weft_awaitable *future);

/* Any thread, with [aw] done or about to go: its error, to its loop if that runs here, as it may be
 * gone otherwise; else to standard error. */
void weft__report_about(struct weft_awaitable *aw, const char *message);

#endif
