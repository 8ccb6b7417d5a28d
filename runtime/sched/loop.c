/* SPDX-License-Identifier: MIT */
#include "runtime/sched/loop.h"

#include <stdlib.h>

#include "runtime/base/environment.h"
#include "runtime/sched/fault.h"
#include "runtime/sched/fork.h"
#include "runtime/sched/kick.h"
#include "runtime/sched/monitor.h"
#include "runtime/sched/registry.h"
#include "runtime/sched/step.h"

/* ---- all loops ---- */

struct weft__spin weft__loops_lock;
static struct weft_loop *loops;

static void add(struct weft_loop *loop)
{
    weft__spin_lock(&weft__loops_lock);
    loop->next = loops;
    loop->link = &loops;
    if (loops)
        loops->link = &loop->next;
    loops = loop;
    weft__spin_unlock(&weft__loops_lock);
}

void weft__loop_forget(struct weft_loop *loop)
{
    weft__spin_lock(&weft__loops_lock);
    *loop->link = loop->next;
    if (loop->next)
        loop->next->link = loop->link;
    weft__spin_unlock(&weft__loops_lock);
}

bool weft__loop_find(struct weft_loop *loop)
{
    struct weft_loop *found;

    weft__spin_lock(&weft__loops_lock);
    for (found = loops; found && found != loop; found = found->next)
        ;
    if (found && found->generation != weft__fork_generation())
        found = NULL;
    if (found)
        weft__loop_hold(found);
    weft__spin_unlock(&weft__loops_lock);
    return found != NULL;
}

/* ---- making ---- */

static int check_config(const struct weft__loop_config *config, unsigned *workers, bool *ordered)
{
    *workers = config->workers ? config->workers : weft__cpu_count();
    if (*workers > WEFT_WORKERS_MAX) {
        if (config->workers)
            return -EINVAL;
        *workers = WEFT_WORKERS_MAX;
    }
    if (config->debug < WEFT_DEBUG_DEFAULT || config->debug > WEFT_DEBUG_OFF ||
        config->order < WEFT_ORDER_DEFAULT || config->order > WEFT_ORDER_FREE)
        return -EINVAL;
    if (config->order == WEFT_ORDER_ASYNCIO && *workers > 1)
        return -EINVAL;
    *ordered = *workers == 1 && config->order != WEFT_ORDER_FREE;
    return 0;
}

static int open_workers(struct weft_loop *loop)
{
    for (unsigned i = 0; i < loop->count; i++) {
        int rc = weft__worker_init(&loop->workers[i], loop, i);
        if (rc == 0)
            continue;
        while (i-- > 0)
            weft__worker_destroy(&loop->workers[i]);
        return rc;
    }
    return 0;
}

/* What the process has while there is any loop: signal handlers. */
static int enter_process(void)
{
    int rc = weft__fork_install();

    if (rc == 0)
        rc = weft__fault_install();
    if (rc < 0)
        return rc;
    rc = weft__kick_install();
    if (rc < 0)
        weft__fault_remove();
    return rc;
}

static void init_shared(struct weft_loop *loop, bool debug)
{
    weft__store_relaxed(&loop->refs, 1); /* relaxed throughout: not shared yet */
    weft__store_relaxed(&loop->holds, 1);
    weft__store_relaxed(&loop->state, WEFT__LOOP_STOPPED);
    weft__store_relaxed(&loop->debug, debug);
    weft__store_relaxed(&loop->slow_step, WEFT__STEP_SLOW);
    weft__mpsc_init(&loop->injector);
    weft__strand_init(&loop->strand, loop);
    loop->generation = weft__fork_generation();
    loop->idle.membarrier = weft__idle_membarrier();
    if (!loop->idle.membarrier)
        weft__store_relaxed(&weft__registry_walks, 1);
}

static int open_all(struct weft_loop *loop)
{
    int rc = enter_process();

    if (rc < 0)
        return rc;
    rc = weft__stack_pool_init(&loop->stack_pool);
    if (rc == 0) {
        rc = open_workers(loop);
        if (rc < 0)
            weft__stack_pool_destroy(&loop->stack_pool);
    }
    if (rc < 0) {
        weft__kick_remove();
        weft__fault_remove();
    }
    return rc;
}

static int choose_class(struct weft_loop *loop, const struct weft__loop_config *config)
{
    int rc = 0;

    loop->class = config->class;
    if (!loop->class)
        rc = weft__driver_choose(&loop->class);
    if (rc == 0)
        loop->system = loop->class->system;
    return rc;
}

int weft__loop_new(struct weft_loop **out, const struct weft__loop_config *config)
{
    unsigned workers;
    bool ordered;
    int rc = check_config(config, &workers, &ordered);
    struct weft_loop *loop;

    if (rc < 0)
        return rc;
    loop = aligned_alloc(2 * WEFT__CACHE_LINE, sizeof *loop);
    if (!loop)
        return -ENOMEM;
    *loop = (struct weft_loop){.count = workers, .ordered = ordered, .seed = config->seed};
    loop->workers = aligned_alloc(2 * WEFT__CACHE_LINE, workers * sizeof *loop->workers);
    rc = loop->workers ? choose_class(loop, config) : -ENOMEM;
    if (rc == 0) {
        init_shared(loop, config->debug == WEFT_DEBUG_ON ||
                              (config->debug == WEFT_DEBUG_DEFAULT && weft__environment_debug()));
        rc = open_all(loop);
    }
    if (rc < 0) {
        free(loop->workers);
        free(loop);
        return rc;
    }
    add(loop);
    *out = loop;
    return 0;
}

/* ---- running ---- */

/* Under the lock, so that whoever kicks a thread, or reads its clock, finds it alive. */
static void set_thread(struct weft__worker *worker, weft__thread thread)
{
    weft__spin_lock(&worker->loop->lock);
    worker->thread = thread;
    weft__spin_unlock(&worker->loop->lock);
}

/* One run of one worker, on its thread. */
static int run_worker(struct weft__worker *worker)
{
    struct weft_loop *loop = worker->loop;
    int rc = loop->class->attach(worker->driver);

    if (rc < 0)
        return rc;
    set_thread(worker, loop->system->thread_self());
    weft__self_set(worker);
    weft__worker_run(worker);
    weft__self_set(NULL);
    set_thread(worker, 0);
    loop->class->detach(worker->driver);
    return 0;
}

/* Before its thread ends: the kernel must not hold requests of a thread that is gone. Worker 0's is
 * whichever closes the loop: maybe a worker of another one, in the middle of a task. */
static void drain(struct weft__worker *worker)
{
    struct weft__worker *outer = weft__self();
    struct weft_loop *loop = worker->loop;
    struct weft__driver *driver = worker->driver;

    if (loop->class->in_flight(driver) == 0 || loop->class->attach(driver) < 0)
        return;
    weft__self_set(worker);
    weft__spin_lock(&driver->completion_lock);
    loop->class->cancel_all(driver);
    while (loop->class->in_flight(driver) > 0) {
        loop->class->flush(driver);
        if (loop->class->reap(driver, UINT32_MAX) == 0)
            loop->class->park(driver, loop->system->now() + 1000000);
    }
    weft__spin_unlock(&driver->completion_lock);
    weft__self_set(outer);
    loop->class->detach(driver);
}

static void arrive(struct weft_loop *loop)
{
    /* acq_rel: what this worker did in the run happens before what follows the barrier. */
    weft__fetch_add_acq_rel(&loop->arrived, 1);
    loop->system->wake_all(&loop->arrived);
}

static void worker_main(void *arg)
{
    struct weft__worker *worker = arg;
    struct weft_loop *loop = worker->loop;
    uint32_t seen = 0;
    void *alternate;
    int rc = weft__fault_enter_thread(&alternate);

    (void)rc; /* without an alternate stack an overflow is not explained, but still ends the process
               */
    for (;;) {
        /* acquire: pairs with the release that begins a run. */
        uint32_t epoch = weft__load_acquire(&loop->epoch);
        if (weft__load_acquire(&loop->closing))
            break;
        if (epoch == seen || !(epoch & 1)) {
            loop->system->wait(&loop->epoch, epoch, INT64_MAX);
            continue;
        }
        seen = epoch;
        run_worker(worker);
        arrive(loop);
    }
    drain(worker);
    weft__fault_leave_thread(alternate);
}

/* The other workers and the monitor, with the first run. */
static int start_threads(struct weft_loop *loop)
{
    int rc = 0;

    if (loop->count > 1 && !loop->monitor)
        rc = weft__monitor_start(loop);
    while (rc == 0 && loop->threads + 1 < loop->count) {
        unsigned id = loop->threads + 1;
        rc = loop->system->thread_start(&loop->thread[id], "weft-worker", worker_main,
                                        &loop->workers[id]);
        if (rc == 0)
            loop->threads++;
    }
    return rc;
}

static void wait_for_others(struct weft_loop *loop)
{
    uint32_t arrived;

    /* acquire: pairs with arrive. */
    while ((arrived = weft__load_acquire(&loop->arrived)) < loop->threads)
        loop->system->wait(&loop->arrived, arrived, INT64_MAX);
}

static int run_all(struct weft_loop *loop)
{
    int rc = start_threads(loop);

    if (rc < 0)
        return rc;
    weft__store_relaxed(&loop->arrived, 0); /* relaxed: published by the epoch */
    /* release: the others begin; pairs with worker_main. */
    weft__fetch_add_acq_rel(&loop->epoch, 1);
    loop->system->wake_all(&loop->epoch);
    rc = run_worker(&loop->workers[0]);
    if (rc < 0)
        weft__loop_stop(loop); /* the others must come back */
    wait_for_others(loop);
    weft__fetch_add_acq_rel(&loop->epoch, 1);
    weft__store_relaxed(&loop->stop, false); /* relaxed: nobody runs */
    return rc;
}

int weft__loop_run(struct weft_loop *loop)
{
    uint32_t state = WEFT__LOOP_STOPPED;
    void *alternate;
    int rc;

    if (loop->generation != weft__fork_generation())
        return -ESHUTDOWN;
    if (weft__self())
        return -EBUSY;
    /* acq_rel: one thread at a time; it sees what the last one did. */
    if (!weft__cas_acq_rel(&loop->state, &state, WEFT__LOOP_RUNNING))
        return state == WEFT__LOOP_CLOSED ? -ESHUTDOWN : -EBUSY;
    rc = weft__fault_enter_thread(&alternate);
    if (rc == 0) {
        rc = run_all(loop);
        weft__fault_leave_thread(alternate);
    }
    weft__store_release(&loop->state, WEFT__LOOP_STOPPED);
    return rc;
}

void weft__loop_stop(struct weft_loop *loop)
{
    if (weft__loop_closed(loop))
        return;
    /* release: pairs with the workers' acquire; then all that sleep look. */
    weft__store_seq_cst(&loop->stop, true);
    weft__idle_wake_all(loop);
}

/* ---- the executor ---- */

int weft__loop_executor(struct weft_loop *loop, struct weft_executor **executor)
{
    struct weft_executor *there = NULL, *made;

    *executor = weft__load_acquire(&loop->executor); /* acquire: pairs with who has set it */
    if (*executor)
        return 0;
    made = weft__executor_new(loop->system, WEFT__EXECUTOR_DEFAULT);
    if (!made)
        return -ENOMEM;
    /* acq_rel: it is complete; or another one is found. */
    if (!weft__cas_acq_rel(&loop->executor, &there, made)) {
        weft_executor_unref(made);
        made = there;
    }
    *executor = made;
    return 0;
}

struct weft_executor *weft__loop_last_executor(struct weft_loop *loop)
{
    struct weft_executor *there = NULL;

    /* acq_rel: as above. */
    return weft__cas_acq_rel(&loop->executor, &there, &weft__executor_none) ? &weft__executor_none
                                                                            : there;
}

/* ---- ending ---- */

static void end_threads(struct weft_loop *loop)
{
    weft__store_seq_cst(&loop->closing, 1);
    weft__fetch_add_acq_rel(&loop->epoch,
                            2); /* even still: wakes those that wait, begins nothing */
    loop->system->wake_all(&loop->epoch);
    for (unsigned i = 1; i <= loop->threads; i++)
        loop->system->thread_join(loop->thread[i]);
    loop->threads = 0;
    weft__monitor_stop(loop);
    drain(&loop->workers[0]);
}

void weft__loop_drop(struct weft_loop *loop)
{
    /* acq_rel: the last one sees what all others did. */
    if (weft__fetch_sub_acq_rel(&loop->holds, 1) != 1)
        return;
    weft_executor_unref(weft__load_relaxed(&loop->executor)); /* relaxed: after the acquire */
    free(loop->workers);
    free(loop);
}

void weft__loop_end(struct weft_loop *loop)
{
    weft__executor_close(weft__loop_last_executor(loop));
    end_threads(loop);
    weft__loop_close_queues(loop);
    for (unsigned i = 0; i < loop->count; i++)
        weft__worker_destroy(&loop->workers[i]);
    weft__stack_pool_destroy(&loop->stack_pool);
    weft__kick_remove();
    weft__fault_remove();
}
