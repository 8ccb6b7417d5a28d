/* SPDX-License-Identifier: MIT */
#include "runtime/sched/alarm.h"

#include "runtime/sched/cancel.h"

int weft__alarm_reserve(struct weft__worker *worker)
{
    int rc;

    weft__spin_lock(&worker->timers.lock);
    rc = weft__timers_reserve(&worker->timers);
    weft__spin_unlock(&worker->timers.lock);
    return rc;
}

void weft__alarm_set_locked(struct weft__alarm *alarm, int64_t deadline)
{
    weft__timer_init(&alarm->timer);
    alarm->timer.deadline = deadline;
    weft__timers_add(alarm->home, &alarm->timer);
}

int weft__alarm_set(struct weft__worker *worker, struct weft__alarm *alarm, int64_t deadline)
{
    int rc;

    alarm->home = &worker->timers;
    weft__spin_lock(&worker->timers.lock);
    rc = weft__timers_reserve(&worker->timers);
    if (rc == 0)
        weft__alarm_set_locked(alarm, deadline);
    weft__spin_unlock(&worker->timers.lock);
    return rc;
}

bool weft__alarm_unset(struct weft__alarm *alarm)
{
    struct weft__timers *home = alarm->home;
    bool unset;

    if (!home)
        return false;
    weft__spin_lock(&home->lock);
    unset = weft__timers_remove(home, &alarm->timer);
    weft__spin_unlock(&home->lock);
    return unset;
}

void weft__alarm_expire(struct weft__timers *timers, int64_t now)
{
    struct weft__timer *timer;

    if (weft__timers_first(timers) > now || !weft__spin_try(&timers->lock))
        return;
    while ((timer = weft__timers_due(timers, now))) {
        struct weft__alarm *alarm = weft__container_of(timer, struct weft__alarm, timer);
        struct weft_awaitable *task = alarm->ring(alarm);
        if (!task)
            continue;
        weft__spin_unlock(&timers->lock);
        weft__interrupt(task, false, NULL);
        weft__awaitable_unref(task, 1);
        weft__spin_lock(&timers->lock);
    }
    weft__spin_unlock(&timers->lock);
}
