/* SPDX-License-Identifier: MIT */
/* sync: what tasks share, each call failing in turn (rounds.h): who failed is missed by nobody. */
#include "tests/fault/rounds.h"

TestSuite(faults_sync, .timeout = 60);

static int first(int rc, int next)
{
    return rc < 0 ? rc : next;
}

static int join_both(weft_task_t *a, weft_task_t *b)
{
    int rc = weft_join(a, NULL);

    return first(rc, weft_join(b, NULL));
}

/* ---- condition ---- */

static weft_condition_t condition;
static int stock;

WEFT_CORO(takes_from_stock)
{
    int rc = weft_condition_acquire(&condition);

    while (rc == 0 && stock == 0)
        rc = weft_condition_wait(&condition);
    CHECK(weft_condition_locked(&condition));
    stock -= rc == 0;
    weft_condition_release(&condition);
    return rc;
}

FAULTS(faults_sync, conditions)
{
    weft_condition_init(&condition, NULL);
    stock = 0;
    weft_task_t *a = weft_create_task(weft_coro(&takes_from_stock, NULL));
    weft_task_t *b = weft_create_task(weft_coro(&takes_from_stock, NULL));
    int rc = weft_condition_acquire(&condition);

    CHECK(rc == 0);
    stock = 2;
    CHECK(weft_condition_notify(&condition, 2) == 0);
    weft_condition_release(&condition);
    rc = join_both(a, b);
    CHECK(rc < 0 || stock == 0);
    return rc;
}

/* ---- barrier ---- */

static weft_barrier_t barrier;

WEFT_CORO(comes)
{
    int rc = weft_barrier_wait(&barrier);

    return rc < 0 ? rc : 0;
}

FAULTS(faults_sync, barriers)
{
    size_t done;
    int rc = weft_barrier_init(&barrier, 2);
    weft_awaitable_t *both[] = {weft_create_task(weft_coro(&comes, NULL)),
                                weft_create_task(weft_coro(&comes, NULL))};

    CHECK(rc == 0);
    rc = weft_wait(both, 2, WEFT_NONE, WEFT_FIRST_EXCEPTION, &done);
    weft_barrier_abort(&barrier); /* one failed to come, or nobody is there any more */
    for (int i = 0; i < 2; i++) {
        int one = weft_join(both[i], NULL);
        rc = first(rc, one == WEFT_EBROKENBARRIER ? 0 : one);
    }
    return rc;
}

/* ---- notify ---- */

static weft_notify_t notify;

WEFT_CORO(is_told)
{
    int rc = weft_notify_wait(&notify);

    weft_notify_one(&notify); /* the next */
    return rc;
}

FAULTS(faults_sync, notifies)
{
    weft_notify_init(&notify);
    weft_task_t *a = weft_create_task(weft_coro(&is_told, NULL));
    weft_task_t *b = weft_create_task(weft_coro(&is_told, NULL));

    weft_notify_one(&notify);
    return join_both(a, b);
}

/* ---- once ---- */

static weft_once_t once;

static int makes(void *arg, void **value)
{
    *value = arg;
    return weft_sleep(0);
}

WEFT_CORO(needs_it)
{
    return weft_once_get_or_init(&once, makes, &once, result);
}

FAULTS(faults_sync, onces)
{
    void *value;

    weft_once_init(&once);
    weft_task_t *a = weft_create_task(weft_coro(&needs_it, NULL));
    weft_task_t *b = weft_create_task(weft_coro(&needs_it, NULL));
    int rc = join_both(a, b);

    CHECK(rc < 0 || weft_once_get(&once, &value));
    return rc;
}

/* ---- rwlock ---- */

static weft_rwlock_t rwlock;

WEFT_CORO(reads)
{
    int rc = weft_rwlock_acquire_read(&rwlock);

    return rc < 0 ? rc : weft_rwlock_release(&rwlock);
}

WEFT_CORO(writes)
{
    int rc = weft_rwlock_acquire_write(&rwlock);

    return rc < 0 ? rc : weft_rwlock_release(&rwlock);
}

FAULTS(faults_sync, rwlocks)
{
    weft_rwlock_init(&rwlock);
    CHECK(weft_rwlock_try_acquire_read(&rwlock));
    weft_task_t *a = weft_create_task(weft_coro(&writes, NULL));
    weft_task_t *b = weft_create_task(weft_coro(&reads, NULL));
    int rc = weft_sleep(0);

    CHECK(weft_rwlock_release(&rwlock) == 0);
    rc = first(rc, join_both(a, b));
    CHECK(weft_rwlock_try_acquire_write(&rwlock));
    return rc;
}
