/* SPDX-License-Identifier: MIT */
/*
 * error: what is known of an error beside its code.
 *
 * A code is all that most errors are, and all that a call returns. The few that have more to say
 * (several errors at once, the message of a cancellation, where it was raised) have an object,
 * which is attached to the awaitable that failed (weft__extra.error), and passed on to whoever
 * awaits it. There it is "the last error" of that task.
 *
 * Invariant: an object that two can reach is constant. So it may be read without a lock, and what
 * adds something makes a copy. References are counted by any thread.
 */
#ifndef WEFT_CORE_ERROR_H
#define WEFT_CORE_ERROR_H

#include "weft/error.h"
#include "runtime/core/task.h"

struct weft__error_entry { /* one of several errors */
    int code;
    struct weft_error *error; /* a reference, or NULL: no more is known */
};

struct weft_error {
    _Atomic(uint32_t) refs;
    int code;
    int context;             /* the error during which this one came, or 0 */
    char *message;           /* or NULL; freed with it */
    const char *where;       /* "file:line", or NULL */
    struct weft_error *next; /* to be freed */
    size_t count;
    struct weft__error_entry entry[];
};

/* A new object with one reference and room for [count] entries, which are empty; [message] is
 * copied, and may be NULL. NULL when out of memory. */
struct weft_error *weft__error_new(int code, const char *message, size_t count);

/* NULL is allowed. */
struct weft_error *weft__error_ref(struct weft_error *error);
void weft__error_unref(struct weft_error *error);

/* What is known of the error of [aw], which is done, borrowed from it; or NULL. */
struct weft_error *weft__error_of(const struct weft_awaitable *aw);

/* By [aw] itself, while it is not done, or under the lock of its word: what is known of its last
 * error is [error] (a reference, taken over; NULL: nothing). It is lost when out of memory. */
void weft__error_set(struct weft_awaitable *aw, struct weft_error *error);

#endif
