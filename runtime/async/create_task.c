/* SPDX-License-Identifier: MIT */
#include "runtime/async/create_task.h"

#include "weft/strand.h"
#include "runtime/base/options.h"
#include "runtime/core/waiters.h"
#include "runtime/sched/locals.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/report.h"
#include "runtime/sched/submit.h"
#include "runtime/sched/suspend.h"

static const weft_task_opts_t defaults = {.size = sizeof defaults};

/* The strand of a new task, with a reference: as asked, else its creator's. */
static struct weft_strand *strand_for(struct weft_loop *loop, const weft_task_opts_t *opts)
{
    struct weft__worker *self = weft__self();

    if (loop->ordered || opts->pinned || opts->strand == WEFT_PARALLEL)
        return NULL;
    if (opts->strand)
        return weft_strand_ref(opts->strand);
    if (!self || self->loop != loop || !self->strand || self->strand == &loop->strand)
        return NULL;
    return weft_strand_ref(self->strand);
}

static int check(struct weft_loop *loop, const weft_coro_t *coro, const weft_task_opts_t *opts,
                 bool entered, int *stack_class)
{
    uint32_t bytes = opts->stack_size ? opts->stack_size : coro->fn->stack_size;

    if (weft__unlikely(entered) && weft__loop_closed(loop))
        return weft__on_closed(loop, "create_task");
    if (weft__unlikely(opts->pinned) && (opts->strand || entered))
        return -EINVAL;
    *stack_class = bytes ? weft__stack_class(bytes) : WEFT__STACK_DEFAULT_CLASS;
    return *stack_class < 0 ? *stack_class : weft__strand_check(opts->strand, loop);
}

static int refuse(weft_coro_t *coro)
{
    switch (weft__kind(coro)) {
    case WEFT__KIND_FAILED:
        return coro->error;
    case WEFT__KIND_SPENT:
    case WEFT__KIND_TASK:
        return weft__misuse(-EALREADY, "a coroutine is started twice");
    default:
        return weft__misuse(-EPROTOTYPE, "not a coroutine object");
    }
}

/* What its creator sees, or what it is to share. */
static weft__vars inherited(weft_context_t *context)
{
    return context ? weft__vars_ref(weft__vars_of_context(context)) : weft__locals_inherit();
}

/* The loop was closed meanwhile; its walk that ends all tasks waits for us (weft__loop_enter). */
static void end_refused(weft_task_t *task)
{
    struct weft_strand *strand = task->strand;

    weft__awaitable_complete(task, -ECANCELED, NULL, NULL);
    weft_strand_unref(strand);
    weft__awaitable_unref(task, 1); /* the run's */
}

/* Whether [task] can make its first step here: its creator's strand is held, no lock is. */
static bool may_start_here(const struct weft_loop *loop, const weft_task_t *task)
{
    struct weft__worker *self = weft__self();

    if (!self || self->loop != loop || self->telling)
        return false;
    return task->strand == (self->strand == &loop->strand ? NULL : self->strand);
}

/* Counts a new task. Its number; 0: it has a name. */
static int count(const weft_task_opts_t *opts)
{
    struct weft__worker *self = weft__self();

    if (!opts->name)
        return self ? weft__worker_number(self) : (int)weft__task_numbers_take(1);
    if (self)
        weft__worker_count_named(self);
    return 0;
}

/* [entered]: of weft__loop_enter. */
WEFT__INLINE int begin(struct weft_loop *loop, weft_coro_t *coro, const weft_task_opts_t *opts,
                       bool entered, weft_task_t **task)
{
    int stack_class = 0, rc = check(loop, coro, opts, entered, &stack_class);

    if (rc == 0 && opts->name)
        rc = weft__awaitable_set_name(coro, opts->name);
    if (weft__unlikely(rc < 0)) {
        weft_coro_close(coro);
        return rc;
    }
    coro->loop = loop;
    coro->strand = strand_for(loop, opts);
    coro->flags =
        (uint8_t)((opts->detached ? WEFT__TASK_DETACHED : 0) |
                  (opts->pinned ? WEFT__TASK_PINNED : 0) | stack_class << WEFT__TASK_CLASS_SHIFT);
    coro->error = count(opts);
    *task = opts->detached ? NULL : coro;
    /* release: pairs with the acquire of the registry's walk: its loop can be read. */
    weft__store_release(&coro->kind, WEFT__KIND_TASK);
    if (weft__unlikely(opts->detached))
        weft__fetch_sub_acq_rel(&coro->refs, 1); /* the handle's; the run's is left */
    if (weft__unlikely(opts->eager_start == WEFT_EAGER_ON) && may_start_here(loop, coro)) {
        weft__suspend_start(coro);
        return 0;
    }
    if (weft__unlikely(!weft__submit_task(coro))) {
        end_refused(coro);
        weft_unref(*task);
        *task = NULL;
        return -ESHUTDOWN;
    }
    return 0;
}

int weft__new_task_seeing(struct weft_loop *loop, weft_coro_t *coro, weft__vars vars,
                          const weft_task_opts_t *opts, weft_task_t **task)
{
    bool entered;
    int rc;

    if (weft__unlikely(weft__kind(coro) != WEFT__KIND_CORO)) {
        rc = refuse(coro);
        weft__vars_unref(vars);
        weft_unref(coro);
        return rc;
    }
    if (vars)
        weft__awaitable_exchange_vars(coro, vars);
    entered = weft__loop_enter(loop);
    rc = begin(loop, coro, opts, entered, task);
    weft__loop_leave(loop, entered);
    return rc;
}

int weft__new_task(struct weft_loop *loop, weft_coro_t *coro, const weft_task_opts_t *opts,
                   weft_task_t **task)
{
    return weft__new_task_seeing(loop, coro, inherited(opts->context), opts, task);
}

static int ask_factory(struct weft_loop *loop, weft_coro_t *coro, const weft_task_opts_t *opts,
                       weft_task_t **task)
{
    void *arg;
    weft_task_factory_t factory = weft_loop_get_task_factory(loop, &arg);
    weft_task_t *made;

    if (!factory)
        return weft__new_task(loop, coro, opts, task);
    made = factory(loop, coro, opts, arg);
    if (opts->detached ? !made : made == coro && weft__kind(coro) == WEFT__KIND_TASK) {
        *task = made;
        return 0;
    }
    if (made && weft__kind(made) == WEFT__KIND_FAILED)
        return made->error;
    weft_unref(made);
    return weft__misuse(-EPROTOTYPE, "a task factory that returns another task");
}

int weft__create_task(struct weft_loop *loop, weft_coro_t *coro, const weft_task_opts_t *opts,
                      weft_task_t **task)
{
    /* relaxed: a factory that is being set is seen by the next task. */
    if (weft__likely(!weft__load_relaxed(&loop->has_factory)))
        return weft__new_task(loop, coro, opts, task);
    return ask_factory(loop, coro, opts, task);
}

/* ---- public ------------------------------------------------------------------------------------
 */

typedef int make_fn(struct weft_loop *loop, weft_coro_t *coro, const weft_task_opts_t *opts,
                    weft_task_t **task);

/* [loop]: NULL is the running one. */
static weft_task_t *start(struct weft_loop *loop, weft_coro_t *coro, const weft_task_opts_t *given,
                          make_fn *make)
{
    struct weft__worker *worker = weft__self();
    weft_task_opts_t full;
    const weft_task_opts_t *opts = weft__options(given, &full, sizeof full);
    weft_task_t *task;
    int rc;

    if (!loop && worker)
        loop = worker->loop;
    if (weft__unlikely(!loop || !opts)) {
        rc = loop ? weft__bad_options() : weft__no_task("create_task");
        weft_coro_close(coro);
        return weft__awaitable_failed(rc);
    }
    rc = coro ? make(loop, coro, opts, &task) : weft__misuse(-EPROTOTYPE, "a task of no coroutine");
    if (weft__likely(rc == 0))
        return task;
    if (!opts->detached)
        return weft__awaitable_failed(rc);
    weft__report_error(loop, "a detached task could not be started", rc, NULL);
    return NULL;
}

/* The common case, a quarter of the price of the general one: no options, no strand, the default
 * stack, no context variables. */
static bool is_plain(const struct weft__worker *worker, const weft_coro_t *coro)
{
    return worker && coro && weft__kind(coro) == WEFT__KIND_CORO && !coro->fn->stack_size &&
           !worker->strand &&
           !weft__load_relaxed(&worker->loop->has_factory) && /* relaxed: as above */
           !weft__load_relaxed(&weft__vars_used);             /* relaxed: core/vars.h */
}

static weft_task_t *create_plain(struct weft__worker *worker, weft_coro_t *coro)
{
    coro->loop = worker->loop;
    coro->flags = WEFT__STACK_DEFAULT_CLASS << WEFT__TASK_CLASS_SHIFT;
    coro->error = weft__worker_number(worker);
    /* release: as in weft__new_task_seeing. */
    weft__store_release(&coro->kind, WEFT__KIND_TASK);
    weft__submit_local(worker, weft__entry_make(coro, WEFT__ENTRY_TASK));
    return coro;
}

weft_task_t *weft_create_task_opts(weft_coro_t *coro, const weft_task_opts_t *opts)
{
    struct weft__worker *worker = weft__self();

    if (weft__likely(!opts && is_plain(worker, coro)))
        return create_plain(worker, coro);
    return start(NULL, coro, opts ? opts : &defaults, weft__create_task);
}

weft_task_t *weft_loop_create_task_opts(weft_loop_t *loop, weft_coro_t *coro,
                                        const weft_task_opts_t *opts)
{
    return start(loop, coro, opts, weft__create_task);
}

weft_task_t *weft_new_task_opts(weft_loop_t *loop, weft_coro_t *coro, const weft_task_opts_t *opts)
{
    return start(loop, coro, opts, weft__new_task);
}
