/* SPDX-License-Identifier: MIT */
/*
 * Cancellation under fire: every task ends exactly once, and no cancel that was accepted is lost.
 *
 * Roots build random trees of tasks, which wait in sleeps, futures, operations of the kernel,
 * time-out scopes and for each other, inlined or not; some wait for what never comes, some catch a
 * cancel and go on, some wait in a circle. Foreign threads cancel tasks that were handed to them,
 * and tasks at random; another completes futures, another writes to sockets that tasks read. What
 * is checked:
 *   - a task that waits for ever and does not catch ends with -ECANCELED once its cancel was
 *     accepted: a lost cancel hangs, and the watchdog says so;
 *   - an outcome is one that its body can have; circles end with -ECANCELED all round;
 *   - bytes are never lost: what was written equals what was read, however many reads were
 *     cancelled.
 *
 * Usage: cancel [--seed N] [--seconds S] [--workers N] [--rounds N]
 */
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stress.h"
#include "runtime/sched/operation.h"
#include "weft.h"

enum { ENDLESS = 1, SWALLOWS = 2, SCOPED = 4 };
enum { BOXES = 64, ROOTS = 32, PIPES = 4, VALUE = 42 };

static _Atomic(bool) over;
static _Atomic(uint64_t) rounds, cancels, accepted, timeouts, swallowed, io_won, written, read_back;
static _Atomic(uintptr_t) to_cancel[BOXES], to_complete[BOXES], known[BOXES];
static int pipes[PIPES][2];
static _Atomic(bool) reading[PIPES];

/* ---- handing references to foreign threads ---- */

static void hand(_Atomic(uintptr_t) *box, weft_awaitable_t *aw)
{
    uintptr_t old = atomic_exchange(&box[stress_random(BOXES)], (uintptr_t)weft_ref(aw));

    if (!old)
        return;
    if (box == to_complete)
        (void)weft_set_result((weft_future_t *)old, NULL);
    if (box == to_cancel)
        (void)weft_cancel((weft_task_t *)old);
    weft_unref((weft_awaitable_t *)old);
}

static weft_awaitable_t *fetch(_Atomic(uintptr_t) *box)
{
    return (weft_awaitable_t *)atomic_exchange(&box[stress_random(BOXES)], 0);
}

static void *canceller(void *arg)
{
    while (!atomic_load(&over)) {
        weft_awaitable_t *task = fetch(to_cancel);
        if (!task && stress_random(4) == 0)
            task = fetch(known);
        if (!task) {
            sched_yield();
            continue;
        }
        for (uint64_t n = 1 + stress_random(2); n > 0; n--) {
            atomic_fetch_add(&cancels, 1);
            if (weft_cancel(task))
                atomic_fetch_add(&accepted, 1);
        }
        weft_unref(task);
    }
    return arg;
}

static void *completer(void *arg)
{
    while (!atomic_load(&over)) {
        weft_awaitable_t *future = fetch(to_complete);
        if (!future) {
            sched_yield();
            continue;
        }
        (void)weft_set_result(future, NULL); /* or it was cancelled: both are allowed */
        weft_unref(future);
    }
    return arg;
}

static void *writer(void *arg)
{
    while (!atomic_load(&over)) {
        char byte = 'x';
        if (send(pipes[stress_random(PIPES)][1], &byte, 1, MSG_DONTWAIT) == 1)
            atomic_fetch_add(&written, 1);
        sched_yield();
    }
    return arg;
}

/* ---- waits ---- */

static int wait_future(bool comes)
{
    weft_future_t *future = weft_create_future(NULL);
    int rc;

    if (comes)
        hand(to_complete, future);
    rc = weft_await(future, NULL);
    STRESS_CHECK(rc == 0 || rc == -ECANCELED);
    STRESS_CHECK(comes || rc == -ECANCELED);
    weft_unref(future);
    return rc;
}

/* One byte, by whoever gets the socket; who does not sleeps instead. */
static int wait_read(void)
{
    unsigned i = (unsigned)stress_random(PIPES);
    char buffer[16];
    struct weft__operation op = {
        .code = WEFT__OP_RECV, .fd = pipes[i][0], .buffer = buffer, .length = sizeof buffer};
    int n;

    if (atomic_exchange(&reading[i], true))
        return weft_sleep(WEFT_US(stress_random(20)));
    n = weft__operation_await(&op);
    atomic_store(&reading[i], false);
    STRESS_CHECK(n > 0 || n == -ECANCELED);
    if (n > 0) {
        atomic_fetch_add(&read_back, (uint64_t)n);
        if (weft_cancelling(weft_current_task()))
            atomic_fetch_add(&io_won, 1);
    }
    return n < 0 ? n : 0;
}

static int wait_finite(void)
{
    switch (stress_random(5)) {
    case 0:
        return weft_sleep(0);
    case 1:
        return weft_sleep(WEFT_US(stress_random(20)));
    case 2:
        return wait_read();
    default:
        return wait_future(true);
    }
}

static int wait_endless(void)
{
    return stress_random(2) ? weft_sleep(WEFT_S(3600)) : wait_future(false);
}

/* ---- tasks ---- */

static const weft_corofn_t tree;

static void *spec(unsigned depth, unsigned flags)
{
    return (void *)(uintptr_t)(depth << 8 | flags);
}

static int wait_child(unsigned depth, unsigned flags)
{
    weft_task_t *child = weft_create_task(weft_coro(&tree, spec(depth, flags)));
    int rc;

    if (weft_isfuture(child) && stress_random(4) == 0)
        hand(known, child);
    if (stress_random(4) == 0 && weft_sleep(0) < 0 && (flags & ENDLESS))
        (void)weft_cancel(child); /* nobody else would end it */
    rc = weft_await(child, NULL);
    while (!weft_done(child)) { /* we were cancelled, in a way that did not end it */
        (void)weft_cancel(child);
        rc = weft_await(child, NULL);
    }
    (void)weft_result(child, NULL); /* looked at, whatever it is */
    weft_unref(child);
    return rc;
}

static int body(unsigned depth, unsigned flags)
{
    int rc;

    if (depth > 0)
        return wait_child(depth - 1, flags);
    rc = stress_random(2) ? wait_finite() : 0;
    if (rc < 0)
        return rc;
    return flags & ENDLESS ? wait_endless() : wait_finite();
}

static int scoped_body(unsigned depth, unsigned flags)
{
    weft_timeout_t scope;
    int rc = weft_timeout_enter(&scope, WEFT_US(stress_random(100)));

    STRESS_CHECK(rc == 0);
    rc = weft_timeout_exit(&scope, body(depth, flags));
    if (rc == -ETIMEDOUT)
        atomic_fetch_add(&timeouts, 1);
    return rc;
}

WEFT_CORO(tree)
{
    unsigned depth = (unsigned)((uintptr_t)arg >> 8), flags = (uintptr_t)arg & 0xff;
    bool scoped = (flags & SCOPED) && stress_random(2);
    int rc = scoped ? scoped_body(depth, flags) : body(depth, flags);

    STRESS_CHECK(rc == 0 || rc == -ECANCELED || rc == -ETIMEDOUT);
    if ((flags & SWALLOWS) && rc == -ECANCELED && stress_random(2)) {
        atomic_fetch_add(&swallowed, 1);
        rc = wait_finite();
        *result = (void *)(uintptr_t)VALUE;
    }
    return rc;
}

struct circle {
    weft_task_t *next; /* a reference, which run_circle drops when all have ended */
};

WEFT_CORO(link_of_circle)
{
    struct circle *circle = arg;

    return weft_await(circle->next, NULL);
}

static void run_circle(void)
{
    enum { MOST = 6 };
    size_t n = 2 + stress_random(MOST - 1);
    struct circle circles[MOST];
    weft_task_t *tasks[MOST];

    for (size_t i = 0; i < n; i++)
        tasks[i] = weft_create_task(weft_coro(&link_of_circle, &circles[i]), .pinned = true);
    for (size_t i = 0; i < n; i++)
        circles[i].next = weft_ref(tasks[(i + 1) % n]);
    for (uint64_t k = stress_random(3); k > 0; k--)
        STRESS_CHECK(weft_sleep(0) == 0);
    if (stress_random(2))
        hand(to_cancel, tasks[stress_random(n)]);
    else
        STRESS_CHECK(weft_cancel(tasks[stress_random(n)]));
    for (size_t i = 0; i < n; i++) {
        int rc = weft_join(tasks[i], NULL);
        if (rc != -ECANCELED)
            fprintf(stderr, "task %zu of a circle of %zu: %s\n", i, n, weft_strerror(rc));
        STRESS_CHECK(rc == -ECANCELED);
    }
    for (size_t i = 0; i < n; i++)
        weft_unref(circles[i].next);
}

static void run_tree(void)
{
    unsigned depth =
        stress_random(64) == 0 ? (unsigned)stress_random(60) : (unsigned)stress_random(5);
    unsigned flags = (unsigned)stress_random(8);
    weft_task_t *task = weft_create_task(weft_coro(&tree, spec(depth, flags)));
    void *value = NULL;
    int rc;

    if (stress_random(4) == 0)
        STRESS_CHECK(weft_sleep(0) == 0);
    if (stress_random(16) == 0)
        (void)weft_cancel(task);
    else if ((flags & ENDLESS) || stress_random(2))
        hand(to_cancel, task);
    rc = weft_await(task, &value);
    STRESS_CHECK(weft_done(task));
    STRESS_CHECK(rc == 0 || rc == -ECANCELED || rc == -ETIMEDOUT);
    weft_unref(task);
}

WEFT_CORO(root)
{
    while (!atomic_load(&over) && (!stress_rounds || atomic_load(&accepted) < stress_rounds) &&
           (stress_rounds || stress_now() < stress_end)) {
        if (stress_random(64) == 0)
            run_circle();
        else
            run_tree();
        atomic_fetch_add(&rounds, 1);
    }
    return 0;
}

WEFT_CORO(roots)
{
    weft_task_t *tasks[ROOTS];

    for (int i = 0; i < ROOTS; i++)
        tasks[i] = weft_create_task(weft_coro(&root, NULL));
    for (int i = 0; i < ROOTS; i++)
        STRESS_CHECK(weft_join(tasks[i], NULL) == 0);
    return 0;
}

/* ---- the run ---- */

static void *watchdog(void *arg)
{
    uint64_t last = UINT64_MAX;

    for (int same = 0; !atomic_load(&over);) {
        struct timespec tenth = {.tv_nsec = 100000000};
        nanosleep(&tenth, NULL);
        uint64_t now = atomic_load(&rounds);
        same = now == last ? same + 1 : 0;
        last = now;
        if (same == 300)
            stress_fail("nothing moved for 30 s: a cancel or a wake-up was lost");
    }
    return arg;
}

static void empty(_Atomic(uintptr_t) *box)
{
    for (int i = 0; i < BOXES; i++)
        weft_unref((weft_awaitable_t *)atomic_exchange(&box[i], 0));
}

static void drain_pipes(void)
{
    char buffer[256];
    ssize_t n;

    for (int i = 0; i < PIPES; i++) {
        while ((n = recv(pipes[i][0], buffer, sizeof buffer, MSG_DONTWAIT)) > 0)
            atomic_fetch_add(&read_back, (uint64_t)n);
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
}

static void run(void)
{
    void *(*mains[])(void *) = {canceller, canceller, completer, writer, watchdog};
    pthread_t threads[5];

    atomic_store(&over, false);
    atomic_store(&accepted, 0);
    for (int i = 0; i < PIPES; i++)
        STRESS_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pipes[i]) == 0);
    for (int i = 0; i < 5; i++)
        STRESS_CHECK(pthread_create(&threads[i], NULL, mains[i], NULL) == 0);
    STRESS_CHECK(weft_run(weft_coro(&roots, NULL), NULL, .workers = stress_workers,
                          .order = WEFT_ORDER_FREE) == 0);
    atomic_store(&over, true);
    for (int i = 0; i < 5; i++)
        pthread_join(threads[i], NULL);
    empty(to_cancel);
    empty(to_complete);
    empty(known);
    drain_pipes();
    STRESS_CHECK(atomic_load(&written) == atomic_load(&read_back));
    printf("%u workers: %" PRIu64 " rounds, %" PRIu64 " cancels, %" PRIu64 " accepted, %" PRIu64
           " time-outs, %" PRIu64 " swallowed, %" PRIu64 " reads that won, %" PRIu64 " bytes\n",
           stress_workers, atomic_load(&rounds), atomic_load(&cancels), atomic_load(&accepted),
           atomic_load(&timeouts), atomic_load(&swallowed), atomic_load(&io_won),
           atomic_load(&read_back));
}

int main(int argc, char **argv)
{
    stress_begin(argc, argv);
    stress_with_workers(run);
    return 0;
}
