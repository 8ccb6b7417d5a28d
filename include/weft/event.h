/* SPDX-License-Identifier: MIT */
/*
 * event: a flag that tasks wait for. What holds for all objects of synchronisation is said in
 * weft/lock.h.
 */
#ifndef WEFT_EVENT_H
#define WEFT_EVENT_H

#include "weft/task.h"

typedef struct weft_event {
    uint64_t opaque[3];
} weft_event_t;

#define WEFT_EVENT_INIT                                                                            \
    {                                                                                              \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

WEFT_BEGIN

/* Makes it new: not set, without waiters. Nobody may be using it. Python's asyncio.Event(). */
WEFT_API void weft_event_init(weft_event_t *event);

/* Waits until the event is set.
 * Call from    a task, else -EPERM
 * Suspends     if it is not set
 * Returns      0 (it was set, though it may be cleared again by now), -ECANCELED
 * Python       await event.wait() */
WEFT_API WEFT_MUST int weft_event_wait(weft_event_t *event);

/* The same as a coroutine object, for weft_gather, weft_wait_for, weft_create_task and their kin.
 * Borrows the event until the coroutine is done.
 * Returns      a new reference; a failed object (-ENOMEM)
 * Python       event.wait() */
#define weft_event_wait_coro(event) weft_event_wait_coro_at((event), WEFT_HERE)
WEFT_API weft_coro_t *weft_event_wait_coro_at(weft_event_t *event, const char *where);

/* Sets it: all tasks that wait now go on, also if it is cleared before they run. Python's
 * event.set(). */
WEFT_API void weft_event_set(weft_event_t *event);

/* Clears it: who comes from now on waits. Python's event.clear(). */
WEFT_API void weft_event_clear(weft_event_t *event);

/* Whether it is set. Python's event.is_set(). */
WEFT_API bool weft_event_is_set(const weft_event_t *event);

WEFT_END
#endif
