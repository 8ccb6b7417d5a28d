/* SPDX-License-Identifier: MIT */
#include "runtime/sched/executor.h"

#include <stdlib.h>

#include "runtime/sched/wait.h"

static const int64_t idle_ns = INT64_C(10) * 1000 * 1000 * 1000;

static const weft__thread reserved = (weft__thread)-1; /* for one that is being started */

struct start { /* what a new thread is told; it lives on the frame of who starts it */
    struct weft_executor *pool;
    unsigned slot;
    bool there; /* under the lock: the thread runs, and does not look here any more */
};

struct weft_executor weft__executor_none = {.shut = true};

void weft__executor_init(struct weft_executor *pool, const struct weft__system *system,
                         unsigned size)
{
    *pool = (struct weft_executor){.system = system, .size = size};
    weft__store_relaxed(&pool->refs, 1); /* relaxed: not shared yet */
    pool->last = &pool->first;
}

struct weft_executor *weft__executor_new(const struct weft__system *system, unsigned size)
{
    struct weft_executor *pool = malloc(sizeof *pool);

    if (pool)
        weft__executor_init(pool, system, size);
    return pool;
}

/* With the lock held, which it lets go of. */
static void tell_all(struct weft_executor *pool)
{
    weft__fetch_add_relaxed(&pool->signal, 1); /* relaxed: under the lock */
    weft__spin_unlock(&pool->lock);
    pool->system->wake_all(&pool->signal);
}

/* With the lock held, which it lets go of meanwhile: until tell_all, or earlier. False: the
 * deadline has passed. */
static bool wait_until_told(struct weft_executor *pool, int64_t deadline)
{
    uint32_t seen = weft__load_relaxed(&pool->signal); /* relaxed: it is moved on under the lock */
    bool in_time;

    weft__spin_unlock(&pool->lock);
    in_time = pool->system->wait(&pool->signal, seen, deadline);
    weft__spin_lock(&pool->lock);
    return in_time;
}

/* With the lock held: a thread is through, or could not be started. */
static void leave(struct weft_executor *pool)
{
    struct weft__shut *shut;

    if (--pool->live > 0 || !pool->shut)
        return;
    while ((shut = pool->watchers)) {
        pool->watchers = shut->next;
        if (shut->next)
            shut->next->link = &pool->watchers;
        shut->link = NULL;
        shut->fire(shut);
    }
}

/* With the lock held. */
static void push(struct weft_executor *pool, struct weft__job *job)
{
    job->next = NULL;
    job->link = pool->last;
    *pool->last = job;
    pool->last = &job->next;
    pool->queued++;
}

/* With the lock held. */
static struct weft__job *pop(struct weft_executor *pool)
{
    struct weft__job *job = pool->first;

    if (!job)
        return NULL;
    pool->first = job->next;
    pool->queued--;
    if (pool->first)
        pool->first->link = &pool->first;
    else
        pool->last = &pool->first;
    job->link = NULL;
    return job;
}

/* ---- a thread ---- */

/* A job to run, or NULL: end. [busy]: it had one until now, so it does not count as idle yet. */
static struct weft__job *wait_for_job(struct weft_executor *pool, unsigned slot, bool busy)
{
    int64_t deadline = pool->system->now() + idle_ns;
    bool in_time = true;
    struct weft__job *job;

    weft__spin_lock(&pool->lock);
    pool->idle += busy;
    while (!(job = pop(pool)) && !pool->shut && in_time)
        in_time = wait_until_told(pool, deadline);
    pool->idle--;
    if (!job) {
        pool->ended[slot] = true;
        pool->count--;
        leave(pool);
    }
    weft__spin_unlock(&pool->lock);
    return job;
}

static void thread_main(void *arg)
{
    struct start *start = arg;
    struct weft_executor *pool = start->pool;
    unsigned slot = start->slot;
    struct weft__job *job;

    weft__spin_lock(&pool->lock);
    pool->count++; /* not before: nobody may rely on a thread whose start fails yet */
    pool->idle++;
    start->there = true;
    tell_all(pool);
    for (bool busy = false; (job = wait_for_job(pool, slot, busy)); busy = true)
        job->run(job);
}

/* With the lock held, which it lets go of meanwhile. False: none has ended. */
static bool join_one(struct weft_executor *pool)
{
    for (unsigned i = 0; i < pool->size; i++) {
        weft__thread thread = pool->threads[i];
        if (!pool->ended[i] || thread == reserved)
            continue;
        pool->threads[i] = 0;
        pool->ended[i] = false;
        weft__spin_unlock(&pool->lock);
        pool->system->thread_join(thread);
        weft__spin_lock(&pool->lock);
        return true;
    }
    return false;
}

/* A slot that is free as long as the lock is held, or -1. */
static int free_slot(struct weft_executor *pool)
{
    for (unsigned i = 0; i < pool->size; i++) {
        if (!pool->threads[i])
            return (int)i;
    }
    return -1;
}

/* With the lock held, which it lets go of meanwhile. */
static int start_thread(struct weft_executor *pool, unsigned slot)
{
    struct start start = {.pool = pool, .slot = slot};
    weft__thread thread = 0;
    int rc;

    pool->threads[slot] = reserved;
    pool->live++;
    weft__spin_unlock(&pool->lock);
    rc = pool->system->thread_start(&thread, "weft-executor", thread_main, &start);
    weft__spin_lock(&pool->lock);
    while (rc == 0 && !start.there)
        wait_until_told(pool, INT64_MAX);
    pool->threads[slot] = thread;
    if (rc == 0)
        return 0;
    leave(pool);
    tell_all(pool); /* who waited for it */
    weft__spin_lock(&pool->lock);
    return rc;
}

/* ---- jobs ---- */

/* With the lock held. */
static int refused(struct weft_executor *pool, struct weft__job *job)
{
    if (pool->shut)
        return -ESHUTDOWN;
    return job->task && weft__wait_tokens(job->task) ? -ECANCELED : 0;
}

/* With the lock held, which it lets go of meanwhile; so it looks at everything again then, and the
 * job is not queued before: nobody could tell whether it is gone again. 0: there is a thread that
 * will take it, one that is idle unless no more can be had. */
static int prepare(struct weft_executor *pool, struct weft__job *job)
{
    int rc, slot, failed = 0;

    while ((rc = refused(pool, job)) == 0 && pool->idle <= pool->queued) {
        if (join_one(pool))
            continue;
        slot = failed < 0 ? -1 : free_slot(pool);
        if (slot >= 0)
            failed = start_thread(pool, (unsigned)slot);
        else if (pool->count > 0)
            return 0;
        else if (pool->live > 0)
            wait_until_told(pool, INT64_MAX); /* for one that somebody else starts */
        else
            return failed;
    }
    return rc;
}

int weft__executor_submit(struct weft_executor *pool, struct weft__job *job)
{
    int rc;

    weft__spin_lock(&pool->lock);
    rc = prepare(pool, job);
    if (rc < 0) {
        weft__spin_unlock(&pool->lock);
        return rc;
    }
    push(pool, job);
    tell_all(pool);
    return 0;
}

bool weft__executor_take_back(struct weft_executor *pool, struct weft__job *job)
{
    weft__spin_lock(&pool->lock);
    bool queued = job->link != NULL;
    if (queued) {
        *job->link = job->next;
        pool->queued--;
        if (job->next)
            job->next->link = job->link;
        else
            pool->last = job->link;
        job->link = NULL;
    }
    weft__spin_unlock(&pool->lock);
    return queued;
}

bool weft__executor_quiet(struct weft_executor *pool, unsigned *threads)
{
    bool quiet;

    weft__spin_lock(&pool->lock);
    quiet = !pool->first && pool->idle == pool->live;
    *threads = pool->live;
    weft__spin_unlock(&pool->lock);
    return quiet;
}

bool weft__executor_adopt(struct weft_executor *pool)
{
    bool adopted;

    weft__spin_lock(&pool->lock);
    adopted = pool->adopted;
    pool->adopted = true;
    weft__spin_unlock(&pool->lock);
    return !adopted;
}

bool weft__executor_shut(struct weft_executor *pool, struct weft__shut *shut)
{
    bool live;

    weft__spin_lock(&pool->lock);
    pool->shut = true;
    weft__fetch_add_relaxed(&pool->signal, 1); /* relaxed: under the lock */
    live = pool->live > 0;
    if (live && shut) {
        shut->next = pool->watchers;
        shut->link = &pool->watchers;
        if (shut->next)
            shut->next->link = &shut->next;
        pool->watchers = shut;
    }
    weft__spin_unlock(&pool->lock);
    if (live)
        pool->system->wake_all(&pool->signal);
    return live;
}

void weft__executor_forget(struct weft_executor *pool, struct weft__shut *shut)
{
    weft__spin_lock(&pool->lock); /* also where it was fired: the one who did is through with it */
    if (shut->link) {
        *shut->link = shut->next;
        if (shut->next)
            shut->next->link = shut->link;
    }
    weft__spin_unlock(&pool->lock);
}

static void join(struct weft_executor *pool, weft__thread thread)
{
    WEFT__ASSERT(thread != pool->system->thread_self(),
                 "a call in an executor ends that executor, or the loop whose default one it is: "
                 "keep a reference until the call is over");
    pool->system->thread_join(thread);
}

void weft__executor_close(struct weft_executor *pool)
{
    weft__executor_shut(pool, NULL);
    for (unsigned i = 0; i < pool->size; i++) {
        weft__spin_lock(&pool->lock);
        weft__thread thread = pool->threads[i];
        while (thread == reserved) {
            weft__spin_unlock(&pool->lock);
            weft__pause();
            weft__spin_lock(&pool->lock);
            thread = pool->threads[i];
        }
        pool->threads[i] = 0;
        weft__spin_unlock(&pool->lock);
        if (thread)
            join(pool, thread);
    }
}

weft_executor_t *weft_executor_ref(weft_executor_t *executor)
{
    if (executor)
        weft__fetch_add_relaxed(&executor->refs, 1); /* relaxed: the caller holds one */
    return executor;
}

void weft_executor_unref(weft_executor_t *executor)
{
    /* acq_rel: the last one sees what all others did. */
    if (!executor || executor == &weft__executor_none ||
        weft__fetch_sub_acq_rel(&executor->refs, 1) != 1)
        return;
    weft__executor_close(executor);
    free(executor);
}
