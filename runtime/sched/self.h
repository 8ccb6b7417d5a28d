/* SPDX-License-Identifier: MIT */
/* self: the worker whose thread this is; NULL on every other thread. Never kept across a
 * suspension. */
#ifndef WEFT_SCHED_SELF_H
#define WEFT_SCHED_SELF_H

#include "runtime/base/thread_local.h"

WEFT__INLINE struct weft__worker *weft__self(void)
{
    return weft__thread_local()->worker;
}

WEFT__INLINE void weft__self_set(struct weft__worker *worker)
{
    weft__thread_local()->worker = worker;
}

#endif
