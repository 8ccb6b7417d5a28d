/* SPDX-License-Identifier: MIT */
/*
 * context on top of <ucontext.h>: the portable twin (context.h).
 *
 * The saved pointer leads to a struct parked, which lies in the frame of the switch that waits, or,
 * in a new context, at the top of its stack.
 *
 * swapcontext also exchanges signal masks, and a task would carry the mask of one thread to
 * another. So what is continued is first given the mask of the thread that continues it.
 */
#include "runtime/core/context.h"

#if defined(WEFT__CONTEXT_UCONTEXT) || (!defined(__x86_64__) && !defined(__aarch64__))

#include <signal.h>
#include <ucontext.h>

struct parked {
    ucontext_t context;
    uintptr_t value;                /* written by whoever continues it */
    void (*entry)(uintptr_t value); /* new contexts only */
};

enum { PARKED_SIZE = (sizeof(struct parked) + 63) / 64 * 64 };

/* makecontext passes ints only: a pointer goes in two halves. */
static void start(unsigned high, unsigned low)
{
    struct parked *me = (struct parked *)(uintptr_t)((uint64_t)high << 32 | low);

    me->entry(me->value);
    weft__die("the entry of a context returned");
}

void *weft__context_make(void *top, void (*entry)(uintptr_t value))
{
    struct parked *fresh = (struct parked *)((char *)top - PARKED_SIZE);
    uint64_t address = (uintptr_t)fresh;

    /* Cannot fail: it asks the kernel for the signal mask only. */
    getcontext(&fresh->context);
    /* Only the upper end of the stack matters to makecontext; where the lower one is, we know not.
     */
    fresh->context.uc_stack.ss_sp = (char *)fresh - PARKED_SIZE;
    fresh->context.uc_stack.ss_size = PARKED_SIZE;
    fresh->context.uc_link = NULL;
    fresh->entry = entry;
    makecontext(&fresh->context, (void (*)(void))start, 2, (unsigned)(address >> 32),
                (unsigned)address);
    return fresh;
}

void weft__context_beneath(void *parked, void (*fn)(void *arg), void *arg)
{
    (void)parked;
    fn(arg);
}

uintptr_t weft__context_switch(void **save, void *to, uintptr_t value)
{
    struct parked me, *other = to;

    me.context.uc_stack = (stack_t){0};
    *save = &me;
    other->value = value;
    pthread_sigmask(SIG_SETMASK, NULL, &other->context.uc_sigmask);
    swapcontext(&me.context, &other->context);
    return me.value;
}

#endif
