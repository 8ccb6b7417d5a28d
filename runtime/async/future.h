/* SPDX-License-Identifier: MIT */
/* future: what the last reference to one does. */
#ifndef WEFT_ASYNC_FUTURE_H
#define WEFT_ASYNC_FUTURE_H

#include "runtime/core/task.h"

/* Drops the callbacks of a future that nobody can reach and so never will be done. Only they can
 * wait for it then: a task that awaits it holds a reference. */
void weft__future_drop_callbacks(struct weft_awaitable *future);

#endif
