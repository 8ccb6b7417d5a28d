/* SPDX-License-Identifier: MIT */
/*
 * level: scopes in which every wait of a task fails, once they are cancelled, until they are left.
 *
 * A cancel of a task strikes once: its token is taken out when it is raised. A scope strikes by
 * level (Trio's cancel scopes, N. J. Smith 2018): while one is cancelled, a bit of the word of
 * tokens is set that counts as a pending token, and nothing takes it out. So every kind of wait
 * obeys it, and none has to know of it. A wait that passes its tokens inward (an await of a task)
 * gives the inner one a token for it.
 *
 * Shields. A scope that shields hides the cancelled ones around it: the bit says what the innermost
 * scopes, up to the first shield, have to say. What is put into the task from further out meanwhile
 * (weft_cancel; a time-out that was entered before) is counted, and withheld by the shield until
 * that is left. "Depth" is how many shields stood around whoever puts a token, when it entered; 0
 * is outside of all.
 *
 * The list of scopes lies on the frames of the task, and is changed and read under the lock of its
 * word. So is the bit, but for the CAS with which others change their part of the tokens.
 */
#ifndef WEFT_SCHED_LEVEL_H
#define WEFT_SCHED_LEVEL_H

#include "runtime/core/task.h"

struct weft__scope {
    struct weft__scope *outer;
    bool shield;
    _Atomic(bool) cancelled; /* under the lock of the word; relaxed for who only asks */
    uint32_t withheld;       /* tokens, by this shield */
    uint32_t shields;        /* how many there are, with this one */
};

/* By the task: enters, leaves. Enter needs the extra part to be there. */
void weft__scope_enter(struct weft_awaitable *task, struct weft__scope *scope, bool shield);
void weft__scope_leave(struct weft_awaitable *task, struct weft__scope *scope);

/* Any thread, with a scope that is not left: cancels it. The interrupt is the caller's
 * (weft__interrupt). False: it was cancelled before, or the task is done. */
bool weft__scope_cancel(struct weft_awaitable *task, struct weft__scope *scope);

/* How many shields stand around what the running [task] does. */
uint32_t weft__scope_depth(const struct weft_awaitable *task);

/* Whether every wait of the running [task] fails. */
bool weft__scope_struck(const struct weft_awaitable *task);

/* Under the lock of the word: whether a shield withholds the [n] tokens that are put from [depth].
 * If so, they will come when that is left. */
bool weft__scope_withholds(struct weft_awaitable *task, uint32_t depth, uint32_t n);

#endif
