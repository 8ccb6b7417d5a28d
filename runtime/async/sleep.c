/* SPDX-License-Identifier: MIT */
#include "weft/time.h"

#include "runtime/base/clock.h"
#include "runtime/sched/alarm.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/suspend.h"

struct sleep_wait {
    struct weft__wait wait;
    struct weft__alarm alarm;
    struct weft_awaitable *task;
    int64_t deadline;
};

static struct weft_awaitable *ring(struct weft__alarm *alarm)
{
    weft__wake(weft__container_of(alarm, struct sleep_wait, alarm)->task);
    return NULL;
}

static void commit(struct weft_awaitable *task, struct weft__wait *wait)
{
    struct sleep_wait *w = weft__container_of(wait, struct sleep_wait, wait);
    struct weft__worker *worker = weft__self();

    w->alarm.home = &worker->timers;
    weft__wait_publish(task);
    weft__sim_point("sleep commit");
    weft__spin_lock(&worker->timers.lock);
    bool cancelled = weft__wait_tokens(task) != 0;
    if (weft__likely(!cancelled))
        weft__alarm_set_locked(&w->alarm, w->deadline);
    weft__spin_unlock(&worker->timers.lock);
    if (weft__likely(!cancelled))
        return;
    weft__wait_strike(wait);
    weft__wake(task);
}

static bool interrupt(struct weft_awaitable *task, struct weft__wait *wait, struct weft__walk *walk)
{
    (void)task;
    (void)walk;
    return weft__alarm_unset(&weft__container_of(wait, struct sleep_wait, wait)->alarm);
}

static const struct weft__wait_kind sleep_kind = {"sleep", commit, interrupt, NULL, NULL};

int weft_sleep(weft_ns_t delay)
{
    struct weft__worker *worker = weft__self();
    struct weft_awaitable *task = worker ? weft__worker_task(worker) : NULL;
    struct sleep_wait w;

    if (weft__unlikely(!task))
        return weft__no_task("sleep");
    if (delay <= 0) {
        weft__suspend_yield();
        return weft__raise(task) ? -ECANCELED : 0;
    }
    if (weft__unlikely(weft__alarm_reserve(worker) < 0))
        return -ENOMEM;
    w.wait.kind = &sleep_kind;
    w.task = task;
    w.alarm.ring = ring;
    weft__timer_init(&w.alarm.timer);
    w.deadline = weft__deadline_after(worker->loop->system->now(), delay);
    weft__suspend_wait(task, &w.wait);
    return weft__raise_in(task, &w.wait) ? -ECANCELED : 0;
}

struct sleeper {
    weft_ns_t delay;
    void *result;
};

static int body(void *arg, void **result)
{
    struct sleeper *sleeper = arg;
    int rc = weft_sleep(sleeper->delay);

    *result = sleeper->result;
    return rc;
}

static const weft_corofn_t sleep_fn = {body, "sleep", WEFT_HERE, 0, WEFT_COROFN_MAGIC};

weft_coro_t *weft_sleep_coro_at(weft_ns_t delay, void *result, const char *where)
{
    struct sleeper sleeper = {delay, result};

    return weft_coro_copy_at(&sleep_fn, &sleeper, sizeof sleeper, where);
}

weft_ns_t weft_seconds(double seconds)
{
    double ns = seconds * 1e9;

    if (seconds != seconds)
        return 0;
    if (ns >= (double)INT64_MAX)
        return WEFT_NONE;
    if (ns <= (double)INT64_MIN)
        return INT64_MIN;
    return (weft_ns_t)ns;
}
