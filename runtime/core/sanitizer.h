/* SPDX-License-Identifier: MIT */
/*
 * sanitizer: what AddressSanitizer and ThreadSanitizer must be told when a thread changes its
 * stack. In other builds struct weft__san is empty and all of this is nothing.
 *
 * A switch looks like this, and there should be one such place in the program:
 *
 *     weft__san_switch_begin(&from->san, &to->san, dying);
 *     value = weft__context_switch(&from->sp, to->sp, value);
 *     weft__san_switch_end(&from->san);
 *
 * and the entry of a context begins with weft__san_switch_end(&its->san).
 *
 * Rules, each found the hard way:
 *  - The three lines stand in one function, and begin and end are inlined into it. ThreadSanitizer
 *    keeps a shadow of the call stack: were begin a function, its exit would be noted on the stack
 *    that is switched to.
 *  - dying: this context never continues. No instrumented frame may be left open then, since its
 *    entry in that shadow would stay, and after some ten thousand tasks the shadow of a recycled
 *    stack is full. So the entry function, and whatever else is still open at the last switch, is
 *    marked WEFT__SAN_NEVER_LEFT, which is also the right mark for a function that does not return.
 *  - A switch is a synchronisation for ThreadSanitizer (flag 0): what the old context did happens
 *    before what the new one does, as it is on one thread.
 *  - Frames that are abandoned leave their red zones poisoned. So a stack is unpoisoned when it is
 *    taken; from when it is given back on it is poisoned as a whole, since nobody may use it
 *    (stack.c).
 *  - ThreadSanitizer's fibers are dear to make (10 us with clang, 1 ms and 0.8 MB with gcc, which
 *    ends at 8128) and do not give everything back: each belongs to a stack and is reused with it.
 *  - ThreadSanitizer keeps a signal back, with the fiber, until its thread calls a function that it
 *    intercepts. A thread that sleeps in a system call it does not know, or is about to, would
 *    sleep on; a fiber that is left would take the signal along. So a switch blocks signals, and
 *    such a sleep stands between weft__san_sleep_begin and _end: signals are blocked from begin on,
 *    the call itself lets them in (io_uring_enter by its mask), and end has the handler run. Where
 *    the call takes no mask (futex), weft__san_signals has it run; what comes just before the next
 *    call is kept back until the one after.
 */
#ifndef WEFT_CORE_SANITIZER_H
#define WEFT_CORE_SANITIZER_H

#include "runtime/base/base.h"

#ifdef WEFT__ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef WEFT__TSAN
#include <sanitizer/tsan_interface.h>
#include <signal.h>
#include <string.h>
#endif

/* One for each context. */
struct weft__san {
#ifdef WEFT__ASAN
    void *fake;         /* its frames that live in the heap, while it is switched away */
    const void *bottom; /* lowest address of its stack */
    size_t size;
#endif
#ifdef WEFT__TSAN
    void *fiber;
    sigset_t mask; /* of the thread, for when the context goes on */
#endif
};

#ifdef WEFT__TSAN
WEFT__INLINE void weft__san_block(sigset_t *before)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
}
#endif

#if defined(WEFT__TSAN) && defined(__clang__)
#define WEFT__SAN_NEVER_LEFT __attribute__((disable_sanitizer_instrumentation))
#elif defined(WEFT__TSAN)
#define WEFT__SAN_NEVER_LEFT __attribute__((no_sanitize("thread")))
#else
#define WEFT__SAN_NEVER_LEFT
#endif

WEFT__INLINE void weft__san_signals(void)
{
#ifdef WEFT__TSAN
    static size_t (*volatile const intercepted)(const char *, size_t) = strnlen;
    (void)intercepted("", 0);
#endif
}

WEFT__INLINE void weft__san_unpoison(const void *low, const void *high)
{
    (void)low;
    (void)high;
#ifdef WEFT__ASAN
    __asan_unpoison_memory_region(low, (size_t)((const char *)high - (const char *)low));
#endif
}

WEFT__INLINE void weft__san_poison(const void *low, const void *high)
{
    (void)low;
    (void)high;
#ifdef WEFT__ASAN
    __asan_poison_memory_region(low, (size_t)((const char *)high - (const char *)low));
#endif
}

/* For a stack from [low] to [high] that no thread was born with. */
WEFT__INLINE void weft__san_make(struct weft__san *san, const void *low, const void *high)
{
    (void)san;
    (void)low;
    (void)high;
#ifdef WEFT__ASAN
    san->fake = NULL;
    san->bottom = low;
    san->size = (size_t)((const char *)high - (const char *)low);
#endif
#ifdef WEFT__TSAN
    san->fiber = __tsan_create_fiber(0);
#endif
}

/* After weft__san_make; from another context. */
WEFT__INLINE void weft__san_unmake(struct weft__san *san)
{
    (void)san;
#ifdef WEFT__TSAN
    if (san->fiber)
        __tsan_destroy_fiber(san->fiber);
    san->fiber = NULL;
#endif
}

/* For the stack that the calling thread is on: its own, as a rule. Nothing to undo. */
WEFT__INLINE void weft__san_adopt(struct weft__san *san)
{
    (void)san;
#ifdef WEFT__ASAN
    /* A switch to nowhere and back: on arrival one is told the bounds of where one came from. */
    __sanitizer_start_switch_fiber(&san->fake, san, 1);
    __sanitizer_finish_switch_fiber(san->fake, &san->bottom, &san->size);
    __sanitizer_start_switch_fiber(&san->fake, san->bottom, san->size);
    __sanitizer_finish_switch_fiber(san->fake, NULL, NULL);
    san->fake = NULL;
#endif
#ifdef WEFT__TSAN
    san->fiber = __tsan_get_current_fiber();
#endif
}

WEFT__INLINE void weft__san_switch_begin(struct weft__san *from, struct weft__san *to, bool dying)
{
    (void)from;
    (void)to;
    (void)dying;
#ifdef WEFT__ASAN
    if (dying)
        from->fake = NULL; /* where its next life begins, there is nothing to restore */
    __sanitizer_start_switch_fiber(dying ? NULL : &from->fake, to->bottom, to->size);
#endif
#ifdef WEFT__TSAN
    weft__san_block(&to->mask);
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
}

WEFT__INLINE void weft__san_switch_end(struct weft__san *me)
{
    (void)me;
#ifdef WEFT__ASAN
    __sanitizer_finish_switch_fiber(me->fake, NULL, NULL);
#endif
#ifdef WEFT__TSAN
    pthread_sigmask(SIG_SETMASK, &me->mask, NULL);
#endif
}

/* The mask of a thread before it slept. */
struct weft__san_sleep {
#ifdef WEFT__TSAN
    sigset_t mask;
#endif
};

WEFT__INLINE void weft__san_sleep_begin(struct weft__san_sleep *sleep)
{
    (void)sleep;
#ifdef WEFT__TSAN
    weft__san_block(&sleep->mask);
#endif
}

/* The mask for the system call that sleeps; NULL: as it is. */
WEFT__INLINE const void *weft__san_sleep_mask(const struct weft__san_sleep *sleep)
{
    (void)sleep;
#ifdef WEFT__TSAN
    return &sleep->mask;
#else
    return NULL;
#endif
}

WEFT__INLINE void weft__san_sleep_end(const struct weft__san_sleep *sleep)
{
    (void)sleep;
#ifdef WEFT__TSAN
    pthread_sigmask(SIG_SETMASK, &sleep->mask, NULL);
#endif
}

#endif
