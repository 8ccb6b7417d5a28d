/* SPDX-License-Identifier: MIT */
#include "runtime/sched/monitor.h"

#include "runtime/sched/idle.h"

enum {
    PERIOD_NS = 1000 * 1000,
    QUIET_LOOKS = 1000, /* a second */
};

static bool all_parked(struct weft_loop *loop)
{
    /* seq_cst: see weft__monitor_nudge. */
    return (weft__load_seq_cst(&loop->idle.word) & WEFT__IDLE_PARKED) == loop->count;
}

static bool has_leftovers(struct weft__worker *worker, int64_t now)
{
    return worker->driver->class->ready(worker->driver) ||
           weft__timers_first(&worker->timers) <= now || weft__deque_length(&worker->deque) > 0 ||
           !weft__mpsc_is_empty(&worker->asks);
}

static void kick(struct weft_loop *loop, struct weft__worker *worker)
{
    weft__spin_lock(&loop->lock);
    if (worker->thread) {
        weft__fetch_add_relaxed(&loop->kicks, 1);
        loop->system->kick(worker->thread);
    }
    weft__spin_unlock(&loop->lock);
}

static void look_at(struct weft_loop *loop, struct weft__worker *worker, uint64_t *last_turns)
{
    uint64_t turns = weft__load_relaxed(&worker->turns); /* relaxed: only whether it moves */
    struct weft__driver *driver = worker->driver;

    if (turns != *last_turns || weft__load_relaxed(&worker->parked)) {
        *last_turns = turns;
        return;
    }
    weft__store_relaxed(&worker->budget, 0); /* relaxed: seen at one of the next awaits */
    if (driver->class->owes(driver))
        kick(loop, worker);
    if (!has_leftovers(worker, loop->system->now()))
        return;
    weft__store_relaxed(&worker->stuck,
                        true); /* relaxed: the try-locks decide what a helper may do */
    if (weft__idle_wanted(&loop->idle))
        weft__idle_wake_one(loop);
}

/* Sleeps until a worker comes out, or the loop closes. */
static void sleep_all_quiet(struct weft_loop *loop)
{
    weft__store_seq_cst(&loop->monitor_word, WEFT__MONITOR_ASLEEP);
    while (weft__load_seq_cst(&loop->monitor_word) == WEFT__MONITOR_ASLEEP && all_parked(loop) &&
           !weft__load_acquire(&loop->closing))
        loop->system->wait(&loop->monitor_word, WEFT__MONITOR_ASLEEP, INT64_MAX);
    weft__store_seq_cst(&loop->monitor_word, WEFT__MONITOR_AWAKE);
}

/* A loop that does not run has nothing to look at: its workers wait for the next epoch. */
static bool running(struct weft_loop *loop)
{
    return weft__load_acquire(&loop->epoch) & 1;
}

static void monitor_main(void *arg)
{
    struct weft_loop *loop = arg;
    uint64_t last_turns[WEFT_WORKERS_MAX] = {0};
    unsigned quiet = 0;

    while (!weft__load_acquire(&loop->closing)) {
        loop->system->wait(&loop->monitor_word, WEFT__MONITOR_AWAKE,
                           loop->system->now() + PERIOD_NS);
        if (!running(loop)) {
            uint32_t epoch = weft__load_acquire(&loop->epoch);
            if (!(epoch & 1) && !weft__load_acquire(&loop->closing))
                loop->system->wait(&loop->epoch, epoch, INT64_MAX);
            continue;
        }
        weft__store_relaxed(&loop->idle.level, 0); /* relaxed: the throttle forgets */
        if (weft__load_relaxed(&loop->signalled) && weft__idle_wanted(&loop->idle))
            weft__idle_wake_one(loop); /* worker 0, which was told, is stuck */
        for (unsigned i = 0; i < loop->count; i++)
            look_at(loop, &loop->workers[i], &last_turns[i]);
        quiet = all_parked(loop) ? quiet + 1 : 0;
        if (quiet >= QUIET_LOOKS) {
            sleep_all_quiet(loop);
            quiet = 0;
        }
    }
}

int weft__monitor_start(struct weft_loop *loop)
{
    return loop->system->thread_start(&loop->monitor, "weft-monitor", monitor_main, loop);
}

void weft__monitor_wake(struct weft_loop *loop)
{
    weft__store_seq_cst(&loop->monitor_word, WEFT__MONITOR_AWAKE);
    loop->system->wake_all(&loop->monitor_word);
}

void weft__monitor_stop(struct weft_loop *loop)
{
    if (!loop->monitor)
        return;
    weft__monitor_wake(loop);
    loop->system->wake_all(&loop->epoch);
    loop->system->thread_join(loop->monitor);
    loop->monitor = 0;
}
