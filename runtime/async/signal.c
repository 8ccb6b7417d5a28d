/* SPDX-License-Identifier: MIT */
#include "runtime/async/signal.h"

#include <pthread.h>
#include <signal.h>

#include "runtime/base/sim.h"
#include "runtime/sched/handle.h"
#include "runtime/sched/locals.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"

struct watched {
    _Atomic(struct weft_loop *) loop; /* NULL: not ours */
    _Atomic(uint32_t) generation;     /* of the process that added it (fork.h) */
    _Atomic(bool) interrupt;          /* weft__interrupt_watch's */
    _Atomic(uint32_t) inside;         /* handlers that are running */
    _Atomic(uint32_t) arrived;        /* since the last turn */
    _Atomic(uint32_t) total;
    struct call { /* under the mutex */
        weft_callback_t fn;
        void *arg;
        weft__vars vars; /* that it sees: those of who added it; a reference */
    } call;
    struct sigaction before;
};

static struct watched watched[NSIG];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* adding, removing, looking */

static void on_signal(int signal, siginfo_t *info, void *context);

static void chain(const struct sigaction *before, int signal, siginfo_t *info, void *context)
{
    if (before->sa_flags & SA_SIGINFO)
        before->sa_sigaction(signal, info, context);
    else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN)
        before->sa_handler(signal);
}

/* In a child, and its parent's. */
static bool is_inherited(struct watched *w)
{
    return weft__load_relaxed(&w->generation) != weft__fork_generation(); /* relaxed: constant */
}

/* False: the program has put its own in place of ours meanwhile. */
static bool restore(struct watched *w, int signal)
{
    struct sigaction now;

    return sigaction(signal, NULL, &now) == 0 && now.sa_sigaction == on_signal &&
           sigaction(signal, &w->before, NULL) == 0;
}

static bool disinherit(struct watched *w, int signal)
{
    weft__store_relaxed(&w->inside, 0); /* relaxed, both: there is one thread */
    weft__store_relaxed(&w->loop, NULL);
    return restore(w, signal);
}

static void count(struct watched *w, struct weft_loop *loop, int signal)
{
    /* relaxed, as below: counters that the wake-up publishes. */
    if (weft__fetch_add_relaxed(&w->total, 1) > 0 && weft__load_relaxed(&w->interrupt)) {
        struct sigaction standard = {.sa_handler = SIG_DFL};
        sigaction(signal, &standard, NULL);
        raise(signal); /* delivered when this handler returns */
    }
    weft__fetch_add_relaxed(&w->arrived, 1);
    /* seq_cst: the flag stands before the wake-up. */
    weft__store_seq_cst(&loop->signalled, true);
    loop->class->wake(loop->workers[0].driver);
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    struct watched *w = &watched[signal];
    struct sigaction before;
    int saved_errno = errno;

    if (is_inherited(w)) {
        if (disinherit(w, signal))
            raise(signal); /* as above */
        else
            chain(&w->before, signal, info, context);
        errno = saved_errno;
        return;
    }
    /* seq_cst, both: whoever removes stores the loop, then looks whether we are inside. */
    weft__fetch_add_seq_cst(&w->inside, 1);
    struct weft_loop *loop = weft__load_seq_cst(&w->loop);
    if (loop)
        count(w, loop, signal);
    before = w->before;
    weft__fetch_sub_seq_cst(&w->inside, 1);
    chain(&before, signal, info, context);
    errno = saved_errno;
}

/* In the loop's own strand: the one that has the turn may be busy in another's. False: no memory.
 */
static bool schedule(struct weft_loop *loop, struct call call)
{
    struct weft_handle *handle = weft__handle_new(loop);

    if (!handle)
        return false;
    weft__handle_leave(handle);
    handle->vars = weft__vars_ref(call.vars);
    handle->fn = call.fn;
    handle->arg = call.arg;
    (void)!weft__handle_submit(handle); /* the loop closes: nobody is left to be told */
    return true;
}

/* How often it came; who is to be called, with a reference to the variables. */
static uint32_t take(struct weft_loop *loop, struct watched *w, struct call *call, bool *at_once)
{
    uint32_t n = 0;

    pthread_mutex_lock(&mutex);
    if (weft__load_relaxed(&w->loop) == loop) { /* relaxed: under the mutex */
        n = weft__exchange_acq_rel(&w->arrived, 0);
        *call = w->call;
        weft__vars_ref(call->vars);
        *at_once = weft__load_relaxed(&w->interrupt);
    }
    pthread_mutex_unlock(&mutex);
    return n;
}

/* A turn of a worker: schedules the callbacks of what arrived, one for each time. */
static void deliver(struct weft_loop *loop)
{
    bool at_once;

    for (int signal = 1; signal < NSIG; signal++) {
        struct watched *w = &watched[signal];
        struct call call = {0};
        /* relaxed: looked at again under the mutex. */
        uint32_t n = weft__load_relaxed(&w->loop) == loop ? take(loop, w, &call, &at_once) : 0;
        if (n > 0 && at_once) {
            call.fn(call.arg);
            continue;
        }
        while (n-- > 0) {
            if (schedule(loop, call))
                continue;
            weft__fetch_add_relaxed(&w->arrived, 1);     /* no memory: the next turn tries again */
            weft__store_seq_cst(&loop->signalled, true); /* seq_cst: as in the handler */
        }
        weft__vars_unref(call.vars);
    }
}

static bool refused(int signal)
{
    return signal <= 0 || signal >= NSIG || signal == SIGKILL || signal == SIGSTOP ||
           signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL ||
           signal == SIGURG;
}

/* ---- adding ---- */

static int installed;

static void lock(void)
{
    pthread_mutex_lock(&mutex);
}

static void unlock(void)
{
    pthread_mutex_unlock(&mutex);
}

/* The mutex is held over a fork, so that the child finds it free. */
static void install(void)
{
    installed = pthread_atfork(lock, unlock, unlock) == 0 ? 0 : -ENOMEM;
}

static int install_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, install);
    return installed;
}

/* With the mutex held. Those of the program, which may let something go on: not that of weft_run.
 */
static void count_handlers(struct weft_loop *loop)
{
    uint32_t count = 0;

    for (int signal = 1; signal < NSIG; signal++) { /* relaxed throughout: for a report */
        struct watched *w = &watched[signal];
        count += weft__load_relaxed(&w->loop) == loop && !weft__load_relaxed(&w->interrupt);
    }
    weft__store_relaxed(&loop->signal_handlers, count);
}

/* With the mutex held; nobody has the signal. */
static int take_over(struct weft_loop *loop, int signal)
{
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    struct watched *w = &watched[signal];

    sigfillset(&action.sa_mask);
    if (sigaction(signal, NULL, &w->before) < 0)
        return -EINVAL;
    /* relaxed, both: published by the release. */
    weft__store_relaxed(&w->generation, weft__fork_generation());
    weft__store_relaxed(&w->arrived, 0); /* what came for one that was removed */
    /* release: pairs with the handler's load. */
    weft__store_release(&w->loop, loop);
    if (sigaction(signal, &action, NULL) == 0)
        return 0;
    weft__store_release(&w->loop, NULL);
    return -EINVAL;
}

/* The mutex is let go of before what was there is dropped: that may call the program. */
static struct call replace(struct watched *w, struct call call)
{
    struct call before = w->call;

    w->call = call;
    return before;
}

/* *call becomes the one to be dropped. */
static int add_locked(struct weft_loop *loop, int signal, struct call *call, bool interrupt)
{
    struct watched *w = &watched[signal];
    struct weft_loop *owner = weft__load_relaxed(&w->loop); /* relaxed: under the mutex */
    int rc = 0;

    if (weft__loop_closed(loop)) /* or its end, which takes the mutex later, sees the handler */
        return weft__on_closed(loop, "a signal handler");
    if (owner && is_inherited(w)) {
        (void)disinherit(w, signal);
        owner = NULL;
    }
    if (owner && owner != loop)
        return -EBUSY;
    weft__store_relaxed(&w->interrupt, interrupt); /* relaxed, both: under the mutex */
    weft__store_relaxed(&w->total, 0);
    if (!loop->deliver_signals) /* once: workers read it as soon as one signal is watched */
        loop->deliver_signals = deliver;
    if (!owner)
        rc = take_over(loop, signal);
    if (rc == 0)
        *call = replace(w, *call);
    return rc;
}

static int add(struct weft_loop *loop, int signal, weft_callback_t fn, void *arg, bool interrupt)
{
    struct call call = {.fn = fn, .arg = arg};
    int rc;

    if (refused(signal) || !fn || !loop)
        return -EINVAL;
    rc = install_once();
    if (rc < 0)
        return rc;
    if (!interrupt)
        call.vars = weft__locals_inherit();
    weft__sim_point("signal add");
    pthread_mutex_lock(&mutex);
    rc = add_locked(loop, signal, &call, interrupt);
    count_handlers(loop);
    pthread_mutex_unlock(&mutex);
    weft__vars_unref(call.vars);
    return rc;
}

int weft_loop_add_signal_handler(weft_loop_t *loop, int signal, weft_callback_t fn, void *arg)
{
    return add(loop, signal, fn, arg, false);
}

int weft__interrupt_watch(struct weft_loop *loop, weft_callback_t fn, void *arg)
{
    return add(loop, SIGINT, fn, arg, true);
}

/* ---- removing ---- */

static bool has(struct weft_loop *loop, struct watched *w)
{
    return weft__load_relaxed(&w->loop) == loop && !is_inherited(w); /* relaxed: under the mutex */
}

/* With the mutex held. Afterwards no handler touches the loop. */
static void give_back(struct watched *w, int signal)
{
    (void)restore(w, signal);
    weft__store_seq_cst(&w->loop, NULL); /* seq_cst, both: see on_signal */
    while (weft__load_seq_cst(&w->inside))
        weft__pause();
}

static bool remove_one(weft_loop_t *loop, int signal, bool interrupt_too)
{
    struct watched *w = &watched[signal];
    struct call before = {0};
    bool removed;

    pthread_mutex_lock(&mutex);
    removed = has(loop, w) && (interrupt_too || !weft__load_relaxed(&w->interrupt));
    if (removed) {
        give_back(w, signal);
        before = replace(w, before);
        count_handlers(loop);
    }
    pthread_mutex_unlock(&mutex);
    weft__vars_unref(before.vars);
    return removed;
}

bool weft_loop_remove_signal_handler(weft_loop_t *loop, int signal)
{
    return loop && !refused(signal) && remove_one(loop, signal, false);
}

uint32_t weft__interrupt_forget(struct weft_loop *loop)
{
    struct watched *w = &watched[SIGINT];
    uint32_t came = 0;

    pthread_mutex_lock(&mutex);
    if (has(loop, w) && weft__load_relaxed(&w->interrupt)) { /* relaxed: under the mutex */
        give_back(w, SIGINT);
        came = weft__load_relaxed(&w->total); /* relaxed: no handler is inside any more */
    }
    pthread_mutex_unlock(&mutex);
    return came;
}

/* Each under the mutex, without a look before: who has it adds one that we must see, or waits for a
 * handler that still touches the loop. */
void weft__signal_forget(struct weft_loop *loop)
{
    for (int signal = 1; signal < NSIG; signal++)
        remove_one(loop, signal, true);
}
