/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "io/driver/virtual_inside.h"
#include "runtime/base/thread_local.h"
#include "runtime/core/context.h"

/*
 * Simulated threads and the clock.
 *
 * The scheduler of threads has no loop of its own: whoever stops running picks the next context and
 * switches to it. A context may be on a task's stack when that happens; so at each switch it is
 * noted anew for the sanitizers on which stack it stands.
 *
 * Deadlines need no queue: a blocked context whose deadline has passed counts among those that can
 * run, and finds out when it is picked.
 */

enum {
    STACK_BYTES = 256 * 1024,
    GUARD_BYTES = 4096,
    STALL_NS = 5 * 1000 * 1000,
};

/* ---- switching ---- */

static void exchange_thread_locals(struct weft__virtual_context *from,
                                   const struct weft__virtual_context *to)
{
    struct weft__thread_local *mine = weft__thread_local();

    from->worker = mine->worker;
    from->loop = mine->loop;
    from->vars = mine->vars;
    mine->worker = to->worker;
    mine->loop = to->loop;
    mine->vars = to->vars;
}

static WEFT__NOINLINE void switch_to(struct weft__virtual *sim, struct weft__virtual_context *to)
{
    struct weft__virtual_context *from = sim->current;
    bool dying = from->state == WEFT__VIRTUAL_ENDED;

    from->saved_errno = errno;
    exchange_thread_locals(from, to);
    sim->current = to;
    weft__san_adopt(&from->san);
    weft__san_switch_begin(&from->san, &to->san, dying);
    weft__context_switch(&from->sp, to->sp, (uintptr_t)to);
    weft__san_switch_end(&from->san);
    errno = from->saved_errno;
}

/* As a signal would, before the thread goes on with what it was doing. */
static void deliver_kick(struct weft__virtual *sim)
{
    struct weft__virtual_context *me = sim->current;

    while (me->kick && !sim->dead) {
        me->kick = false;
        sim->faults[WEFT__VIRTUAL_KICKED]++;
        weft__virtual_trace(sim, "kicked", 0, 0);
        me->masked++;
        if (me->driver)
            me->driver->driver.class->kicked(&me->driver->driver);
        me->masked--;
    }
}

static void run(struct weft__virtual *sim, struct weft__virtual_context *to)
{
    if (to->state == WEFT__VIRTUAL_BLOCKED) {
        to->state = WEFT__VIRTUAL_RUNNABLE;
        to->timed_out = true;
    }
    if (to != sim->current) {
        weft__virtual_trace(sim, "switch", to->id, 0);
        switch_to(sim, to);
    }
    deliver_kick(sim);
}

/* ---- who runs next, and when ---- */

static int64_t runs_at(const struct weft__virtual_context *c)
{
    if (c->state == WEFT__VIRTUAL_RUNNABLE)
        return c->not_before;
    return c->state == WEFT__VIRTUAL_BLOCKED ? c->deadline : WEFT__NEVER;
}

static bool can_run(const struct weft__virtual *sim, const struct weft__virtual_context *c)
{
    return runs_at(c) <= sim->now;
}

/* One of those that can run, each as likely; never [except]. */
static struct weft__virtual_context *pick(struct weft__virtual *sim,
                                          const struct weft__virtual_context *except)
{
    uint32_t n = 0;

    for (unsigned i = 0; i < sim->count; i++)
        n += sim->contexts[i] != except && can_run(sim, sim->contexts[i]);
    if (n == 0)
        return NULL;
    n = (uint32_t)weft__virtual_random(sim, n);
    for (unsigned i = 0;; i++)
        if (sim->contexts[i] != except && can_run(sim, sim->contexts[i]) && n-- == 0)
            return sim->contexts[i];
}

static int64_t earliest(const struct weft__virtual *sim)
{
    int64_t time = sim->next_event;

    for (unsigned i = 0; i < sim->count; i++) {
        int64_t at = runs_at(sim->contexts[i]);
        if (at < time)
            time = at;
    }
    return time;
}

/* Of a dead simulation only context 0 goes on, with whatever it waited for. */
static void stuck(struct weft__virtual *sim, const char *why)
{
    struct weft__virtual_context *first = sim->contexts[0];

    weft__virtual_stuck(sim, why);
    first->state = WEFT__VIRTUAL_RUNNABLE;
    run(sim, first);
}

/* Lets some context run, which may be the current one if it can. */
static void reschedule(struct weft__virtual *sim)
{
    struct weft__virtual_context *to;

    while (!(to = pick(sim, NULL))) {
        int64_t time = earliest(sim);
        if (time == WEFT__NEVER) {
            stuck(sim, "deadlock");
            return;
        }
        sim->now = time;
        weft__virtual_kernel(sim);
    }
    run(sim, to);
}

static bool out_of_limits(struct weft__virtual *sim)
{
    return sim->steps > sim->config.step_limit ||
           (sim->config.time_limit && sim->now - WEFT__SECOND > sim->config.time_limit);
}

static void stall(struct weft__virtual *sim)
{
    struct weft__virtual_context *me = sim->current;

    me->not_before = sim->now + weft__virtual_random(sim, STALL_NS);
    reschedule(sim);
}

static void spin(struct weft__virtual *sim)
{
    struct weft__virtual_context *to = pick(sim, sim->current);

    if (to)
        run(sim, to);
}

static void step(struct weft__virtual *sim, const char *what, bool may_switch)
{
    struct weft__virtual_context *me = sim->current;
    bool spins = what[0] == 's' && what[1] == 'p' && what[2] == 'i' && what[3] == 'n' && !what[4];

    if (sim->dead)
        return;
    sim->steps++;
    /* A spin loop pauses: fewer, longer steps, so that waiting for time to pass is cheap. */
    if (!sim->config.still)
        sim->now += (spins ? 900 : 50) + weft__virtual_random(sim, 100);
    me->at = what;
    weft__virtual_trace(sim, what, 0, 0);
    if (sim->next_event <= sim->now)
        weft__virtual_kernel(sim);
    if (me->masked || !may_switch)
        return;
    if (out_of_limits(sim))
        stuck(sim, "limit reached");
    else if (spins)
        spin(sim);
    else if (weft__virtual_strikes(sim, WEFT__VIRTUAL_STALL))
        stall(sim);
    else if (weft__virtual_random(sim, sim->config.switch_one_in) == 0)
        reschedule(sim);
}

void weft__virtual_point(struct weft__virtual *sim, const char *what)
{
    step(sim, what, true);
}

void weft__virtual_quiet_point(struct weft__virtual *sim, const char *what)
{
#ifdef WEFT_SIM
    step(sim, what, true);
#else
    step(sim, what, false);
#endif
}

#ifdef WEFT_SIM
static void hook(const char *point)
{
    struct weft__virtual *sim = weft__virtual_here();

    if (sim)
        step(sim, point, true);
}

void (*weft__sim_hook)(const char *point) = hook;
#endif

/* ---- blocking ---- */

bool weft__virtual_block(struct weft__virtual *sim, const char *what, int64_t deadline)
{
    struct weft__virtual_context *me = sim->current;

    if (sim->dead)
        return true;
    me->at = what;
    me->state = WEFT__VIRTUAL_BLOCKED;
    me->deadline = deadline;
    me->timed_out = false;
    weft__virtual_trace(sim, what, 0, deadline);
    reschedule(sim);
    return !me->timed_out;
}

void weft__virtual_unblock(struct weft__virtual_context *context)
{
    if (context->state == WEFT__VIRTUAL_BLOCKED)
        context->state = WEFT__VIRTUAL_RUNNABLE;
}

void weft__virtual_burn(int64_t ns)
{
    struct weft__virtual *sim = weft__virtual_here();
    struct weft__virtual_context *me = sim->current;
    int64_t until = weft__deadline_after(sim->now, ns);

    me->at = "burn";
    while (sim->now < until && !sim->dead) {
        me->burning = true;
        me->not_before = until;
        reschedule(sim);
        me->burning = false;
    }
}

uint64_t weft__virtual_cycles(void)
{
    const struct weft__virtual *sim = weft__virtual_here();

    return (uint64_t)(sim ? sim->now : weft__clock_now()) / 5 * 13;
}

/* ---- the life of a context ---- */

static void end(struct weft__virtual *sim)
{
    struct weft__virtual_context *me = sim->current;

    me->state = WEFT__VIRTUAL_ENDED;
    me->driver = NULL;
    weft__virtual_trace(sim, "end", 0, 0);
    for (unsigned i = 0; i < sim->count; i++)
        if (sim->contexts[i]->joining == me)
            weft__virtual_unblock(sim->contexts[i]);
    reschedule(sim);
}

static _Noreturn void entry(uintptr_t value)
{
    struct weft__virtual_context *me = (struct weft__virtual_context *)value;
    struct weft__virtual *sim = weft__virtual_here();

    weft__san_switch_end(&me->san);
    errno = 0;
    deliver_kick(sim);
    me->fn(me->arg);
    end(sim);
    weft__die("an ended context runs again");
}

static int make_stack(struct weft__virtual_context *c)
{
    char *memory = mmap(NULL, STACK_BYTES + GUARD_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED)
        return -ENOMEM;
    if (mprotect(memory, GUARD_BYTES, PROT_NONE) < 0) {
        munmap(memory, STACK_BYTES + GUARD_BYTES);
        return -ENOMEM;
    }
    char *low = memory + GUARD_BYTES, *high = low + STACK_BYTES;
    weft__san_unpoison(low, high);
    weft__san_make(&c->own, low, high);
    c->san = c->own;
    c->memory = memory;
    c->sp = weft__context_make(high, entry);
    return 0;
}

static int make_room(struct weft__virtual *sim)
{
    unsigned capacity = sim->capacity ? 2 * sim->capacity : 16;

    if (sim->count < sim->capacity)
        return 0;
    void *contexts = realloc(sim->contexts, capacity * sizeof(*sim->contexts));
    if (!contexts)
        return -ENOMEM;
    sim->contexts = contexts;
    sim->capacity = capacity;
    return 0;
}

/* Its number, or -errno. Without [fn] it is the calling thread. */
int weft__virtual_context_new(struct weft__virtual *sim, const char *name, void (*fn)(void *),
                              void *arg)
{
    struct weft__virtual_context *c = calloc(1, sizeof(*c));

    if (!c || make_room(sim) < 0 || (fn && make_stack(c) < 0)) {
        free(c);
        return -ENOMEM;
    }
    snprintf(c->name, sizeof(c->name), "%s", name);
    c->id = sim->count;
    c->at = "start";
    c->fn = fn;
    c->arg = arg;
    sim->contexts[sim->count++] = c;
    return (int)c->id;
}

void weft__virtual_context_free(struct weft__virtual_context *c)
{
    if (!c->memory)
        return;
    weft__san_unmake(&c->own);
    weft__san_unpoison(c->memory + GUARD_BYTES, c->memory + GUARD_BYTES + STACK_BYTES);
    munmap(c->memory, STACK_BYTES + GUARD_BYTES);
    c->memory = NULL;
}
