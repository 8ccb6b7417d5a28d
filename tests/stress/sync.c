/* SPDX-License-Identifier: MIT */
/*
 * What tasks share and tell each other by, on real workers (sync.h). Who is alone changes plain
 * memory: if two are, a change is lost, and ThreadSanitizer sees them.
 */
#include "sync.h"

/* ---- alone: what one at a time does ---- */

static uint64_t times_alone; /* plain */
static _Atomic(uint64_t) times;

static void make_alone(void)
{
    times_alone = 0;
    atomic_store(&times, 0);
}

static void be_alone(void (*act)(void))
{
    uint64_t before = times_alone;

    atomic_fetch_add(&times, 1);
    act();
    times_alone = before + 1;
}

static void check_alone(void)
{
    STRESS_CHECK(times_alone == atomic_load(&times));
}

/* ---- lock ---- */

static weft_lock_t lock;

static void make_lock(void)
{
    weft_lock_init(&lock);
    make_alone();
}

static void be_alone_in_lock(void (*act)(void))
{
    be_alone(act);
    STRESS_CHECK(weft_lock_locked(&lock));
    STRESS_CHECK(weft_lock_release(&lock) == 0);
}

static int use_lock(unsigned who)
{
    int rc = weft_lock_acquire(&lock);

    (void)who;
    if (rc == 0)
        be_alone_in_lock(stay);
    return rc;
}

static void meddle_with_lock(void)
{
    if (weft_lock_try_acquire(&lock))
        be_alone_in_lock(spin);
}

static void check_lock(void)
{
    check_alone();
    STRESS_CHECK(!weft_lock_locked(&lock) && weft_lock_try_acquire(&lock));
    STRESS_CHECK(weft_lock_release(&lock) == 0 && weft_lock_release(&lock) == -EPERM);
}

/* ---- semaphore ---- */

enum { PERMITS_MOST = 3 };

static weft_semaphore_t semaphore;
static unsigned permits;
static _Atomic(unsigned) permitted;

static void make_semaphore(void)
{
    permits = 1 + (unsigned)stress_random(PERMITS_MOST);
    atomic_store(&permitted, 0);
    STRESS_CHECK(weft_semaphore_init(&semaphore, (int)permits) == 0);
}

static void make_bounded(void)
{
    make_semaphore();
    STRESS_CHECK(weft_bounded_semaphore_init(&semaphore, (int)permits) == 0);
}

static void be_permitted(void (*act)(void))
{
    STRESS_CHECK(atomic_fetch_add(&permitted, 1) < permits);
    act();
    atomic_fetch_sub(&permitted, 1);
    STRESS_CHECK(weft_semaphore_release(&semaphore) == 0);
}

static int use_semaphore(unsigned who)
{
    int rc = weft_semaphore_acquire(&semaphore);

    (void)who;
    if (rc == 0)
        be_permitted(stay);
    return rc;
}

static void meddle_with_semaphore(void)
{
    if (weft_semaphore_try_acquire(&semaphore))
        be_permitted(spin);
}

static void check_semaphore(void)
{
    for (unsigned i = 0; i < permits; i++)
        STRESS_CHECK(weft_semaphore_try_acquire(&semaphore));
    STRESS_CHECK(!weft_semaphore_try_acquire(&semaphore) && weft_semaphore_locked(&semaphore));
    for (unsigned i = 0; i < permits; i++)
        STRESS_CHECK(weft_semaphore_release(&semaphore) == 0);
}

static void check_bounded(void)
{
    check_semaphore();
    STRESS_CHECK(weft_semaphore_release(&semaphore) == -EINVAL);
}

/* ---- rwlock ---- */

static weft_rwlock_t rwlock;
static _Atomic(unsigned) readers;

static void make_rwlock(void)
{
    weft_rwlock_init(&rwlock);
    make_alone();
    atomic_store(&readers, 0);
}

static void write_in_rwlock(void (*act)(void))
{
    STRESS_CHECK(atomic_load(&readers) == 0);
    be_alone(act);
    STRESS_CHECK(weft_rwlock_release(&rwlock) == 0);
}

static void read_in_rwlock(void (*act)(void))
{
    uint64_t before = times_alone;

    atomic_fetch_add(&readers, 1);
    act();
    STRESS_CHECK(times_alone == before);
    atomic_fetch_sub(&readers, 1);
    STRESS_CHECK(weft_rwlock_release(&rwlock) == 0);
}

static int use_rwlock(unsigned who)
{
    bool writes = one_in(3);
    int rc = writes ? weft_rwlock_acquire_write(&rwlock) : weft_rwlock_acquire_read(&rwlock);

    (void)who;
    if (rc == 0)
        (writes ? write_in_rwlock : read_in_rwlock)(stay);
    return rc;
}

static void meddle_with_rwlock(void)
{
    if (one_in(2) && weft_rwlock_try_acquire_read(&rwlock))
        read_in_rwlock(spin);
    else if (weft_rwlock_try_acquire_write(&rwlock))
        write_in_rwlock(spin);
}

static void check_rwlock(void)
{
    check_alone();
    STRESS_CHECK(weft_rwlock_try_acquire_write(&rwlock));
    STRESS_CHECK(weft_rwlock_release(&rwlock) == 0 && weft_rwlock_release(&rwlock) == -EPERM);
}

/* ---- once: most who make the value fail, so that the others follow ---- */

static weft_once_t once;
static _Atomic(void *) made;

static void make_once(void)
{
    weft_once_init(&once);
    make_alone();
    atomic_store(&made, NULL);
}

static int make_value(void *arg, void **value)
{
    STRESS_CHECK(!atomic_load(&made));
    be_alone(stay);
    if (!one_in(64))
        return -EIO;
    atomic_store(&made, arg);
    *value = arg;
    return 0;
}

static int use_once(unsigned who)
{
    void *value;
    int rc = weft_once_get_or_init(&once, make_value, &world.turn[who], &value);

    STRESS_CHECK(rc < 0 || (value && value == atomic_load(&made)));
    return rc == -EIO ? 0 : rc;
}

static void meddle_with_once(void)
{
    void *value;

    if (weft_once_get(&once, &value))
        STRESS_CHECK(value == atomic_load(&made));
}

static void check_once(void)
{
    check_alone();
    STRESS_CHECK(weft_once_set(&once, &once) == (atomic_load(&made) ? -EALREADY : 0));
}

/* ---- event, notify, condition: a lock made of one, so that whoever is not told waits for ever
 * ---- */

static _Atomic(bool) busy;

static void make_busy(void)
{
    atomic_store(&busy, false);
    make_alone();
}

static bool becomes_busy(void)
{
    bool free = false;

    return atomic_compare_exchange_strong(&busy, &free, true);
}

static void be_busy(void)
{
    be_alone(stay);
    atomic_store(&busy, false);
}

static void check_busy(void)
{
    check_alone();
    STRESS_CHECK(!atomic_load(&busy));
}

static weft_event_t event, never;

static void make_event(void)
{
    weft_event_init(&event);
    weft_event_init(&never);
    make_busy();
}

/* Only a cancel ends it. */
static int wait_in_vain(void)
{
    weft_timeout_t scope;

    STRESS_CHECK(weft_timeout_enter(&scope, WEFT_US(stress_random(20))) == 0);
    return weft_timeout_exit(&scope, weft_event_wait(&never));
}

/* It is cleared before the look: if it was set since, somebody has become free since. */
static int use_event(unsigned who)
{
    int rc;

    (void)who;
    if (world.cancelling && one_in(4))
        return wait_in_vain();
    for (;;) {
        weft_event_clear(&event);
        if (becomes_busy())
            break;
        rc = weft_event_wait(&event);
        if (rc < 0)
            return rc;
    }
    be_busy();
    weft_event_set(&event);
    return 0;
}

static void meddle_with_event(void)
{
    weft_event_set(&event);
    if (one_in(2))
        (void)weft_event_is_set(&event);
}

static weft_notify_t notify;

static void make_notify(void)
{
    weft_notify_init(&notify);
    make_busy();
}

static int use_notify(unsigned who)
{
    (void)who;
    while (!becomes_busy()) {
        int rc = weft_notify_wait(&notify);
        if (rc < 0)
            return rc;
    }
    be_busy();
    weft_notify_one(&notify);
    return 0;
}

static void meddle_with_notify(void)
{
    if (one_in(2))
        weft_notify_one(&notify);
    else
        weft_notify_all(&notify);
}

static weft_condition_t condition;

static void make_condition(void)
{
    weft_lock_init(&lock);
    weft_condition_init(&condition, &lock);
    make_busy();
}

static bool becomes_busy_under_lock(void *arg)
{
    (void)arg;
    STRESS_CHECK(weft_condition_locked(&condition));
    return becomes_busy();
}

static void tell_condition(void)
{
    STRESS_CHECK((one_in(8) ? weft_condition_notify_all(&condition)
                            : weft_condition_notify(&condition, 1)) == 0);
    STRESS_CHECK(weft_condition_release(&condition) == 0);
}

static int use_condition(unsigned who)
{
    int rc = weft_condition_acquire(&condition);

    (void)who;
    if (rc < 0)
        return rc;
    rc = weft_condition_wait_for(&condition, becomes_busy_under_lock, NULL);
    STRESS_CHECK(weft_condition_release(&condition) == 0);
    if (rc < 0)
        return rc;
    be_busy();
    while (weft_condition_acquire(&condition) < 0)
        STRESS_CHECK(world.cancelling);
    tell_condition();
    return 0;
}

static void meddle_with_condition(void)
{
    if (weft_lock_try_acquire(&lock))
        tell_condition();
}

static void check_condition(void)
{
    check_busy();
    STRESS_CHECK(weft_condition_notify_all(&condition) == -EPERM);
}

/* ---- barrier: as many as it is for go on at a time. When there are not enough left, it is aborted
 * ---- */

static weft_barrier_t barrier;
static unsigned parties;
static _Atomic(unsigned) come, gone_on, gone_home;

static void make_barrier(void)
{
    parties = 1 + (unsigned)stress_random(5);
    STRESS_CHECK(weft_barrier_init(&barrier, (int)parties) == 0);
    atomic_store(&come, 0);
    atomic_store(&gone_on, 0);
    atomic_store(&gone_home, 0);
}

static bool are_not_enough(void)
{
    return atomic_load(&gone_home) > TASKS - parties;
}

static int come_to_barrier(void)
{
    atomic_fetch_add(&come, 1);
    int rc = weft_barrier_wait(&barrier);
    if (rc == WEFT_EBROKENBARRIER)
        STRESS_CHECK(world.meddling || are_not_enough());
    if (rc < 0)
        return rc == WEFT_EBROKENBARRIER ? 0 : rc;
    unsigned together = (atomic_fetch_add(&gone_on, 1) + parties) / parties * parties;
    STRESS_CHECK((unsigned)rc < parties && together <= atomic_load(&come));
    return 0;
}

static int use_barrier(unsigned who)
{
    int rc = come_to_barrier();

    if (is_last_turn(who)) {
        atomic_fetch_add(&gone_home, 1);
        if (are_not_enough())
            weft_barrier_abort(&barrier);
    }
    return rc;
}

/* A reset is followed by a look: it may have undone the abort at the end. */
static void meddle_with_barrier(void)
{
    if (one_in(4))
        weft_barrier_abort(&barrier);
    weft_barrier_reset(&barrier);
    if (are_not_enough())
        weft_barrier_abort(&barrier);
    STRESS_CHECK((unsigned)weft_barrier_n_waiting(&barrier) < parties);
}

static void check_barrier(void)
{
    STRESS_CHECK(weft_barrier_broken(&barrier));
    weft_barrier_reset(&barrier);
    STRESS_CHECK(!weft_barrier_broken(&barrier) && weft_barrier_n_waiting(&barrier) == 0);
}

static const struct kind kinds[] = {
    {"lock", make_lock, use_lock, meddle_with_lock, check_lock},
    {"semaphore", make_semaphore, use_semaphore, meddle_with_semaphore, check_semaphore},
    {"bounded", make_bounded, use_semaphore, meddle_with_semaphore, check_bounded},
    {"rwlock", make_rwlock, use_rwlock, meddle_with_rwlock, check_rwlock},
    {"once", make_once, use_once, meddle_with_once, check_once},
    {"event", make_event, use_event, meddle_with_event, check_busy},
    {"notify", make_notify, use_notify, meddle_with_notify, check_busy},
    {"condition", make_condition, use_condition, meddle_with_condition, check_condition},
    {"barrier", make_barrier, use_barrier, meddle_with_barrier, check_barrier},
};

int main(int argc, char **argv)
{
    return sync_main(argc, argv, kinds, sizeof kinds / sizeof *kinds);
}
