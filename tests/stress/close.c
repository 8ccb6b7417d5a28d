/* SPDX-License-Identifier: MIT */
/*
 * The ends of loops: whatever foreign threads do at that moment, each of their calls has exactly
 * one outcome, and nothing is left behind.
 *
 * A round is some loops at once. Each has its owner, a thread that makes it, runs it, lets it be
 * stopped, runs it again and closes it, with tasks pending in every kind of wait: timers, time-out
 * scopes, futures, operations of the kernel, calls on other threads, children, strands. Meanwhile
 * foreign threads register callbacks, start coroutines, complete futures, cancel, stop, and raise
 * signals that they have the loops handle, or no more. Some loops
 * are left alone before they close, and must have done all that was asked of them; some are closed
 * by their last reference. What is checked:
 *   - callbacks of one thread run in order, once, and none that was refused; after the first
 *     refusal all are;
 *   - a coroutine gives its value, or its cancellation, or was refused and never began;
 *   - a future is completed by one thread, or cancelled by the close;
 *   - tasks that were pending end with -ECANCELED, and are reported; no operation takes a byte
 *     afterwards;
 *   - no handler of a signal is left;
 *   - descriptors, threads and objects are as many as before, maps as many as after the first
 *     rounds.
 *
 * Usage: close [--seed N] [--seconds S] [--rounds N]
 */
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "watchdog.h"
#include "runtime/core/slab.h"
#include "runtime/core/task.h"
#include "runtime/sched/operation.h"
#include "weft.h"

enum { LIVES = 3, FOREIGN = 3, FUTURES = 6, PIPES = 3, JOBS = 3, TRIPS = 24, WARM_UP = 20 };
#ifdef WEFT__TSAN
enum { TASKS = 12, CHILDREN = 6 }; /* a task is a fiber to the sanitizer: few at once */
#else
enum { TASKS = 40, CHILDREN = 20 };
#endif

/* What one foreign thread has asked of one loop. */
struct caller {
    uint64_t accepted;      /* callbacks; the thread's */
    _Atomic(uint64_t) next; /* the callbacks' */
    bool refused;
};

struct life {
    weft_loop_t *loop;
    unsigned slot;
    bool by_unref;
    _Atomic(bool) ready, quiet, closing, closed;
    _Atomic(uint32_t) users; /* foreign threads that are at it */
    struct caller callers[FOREIGN];
    weft_task_t *tasks[TASKS];
    bool pending[TASKS];
    weft_task_t *children[CHILDREN];
    _Atomic(uint32_t) child_count;
    weft_future_t *futures[FUTURES], *jobs[JOBS];
    _Atomic(uint32_t) completions[FUTURES], jobs_run, threads_in, reports;
    int pipes[PIPES][2];
};

struct trip { /* a coroutine started by a foreign thread */
    weft_cfuture_t *future;
    bool forever, cancelled;
    _Atomic(uint32_t) begun, ended;
};

struct foreign {
    unsigned id;
    struct trip trips[TRIPS];
    unsigned trip_count;
};

static const int signals[LIVES] = {SIGUSR1, SIGUSR2, SIGWINCH}; /* one for each */
static struct life lives[LIVES];
static struct foreign foreigners[FOREIGN];
static unsigned life_count;
static uint64_t rounds, loops, pending_tasks;
static _Atomic(uint64_t) accepted, refused, dropped, answered, ended_by_close, completed;

/* ---- tasks that are left pending ---- */

static int ended(int rc)
{
    STRESS_CHECK(rc == 0 || rc == -ECANCELED);
    return rc;
}

static int wait_in_scope(void)
{
    weft_timeout_t scope;
    int rc = weft_timeout_enter(&scope, WEFT_S(3600));

    STRESS_CHECK(rc == 0);
    return weft_timeout_exit(&scope, weft_sleep(WEFT_S(1800)));
}

/* Reads for ever. */
static int wait_in_kernel(struct life *life)
{
    char buffer[8];
    struct weft__operation op = {.code = WEFT__OP_RECV,
                                 .fd = life->pipes[stress_random(PIPES)][0],
                                 .buffer = buffer,
                                 .length = sizeof buffer};
    int n;

    while ((n = weft__operation_await(&op)) > 0)
        ;
    STRESS_CHECK(n == -ECANCELED);
    return n;
}

static int blocks_a_little(void *arg, void **result)
{
    struct life *life = arg;
    struct timespec t = {.tv_nsec = (long)stress_random(200000)};

    atomic_fetch_add(&life->threads_in, 1);
    nanosleep(&t, NULL);
    atomic_fetch_sub(&life->threads_in, 1);
    *result = arg;
    return 0;
}

static int wait_for_threads(struct life *life)
{
    int rc;

    do {
        void *value = NULL;
        rc = weft_to_thread(blocks_a_little, life, &value);
        STRESS_CHECK(rc == -ECANCELED || (rc == 0 && value == life));
        if (rc == 0)
            rc = weft_sleep(0);
    } while (rc == 0);
    return rc;
}

static int wander_for_ever(void)
{
    int rc;

    do
        rc = weft_sleep(stress_random(2) ? 0 : WEFT_US(stress_random(50)));
    while (rc == 0);
    return rc;
}

static const weft_corofn_t pend;

/* The reference is the life's: a frame that is never run again gives nothing back. */
static int wait_for_child(struct life *life)
{
    uint32_t i = atomic_fetch_add(&life->child_count, 1);

    if (i >= CHILDREN)
        return 0;
    life->children[i] = weft_create_task(weft_coro(&pend, life));
    return weft_await(life->children[i], NULL);
}

WEFT_CORO(pend)
{
    struct life *life = arg;

    switch (stress_random(8)) {
    case 0:
        return ended(weft_sleep(WEFT_NONE));
    case 1:
        return ended(wait_in_scope());
    case 2:
        return ended(wait_in_kernel(life));
    case 3:
        return ended(wait_for_threads(life));
    case 4:
        return ended(wander_for_ever());
    case 5:
        return ended(wait_for_child(life));
    case 6:
        return 0;
    default:
        return ended(weft_await(life->futures[stress_random(FUTURES)], NULL));
    }
}

static int runs_as_job(void *arg, void **result)
{
    struct life *life = arg;

    atomic_fetch_add(&life->jobs_run, 1);
    *result = arg;
    return 0;
}

static void must_not_be_called(void *arg)
{
    (void)arg;
    stress_fail("a timer of one hour has rung");
}

static void is_called(void *arg)
{
    (void)arg;
}

static void set_timers(weft_loop_t *loop)
{
    weft_handle_t *handle;

    for (uint64_t n = stress_random(4); n > 0; n--)
        STRESS_CHECK(weft_loop_call_later(loop, WEFT_S(3600), must_not_be_called, NULL, NULL) == 0);
    for (uint64_t n = stress_random(8); n > 0; n--)
        STRESS_CHECK(
            weft_loop_call_later(loop, WEFT_US(stress_random(500)), is_called, NULL, NULL) == 0);
    STRESS_CHECK(weft_loop_call_later(loop, WEFT_S(3600), must_not_be_called, NULL, &handle) == 0);
    if (stress_random(2))
        weft_handle_cancel(handle);
    weft_handle_unref(handle);
}

WEFT_CORO(set_up)
{
    struct life *life = arg;
    weft_strand_t *strand = weft_strand_create();

    STRESS_CHECK(strand);
    for (int i = 0; i < TASKS; i++) {
        uint64_t where = stress_random(6);
        weft_coro_t *coro = weft_coro(&pend, life);
        life->tasks[i] = where == 0   ? weft_create_task(coro, .pinned = true)
                         : where == 1 ? weft_create_task(coro, .strand = strand)
                                      : weft_create_task(coro);
    }
    weft_strand_unref(strand);
    for (int i = 0; i < JOBS; i++)
        life->jobs[i] = weft_loop_run_in_executor(life->loop, NULL, runs_as_job, life);
    set_timers(life->loop);
    return weft_sleep(0);
}

/* ---- owners ---- */

static void count_report(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    struct life *life = arg;

    STRESS_CHECK(loop == life->loop && context->future);
    atomic_fetch_add(&life->reports, 1);
}

static void open_life(struct life *life, unsigned slot)
{
    unsigned workers = 1 + (unsigned)stress_random(3);
    int order = workers == 1 && stress_random(2) ? WEFT_ORDER_ASYNCIO : WEFT_ORDER_FREE;

    memset(life, 0, sizeof *life);
    life->slot = slot;
    life->by_unref = stress_random(4) == 0;
    STRESS_CHECK(weft_new_event_loop(&life->loop, .workers = workers, .order = order) == 0);
    weft_loop_set_exception_handler(life->loop, count_report, life);
    for (int i = 0; i < FUTURES; i++)
        life->futures[i] = weft_create_future(life->loop);
    for (int i = 0; i < PIPES; i++)
        STRESS_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, life->pipes[i]) == 0);
}

static void stop_loop(void *loop)
{
    weft_loop_stop(loop);
}

WEFT_CORO(passes)
{
    *result = arg;
    return weft_sleep(0);
}

/* One more run, or a pause between two. */
static void live_on(struct life *life)
{
    struct timespec t = {.tv_nsec = (long)stress_random(100000)};
    void *value = NULL;
    int rc;

    switch (stress_random(4)) {
    case 0:
        nanosleep(&t, NULL);
        break;
    case 1:
        rc = weft_loop_run_until_complete(life->loop, weft_coro(&passes, life), &value);
        STRESS_CHECK((rc == 0 && value == life) || rc == WEFT_ESTOPPED);
        break;
    default:
        STRESS_CHECK(weft_loop_call_later(life->loop, WEFT_US(stress_random(300)), stop_loop,
                                          life->loop, NULL) == 0);
        STRESS_CHECK(weft_loop_run_forever(life->loop) == 0);
    }
}

static bool all_called(struct life *life)
{
    for (int i = 0; i < FOREIGN; i++) {
        if (atomic_load(&life->callers[i].next) < life->callers[i].accepted)
            return false;
    }
    return true;
}

/* Left alone, a loop that runs does what was asked of it. */
static void run_dry(struct life *life)
{
    atomic_store(&life->quiet, true);
    while (atomic_load(&life->users) > 0)
        sched_yield();
    while (!all_called(life)) {
        STRESS_CHECK(weft_loop_call_later(life->loop, WEFT_US(50), stop_loop, life->loop, NULL) ==
                     0);
        STRESS_CHECK(weft_loop_run_forever(life->loop) == 0);
    }
}

static void note_pending(struct life *life)
{
    for (int i = 0; i < TASKS; i++)
        life->pending[i] = !weft_done(life->tasks[i]);
}

static void close_life(struct life *life)
{
    STRESS_CHECK(weft_loop_close(life->loop) == 0);
    STRESS_CHECK(weft_loop_is_closed(life->loop) && !weft_loop_is_running(life->loop));
    STRESS_CHECK(weft_loop_close(life->loop) == 0);
    STRESS_CHECK(weft_loop_run_forever(life->loop) == -ESHUTDOWN);
}

static void *owner(void *arg)
{
    struct life *life = arg;

    watchdog_begin(life->slot);
    STRESS_CHECK(weft_loop_run_until_complete(life->loop, weft_coro(&set_up, life), NULL) == 0);
    atomic_store(&life->ready, true);
    for (uint64_t n = stress_random(5); n > 0; n--)
        live_on(life);
    if (stress_random(3) == 0)
        run_dry(life);
    atomic_store(&life->closing, true);
    note_pending(life);
    if (!life->by_unref)
        close_life(life);
    atomic_store(&life->closed, true);
    watchdog_end(life->slot);
    return NULL;
}

/* ---- foreign threads ---- */

/* Which call of which thread to which loop it is, in one word. */
static void is_called_in_order(void *arg)
{
    uintptr_t word = (uintptr_t)arg;
    struct caller *c = &lives[word % LIVES].callers[word / LIVES % FOREIGN];

    STRESS_CHECK(atomic_load(&c->next) == word / LIVES / FOREIGN);
    atomic_fetch_add(&c->next, 1);
}

static void register_call(struct foreign *f, struct life *life)
{
    struct caller *c = &life->callers[f->id];
    uintptr_t word = (c->accepted * FOREIGN + f->id) * LIVES + life->slot;
    bool closed = atomic_load(&life->closed) && !life->by_unref;
    int rc = weft_loop_call_soon_threadsafe(life->loop, is_called_in_order, (void *)word, NULL);

    STRESS_CHECK(rc == 0 || rc == -ESHUTDOWN);
    STRESS_CHECK(rc < 0 || (!c->refused && !closed));
    if (rc == 0)
        c->accepted++;
    else
        c->refused = true;
    atomic_fetch_add(rc == 0 ? &accepted : &refused, 1);
}

static void is_called_once(void *arg)
{
    STRESS_CHECK(atomic_fetch_add((_Atomic(uint32_t) *)arg, 1) == 0);
}

/* Once the cancel has returned it is never called, whatever becomes of the loop. */
static void register_and_cancel(struct life *life)
{
    _Atomic(uint32_t) *calls = calloc(1, sizeof *calls);
    weft_handle_t *handle = NULL;
    int rc;

    STRESS_CHECK(calls);
    rc = weft_loop_call_soon_threadsafe(life->loop, is_called_once, (void *)calls, &handle);
    STRESS_CHECK((rc == 0) == (handle != NULL));
    if (rc == 0) {
        weft_handle_cancel(handle);
        STRESS_CHECK(!weft_handle_cancelled(handle) || atomic_load(calls) == 0);
        weft_handle_unref(handle);
    }
    free((void *)calls);
}

WEFT_CORO(trip_body)
{
    struct trip *trip = arg;
    int rc;

    STRESS_CHECK(atomic_fetch_add(&trip->begun, 1) == 0);
    *result = trip;
    rc = trip->forever      ? weft_sleep(WEFT_NONE)
         : stress_random(2) ? weft_sleep(WEFT_US(stress_random(50)))
                            : 0;
    atomic_fetch_add(&trip->ended, 1);
    return rc;
}

static void start_trip(struct foreign *f, struct life *life)
{
    struct trip *trip;

    if (f->trip_count == TRIPS)
        return;
    trip = &f->trips[f->trip_count++];
    *trip = (struct trip){.forever = stress_random(4) == 0};
    trip->future = weft_run_coroutine_threadsafe(weft_coro(&trip_body, trip), life->loop);
    if (stress_random(4) == 0) {
        trip->cancelled = true;
        (void)weft_cfuture_cancel(trip->future);
    }
}

static void complete_future(struct life *life)
{
    unsigned i = (unsigned)stress_random(FUTURES);
    int rc = weft_set_result(life->futures[i], life);

    STRESS_CHECK(rc == 0 || rc == WEFT_EINVALIDSTATE);
    if (rc == 0)
        atomic_fetch_add(&life->completions[i], 1);
}

static void write_byte(struct life *life)
{
    (void)send(life->pipes[stress_random(PIPES)][1], "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void handle_signal(struct life *life)
{
    bool closed = atomic_load(&life->closed) && !life->by_unref;
    int number = signals[life->slot];
    int rc = weft_loop_add_signal_handler(life->loop, number, is_called, NULL);

    STRESS_CHECK(rc == -ESHUTDOWN || (rc == 0 && !closed));
    raise(number);
    if (stress_random(2))
        (void)weft_loop_remove_signal_handler(life->loop, number);
}

static void disturb(struct foreign *f, struct life *life)
{
    bool ends = atomic_load(&life->closing) && !atomic_load(&life->closed);

    switch (ends && stress_random(2) ? 6 : stress_random(10)) {
    case 0:
        start_trip(f, life);
        break;
    case 1:
        register_and_cancel(life);
        break;
    case 2:
        complete_future(life);
        break;
    case 3:
        if (atomic_load(&life->ready))
            (void)weft_cancel(life->tasks[stress_random(TASKS)]);
        break;
    case 4:
        write_byte(life);
        break;
    case 5:
        if (atomic_load(&life->ready) && stress_random(8) == 0)
            weft_loop_stop(life->loop);
        break;
    case 6:
        handle_signal(life);
        break;
    default:
        register_call(f, life);
    }
}

static bool all_closed(void)
{
    for (unsigned i = 0; i < life_count; i++) {
        if (!atomic_load(&lives[i].closed))
            return false;
    }
    return true;
}

static void *foreign_main(void *arg)
{
    struct foreign *f = arg;

    for (int after = 0; after < 10;) {
        struct life *life = &lives[stress_random(life_count)];
        if (all_closed())
            after++;
        atomic_fetch_add(&life->users, 1);
        if (!atomic_load(&life->quiet))
            disturb(f, life);
        atomic_fetch_sub(&life->users, 1);
        if (stress_random(4) == 0)
            sched_yield();
    }
    return NULL;
}

/* ---- the end of a round: nobody else is there any more ---- */

static void check_callers(struct life *life)
{
    for (int i = 0; i < FOREIGN; i++) {
        uint64_t called = atomic_load(&life->callers[i].next);
        STRESS_CHECK(called <= life->callers[i].accepted);
        STRESS_CHECK(!atomic_load(&life->quiet) || called == life->callers[i].accepted);
        atomic_fetch_add(&dropped, life->callers[i].accepted - called);
    }
}

static void check_tasks(struct life *life)
{
    uint32_t pending = 0;

    for (int i = 0; i < TASKS; i++) {
        int rc = weft_result(life->tasks[i], NULL);
        STRESS_CHECK(rc == 0 || rc == -ECANCELED);
        STRESS_CHECK(!life->pending[i] || rc == -ECANCELED);
        pending += life->pending[i];
        weft_unref(life->tasks[i]);
    }
    for (int i = 0; i < CHILDREN; i++) {
        STRESS_CHECK(!life->children[i] || weft_done(life->children[i]));
        weft_unref(life->children[i]);
    }
    STRESS_CHECK(atomic_load(&life->reports) >= pending);
    pending_tasks += pending;
}

static void check_futures(struct life *life)
{
    for (int i = 0; i < FUTURES; i++) {
        void *value = NULL;
        int rc = weft_result(life->futures[i], &value);
        uint32_t times = atomic_load(&life->completions[i]);
        STRESS_CHECK(rc == 0 || rc == -ECANCELED || rc == WEFT_EINVALIDSTATE);
        STRESS_CHECK(times == (rc == 0));
        STRESS_CHECK(rc < 0 || value == life);
        atomic_fetch_add(&completed, times);
        weft_unref(life->futures[i]);
    }
    STRESS_CHECK(atomic_load(&life->jobs_run) == JOBS);
    STRESS_CHECK(atomic_load(&life->threads_in) == 0);
    for (int i = 0; i < JOBS; i++) {
        void *value = NULL;
        STRESS_CHECK(weft_result(life->jobs[i], &value) == 0 && value == life);
        weft_unref(life->jobs[i]);
    }
}

/* No request of the loop is in the kernel any more: what is written now stays. */
static void check_pipes(struct life *life)
{
    char buffer[256];

    for (int i = 0; i < PIPES; i++) {
        while (recv(life->pipes[i][0], buffer, sizeof buffer, MSG_DONTWAIT) > 0)
            ;
        STRESS_CHECK(send(life->pipes[i][1], "z", 1, 0) == 1);
        STRESS_CHECK(recv(life->pipes[i][0], buffer, sizeof buffer, MSG_DONTWAIT) == 1 &&
                     buffer[0] == 'z');
        close(life->pipes[i][0]);
        close(life->pipes[i][1]);
    }
}

static void check_trip(struct trip *trip)
{
    void *value = NULL;
    int rc = weft_cfuture_result(trip->future, 0, &value);
    uint32_t begun = atomic_load(&trip->begun);

    STRESS_CHECK(weft_cfuture_done(trip->future) && rc != -ETIMEDOUT);
    STRESS_CHECK(weft_cfuture_cancel(trip->future) == (rc == -ECANCELED));
    if (rc == 0)
        STRESS_CHECK(value == trip && begun == 1 && atomic_load(&trip->ended) == 1 &&
                     !trip->forever);
    else if (rc == -ESHUTDOWN)
        STRESS_CHECK(begun == 0);
    else
        STRESS_CHECK(rc == -ECANCELED &&
                     (trip->cancelled || trip->forever || !atomic_load(&trip->ended)));
    atomic_fetch_add(rc == 0 ? &answered : &ended_by_close, 1);
    weft_cfuture_unref(trip->future);
}

static void finish_life(struct life *life)
{
    weft_loop_unref(life->loop);
    check_callers(life);
    check_tasks(life);
    check_futures(life);
    check_pipes(life);
}

static void run_round(void)
{
    pthread_t owners[LIVES], threads[FOREIGN];

    life_count = 1 + (unsigned)stress_random(LIVES);
    for (unsigned i = 0; i < life_count; i++)
        open_life(&lives[i], i);
    for (unsigned i = 0; i < FOREIGN; i++) {
        foreigners[i] = (struct foreign){.id = i};
        STRESS_CHECK(pthread_create(&threads[i], NULL, foreign_main, &foreigners[i]) == 0);
    }
    for (unsigned i = 0; i < life_count; i++)
        STRESS_CHECK(pthread_create(&owners[i], NULL, owner, &lives[i]) == 0);
    for (unsigned i = 0; i < life_count; i++)
        pthread_join(owners[i], NULL);
    for (unsigned i = 0; i < FOREIGN; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < life_count; i++)
        finish_life(&lives[i]);
    for (unsigned i = 0; i < FOREIGN; i++) {
        for (unsigned k = 0; k < foreigners[i].trip_count; k++)
            check_trip(&foreigners[i].trips[k]);
    }
    rounds++;
    loops += life_count;
}

/* ---- what is left ---- */

static int entries(const char *folder)
{
    DIR *dir = opendir(folder);
    int n = 0;

    STRESS_CHECK(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static int maps(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    int c, n = 0;

    STRESS_CHECK(file);
    while ((c = getc(file)) != EOF)
        n += c == '\n';
    fclose(file);
    return n;
}

static void count_object(void *object, void *arg)
{
    struct weft_awaitable *aw = object;
    uint32_t refs = weft__load_acquire(&aw->refs);

    if (refs == 0 || weft__kind(aw) == WEFT__KIND_FREE)
        return;
    fprintf(stderr, "left: an object of kind %d, %s, created at %s, with %u references\n",
            weft__kind(aw), aw->fn ? aw->fn->name : "no coroutine", aw->where, refs);
    ++*(unsigned *)arg;
}

static unsigned objects(void)
{
    unsigned n = 0;

    weft__slab_each(WEFT__SLAB_AWAITABLE, count_object, &n);
    return n;
}

/* A thread that was joined may be on its way out of the kernel still. */
static void check_threads(int before)
{
    int64_t until = stress_now() + INT64_C(2000000000);

    while (entries("/proc/self/task") > before && stress_now() < until)
        sched_yield();
    STRESS_CHECK(entries("/proc/self/task") == before);
}

static void check_nothing_left(int descriptors, int threads)
{
    struct sigaction now;

    for (int i = 0; i < LIVES; i++)
        STRESS_CHECK(sigaction(signals[i], NULL, &now) == 0 && now.sa_handler == SIG_IGN);
    STRESS_CHECK(entries("/proc/self/fd") == descriptors);
    check_threads(threads);
    STRESS_CHECK(objects() == 0);
}

/* The allocator keeps some maps for threads to come; one for each loop would be more. Sanitizers'
 * own are many. */
static void check_maps(int before)
{
#if !defined(WEFT__ASAN) && !defined(WEFT__TSAN)
    STRESS_CHECK(rounds <= WARM_UP || maps() <= before + 100);
#else
    (void)before;
#endif
}

int main(int argc, char **argv)
{
    int descriptors, threads, mapped = 0;

    stress_begin(argc, argv);
    watchdog_start();
    for (int i = 0; i < LIVES; i++)
        signal(signals[i], SIG_IGN);
    descriptors = entries("/proc/self/fd");
    threads = entries("/proc/self/task");
    while (stress_rounds ? rounds < stress_rounds : stress_now() < stress_end) {
        run_round();
        check_nothing_left(descriptors, threads);
        if (rounds == WARM_UP)
            mapped = maps();
    }
    check_maps(mapped);
    watchdog_stop();
    printf("close: ok, %" PRIu64 " loops in %" PRIu64 " rounds, %" PRIu64
           " callbacks accepted (%" PRIu64 " dropped), %" PRIu64 " refused, %" PRIu64
           " coroutines answered, %" PRIu64 " ended, %" PRIu64 " futures completed, %" PRIu64
           " tasks pending\n",
           loops, rounds, atomic_load(&accepted), atomic_load(&dropped), atomic_load(&refused),
           atomic_load(&answered), atomic_load(&ended_by_close), atomic_load(&completed),
           pending_tasks);
    return 0;
}
