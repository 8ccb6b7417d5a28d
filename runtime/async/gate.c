/* SPDX-License-Identifier: MIT */
#include "runtime/async/gate.h"

#include "weft/time.h"
#include "runtime/base/sim.h"
#include "runtime/sched/alarm.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/suspend.h"

struct gate_wait {
    struct weft__wait wait;
    struct weft__alarm alarm;
    struct weft__gate *gate;
    weft__gate_abandon_t *abandon;
    bool expired; /* under the gate's lock */
};

struct weft_awaitable *weft__gate_rouse(struct weft__gate *gate)
{
    struct weft_awaitable *task = gate->waiting;

    gate->waiting = NULL;
    return task;
}

struct weft_awaitable *weft__gate_open(struct weft__gate *gate)
{
    gate->open = true;
    return weft__gate_rouse(gate);
}

/* Whether we took it out, and so have to wake it. */
static bool take_out(struct weft__gate *gate)
{
    bool waits;

    weft__spin_lock(&gate->lock);
    waits = weft__gate_rouse(gate) != NULL;
    weft__spin_unlock(&gate->lock);
    return waits;
}

static struct weft_awaitable *ring(struct weft__alarm *alarm)
{
    struct gate_wait *w = weft__container_of(alarm, struct gate_wait, alarm);
    struct weft_awaitable *task;

    weft__spin_lock(&w->gate->lock);
    task = weft__gate_rouse(w->gate);
    w->expired = true;
    weft__spin_unlock(&w->gate->lock);
    if (task)
        weft__wake(task);
    return NULL;
}

static void commit(struct weft_awaitable *task, struct weft__wait *wait)
{
    struct gate_wait *w = weft__container_of(wait, struct gate_wait, wait);
    struct weft__gate *gate = w->gate;
    bool goes_on;

    weft__wait_publish(task);
    weft__sim_point("gate commit");
    weft__spin_lock(&gate->lock);
    goes_on = gate->open || w->expired;
    if (!goes_on && weft__wait_tokens(task)) {
        weft__wait_strike(wait);
        goes_on = true;
    }
    if (!goes_on)
        gate->waiting = task;
    weft__spin_unlock(&gate->lock);
    if (goes_on)
        weft__wake(task);
}

static bool interrupt(struct weft_awaitable *task, struct weft__wait *wait, struct weft__walk *walk)
{
    (void)task;
    (void)walk;
    return take_out(weft__container_of(wait, struct gate_wait, wait)->gate);
}

static void abandon(struct weft_awaitable *task, struct weft__wait *wait)
{
    struct gate_wait *w = weft__container_of(wait, struct gate_wait, wait);

    (void)task;
    w->abandon(w->gate);
}

static const struct weft__wait_kind gate_kind = {"gate", commit, interrupt, abandon, NULL};

int weft__gate_wait(struct weft__gate *gate, int64_t deadline, weft__gate_abandon_t *abandon_)
{
    struct weft__worker *worker = weft__self();
    struct weft_awaitable *task = weft__worker_task(worker);
    struct gate_wait w = {.wait = {.kind = &gate_kind, .of_several = gate->of_several},
                          .alarm.ring = ring,
                          .gate = gate,
                          .abandon = abandon_};
    bool open;

    weft__timer_init(&w.alarm.timer);
    if (deadline != WEFT_NONE && weft__alarm_set(worker, &w.alarm, deadline) < 0)
        return -ENOMEM;
    weft__suspend_wait(task, &w.wait);
    weft__alarm_unset(&w.alarm);
    if (weft__raise_in(task, &w.wait))
        return -ECANCELED;
    weft__spin_lock(&gate->lock);
    open = gate->open;
    weft__spin_unlock(&gate->lock);
    return open ? 0 : -ETIMEDOUT;
}
