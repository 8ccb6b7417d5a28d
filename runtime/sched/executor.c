/* SPDX-License-Identifier: MIT */
#include "runtime/sched/blocking.h"

#include "runtime/sched/wait.h"

static const int64_t idle_ns = INT64_C(10) * 1000 * 1000 * 1000;

struct start { /* what a new thread is told; it lives in the pool's frame until the thread has read
                  it */
    struct weft__blocking *pool;
    unsigned slot;
    _Atomic(uint32_t) read;
};

void weft__blocking_init(struct weft__blocking *pool, const struct weft__system *system)
{
    *pool = (struct weft__blocking){.system = system};
    pool->last = &pool->first;
}

/* With the lock held. */
static struct weft__job *pop(struct weft__blocking *pool)
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

/* A job to run, or NULL: end. Counts as idle while it waits. */
static struct weft__job *wait_for_job(struct weft__blocking *pool, unsigned slot)
{
    int64_t deadline = pool->system->now() + idle_ns;
    bool in_time = true;

    weft__spin_lock(&pool->lock);
    for (;;) {
        struct weft__job *job = pop(pool);
        if (job || pool->closed || !in_time) {
            pool->ended[slot] = !job;
            weft__spin_unlock(&pool->lock);
            return job;
        }
        /* relaxed: it is moved on under the lock. */
        uint32_t seen = weft__load_relaxed(&pool->signal);
        pool->idle++;
        weft__spin_unlock(&pool->lock);
        in_time = pool->system->wait(&pool->signal, seen, deadline);
        weft__spin_lock(&pool->lock);
        pool->idle--;
    }
}

static void thread_main(void *arg)
{
    struct start *start = arg;
    struct weft__blocking *pool = start->pool;
    unsigned slot = start->slot;
    struct weft__job *job;

    /* release: the start is read; pairs with the acquire of who waits to let it go. */
    weft__store_release(&start->read, 1);
    pool->system->wake_all(&start->read);
    while ((job = wait_for_job(pool, slot)))
        job->run(job);
}

/* With the lock held, which it lets go of meanwhile. */
static void join_ended(struct weft__blocking *pool)
{
    for (int i = 0; i < WEFT__BLOCKING_THREADS; i++) {
        if (!pool->threads[i] || !pool->ended[i])
            continue;
        weft__thread thread = pool->threads[i];
        pool->threads[i] = 0;
        pool->ended[i] = false;
        pool->count--;
        weft__spin_unlock(&pool->lock);
        pool->system->thread_join(thread);
        weft__spin_lock(&pool->lock);
    }
}

/* A slot that is free as long as the lock is held, or -1. */
static int free_slot(struct weft__blocking *pool)
{
    for (int i = 0; i < WEFT__BLOCKING_THREADS; i++) {
        if (!pool->threads[i])
            return i;
    }
    return -1;
}

/* With the lock held, which it lets go of meanwhile: a slot is reserved by a thread of its own
 * value. */
static int start_thread(struct weft__blocking *pool)
{
    struct start start = {.pool = pool};
    weft__thread thread = 0;
    int slot, rc;

    join_ended(pool);
    slot = free_slot(pool);
    if (slot < 0)
        return pool->count > 0 ? 0 : -EAGAIN;
    start.slot = (unsigned)slot;
    pool->threads[slot] = (weft__thread)-1;
    weft__spin_unlock(&pool->lock);
    rc = pool->system->thread_start(&thread, "weft-blocking", thread_main, &start);
    while (rc == 0 && !weft__load_acquire(&start.read))
        pool->system->wait(&start.read, 0, INT64_MAX);
    weft__spin_lock(&pool->lock);
    pool->threads[slot] = thread;
    if (rc == 0)
        pool->count++; /* not before: nobody may rely on a thread whose start fails yet */
    return rc < 0 && pool->count > 0 ? 0 : rc;
}

/* With the lock held. */
static int refused(struct weft__blocking *pool, struct weft__job *job)
{
    if (pool->closed)
        return -ESHUTDOWN;
    return job->task && weft__wait_tokens(job->task) ? -ECANCELED : 0;
}

int weft__blocking_submit(struct weft__blocking *pool, struct weft__job *job)
{
    int rc;

    weft__spin_lock(&pool->lock);
    rc = refused(pool, job);
    if (rc < 0) {
        weft__spin_unlock(&pool->lock);
        return rc;
    }
    job->next = NULL;
    job->link = pool->last;
    *pool->last = job;
    pool->last = &job->next;
    pool->queued++;
    /* A thread that was sent for counts as idle until it has taken its job. */
    bool idle = pool->idle >= pool->queued;
    weft__fetch_add_relaxed(&pool->signal, 1); /* relaxed: under the lock */
    if (!idle)
        rc = start_thread(pool);
    weft__spin_unlock(&pool->lock);
    /* A failure means that there is no thread: nobody can have taken the job meanwhile. */
    if (rc < 0 && weft__blocking_take_back(pool, job))
        return rc;
    pool->system->wake_all(&pool->signal);
    return 0;
}

bool weft__blocking_take_back(struct weft__blocking *pool, struct weft__job *job)
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

void weft__blocking_close(struct weft__blocking *pool)
{
    weft__spin_lock(&pool->lock);
    pool->closed = true;
    weft__fetch_add_relaxed(&pool->signal, 1); /* relaxed: under the lock */
    weft__spin_unlock(&pool->lock);
    pool->system->wake_all(&pool->signal);
    for (int i = 0; i < WEFT__BLOCKING_THREADS; i++) {
        weft__spin_lock(&pool->lock);
        weft__thread thread = pool->threads[i];
        while (thread == (weft__thread)-1) { /* one that is being started */
            weft__spin_unlock(&pool->lock);
            weft__pause();
            weft__spin_lock(&pool->lock);
            thread = pool->threads[i];
        }
        pool->threads[i] = 0;
        weft__spin_unlock(&pool->lock);
        if (thread)
            pool->system->thread_join(thread);
    }
}
