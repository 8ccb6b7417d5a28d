/* SPDX-License-Identifier: MIT */
/* rwlock: many read or one writes, in the order in which they came. */
#include "tests/support/serial.h"

TestSuite(rwlock, .timeout = 60);

static weft_rwlock_t lock = WEFT_RWLOCK_INIT;
static _Atomic(int) reading, writing;

static bool is_free(void)
{
    return weft_rwlock_try_acquire_write(&lock) && CHECK_INT(weft_rwlock_release(&lock), 0);
}

/* ---- exclusion ---- */

enum { TASKS = 8, ROUNDS = 200 };

static int counted;

static void reads_the_count(int i)
{
    CHECK_INT(weft_rwlock_acquire_read(&lock), 0);
    reading++;
    CHECK_INT(writing, 0);
    int before = counted; /* no atomic: the lock is enough */
    if (i % 8 == 0)
        CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(counted, before);
    reading--;
    CHECK_INT(weft_rwlock_release(&lock), 0);
}

static void counts(int i)
{
    CHECK_INT(weft_rwlock_acquire_write(&lock), 0);
    CHECK_INT(writing++, 0);
    CHECK_INT(reading, 0);
    if (i % 8 == 1)
        CHECK_INT(weft_sleep(0), 0);
    counted++;
    writing--;
    CHECK_INT(weft_rwlock_release(&lock), 0);
}

WEFT_CORO(reads_and_counts)
{
    for (int i = 0; i < ROUNDS; i++) {
        reads_the_count(i);
        if (i % 2 == 0)
            counts(i / 2);
    }
    return 0;
}

WEFT_CORO(has_many_count)
{
    weft_task_t *task[TASKS];

    for (int i = 0; i < TASKS; i++)
        task[i] = weft_create_task(weft_coro(&reads_and_counts, NULL));
    for (int i = 0; i < TASKS; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    return 0;
}

CASE(rwlock, who_writes_is_alone_on_all_workers)
{
    counted = 0;
    CHECK_INT(run(&has_many_count, NULL), 0);
    CHECK_INT(counted, TASKS * ROUNDS / 2);
    CHECK(is_free());
}

/* ---- without waiting ---- */

CASE(rwlock, try_acquire_takes_what_is_free)
{
    CHECK(weft_rwlock_try_acquire_read(&lock));
    CHECK(weft_rwlock_try_acquire_read(&lock));
    CHECK(!weft_rwlock_try_acquire_write(&lock));
    CHECK_INT(weft_rwlock_release(&lock), 0);
    CHECK(!weft_rwlock_try_acquire_write(&lock));
    CHECK_INT(weft_rwlock_release(&lock), 0);
    CHECK(weft_rwlock_try_acquire_write(&lock));
    CHECK(!weft_rwlock_try_acquire_read(&lock));
    CHECK(!weft_rwlock_try_acquire_write(&lock));
    CHECK_INT(weft_rwlock_release(&lock), 0);
    CHECK(is_free());
}

CASE(rwlock, release_of_what_nobody_holds_is_refused)
{
    CHECK_INT(weft_rwlock_release(&lock), -EPERM);
    CHECK(weft_rwlock_try_acquire_read(&lock));
    CHECK_INT(weft_rwlock_release(&lock), 0);
    CHECK_INT(weft_rwlock_release(&lock), -EPERM);
    CHECK(is_free());
}

CASE(rwlock, acquire_outside_of_a_task_is_refused)
{
    CHECK_INT(weft_rwlock_acquire_read(&lock), -EPERM);
    CHECK_INT(weft_rwlock_acquire_write(&lock), -EPERM);
    CHECK(is_free());
}

/* ---- order ---- */

static weft_event_t over = WEFT_EVENT_INIT;

static void begin(void)
{
    weft_event_init(&over);
    reading = writing = 0;
}

/* Stays inside until it is over. */
WEFT_CORO(reads)
{
    int rc = weft_rwlock_acquire_read(&lock);

    if (rc < 0)
        return rc;
    reading++;
    rc = weft_event_wait(&over);
    reading--;
    CHECK_INT(weft_rwlock_release(&lock), 0);
    return rc;
}

WEFT_CORO(writes)
{
    int rc = weft_rwlock_acquire_write(&lock);

    if (rc < 0)
        return rc;
    writing++;
    rc = weft_event_wait(&over);
    writing--;
    CHECK_INT(weft_rwlock_release(&lock), 0);
    return rc;
}

/* One after the other, those who read 'r' and those who write 'w'. */
static void start_all(weft_task_t **task, const char *who)
{
    for (; *who; who++)
        *task++ = *who == 'r' ? start(&reads, NULL) : start(&writes, NULL);
}

static void check_inside(int readers, int writers)
{
    turn();
    CHECK_INT(reading, readers);
    CHECK_INT(writing, writers);
}

static void end(weft_task_t *const *task, int count)
{
    weft_event_set(&over);
    for (int i = 0; i < count; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    CHECK(is_free());
}

WEFT_CORO(has_readers_behind_a_writer)
{
    weft_task_t *task[6];

    CHECK(weft_rwlock_try_acquire_read(&lock));
    start_all(task, "rwrrwr");
    check_inside(1, 0); /* beside us; who came after the writer waits */
    CHECK(!weft_rwlock_try_acquire_read(&lock));
    CHECK(weft_cancel(task[0]));
    CHECK_INT(weft_join(task[0], NULL), -ECANCELED);
    check_inside(0, 0); /* we are still there */
    CHECK_INT(weft_rwlock_release(&lock), 0);
    CHECK(!weft_rwlock_try_acquire_read(&lock)); /* it is the writer's already */
    check_inside(0, 1);
    CHECK(weft_cancel(task[1]));
    CHECK_INT(weft_join(task[1], NULL), -ECANCELED);
    check_inside(2, 0); /* up to the next writer */
    end(&task[2], 4);
    return 0;
}

CASE(rwlock, readers_go_in_together_and_do_not_overtake_a_writer)
{
    begin();
    CHECK_INT(run_serial(&has_readers_behind_a_writer, NULL), 0);
}

/* ---- cancelled ---- */

WEFT_CORO(cancels_a_writer_at_the_head)
{
    weft_task_t *task[4];

    CHECK(weft_rwlock_try_acquire_read(&lock));
    start_all(task, "wrrw");
    check_inside(0, 0);
    CHECK(weft_cancel(task[0]));
    CHECK_INT(weft_join(task[0], NULL), -ECANCELED);
    check_inside(2, 0); /* beside us */
    CHECK_INT(weft_rwlock_release(&lock), 0);
    end(&task[1], 3);
    return 0;
}

CASE(rwlock, a_cancelled_writer_lets_those_behind_it_in)
{
    begin();
    CHECK_INT(run_serial(&cancels_a_writer_at_the_head, NULL), 0);
}

WEFT_CORO(cancels_the_only_one_who_waits)
{
    CHECK(weft_rwlock_try_acquire_read(&lock));
    weft_task_t *writer = start(&writes, NULL);

    CHECK(!weft_rwlock_try_acquire_read(&lock));
    CHECK(weft_cancel(writer));
    CHECK_INT(weft_join(writer, NULL), -ECANCELED);
    CHECK(weft_rwlock_try_acquire_read(&lock)); /* nobody waits any more */
    CHECK_INT(weft_rwlock_release(&lock), 0);
    CHECK_INT(weft_rwlock_release(&lock), 0);
    CHECK(is_free());
    return 0;
}

CASE(rwlock, a_cancelled_writer_keeps_nobody_out)
{
    begin();
    CHECK_INT(run_serial(&cancels_the_only_one_who_waits, NULL), 0);
}

static void cancel_who_was_let_in(const weft_corofn_t *fn)
{
    CHECK(weft_rwlock_try_acquire_write(&lock));
    weft_task_t *task = start(fn, NULL);
    weft_task_t *next = start(&writes, NULL);

    CHECK_INT(weft_rwlock_release(&lock), 0);
    CHECK(weft_cancel(task)); /* it is his, but he did not go on yet */
    CHECK_INT(weft_join(task, NULL), -ECANCELED);
    check_inside(0, 1);
    end(&next, 1);
}

WEFT_CORO(cancels_who_was_let_in)
{
    begin();
    cancel_who_was_let_in(&reads);
    begin();
    cancel_who_was_let_in(&writes);
    return 0;
}

CASE(rwlock, what_a_cancelled_one_was_given_goes_to_the_next)
{
    CHECK_INT(run_serial(&cancels_who_was_let_in, NULL), 0);
}

/* ---- from elsewhere ---- */

static void *reads_and_writes_outside(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        if (weft_rwlock_try_acquire_read(&lock)) {
            CHECK(counted >= 0);
            CHECK_INT(weft_rwlock_release(&lock), 0);
        }
        if (weft_rwlock_try_acquire_write(&lock)) {
            counted++;
            CHECK_INT(weft_rwlock_release(&lock), 0);
        }
    }
    return NULL;
}

WEFT_CORO(counts_beside_a_thread)
{
    pthread_t thread;

    CHECK_INT(pthread_create(&thread, NULL, reads_and_writes_outside, NULL), 0);
    for (int i = 0; i < ROUNDS; i++)
        counts(i);
    return -pthread_join(thread, NULL);
}

CASE(rwlock, another_thread_may_try_and_release)
{
    begin();
    counted = 0;
    CHECK_INT(run(&counts_beside_a_thread, NULL), 0);
    CHECK(counted >= ROUNDS);
    CHECK(is_free());
}
