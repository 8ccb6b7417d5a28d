/* SPDX-License-Identifier: MIT */
#include "runtime/async/signal.h"

#include <pthread.h>
#include <signal.h>

#include "runtime/sched/handle.h"
#include "runtime/sched/loop.h"

struct watched {
    _Atomic(struct weft_loop *) loop; /* NULL: not ours */
    weft_callback_t fn;
    void *arg;
    bool once;
    _Atomic(uint32_t) arrived; /* since the last turn */
    _Atomic(uint32_t) total;
    struct sigaction before;
};

static struct watched watched[NSIG];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* adding and removing */

static void chain(const struct sigaction *before, int signal, siginfo_t *info, void *context)
{
    if (before->sa_flags & SA_SIGINFO)
        before->sa_sigaction(signal, info, context);
    else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN)
        before->sa_handler(signal);
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    struct watched *w = &watched[signal];
    int saved_errno = errno;
    /* acquire: pairs with the release in add. */
    struct weft_loop *loop = weft__load_acquire(&w->loop);

    if (loop) {
        if (weft__fetch_add_relaxed(&w->total, 1) > 0 && w->once) {
            struct sigaction standard = {.sa_handler = SIG_DFL};
            sigaction(signal, &standard, NULL);
            raise(signal); /* delivered when this handler returns */
        }
        weft__fetch_add_relaxed(&w->arrived, 1);
        /* seq_cst: the flag stands before the wake-up. */
        weft__store_seq_cst(&loop->signalled, true);
        loop->class->wake(loop->workers[0].driver);
    }
    chain(&w->before, signal, info, context);
    errno = saved_errno;
}

/* In the loop's own strand: the one that has the turn may be busy in another's. False: no memory.
 */
static bool schedule(struct weft_loop *loop, const struct watched *w)
{
    struct weft_handle *handle = weft__handle_new(loop, 1);

    if (!handle)
        return false;
    weft__handle_leave_strand(handle);
    handle->fn = w->fn;
    handle->arg = w->arg;
    (void)!weft__handle_submit(handle); /* the loop closes: nobody is left to be told */
    return true;
}

/* A turn of a worker: schedules the callbacks of what arrived, one for each time. */
static void deliver(struct weft_loop *loop)
{
    for (int signal = 1; signal < NSIG; signal++) {
        struct watched *w = &watched[signal];
        if (weft__load_acquire(&w->loop) != loop)
            continue;
        uint32_t n = weft__exchange_acq_rel(&w->arrived, 0);
        while (n-- > 0) {
            if (schedule(loop, w))
                continue;
            weft__fetch_add_relaxed(&w->arrived, 1);     /* no memory: the next turn tries again */
            weft__store_seq_cst(&loop->signalled, true); /* seq_cst: as in the handler */
        }
    }
}

static bool refused(int signal)
{
    return signal <= 0 || signal >= NSIG || signal == SIGKILL || signal == SIGSTOP ||
           signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL ||
           signal == SIGURG;
}

int weft__signal_add(struct weft_loop *loop, int signal, weft_callback_t fn, void *arg, bool once)
{
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    struct watched *w = &watched[signal < 0 || signal >= NSIG ? 0 : signal];
    struct weft_loop *owner;
    int rc = 0;

    if (refused(signal) || !fn || !loop)
        return -EINVAL;
    if (weft__loop_closed(loop))
        return -ESHUTDOWN;
    sigfillset(&action.sa_mask);
    pthread_mutex_lock(&mutex);
    owner = weft__load_relaxed(&w->loop); /* relaxed: under the mutex */
    if (owner && owner != loop) {
        rc = -EBUSY;
    } else {
        w->fn = fn;
        w->arg = arg;
        w->once = once;
        weft__store_relaxed(&w->total, 0);
        if (!owner) /* relaxed: the release below; what came for a handler that was removed */
            weft__store_relaxed(&w->arrived, 0);
        loop->deliver_signals = deliver;
        if (!owner && sigaction(signal, NULL, &w->before) < 0)
            rc = -EINVAL;
        /* release: pairs with the handler's acquire. */
        weft__store_release(&w->loop, rc == 0 ? loop : NULL);
        if (rc == 0 && !owner && sigaction(signal, &action, NULL) < 0) {
            weft__store_release(&w->loop, NULL);
            rc = -EINVAL;
        }
    }
    pthread_mutex_unlock(&mutex);
    return rc;
}

int weft_loop_add_signal_handler(weft_loop_t *loop, int signal, weft_callback_t fn, void *arg)
{
    return weft__signal_add(loop, signal, fn, arg, false);
}

static bool remove_locked(struct weft_loop *loop, int signal)
{
    struct watched *w = &watched[signal];
    struct sigaction now;

    if (weft__load_relaxed(&w->loop) != loop)
        return false;
    if (sigaction(signal, NULL, &now) == 0 && now.sa_sigaction == on_signal)
        sigaction(signal, &w->before, NULL);
    weft__store_release(&w->loop, NULL);
    return true;
}

bool weft_loop_remove_signal_handler(weft_loop_t *loop, int signal)
{
    bool removed;

    if (!loop || refused(signal))
        return false;
    pthread_mutex_lock(&mutex);
    removed = remove_locked(loop, signal);
    pthread_mutex_unlock(&mutex);
    return removed;
}

void weft__signal_forget(struct weft_loop *loop)
{
    pthread_mutex_lock(&mutex);
    for (int signal = 1; signal < NSIG; signal++)
        remove_locked(loop, signal);
    pthread_mutex_unlock(&mutex);
}
