/* SPDX-License-Identifier: MIT */
/*
 * The storm: random trees of tasks in every kind of wait, of which anybody cancels any at any time.
 *
 * Some drivers each play one round after the other. A round is a tree of at most MOST tasks, which
 * sleep, hold a lock or a permit, put and get, wait for an event, read and write a stream, and wait
 * for children: by gather, wait, wait_for, shield, a race, a group, in scopes, or inlined. Cancels
 * come from the tasks themselves and from the driver: before the first step, in each wait, at the
 * end; some tasks catch them and go on. Half of the tasks have a done callback. At its end a driver
 * cancels until all have ended. Then it is checked that
 *   - each task ended exactly once: its body began and ended once or never, and never only if it
 *     was cancelled; its callback was called once;
 *   - the lock, the permits and the queue are as if nobody had ever waited: nobody is in them, and
 *     nobody waits there; what was put is what was got and what is left;
 *   - at the end of all, as many bytes have come back as were written, and no task is left.
 * --rounds: how many with each number of workers, instead of a time.
 *
 * Usage: storm [--seed N] [--seconds S] [--workers N] [--rounds N]
 */
#include "watchdog.h"
#include "runtime/core/slab.h"
#include "runtime/core/task.h"
#include "weft.h"

enum { DRIVERS = 8, MOST = 16, PERMITS = 2, ROOM = 2, DEPTH = 4 };

struct node { /* one task, or one coroutine that runs in its parent's */
    struct storm *storm;
    unsigned depth;
    _Atomic(weft_task_t *) task; /* a reference, or NULL */
    _Atomic(unsigned) begun, ended, called, calls;
};

struct storm { /* what a driver has */
    unsigned id;
    struct node nodes[MOST];
    _Atomic(unsigned) used;
    weft_lock_t lock;
    weft_semaphore_t semaphore;
    weft_queue_t *queue;
    weft_event_t event;
    _Atomic(unsigned) inside, permitted;
    _Atomic(uint64_t) puts, gets, put_sum, got_sum;
    weft_reader_t *reader;
    weft_writer_t *writer;
    _Atomic(uint64_t) written, read_back;
};

static struct storm storms[DRIVERS];
static _Atomic(uint64_t) played, rounds, tasks, cancels, never_begun, caught, bytes;

static bool one_in(unsigned n)
{
    return stress_random(n) == 0;
}

/* ---- cancelling ---- */

static void cancel_node(struct node *node)
{
    weft_task_t *task = atomic_load(&node->task);

    if (task && weft_cancel(task))
        atomic_fetch_add(&cancels, 1);
}

static unsigned used(struct storm *storm)
{
    unsigned n = atomic_load(&storm->used);

    return n < MOST ? n : MOST;
}

static void cancel_someone(struct storm *storm)
{
    unsigned n = used(storm);

    if (n > 0)
        cancel_node(&storm->nodes[stress_random(n)]);
}

/* ---- children ---- */

static const weft_corofn_t body;

static void called(weft_future_t *future, void *node)
{
    STRESS_CHECK(weft_done(future));
    atomic_fetch_add(&((struct node *)node)->called, 1);
}

/* One that may be run, or NULL: the tree is large enough. */
static struct node *new_node(struct storm *storm, unsigned depth)
{
    unsigned i = depth > DEPTH ? MOST : atomic_fetch_add(&storm->used, 1);

    if (i >= MOST)
        return NULL;
    storm->nodes[i].depth = depth;
    return &storm->nodes[i];
}

/* Anybody may cancel [task] from now on. Whatever task there is has to be known here: one that
 * catches a cancel and then waits for ever is ended by the driver only. */
static weft_task_t *known(struct node *node, weft_task_t *task)
{
    STRESS_CHECK(weft_isfuture(task));
    atomic_fetch_add(&tasks, 1);
    if (one_in(2)) {
        atomic_store(&node->calls, 1);
        STRESS_CHECK(weft_add_done_callback(task, called, node) == 0);
    }
    atomic_store(&node->task, weft_ref(task));
    if (one_in(16))
        cancel_node(node);
    return task;
}

static weft_task_t *task_of(struct node *node)
{
    return known(node, weft_create_task(weft_coro(&body, node)));
}

static size_t children(struct node *me, weft_awaitable_t **aws, size_t most)
{
    size_t n = 0;

    while (n < most) {
        struct node *child = new_node(me->storm, me->depth + 1);
        if (!child)
            break;
        aws[n++] = task_of(child);
    }
    return n;
}

static void drop(weft_awaitable_t **aws, size_t n)
{
    for (size_t i = 0; i < n; i++)
        weft_unref(aws[i]);
}

/* ---- what waits for nobody else ---- */

static int rest(void)
{
    return weft_sleep(one_in(2) ? 0 : WEFT_US(stress_random(30)));
}

static int hold_lock(struct storm *storm)
{
    int rc = weft_lock_acquire(&storm->lock);

    if (rc < 0)
        return rc;
    STRESS_CHECK(atomic_fetch_add(&storm->inside, 1) == 0);
    rc = rest();
    STRESS_CHECK(atomic_fetch_sub(&storm->inside, 1) == 1);
    STRESS_CHECK(weft_lock_release(&storm->lock) == 0);
    return rc;
}

static int hold_permit(struct storm *storm)
{
    int rc = weft_semaphore_acquire(&storm->semaphore);

    if (rc < 0)
        return rc;
    STRESS_CHECK(atomic_fetch_add(&storm->permitted, 1) < PERMITS);
    rc = rest();
    atomic_fetch_sub(&storm->permitted, 1);
    STRESS_CHECK(weft_semaphore_release(&storm->semaphore) == 0);
    return rc;
}

static int put(struct storm *storm)
{
    uintptr_t item = 1 + stress_random(1000);
    int rc = weft_queue_put(storm->queue, (void *)item);

    if (rc == 0) {
        atomic_fetch_add(&storm->puts, 1);
        atomic_fetch_add(&storm->put_sum, item);
    }
    return rc;
}

static void got(struct storm *storm, void *item)
{
    atomic_fetch_add(&storm->gets, 1);
    atomic_fetch_add(&storm->got_sum, (uintptr_t)item);
}

static int get(struct storm *storm)
{
    void *item = NULL;
    int rc = weft_queue_get(storm->queue, &item);

    if (rc == 0)
        got(storm, item);
    return rc;
}

static int write_some(struct storm *storm)
{
    char data[64] = {0};
    size_t n = 1 + stress_random(sizeof data);

    STRESS_CHECK(weft_write(storm->writer, data, n) == 0);
    atomic_fetch_add(&storm->written, n);
    return weft_drain(storm->writer);
}

static int read_some(struct storm *storm)
{
    char data[64];
    ssize_t n = weft_read(storm->reader, data, sizeof data);

    if (n == -EBUSY)
        return rest();
    STRESS_CHECK(n > 0 || n == -ECANCELED);
    if (n < 0)
        return (int)n;
    atomic_fetch_add(&storm->read_back, (uint64_t)n);
    return 0;
}

static int set_event(struct storm *storm)
{
    weft_event_set(&storm->event);
    if (one_in(2))
        weft_event_clear(&storm->event);
    return rest();
}

static int wait_alone(struct storm *storm)
{
    switch (stress_random(10)) {
    case 0:
        return hold_lock(storm);
    case 1:
        return hold_permit(storm);
    case 2:
        return put(storm);
    case 3:
        return get(storm);
    case 4:
        return weft_event_wait(&storm->event);
    case 5:
        return set_event(storm);
    case 6:
        return write_some(storm);
    case 7:
        return read_some(storm);
    case 8:
        return one_in(4) ? weft_sleep(WEFT_NONE) : rest();
    default:
        return rest();
    }
}

/* ---- what waits for children ---- */

static int gather(struct node *me)
{
    weft_awaitable_t *aws[3];
    size_t n = children(me, aws, 1 + stress_random(3));
    weft_gather_opts_t opts = {.size = sizeof opts, .return_exceptions = one_in(2)};
    weft_result_t results[3];

    return n ? weft_gather_opts(aws, n, results, &opts) : 0;
}

static int wait_several(struct node *me)
{
    weft_awaitable_t *aws[3];
    size_t n = children(me, aws, 1 + stress_random(3)), done = 0;
    weft_ns_t timeout = one_in(2) ? WEFT_NONE : WEFT_US(stress_random(50));
    int rc = n ? weft_wait(aws, n, timeout, (int)stress_random(3), &done) : 0;

    STRESS_CHECK(done <= n);
    drop(aws, n);
    return rc;
}

/* The child is a task, or a coroutine that runs within this one, which nobody else can name. */
static int wait_limited(struct node *me)
{
    struct node *child = new_node(me->storm, me->depth + 1);
    weft_ns_t timeout = WEFT_US(stress_random(50));
    weft_task_t *task;
    int rc;

    if (!child)
        return 0;
    if (one_in(2))
        return weft_wait_for(weft_coro(&body, child), timeout, NULL);
    task = task_of(child);
    rc = weft_wait_for(task, timeout, NULL);
    weft_unref(task);
    return rc;
}

static int shielded(struct node *me)
{
    weft_awaitable_t *task;
    int rc = 0;

    if (children(me, &task, 1) == 1) {
        rc = weft_join(weft_shield(task), NULL);
        weft_unref(task);
    }
    return rc;
}

static int race(struct node *me)
{
    weft_awaitable_t *aws[3];
    size_t n = children(me, aws, 1 + stress_random(3));

    return n ? weft_race(aws, n, NULL, NULL) : 0;
}

static int inlined(struct node *me)
{
    weft_awaitable_t *task;

    return children(me, &task, 1) == 1 ? weft_join(task, NULL) : 0;
}

static int group(struct node *me)
{
    weft_taskgroup_t tg;
    int rc = weft_taskgroup_enter(&tg);

    STRESS_CHECK(rc == 0);
    for (uint64_t n = stress_random(3); n > 0; n--) {
        struct node *child = new_node(me->storm, me->depth + 1);
        weft_task_t *task;
        if (child && weft_taskgroup_create_task(&tg, weft_coro(&body, child), &task) == 0)
            weft_unref(known(child, task));
    }
    rc = one_in(2) ? wait_alone(me->storm) : 0;
    if (one_in(8))
        weft_taskgroup_cancel(&tg);
    return weft_taskgroup_exit(&tg, rc);
}

static int act(struct node *me);

static int scoped(struct node *me)
{
    weft_scope_t scope;
    weft_timeout_t timeout;
    int rc;

    if (one_in(2)) {
        rc = weft_timeout_enter(&timeout, WEFT_US(stress_random(50)));
        STRESS_CHECK(rc == 0);
        return weft_timeout_exit(&timeout, act(me));
    }
    rc = weft_move_on_after(&scope, WEFT_US(stress_random(50)));
    STRESS_CHECK(rc == 0);
    return weft_scope_exit(&scope, act(me));
}

static int act(struct node *me)
{
    static int (*const with_children[])(struct node *) = {
        gather, wait_several, wait_limited, shielded, race, inlined, group, scoped,
    };

    if (one_in(8))
        cancel_someone(me->storm);
    return one_in(3) ? wait_alone(me->storm) : with_children[stress_random(8)](me);
}

static bool is_possible(int rc)
{
    return rc == 0 || rc == -ECANCELED || rc == -ETIMEDOUT || rc == -EIO || rc == WEFT_EGROUP;
}

WEFT_CORO(body)
{
    struct node *me = arg;
    int rc = 0;

    STRESS_CHECK(atomic_fetch_add(&me->begun, 1) == 0);
    for (uint64_t n = 1 + stress_random(3); n > 0 && rc == 0; n--)
        rc = act(me);
    STRESS_CHECK(is_possible(rc));
    if (rc == -ECANCELED && one_in(8)) {
        atomic_fetch_add(&caught, 1);
        if (one_in(2))
            (void)weft_uncancel(weft_current_task());
        rc = rest();
    }
    if (one_in(8))
        cancel_someone(me->storm); /* maybe itself, at its end */
    atomic_fetch_add(&me->ended, 1);
    return rc == 0 && one_in(16) ? -EIO : rc;
}

/* ---- a round ---- */

static void begin_round(struct storm *storm)
{
    for (unsigned i = 0; i < MOST; i++)
        storm->nodes[i] = (struct node){.storm = storm};
    atomic_store(&storm->used, 0);
    weft_lock_init(&storm->lock);
    weft_event_init(&storm->event);
    STRESS_CHECK(weft_bounded_semaphore_init(&storm->semaphore, PERMITS) == 0);
    STRESS_CHECK(weft_queue_create(&storm->queue, ROOM) == 0);
    atomic_store(&storm->puts, 0);
    atomic_store(&storm->gets, 0);
    atomic_store(&storm->put_sum, 0);
    atomic_store(&storm->got_sum, 0);
}

/* One without a task is known by its parent's end. */
static bool has_ended(struct node *node)
{
    weft_task_t *task = atomic_load(&node->task);

    return atomic_load(&node->begun) == atomic_load(&node->ended) && (!task || weft_done(task)) &&
           atomic_load(&node->called) == atomic_load(&node->calls);
}

static bool all_have_ended(struct storm *storm)
{
    for (unsigned i = 0; i < used(storm); i++)
        if (!has_ended(&storm->nodes[i]))
            return false;
    return true;
}

static void end_all(struct storm *storm)
{
    unsigned patience = (unsigned)stress_random(20);

    for (unsigned tries = 0; !all_have_ended(storm); tries++) {
        for (unsigned i = 0; tries > patience && i < used(storm); i++)
            cancel_node(&storm->nodes[i]);
        STRESS_CHECK(weft_sleep(tries < 10 ? 0 : WEFT_US(50)) == 0);
    }
}

static void check_node(struct node *node)
{
    weft_task_t *task = atomic_load(&node->task);
    unsigned begun = atomic_load(&node->begun);

    STRESS_CHECK(begun == atomic_load(&node->ended));
    if (!begun)
        atomic_fetch_add(&never_begun, 1);
    if (!task)
        return;
    STRESS_CHECK(is_possible(weft_exception(task)));
    STRESS_CHECK(begun || weft_cancelled(task));
    weft_unref(task);
}

/* Whoever waits at one of them would be given what is released, or put, here. */
static void check_nobody_waits(struct storm *storm)
{
    void *item;

    STRESS_CHECK(!weft_lock_locked(&storm->lock) && weft_lock_try_acquire(&storm->lock));
    STRESS_CHECK(weft_lock_release(&storm->lock) == 0 && !weft_lock_locked(&storm->lock));
    for (int i = 0; i < PERMITS; i++)
        STRESS_CHECK(weft_semaphore_try_acquire(&storm->semaphore));
    STRESS_CHECK(!weft_semaphore_try_acquire(&storm->semaphore));
    for (int i = 0; i < PERMITS; i++)
        STRESS_CHECK(weft_semaphore_release(&storm->semaphore) == 0);
    STRESS_CHECK(weft_semaphore_release(&storm->semaphore) < 0);
    while (weft_queue_get_nowait(storm->queue, &item) == 0)
        got(storm, item);
    STRESS_CHECK(weft_queue_put_nowait(storm->queue, storm) == 0);
    STRESS_CHECK(weft_queue_get_nowait(storm->queue, &item) == 0 && item == storm);
}

static void end_round(struct storm *storm)
{
    for (unsigned i = 0; i < used(storm); i++)
        check_node(&storm->nodes[i]);
    STRESS_CHECK(atomic_load(&storm->inside) == 0 && atomic_load(&storm->permitted) == 0);
    check_nobody_waits(storm);
    STRESS_CHECK(atomic_load(&storm->puts) == atomic_load(&storm->gets));
    STRESS_CHECK(atomic_load(&storm->put_sum) == atomic_load(&storm->got_sum));
    weft_queue_unref(storm->queue);
}

static void play_round(struct storm *storm)
{
    watchdog_begin(storm->id);
    begin_round(storm);
    weft_unref(task_of(new_node(storm, 0)));
    for (uint64_t n = stress_random(6); n > 0; n--) {
        if (one_in(4))
            cancel_someone(storm);
        STRESS_CHECK(rest() == 0);
    }
    end_all(storm);
    end_round(storm);
    watchdog_end(storm->id);
}

/* ---- a run ---- */

static int echo(weft_reader_t *reader, weft_writer_t *writer, void *arg)
{
    char data[256];
    ssize_t n;

    (void)arg;
    while ((n = weft_read(reader, data, sizeof data)) > 0) {
        int rc = weft_write(writer, data, (size_t)n);
        if (rc < 0)
            return rc;
    }
    return (int)n;
}

static void quiet(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop, (void)context, (void)arg; /* tasks that fail, and nobody looks at: on purpose */
}

static bool goes_on(void)
{
    return stress_rounds ? atomic_fetch_add(&played, 1) < stress_rounds : stress_now() < stress_end;
}

WEFT_CORO(driver)
{
    struct storm *storm = arg;

    while (goes_on()) {
        play_round(storm);
        atomic_fetch_add(&rounds, 1);
    }
    while (atomic_load(&storm->read_back) < atomic_load(&storm->written))
        STRESS_CHECK(read_some(storm) == 0);
    STRESS_CHECK(atomic_load(&storm->read_back) == atomic_load(&storm->written));
    atomic_fetch_add(&bytes, atomic_load(&storm->written));
    weft_reader_unref(storm->reader);
    weft_writer_unref(storm->writer);
    return 0;
}

WEFT_CORO(run_all)
{
    weft_task_t *drivers[DRIVERS];
    weft_server_t *server = arg;

    atomic_store(&played, 0);
    weft_loop_set_exception_handler(weft_get_running_loop(), quiet, NULL);
    STRESS_CHECK(weft_start_server(echo, NULL, "127.0.0.1", 0, &server) == 0);
    for (unsigned i = 0; i < DRIVERS; i++) {
        storms[i] = (struct storm){.id = i};
        STRESS_CHECK(weft_open_connection("127.0.0.1", (uint16_t)weft_server_port(server),
                                          &storms[i].reader, &storms[i].writer) == 0);
    }
    for (unsigned i = 0; i < DRIVERS; i++)
        drivers[i] = weft_create_task(weft_coro(&driver, &storms[i]));
    for (unsigned i = 0; i < DRIVERS; i++)
        STRESS_CHECK(weft_join(drivers[i], NULL) == 0);
    weft_server_close(server);
    STRESS_CHECK(weft_server_wait_closed(server) == 0);
    weft_server_unref(server);
    return 0;
}

static void count_awaitable(void *object, void *count)
{
    *(unsigned *)count += weft__load_relaxed(&((struct weft_awaitable *)object)->refs) != 0;
}

static void run(void)
{
    unsigned left = 0;

    STRESS_CHECK(weft_run(weft_coro(&run_all, NULL), NULL, .workers = stress_workers,
                          .order = WEFT_ORDER_FREE) == 0);
    weft__slab_each(WEFT__SLAB_AWAITABLE, count_awaitable, &left);
    STRESS_CHECK(left == 0);
    printf("%u workers: %" PRIu64 " rounds, %" PRIu64 " tasks, %" PRIu64 " cancels, %" PRIu64
           " never begun, %" PRIu64 " caught, %" PRIu64 " bytes\n",
           stress_workers, atomic_load(&rounds), atomic_load(&tasks), atomic_load(&cancels),
           atomic_load(&never_begun), atomic_load(&caught), atomic_load(&bytes));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    stress_begin(argc, argv);
    watchdog_start();
    stress_with_workers(run);
    watchdog_stop();
    return 0;
}
