/* SPDX-License-Identifier: MIT */
#include "runtime/sched/steal.h"

#include "runtime/sched/alarm.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/submit.h"

enum {
    PATIENCE_CYCLES = 3000, /* about 1 us: how long a victim's last entry must have stood still */
    REAP_LIMIT = 64,
};

static bool steal_from(struct weft__worker *thief, struct weft__worker *victim)
{
    uint64_t now = weft__cpu_cycles();
    uint64_t n = weft__deque_length(&victim->deque) / 2;
    weft__entry e;
    bool found = false;

    do {
        e = weft__deque_steal(&victim->deque, &thief->look, now, PATIENCE_CYCLES);
        if (!e)
            break;
        found = true;
        weft__count(&thief->counters.steals, 1);
        weft__submit_local(thief, e);
    } while (n-- > 1);
    return found;
}

static void help(struct weft__worker *self, struct weft__worker *victim)
{
    struct weft__driver *driver = victim->driver;

    if (driver->class->ready(driver) && weft__spin_try(&driver->completion_lock)) {
        unsigned n = driver->class->reap(driver, REAP_LIMIT);
        weft__spin_unlock(&driver->completion_lock);
        weft__count(&self->counters.helper_reaps, n);
    }
    if (weft__timers_first(&victim->timers) != WEFT__TIMERS_NEVER)
        weft__alarm_expire(&victim->timers, self->loop->system->now());
    if (!weft__mpsc_is_empty(&victim->asks) && !driver->class->owes(driver))
        weft__worker_take_asks(victim, false);
}

static bool visit(struct weft__worker *thief, struct weft__worker *victim)
{
    if (steal_from(thief, victim))
        return true;
    /* relaxed: the monitor's opinion; the try-locks decide. */
    if (weft__load_relaxed(&victim->stuck))
        help(thief, victim);
    return weft__deque_peek(&thief->deque, 0) != 0;
}

bool weft__steal(struct weft__worker *thief)
{
    struct weft_loop *loop = thief->loop;
    unsigned start = (unsigned)weft__random_below(&thief->random, loop->count);

    for (unsigned i = 0; i < loop->count; i++) {
        struct weft__worker *victim = &loop->workers[(start + i) % loop->count];
        if (victim != thief && visit(thief, victim))
            return true;
    }
    return false;
}
