/* SPDX-License-Identifier: MIT */
#include "io/driver/uring_stray.h"

static bool was_interrupted(struct weft__operation *op, int result, bool moved)
{
    /* relaxed: a canceller sets it before it asks the kernel, whose locks stand between the two. */
    if (weft__load_relaxed(&op->asked))
        return false;
    /* -EFAULT may also mean a bad address: then it comes a second time. */
    return result == -ECANCELED || (result == -EFAULT && moved && !op->again);
}

static bool is_connecting(struct weft__operation *op, int *result)
{
    if (op->again == WEFT__AGAIN_YES && *result == -EALREADY) {
        op->again = WEFT__AGAIN_CONNECTING;
        return true;
    }
    if (op->again == WEFT__AGAIN_CONNECTING && *result >= 0) {
        op->again = WEFT__AGAIN_YES;
        return true;
    }
    if (*result == -EISCONN)
        *result = 0;
    return false;
}

bool weft__uring_stray(struct weft__operation *op, int *result, bool moved)
{
    if (was_interrupted(op, *result, moved)) {
        if (!op->again)
            op->again = WEFT__AGAIN_YES;
        return true;
    }
    return op->again && op->code == WEFT__OP_CONNECT && is_connecting(op, result);
}
