/* SPDX-License-Identifier: MIT */
/* inspect: where a task stands, for whoever may look at it. */
#ifndef WEFT_ASYNC_INSPECT_H
#define WEFT_ASYNC_INSPECT_H

#include "runtime/core/task.h"

struct weft__view {
    void **frames; /* the caller's: code addresses, innermost first */
    size_t capacity, count;
    struct weft_awaitable *parent; /* on whose stack it runs, with a reference; or NULL */
};

/* Fills in what is not the caller's. 0; -EBUSY: it runs elsewhere, or is about to. */
int weft__inspect(struct weft_awaitable *task, struct weft__view *view);

#endif
