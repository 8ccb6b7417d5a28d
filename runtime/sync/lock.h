/* SPDX-License-Identifier: MIT */
/* lock: what a condition needs of its lock beside weft/lock.h. */
#ifndef WEFT_SYNC_LOCK_H
#define WEFT_SYNC_LOCK_H

#include "weft/lock.h"

struct weft_awaitable;

/* Takes the lock for [task], the running one, whatever cancels it meanwhile: the tokens stay. */
void weft__lock_acquire_shielded(weft_lock_t *lock, struct weft_awaitable *task);

#endif
