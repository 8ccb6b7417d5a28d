/* SPDX-License-Identifier: MIT */
/* misuse: a call that is wrong gives its error and, in debug mode, says so with the task's name. */
#ifndef WEFT_SCHED_MISUSE_H
#define WEFT_SCHED_MISUSE_H

#include "runtime/base/base.h"

/* Returns [error]. In debug mode of the loop that runs here (or with WEFT_DEBUG=1) it writes one
 * line. */
int weft__misuse(int error, const char *what);

/* For calls that only a task may make: -EPERM, or -ESHUTDOWN in the child of a fork, whose loop is
 * dead. */
int weft__no_task(const char *call);

#endif
