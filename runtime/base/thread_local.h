/* SPDX-License-Identifier: MIT */
/*
 * thread_local: the runtime's one thread-local object, and the only safe way to reach it.
 *
 * A task may sleep on one thread and wake on another. A compiler may compute the address of a
 * thread-local once per function and keep it across the await (gcc and clang do at -O2), and would
 * then use the old thread's. So the address is made anew at each call, by code that the compiler
 * cannot see through or reuse: never keep what weft__thread_local() returns across anything that
 * may suspend.
 */
#ifndef WEFT_BASE_THREAD_LOCAL_H
#define WEFT_BASE_THREAD_LOCAL_H

#include <signal.h>

#include "runtime/base/base.h"

struct weft__worker;
struct weft_loop;
struct weft__slab_free;

struct weft__magazine { /* a thread's private free objects of one slab (core/slab.h) */
    struct weft__slab_free *head;
    unsigned count;
};

struct weft__thread_local {
    struct weft__worker *worker; /* whose thread this is, NULL on foreign ones (sched/self.h) */
    struct weft_loop *loop;      /* what weft_set_event_loop set */
    uintptr_t vars;              /* its context variables, outside of tasks (sched/locals.h) */
    bool forked;          /* a child process: this thread was a worker of a loop that is not here */
    const sigset_t *mask; /* a thread of the runtime, where signals are blocked: what is blocked in
                             the thread that started the first of them */
    struct weft__magazine magazines[2];
};

extern _Thread_local
    __attribute__((tls_model("initial-exec"))) struct weft__thread_local weft__thread_local_object;

#if defined(__x86_64__) && !defined(__clang_analyzer__)
WEFT__INLINE struct weft__thread_local *weft__thread_local(void)
{
    uintptr_t self, offset;
    __asm__ volatile("movq weft__thread_local_object@gottpoff(%%rip), %1\n\tmovq %%fs:0, %0"
                     : "=r"(self), "=r"(offset));
    return (struct weft__thread_local *)(self + offset);
}
#else
struct weft__thread_local *weft__thread_local(void); /* in a file of its own, behind a barrier */
#endif

#endif
