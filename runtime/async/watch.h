/* SPDX-License-Identifier: MIT */
/*
 * watch: being told as each of several awaitables becomes done.
 *
 * A block with a waiter node for each. It holds a reference to each awaitable, and each node that
 * stands in a list holds one to the block: so whoever is told last frees it, however late, and a
 * task that stops waiting need not wait for those who are just telling it.
 *
 * An awaitable that is given twice has one node: its other places say which (`same_as`).
 */
#ifndef WEFT_ASYNC_WATCH_H
#define WEFT_ASYNC_WATCH_H

#include "runtime/core/waiters.h"

struct weft__watched {
    struct weft__waiter waiter;
    struct weft__watch *watch;
    struct weft_awaitable *aw;  /* a reference */
    struct weft__watched *next; /* the user's */
    size_t same_as;             /* the first place of the same awaitable: its own index, or less */
};

/* On whatever worker completes it, in an ordered loop one tick later (weft__submit_waiter), with no
 * lock held; each once. [untold]: of waiters.h. */
typedef void weft__watch_done_t(struct weft__watch *watch, struct weft__watched *which,
                                struct weft__untold *untold);

struct weft__watch {
    _Atomic(uint32_t) refs;
    weft__watch_done_t *done;
    struct weft_awaitable
        *awaiter; /* on whose behalf, as of a waiter; or NULL: the user's to set */
    size_t count;
    struct weft__watched *watched; /* [count] */
};

/* Prepares [watch], the first member of an object from malloc, with one reference, for [count]
 * awaitables at [aws], and takes a reference to each. 0, -ENOMEM. */
int weft__watch_init(struct weft__watch *watch, struct weft_awaitable *const *aws, size_t count,
                     weft__watch_done_t *done);

/* Begins to watch all; what is done already is told [at_once], or as if it became done now. */
void weft__watch_start(struct weft__watch *watch, bool at_once);

/* Takes all nodes out that are still in a list: they are told no more. */
void weft__watch_stop(struct weft__watch *watch);

/* The last one drops the references to the awaitables, and frees the object. [holder]: in a
 * destroy, as in weft__awaitable_unref_after; else NULL. */
void weft__watch_unref(struct weft__watch *watch, struct weft_awaitable *holder);

/* What several awaitables are given to a call. 0; -EINVAL none; -EPROTOTYPE, -EALREADY, -EXDEV of
 * the first that is wrong. Coroutines only if [coroutines]. */
int weft__watch_check(struct weft_loop *loop, struct weft_awaitable *const *aws, size_t count,
                      bool coroutines);

#endif
