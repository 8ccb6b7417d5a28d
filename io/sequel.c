/* SPDX-License-Identifier: MIT */
#include "io/sequel.h"

struct weft_awaitable *weft__sequel_anchor(void *object,
                                           void (*drop)(struct weft_awaitable *anchor))
{
    struct weft_awaitable *anchor = weft__awaitable_new(WEFT__KIND_FUTURE, NULL, NULL, "");
    struct weft__extra *extra = anchor ? weft__awaitable_extra(anchor) : NULL;

    if (!extra) {
        weft_unref(anchor);
        return NULL;
    }
    extra->data = object;
    extra->destroy = drop;
    return anchor;
}

struct weft_handle *weft__sequel_new(struct weft_loop *loop, struct weft_awaitable *anchor,
                                     weft_done_fn_t run)
{
    struct weft_handle *handle = weft__handle_new(loop);

    if (!handle)
        return NULL;
    weft__handle_leave(handle);
    weft__handle_hold(handle);
    handle->done_fn = run;
    handle->arg = weft__extra(anchor)->data;
    handle->future = weft_ref(anchor);
    return handle;
}
