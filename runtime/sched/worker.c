/* SPDX-License-Identifier: MIT */
#include "runtime/sched/worker.h"

#include "runtime/sched/alarm.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/deadlock.h"
#include "runtime/sched/handle.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/monitor.h"
#include "runtime/sched/steal.h"
#include "runtime/sched/step.h"
#include "runtime/sched/submit.h"
#include "runtime/sched/suspend.h"

enum {
    DEQUE_CAPACITY = 1024,
    REAP_LIMIT = 256, /* completions in one turn */
    SPIN_CYCLES =
        130000, /* 50 us at 2.6 GHz: twice what waking a sleeping core takes in a virtual machine */
    SPIN_CYCLES_MIN = 5000,
    SHUFFLED = 32, /* of the oldest, one is the next */
};

int weft__worker_init(struct weft__worker *worker, struct weft_loop *loop, unsigned id)
{
    int rc;

    *worker = (struct weft__worker){.loop = loop,
                                    .idle = &loop->idle,
                                    .id = id,
                                    .solo = loop->count == 1,
                                    .ordered = loop->ordered,
                                    .shuffles = loop->seed && !loop->ordered,
                                    .watched = loop->seed != 0};
    worker->stack = &worker->base;
    worker->suspicion_ends = INT64_MAX;
    worker->spin_cycles = weft__cpu_count() > 1 && !loop->seed ? SPIN_CYCLES : 0;
    weft__random_seed(&worker->random, loop->seed + id + 1);
    weft__mpsc_init(&worker->mail);
    weft__mpsc_init(&worker->asks);
    weft__timers_init(&worker->timers);
    weft__stack_cache_init(&worker->stacks, &loop->stack_pool);
    rc = weft__deque_init(&worker->deque, id, DEQUE_CAPACITY, worker->solo, !loop->idle.membarrier);
    if (rc < 0)
        return rc;
    rc = loop->class->open(&worker->driver, id, loop->count);
    if (rc < 0)
        weft__deque_destroy(&worker->deque);
    else
        worker->driver->owner = worker;
    return rc;
}

void weft__worker_destroy(struct weft__worker *worker)
{
    worker->loop->class->close(worker->driver);
    worker->driver = NULL;
    weft__stack_cache_flush(&worker->stacks);
    weft__timers_destroy(&worker->timers);
    weft__deque_destroy(&worker->deque);
}

/* ---- the turn ---- */

/* What it seldom has to do is not inlined: the turn would save registers for it each time. */

static bool has_operations(struct weft__driver *driver)
{
    /* relaxed: our own submissions are seen; a completion counted late costs one look. */
    return weft__load_relaxed(&driver->counters.submissions) !=
           weft__load_relaxed(&driver->counters.completions);
}

static unsigned reap(struct weft__driver *driver)
{
    unsigned n = 0;

    if (driver->class->ready(driver) && weft__spin_try(&driver->completion_lock)) {
        n = driver->class->reap(driver, REAP_LIMIT);
        weft__spin_unlock(&driver->completion_lock);
    }
    return n;
}

static WEFT__NOINLINE void take_injector(struct weft__worker *worker)
{
    weft__entry e = weft__mpsc_take(&worker->loop->injector, WEFT__MPSC_EMPTY);

    while (e) {
        weft__entry next = weft__entry_link(e)->next;
        weft__submit_local(worker, e);
        e = next;
    }
}

static WEFT__NOINLINE void take_mail(struct weft__worker *worker)
{
    weft__entry e = weft__mpsc_take(&worker->mail, WEFT__MPSC_EMPTY);

    while (e) {
        weft__entry next = weft__entry_link(e)->next;
        weft__submit_pinned(worker, e);
        e = next;
    }
}

void weft__worker_take_asks(struct weft__worker *worker, bool flushed)
{
    weft__entry e = weft__mpsc_take(&worker->asks, WEFT__MPSC_EMPTY);

    while (e) {
        struct weft_awaitable *task = weft__entry_object(e);
        e = weft__entry_link(e)->next;
        /* seq_cst: cleared before the look at the tokens: a cancel that comes later asks anew. */
        weft__store_seq_cst(&task->asked, 0);
        weft__interrupt(task, flushed, NULL);
        weft__awaitable_unref(task, 1);
    }
}

static WEFT__NOINLINE void take_signals(struct weft_loop *loop)
{
    /* acq_rel: acquire what the handler counted; whoever gets it delivers. */
    if (weft__exchange_acq_rel(&loop->signalled, false))
        loop->deliver_signals(loop);
}

/* How many entries the seed chooses among. */
static uint32_t choice(struct weft__worker *worker)
{
    uint64_t length = weft__deque_length(&worker->deque);

    return length < SHUFFLED ? (uint32_t)length : SHUFFLED;
}

bool weft__worker_stays(struct weft__worker *worker)
{
    uint32_t others = worker->shuffles && !worker->strand ? choice(worker) : 0;

    return others && weft__random_below(&worker->random, others + 1) == 0;
}

/* Some of the oldest go to the end. */
static void shuffle(struct weft__worker *worker)
{
    uint32_t most = choice(worker);
    weft__entry e;

    for (uint32_t n = most ? weft__random_below(&worker->random, most) : 0; n > 0; n--) {
        if ((e = weft__deque_take(&worker->deque)))
            weft__submit_local(worker, e);
    }
}

/* Where the seed decides: if it chooses the order, a tick has one step, and before that some of the
 * oldest go to the end. */
static uint64_t seeded_mark(struct weft__worker *worker)
{
    (void)worker->loop->system->now(); /* the simulation may let another thread run */
    if (!worker->shuffles)
        return weft__deque_mark(&worker->deque);
    shuffle(worker);
    return weft__deque_mark_first(&worker->deque);
}

/* The end of a turn of a worker that is watched, or is to be. */
static WEFT__NOINLINE uint64_t watched_mark(struct weft__worker *worker)
{
    struct weft_loop *loop = worker->loop;
    uint64_t mark = loop->seed ? seeded_mark(worker) : weft__deque_mark(&worker->deque);

    worker->debug = weft__load_relaxed(&loop->debug); /* relaxed: a switch */
    worker->watched = worker->debug || loop->seed;
    if (worker->debug)
        weft__step_begin(worker);
    return mark;
}

void weft__worker_turn(struct weft__worker *worker)
{
    weft__sim_point("turn"); /* tasks that yield until another worker has done something */
    weft__count(&worker->turns, 1);
    /* relaxed: if the monitor's zero is lost, it comes again. */
    weft__store_relaxed(&worker->budget, WEFT__WORKER_BUDGET);
    if (weft__unlikely(weft__load_relaxed(&worker->stuck)))
        weft__store_relaxed(&worker->stuck, false); /* relaxed: helpers only come in vain */
    /* relaxed: seen by the next turn at the latest. */
    if (weft__unlikely(weft__load_relaxed(&worker->loop->signalled)))
        take_signals(worker->loop);
    if (has_operations(worker->driver)) {
        worker->loop->class->flush(worker->driver);
        reap(worker->driver);
    }
    if (weft__timers_first(&worker->timers) != WEFT__TIMERS_NEVER)
        weft__alarm_expire(&worker->timers, worker->loop->system->now());
    if (!weft__mpsc_is_empty(&worker->loop->injector))
        take_injector(worker);
    if (!weft__mpsc_is_empty(&worker->mail))
        take_mail(worker);
    if (!weft__mpsc_is_empty(&worker->asks)) {
        worker->loop->class->flush(worker->driver);
        weft__worker_take_asks(worker, !worker->loop->class->owes(worker->driver));
    }
    /* relaxed: a switch. */
    if (weft__unlikely(worker->watched || weft__load_relaxed(&worker->loop->debug)))
        worker->mark = watched_mark(worker);
    else
        worker->mark = weft__deque_mark(&worker->deque);
}

/* ---- what runs next ---- */

static weft__entry next_pinned(struct weft__worker *worker)
{
    weft__entry e = worker->pinned_first;

    worker->pinned_turn = !worker->pinned_turn;
    if (!worker->pinned_turn && weft__deque_peek(&worker->deque, 0))
        return 0;
    worker->pinned_first = weft__entry_link(e)->next;
    if (!worker->pinned_first)
        worker->pinned_last = NULL;
    return e;
}

/* The held strand's next step, while its budget lasts; else it is left. */
static weft__entry next_in_strand(struct weft__worker *worker)
{
    weft__entry e = 0;

    if (worker->strand_budget-- > 0)
        e = weft__strand_next(worker->strand);
    if (!e) {
        worker->leaving = worker->strand;
        worker->strand = NULL;
    }
    return e;
}

weft__entry weft__worker_again(struct weft__worker *worker, struct weft_strand *strand)
{
    worker->strand = strand;
    worker->strand_budget = WEFT__STRAND_BUDGET;
    return weft__strand_next(strand);
}

weft__entry weft__worker_next(struct weft__worker *worker)
{
    weft__entry e;

    if (weft__unlikely(worker->strand != NULL) && (e = next_in_strand(worker)))
        return e;
    for (bool turned = false;; turned = true) { /* turned: what is empty then is empty */
        if (weft__deque_passed(&worker->deque, worker->mark)) {
            /* relaxed: seen at the latest when the worker, without work, looks with acquire. */
            if (weft__unlikely(weft__load_relaxed(&worker->loop->stop)))
                return 0;
            weft__worker_turn(worker);
            turned = true;
        }
        if (weft__unlikely(worker->pinned_first != 0) && (e = next_pinned(worker)))
            return e;
        e = weft__deque_take(&worker->deque);
        if (weft__unlikely(!e) && !turned) {
            worker->mark = 0; /* bottom may have fallen below it (deque.h): the tick is over */
            continue;
        }
        if (weft__likely(weft__entry_tag(e) != WEFT__ENTRY_STRAND))
            return e; /* or 0 */
        /* A strand that the running step is leaving is not released yet: it cannot be this one. */
        if ((e = weft__worker_again(worker, weft__entry_object(e))))
            return e;
        weft__strand_release(worker->strand);
        worker->strand = NULL;
    }
}

/* ---- nothing to run: search, spin, park ---- */

static bool stopping(struct weft__worker *worker)
{
    /* acquire: pairs with the release in stop. */
    return weft__load_acquire(&worker->loop->stop);
}

/* The second look of idle.h: everything that could be there. */
static bool anything(struct weft__worker *worker)
{
    struct weft_loop *loop = worker->loop;

    /* Its own too: the reap before the look may have woken some. Not a peek: the oldest slot may be
     * one that a thief has emptied. */
    if (worker->pinned_first || weft__deque_length(&worker->deque) > 0 || stopping(worker) ||
        weft__load_acquire(&loop->signalled) || !weft__mpsc_is_empty(&loop->injector) ||
        !weft__mpsc_is_empty(&worker->mail) || !weft__mpsc_is_empty(&worker->asks) ||
        loop->class->ready(worker->driver))
        return true;
    for (unsigned i = 0; i < loop->count; i++) {
        struct weft__worker *other = &loop->workers[i];
        if (other != worker && weft__deque_has_work(&other->deque, &worker->look))
            return true;
    }
    return false;
}

/* As weft__worker_next, from the base, where there is nothing to commit before a strand is let
 * go. */
static weft__entry base_next(struct weft__worker *worker)
{
    for (;;) {
        weft__entry e = weft__worker_next(worker);
        bool left = worker->leaving != NULL;
        weft__worker_let_go(worker);
        if (e || !left)
            return e;
    }
}

static int64_t park_deadline(struct weft__worker *worker)
{
    int64_t timer = weft__timers_first(&worker->timers);
    int64_t trim = weft__stack_pool_trim(&worker->loop->stack_pool, worker->loop->system->now());

    if (weft__unlikely(weft__deadlock_possible(worker->loop, worker->loop->count)))
        worker->suspicion_ends = worker->loop->system->now() + WEFT__DEADLOCK_AFTER;
    if (timer > worker->suspicion_ends)
        timer = worker->suspicion_ends;
    return timer < trim ? timer : trim;
}

/* After a park that ended by itself: is still nothing under way? */
static void look_closely(struct weft__worker *worker, bool sent_for)
{
    struct weft_loop *loop = worker->loop;
    int64_t end = worker->suspicion_ends;

    worker->suspicion_ends = INT64_MAX;
    if (weft__unlikely(end != INT64_MAX) && !sent_for && loop->system->now() >= end &&
        weft__deadlock_possible(loop, loop->count - 1))
        weft__deadlock_look(loop);
}

/* Searching, on entry and on return. True: somebody sent for us. */
static bool park(struct weft__worker *worker)
{
    struct weft_loop *loop = worker->loop;
    struct weft__driver *driver = worker->driver;

    /* Ours until we are back: no helper may eat the completion that wakes us. */
    weft__spin_lock(&driver->completion_lock);
    if (driver->class->ready(driver)) /* also a wake-up that came too late to end a park */
        driver->class->reap(driver, REAP_LIMIT);
    weft__idle_park(loop, worker);
    if (!anything(worker)) {
        weft__count(&worker->counters.parks, 1);
        weft__store_relaxed(&worker->parked,
                            true); /* relaxed: for the monitor, who only looks again */
        driver->class->park(driver, park_deadline(worker));
        weft__store_relaxed(&worker->parked, false);
    }
    weft__spin_unlock(&driver->completion_lock);
    bool sent_for = weft__idle_unpark(loop, worker);
    weft__monitor_nudge(loop);
    look_closely(worker, sent_for);
    return sent_for;
}

static weft__entry look_around(struct weft__worker *worker)
{
    weft__entry e = base_next(worker);

    if (!e && !worker->solo && weft__steal(worker))
        e = base_next(worker);
    return e;
}

/* For a while, as waking from the kernel takes longer than most pauses. What is learnt: a search
 * that found nothing halves the next one, one that found something restores it. */
static weft__entry spin(struct weft__worker *worker)
{
    uint64_t start = weft__cpu_cycles();
    weft__entry e;

    do {
        if ((e = look_around(worker)) || stopping(worker)) {
            if (worker->spin_cycles)
                worker->spin_cycles = SPIN_CYCLES;
            return e;
        }
        for (int i = 0; i < 16; i++)
            weft__pause();
    } while (weft__cpu_cycles() - start < worker->spin_cycles);
    if (worker->spin_cycles > SPIN_CYCLES_MIN)
        worker->spin_cycles /= 2;
    return 0;
}

/* relaxed: the throttle's level is a statistic. */
static void learn(struct weft_loop *loop, bool sent_for, bool found)
{
    uint32_t level = weft__load_relaxed(&loop->idle.level);

    if (sent_for && !found && level < 16)
        weft__store_relaxed(&loop->idle.level, level + 1);
    else if (sent_for && found && level)
        weft__store_relaxed(&loop->idle.level, 0);
}

/* Something to run, or 0: the loop stops. */
static weft__entry find(struct weft__worker *worker)
{
    struct weft_loop *loop = worker->loop;
    weft__entry e = base_next(worker);
    bool sent_for = false;

    if (e || stopping(worker))
        return e;
    weft__idle_search_begin(loop);
    for (;;) {
        e = spin(worker);
        learn(loop, sent_for, e != 0);
        if (e || stopping(worker))
            break;
        sent_for = park(worker);
    }
    weft__idle_search_end(loop, e != 0);
    return e;
}

/* ---- the base ---- */

static void run_entry(struct weft__worker *worker, weft__entry e)
{
    if (weft__unlikely(worker->debug))
        weft__step_begin(worker);
    if (weft__entry_tag(e) == WEFT__ENTRY_HANDLE)
        weft__handle_run(weft__entry_object(e));
    else if (weft__entry_tag(e) == WEFT__ENTRY_WAITER)
        weft__waiter_tell(weft__entry_object(e));
    else
        weft__suspend_base(worker, e);
}

enum { NUMBERS = 1024 };

void weft__worker_take_numbers(struct weft__worker *worker)
{
    uint32_t last = weft__task_numbers_take(NUMBERS);
    uint64_t spawned = weft__load_relaxed(&worker->counters.spawned); /* relaxed: its own */

    worker->numbers = last - NUMBERS + 1 - (uint32_t)spawned;
    worker->numbers_end = spawned + NUMBERS;
}

/* So that in one loop after the other, each of one worker, they go on as if one by one. */
static void give_numbers_back(struct weft__worker *worker)
{
    uint64_t spawned = weft__load_relaxed(&worker->counters.spawned); /* relaxed: its own */
    uint32_t last = worker->numbers + (uint32_t)worker->numbers_end - 1;

    if (spawned < worker->numbers_end &&
        weft__task_numbers_give_back(last, worker->numbers + (uint32_t)spawned))
        worker->numbers_end = spawned;
}

void weft__worker_run(struct weft__worker *worker)
{
    weft__entry e;

    weft__san_adopt(&worker->base.san);
    worker->errno_address = &errno;
    weft__worker_turn(worker);
    do {
        e = worker->handed;
        worker->handed = 0;
        if (!e)
            e = find(worker);
        if (e)
            run_entry(worker, e);
    } while (e);
    weft__worker_let_go(worker);
    give_numbers_back(worker);
    worker->loop->class->flush(worker->driver);
}
