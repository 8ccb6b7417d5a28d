/* SPDX-License-Identifier: MIT */
#include "io/driver/uring_stray.h"

static bool was_interrupted(struct weft__operation *op, int result, bool moved)
{
    /* relaxed: a canceller sets it before it asks the kernel, whose locks stand between the two. */
    if (weft__load_relaxed(&op->asked))
        return false;
    /* -EFAULT may also mean a bad address: then it comes a second time. */
    return result == -ECANCELED || (result == -EFAULT && moved && !op->strayed);
}

static bool is_connecting(struct weft__operation *op, int *result)
{
    if (op->strayed == WEFT__STRAYED_YES && *result == -EALREADY) {
        op->strayed = WEFT__STRAYED_CONNECTING;
        return true;
    }
    if (op->strayed == WEFT__STRAYED_CONNECTING && *result >= 0) {
        op->strayed = WEFT__STRAYED_YES;
        return true;
    }
    if (*result == -EISCONN)
        *result = 0;
    return false;
}

bool weft__uring_stray(struct weft__operation *op, int *result, bool moved)
{
    if (was_interrupted(op, *result, moved)) {
        if (!op->strayed)
            op->strayed = WEFT__STRAYED_YES;
        return true;
    }
    return op->strayed && op->code == WEFT__OP_CONNECT && is_connecting(op, result);
}
