/* SPDX-License-Identifier: MIT */
#include "runtime/sched/fork.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/core/slab.h"
#include "runtime/sched/loop.h"

_Atomic(uint32_t) weft__fork_count;

/* The running task's stack, or NULL. */
static struct weft__stack *task_stack(void)
{
    struct weft__worker *worker = weft__self();

    return worker && worker->stack != &worker->base ? worker->stack : NULL;
}

static void inherit(struct weft__stack *stack, int advice)
{
    /* Failing, the child faults at its first step: it has no memory to run on. */
    if (stack)
        (void)madvise(stack->limit, stack->size, advice);
}

/* The locks of the slabs and of all loops are held over the fork, so that the child finds them
 * consistent. */
static void prepare(void)
{
    inherit(task_stack(), MADV_DOFORK);
    weft__spin_lock(&weft__loops_lock);
    for (int id = 0; id < WEFT__SLAB_COUNT; id++)
        weft__spin_lock(&weft__slabs[id].lock);
}

static void unlock(void)
{
    for (int id = 0; id < WEFT__SLAB_COUNT; id++)
        weft__spin_unlock(&weft__slabs[id].lock);
    weft__spin_unlock(&weft__loops_lock);
}

static void parent(void)
{
    unlock();
    inherit(task_stack(), MADV_DONTFORK);
}

static void child(void)
{
    unlock();
    weft__fetch_add_relaxed(&weft__fork_count, 1); /* relaxed: one thread is left */
    if (weft__self())
        weft__thread_local()->forked = true;
    weft__self_set(NULL);
    weft__thread_local()->loop = NULL; /* the one that was set is dead */
    if (weft__thread_local()->mask)
        pthread_sigmask(SIG_SETMASK, weft__thread_local()->mask, NULL);
    weft__thread_local()->mask = NULL;
}

void weft__fork_end(int error)
{
    _exit(error < 0);
}

static int installed;

static void install(void)
{
    installed = pthread_atfork(prepare, parent, child) == 0 ? 0 : -ENOMEM;
}

int weft__fork_install(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, install);
    return installed;
}
