/* SPDX-License-Identifier: MIT */
/*
 * message: the text that a cancel brings along, and what becomes of it.
 *
 * It waits in the task's extra part beside the token that it came with, moves inward with it
 * (sched/cancel.h), and becomes what is known of the task's last error when the token is raised.
 * The latest cancel decides: one without a message takes an earlier one away. Few cancels have
 * one, so that one lock for all is enough; without one nothing but a pointer is looked at.
 */
#ifndef WEFT_SCHED_MESSAGE_H
#define WEFT_SCHED_MESSAGE_H

#include "runtime/core/error.h"

/* Any thread, under the lock of the word, as the token is put: [message] (borrowed, may be NULL).
 * It is lost when out of memory. */
void weft__message_put(struct weft_awaitable *task, struct weft_error *message);

/* Any thread: what there is, as a reference; put: it stays. */
struct weft_error *weft__message_take(struct weft_awaitable *task);
struct weft_error *weft__message_peek(struct weft_awaitable *task);

/* ---- the last error of the running task ---- */

/* It is what is known of the error of [aw], which is done; of a task that is not there, nothing. */
void weft__message_follow(const struct weft_awaitable *aw);

#endif
