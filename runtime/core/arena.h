/* SPDX-License-Identifier: MIT */
/*
 * arena: a large mapping that is cut into slots of one size, each a guard with usable memory above
 * it.
 *
 * Slots are cut off from the lower end as they are needed, and never come back: whoever took one
 * reuses it. Guards are installed when a slot is taken, in groups: one process_madvise for 32
 * guards takes 0.6 us a guard, 32 madvise calls 1.8.
 *
 * All arenas of the process are in one list, which a signal handler may walk: elements are only
 * ever added. An arena that was closed stays there without a base and is opened again by whoever
 * needs one of that very geometry, so that what a handler reads beside the base never changes.
 *
 * Who   open, close, guard, advise   any thread
 *       take                         one thread at a time, the owner sees to it
 *       guarded                      any thread, and signal handlers
 */
#ifndef WEFT_CORE_ARENA_H
#define WEFT_CORE_ARENA_H

#include "runtime/base/atomic.h"
#include "runtime/base/base.h"

#define WEFT__ARENA_GUARD ((size_t)64 * 1024)

enum { WEFT__ARENA_GROUP = 32 }; /* slots that are guarded or advised at once */

struct weft__arena {
    struct weft__arena *next; /* constant, as are the next two */
    size_t stride;            /* of a slot, its guard included */
    uint32_t slots;
    _Atomic(uint32_t) used;
    _Atomic(uint32_t) protected; /* guards made by mprotect */
    _Atomic(char *) base;        /* NULL: closed */
    const void *owner;           /* whose it is; the list's lock */
};

/*
 * An arena of about [bytes] for slots of [usable] bytes (rounded up to pages). Where so much is not
 * to be had, a smaller one; NULL if there is no memory even for one slot.
 */
struct weft__arena *weft__arena_open(const void *owner, size_t usable, size_t bytes);

/* Unmaps all arenas of [owner]; before, calls drop(end) for the upper end of each slot ever taken.
 */
void weft__arena_close_all(const void *owner, void (*drop)(char *end));

/* Takes up to [wanted] slots that lie side by side: how many, the lowest one in *first. */
uint32_t weft__arena_take(struct weft__arena *arena, uint32_t wanted, char **first);

/* Makes the guards of slots that were taken together. How many of them got none. */
uint32_t weft__arena_guard(struct weft__arena *arena, char *first, uint32_t count);

/* madvise for several ranges of one length, at most WEFT__ARENA_GROUP: 0 or a negative errno. */
int weft__arena_advise(char *const start[], uint32_t count, size_t length, int advice);

/* The upper end of the slot in whose guard [address] lies, or NULL. Async-signal-safe. */
char *weft__arena_guarded(const void *address);

#endif
