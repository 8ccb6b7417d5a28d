/* SPDX-License-Identifier: MIT */
/* misuse: a call that is wrong gives its error and, in debug mode, says so with the task's name. */
#ifndef WEFT_SCHED_MISUSE_H
#define WEFT_SCHED_MISUSE_H

#include "runtime/base/base.h"

struct weft_loop;

/* Returns [error]. In debug mode of the loop that runs here (or with WEFT_DEBUG=1) it writes one
 * line. */
int weft__misuse(int error, const char *what);

/* For calls that only a task may make: -EPERM, or -ESHUTDOWN in the child of a fork, whose loop is
 * dead. */
int weft__no_task(const char *call);

/* For what a closed loop refuses: -ESHUTDOWN; said in debug mode of that loop too. */
int weft__on_closed(const struct weft_loop *loop, const char *call);

/* For options that weft__options refuses: -EINVAL. */
int weft__bad_options(void);

#endif
