/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "io/driver/virtual_inside.h"

/*
 * struct weft__system over simulated threads. A thread's handle is its number plus one.
 *
 * wait cannot lose a wake-up: between the look at the word and the blocking there is no point.
 */

static struct weft__virtual *here(void)
{
    struct weft__virtual *sim = weft__virtual_here();

    WEFT__ASSERT(sim, "no simulation on this thread");
    return sim;
}

static struct weft__virtual_context *context_of(struct weft__virtual *sim, weft__thread thread)
{
    WEFT__ASSERT(thread > 0 && thread <= sim->count, "no such thread");
    return sim->contexts[thread - 1];
}

static int64_t now(void)
{
    struct weft__virtual *sim = here();

    weft__virtual_point(sim, "now");
    return sim->now;
}

static int thread_start(weft__thread *thread, const char *name, void (*fn)(void *arg), void *arg)
{
    struct weft__virtual *sim = here();
    int id = -EAGAIN;

    weft__virtual_point(sim, "thread start");
    if (++sim->starts != sim->config.start_fails)
        id = weft__virtual_context_new(sim, name, fn, arg);
    if (id < 0)
        return id;
    *thread = (weft__thread)id + 1;
    weft__virtual_trace(sim, "started", (uint64_t)id, 0);
    weft__virtual_point(sim, "thread started");
    return 0;
}

static void thread_join(weft__thread thread)
{
    struct weft__virtual *sim = here();
    struct weft__virtual_context *other = context_of(sim, thread);

    weft__virtual_point(sim, "thread join");
    sim->current->joining = other;
    while (other->state != WEFT__VIRTUAL_ENDED && !sim->dead)
        weft__virtual_block(sim, "thread join", WEFT__NEVER);
    sim->current->joining = NULL;
    if (other->state == WEFT__VIRTUAL_ENDED)
        weft__virtual_context_free(other);
}

static weft__thread thread_self(void)
{
    return (weft__thread)here()->current->id + 1;
}

static void kick(weft__thread thread)
{
    struct weft__virtual *sim = here();
    struct weft__virtual_context *other = context_of(sim, thread);

    weft__virtual_quiet_point(sim, "kick");
    if (other->state == WEFT__VIRTUAL_ENDED)
        return;
    other->kick = true;
    if (other->burning)
        other->not_before = sim->now;
    weft__virtual_unblock(other);
}

static unsigned threads(void)
{
    struct weft__virtual *sim = here();
    unsigned count = 0;

    for (unsigned i = 0; i < sim->count; i++)
        count += sim->contexts[i]->state != WEFT__VIRTUAL_ENDED;
    return count;
}

static bool wait(_Atomic(uint32_t) *word, uint32_t value, int64_t deadline)
{
    struct weft__virtual *sim = here();

    weft__virtual_point(sim, "wait");
    /* acquire: as the real futex call, which orders through the kernel's lock. */
    if (weft__load_acquire(word) != value)
        return true;
    if (deadline <= sim->now)
        return false;
    if (weft__virtual_strikes(sim, WEFT__VIRTUAL_SPURIOUS_WAKE))
        return true;
    sim->current->word = word;
    bool woken = weft__virtual_block(sim, "wait", deadline);
    sim->current->word = NULL;
    return woken;
}

static void wake_all(_Atomic(uint32_t) *word)
{
    struct weft__virtual *sim = here();

    weft__virtual_point(sim, "wake all");
    for (unsigned i = 0; i < sim->count; i++)
        if (sim->contexts[i]->word == word)
            weft__virtual_unblock(sim->contexts[i]);
}

const struct weft__system weft__system_virtual = {
    .now = now,
    .thread_start = thread_start,
    .thread_join = thread_join,
    .thread_self = thread_self,
    .kick = kick,
    .threads = threads,
    .wait = wait,
    .wake_all = wake_all,
};

int weft__virtual_thread(weft__thread *thread, void (*fn)(void *arg), void *arg)
{
    return thread_start(thread, "foreign", fn, arg);
}
