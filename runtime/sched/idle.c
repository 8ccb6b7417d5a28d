/* SPDX-License-Identifier: MIT */
#include "runtime/sched/idle.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/sched/loop.h"

bool weft__idle_membarrier(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

static void barrier(void)
{
    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

/* With the lock held. seq_cst: the change stands before what its maker looks at next. */
static void change(struct weft__idle *idle, int64_t searchers, int64_t parked)
{
    weft__fetch_add_seq_cst(&idle->word,
                            (uint64_t)(searchers * (int64_t)WEFT__IDLE_SEARCHER + parked));
}

static void send_token(struct weft_loop *loop, unsigned id)
{
    struct weft__worker *worker = &loop->workers[id];

    /* release: pairs with the acquire in unpark; orders the wake's cause before what the worker
     * does. */
    weft__store_release(&worker->token, 1);
    loop->class->wake(worker->driver);
    /* acq_rel, with settle. The token alone may let the worker, and its loop, go to their end. */
    weft__fetch_sub_acq_rel(&loop->idle.visitors, 1);
}

void weft__idle_settle(struct weft_loop *loop)
{
    /* seq_cst: see weft__loop_enter; acquires what they did. */
    for (unsigned pauses = 1; weft__load_seq_cst(&loop->idle.visitors) > 0; pauses++) {
        if (pauses % WEFT__SPIN_PAUSES == 0)
            sched_yield(); /* they may have lost their core */
        else
            weft__pause();
    }
}

static bool take_off(struct weft__idle *idle, unsigned id)
{
    for (unsigned i = 0; i < idle->sleepers; i++) {
        if (idle->sleeper[i] != id)
            continue;
        for (idle->sleepers--; i < idle->sleepers; i++)
            idle->sleeper[i] = idle->sleeper[i + 1];
        return true;
    }
    return false;
}

void weft__idle_wake_one(struct weft_loop *loop)
{
    struct weft__idle *idle = &loop->idle;
    int id = -1;

    weft__sim_point("wake one");
    weft__spin_lock(&idle->lock);
    /* relaxed: under the lock nobody else changes it. */
    if (idle->sleepers > 0 && weft__load_relaxed(&idle->word) < WEFT__IDLE_SEARCHER) {
        id = idle->sleeper[--idle->sleepers];
        change(idle, +1, -1);
        weft__fetch_add_relaxed(&idle->visitors, 1); /* relaxed: under the lock */
    }
    weft__spin_unlock(&idle->lock);
    if (id < 0)
        return;
    struct weft__worker *self = weft__self();
    if (self)
        weft__count(&self->counters.wakes, 1);
    send_token(loop, (unsigned)id);
}

/* A wake that found nothing raises the level: then at most one per 5 us << level, in cycles of 2.6
 * GHz. */
void weft__idle_wake_throttled(struct weft_loop *loop, struct weft__worker *self)
{
    /* relaxed: a statistic. */
    uint32_t level = weft__load_relaxed(&loop->idle.level);

    if (level > 0) {
        uint64_t now = weft__cpu_cycles();
        if (now - self->wake_cycles < (uint64_t)13000 << (level < 8 ? level : 8))
            return;
        self->wake_cycles = now;
    }
    weft__idle_wake_one(loop);
}

void weft__idle_wake_worker(struct weft_loop *loop, struct weft__worker *worker)
{
    struct weft__idle *idle = &loop->idle;

    weft__spin_lock(&idle->lock);
    bool sleeps = take_off(idle, worker->id);
    if (sleeps) {
        change(idle, +1, -1);
        weft__fetch_add_relaxed(&idle->visitors, 1); /* relaxed: under the lock */
    }
    weft__spin_unlock(&idle->lock);
    if (sleeps)
        send_token(loop, worker->id);
}

void weft__idle_wake_all(struct weft_loop *loop)
{
    for (unsigned i = 0; i < loop->count; i++)
        weft__idle_wake_worker(loop, &loop->workers[i]);
}

void weft__idle_search_begin(struct weft_loop *loop)
{
    weft__spin_lock(&loop->idle.lock);
    change(&loop->idle, +1, 0);
    weft__spin_unlock(&loop->idle.lock);
}

void weft__idle_search_end(struct weft_loop *loop, bool found)
{
    struct weft__idle *idle = &loop->idle;

    weft__spin_lock(&idle->lock);
    change(idle, -1, 0);
    weft__spin_unlock(&idle->lock);
    if (found && weft__idle_wanted(idle))
        weft__idle_wake_one(loop);
}

void weft__idle_park(struct weft_loop *loop, struct weft__worker *worker)
{
    struct weft__idle *idle = &loop->idle;

    weft__spin_lock(&idle->lock);
    idle->sleeper[idle->sleepers++] = (uint16_t)worker->id;
    change(idle, -1, +1);
    /* relaxed: under the lock. */
    bool last = weft__load_relaxed(&idle->word) < WEFT__IDLE_SEARCHER;
    weft__spin_unlock(&idle->lock);
    weft__sim_point("parked");
    if (last && loop->count > 1 && idle->membarrier)
        barrier();
}

bool weft__idle_unpark(struct weft_loop *loop, struct weft__worker *worker)
{
    struct weft__idle *idle = &loop->idle;

    weft__sim_point("unpark");
    weft__spin_lock(&idle->lock);
    bool withdrawn = take_off(idle, worker->id);
    if (withdrawn)
        change(idle, +1, -1);
    weft__spin_unlock(&idle->lock);
    if (withdrawn)
        return false;
    /* Somebody took us off the list and counts us as a searcher: its token is there or about to be.
     * acquire: pairs with send_token. */
    while (!weft__load_acquire(&worker->token))
        weft__pause();
    weft__store_relaxed(&worker->token, 0); /* relaxed: nobody sends another before we park again */
    return true;
}
