/* SPDX-License-Identifier: MIT */
/*
 * spin: a one-word lock for a handful of instructions.
 *
 * Test and test-and-set: a waiter reads until the word is free and only then tries to take it, so a
 * held lock stays in its holder's cache. No queue and no fairness: the places that use it are held
 * for nanoseconds and are mostly tried, not waited for. A holder may lose its core to another
 * thread, and then pausing for a whole time slice helps nobody: after WEFT__SPIN_PAUSES pauses the
 * waiter offers its core to the scheduler of the kernel.
 *
 * Whoever holds one may not suspend its task, block, or call user code. Not for signal handlers.
 */
#ifndef WEFT_BASE_SPIN_H
#define WEFT_BASE_SPIN_H

#include <sched.h>

#include "runtime/base/atomic.h"
#include "runtime/base/base.h"
#include "runtime/base/sim.h"

#define WEFT__SPIN_PAUSES 128

struct weft__spin {
    _Atomic(uint32_t) held;
};

WEFT__INLINE void weft__spin_init(struct weft__spin *s)
{
    atomic_init(&s->held, 0);
}

WEFT__INLINE bool weft__spin_try(struct weft__spin *s)
{
    uint32_t held = 0;
    /* acquire, with the release of unlock: what the last holder wrote. */
    return weft__cas_acquire(&s->held, &held, 1);
}

/* One round of waiting for what another thread is about to do; *rounds begins with 0. */
WEFT__INLINE void weft__spin_pause(unsigned *rounds)
{
    if (++*rounds % WEFT__SPIN_PAUSES == 0)
        sched_yield();
    else
        weft__pause();
}

static WEFT__NOINLINE void weft__spin_wait(struct weft__spin *s)
{
    do {
        unsigned rounds = 0;
        /* relaxed: only a reason to try; the try is what synchronises. */
        while (weft__load_relaxed(&s->held))
            weft__spin_pause(&rounds);
    } while (!weft__spin_try(s));
}

WEFT__INLINE void weft__spin_lock(struct weft__spin *s)
{
    if (weft__unlikely(!weft__spin_try(s)))
        weft__spin_wait(s);
}

WEFT__INLINE void weft__spin_unlock(struct weft__spin *s)
{
    weft__debug_assert(weft__load_relaxed(&s->held));
    /* release, with the acquire of try: what this holder wrote. */
    weft__store_release(&s->held, 0);
}

/* Somebody holds it, maybe the caller: for asserts of the kind "the lock is held here". */
WEFT__INLINE bool weft__spin_is_held(struct weft__spin *s)
{
    return weft__load_relaxed(&s->held) != 0;
}

#endif
