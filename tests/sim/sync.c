/* SPDX-License-Identifier: MIT */
/* Locks, events, semaphores and queues under random cancels (sync.h): never two in a lock, never
 * more than permitted, what was put is got once. */
#include "sync.h"

/* ---- lock: never two inside; free at the end ---- */

static weft_lock_t lock;
static unsigned inside;

static void make_lock(void)
{
    weft_lock_init(&lock);
    inside = 0;
}

static void be_inside(void)
{
    SIM_CHECK(inside++ == 0 && weft_lock_locked(&lock));
    stay();
    SIM_CHECK(--inside == 0);
    SIM_CHECK(weft_lock_release(&lock) == 0);
}

static int use_lock(void)
{
    int rc = 0;

    if (sim_one_in(8)) {
        if (weft_lock_try_acquire(&lock))
            be_inside();
        return 0;
    }
    rc = weft_lock_acquire(&lock);
    if (rc == 0)
        be_inside();
    return rc;
}

static void meddle_with_lock(void)
{
    if (!weft_lock_try_acquire(&lock))
        return;
    SIM_CHECK(inside++ == 0);
    pass();
    SIM_CHECK(--inside == 0);
    SIM_CHECK(weft_lock_release(&lock) == 0);
}

static void check_lock(void)
{
    SIM_CHECK(!weft_lock_locked(&lock) && weft_lock_try_acquire(&lock));
    SIM_CHECK(weft_lock_release(&lock) == 0 && weft_lock_release(&lock) == -EPERM);
}

/* ---- event: who waits goes on when it is set after it came, and not before ---- */

static weft_event_t event;
static unsigned sets_begun, sets_over;

static void make_event(void)
{
    weft_event_init(&event);
    sets_begun = sets_over = 0;
}

static void set_event(void)
{
    sets_begun++;
    weft_event_set(&event);
    sets_over++;
}

static int use_event(void)
{
    unsigned before = sets_over;
    bool was_set = weft_event_is_set(&event);

    if (sim_one_in(4)) {
        set_event();
        return 0;
    }
    if (sim_one_in(3)) {
        weft_event_clear(&event);
        return 0;
    }
    int rc = weft_event_wait(&event);
    SIM_CHECK(rc < 0 || was_set || sets_begun > before);
    return rc;
}

static void check_event(void)
{
    weft_event_set(&event);
    SIM_CHECK(weft_event_is_set(&event));
}

/* ---- semaphore: never more inside than permitted; all permits are back at the end ---- */

enum { PERMITS = 3 };

static weft_semaphore_t semaphore;

static void make_semaphore(void)
{
    SIM_CHECK(weft_bounded_semaphore_init(&semaphore, PERMITS) == 0);
    inside = 0;
}

static void use_permit(void)
{
    SIM_CHECK(inside++ < PERMITS);
    stay();
    SIM_CHECK(inside-- > 0);
    SIM_CHECK(weft_semaphore_release(&semaphore) == 0);
}

static int use_semaphore(void)
{
    int rc = 0;

    if (sim_one_in(8)) {
        if (weft_semaphore_try_acquire(&semaphore))
            use_permit();
        return 0;
    }
    rc = weft_semaphore_acquire(&semaphore);
    if (rc == 0)
        use_permit();
    return rc;
}

static void meddle_with_semaphore(void)
{
    if (!weft_semaphore_try_acquire(&semaphore))
        return;
    SIM_CHECK(inside++ < PERMITS);
    pass();
    SIM_CHECK(inside-- > 0);
    SIM_CHECK(weft_semaphore_release(&semaphore) == 0);
}

static void check_semaphore(void)
{
    SIM_CHECK(weft_semaphore_release(&semaphore) == -EINVAL);
}

/* ---- never: what nobody grants ends by the one cancel that is accepted ---- */

static weft_lock_t never;
static weft_task_t *endless[TASKS]; /* borrowed: who waits, and was not cancelled yet */

static void make_never(void)
{
    weft_lock_init(&never);
    memset(endless, 0, sizeof endless);
    world.cancelling = false; /* by this alone */
    SIM_CHECK(weft_lock_try_acquire(&never));
}

static int use_never(void)
{
    unsigned i = 0;

    while (endless[i])
        i++;
    endless[i] = weft_current_task();
    SIM_CHECK(weft_lock_acquire(&never) == -ECANCELED);
    SIM_CHECK(endless[i] != weft_current_task());
    return 0;
}

static void end_one(void)
{
    unsigned i = sim_below(TASKS);
    weft_task_t *task = endless[i];

    endless[i] = NULL;
    SIM_CHECK(!task || weft_cancel(task));
}

static void check_never(void)
{
    SIM_CHECK(weft_lock_release(&never) == 0 && !weft_lock_locked(&never));
}

/* ---- queue: what was put is got, once; nobody waits while he could go on ---- */

static weft_queue_t *queue;
static uintptr_t put_count, put_sum, got_count, got_sum, numbers;

static size_t most; /* 0: without limit */

static void make_queue(void)
{
    most = sim_below(4);
    int rc = sim_one_in(3) ? weft_queue_create(&queue, (ssize_t)most, .lifo = true)
                           : weft_queue_create(&queue, (ssize_t)most);

    SIM_CHECK(rc == 0);
    put_count = put_sum = got_count = got_sum = numbers = 0;
}

static void note_put(uintptr_t number)
{
    put_count++;
    put_sum += number;
}

static void note_got(void *item)
{
    SIM_CHECK(most == 0 || weft_queue_qsize(queue) <= most);
    got_count++;
    got_sum += (uintptr_t)item;
    SIM_CHECK(weft_queue_task_done(queue) == 0);
}

/* Both, so that the others' waits end. */
static void meddle_with_queue(void)
{
    uintptr_t number = ++numbers;
    void *item;

    if (weft_queue_put_nowait(queue, (void *)number) == 0)
        note_put(number);
    if (weft_queue_get_nowait(queue, &item) == 0)
        note_got(item);
}

static int use_queue(void)
{
    uintptr_t number = ++numbers;
    void *item;
    int rc;

    if (sim_one_in(8)) {
        meddle_with_queue();
        return 0;
    }
    if (sim_one_in(2)) {
        rc = weft_queue_put(queue, (void *)number);
        if (rc == 0)
            note_put(number);
    } else {
        rc = weft_queue_get(queue, &item);
        if (rc == 0)
            note_got(item);
    }
    return rc;
}

static void check_queue(void)
{
    void *item;

    while (weft_queue_get_nowait(queue, &item) == 0)
        note_got(item);
    SIM_CHECK(put_count == got_count && put_sum == got_sum);
    SIM_CHECK(weft_queue_empty(queue) && weft_queue_task_done(queue) == -EINVAL);
    weft_queue_unref(queue);
}

/* ---- one: a single task waits, another thread serves it once, and nobody comes to set right what
 * was missed ---- */

static enum { ASKS_NOTHING, ASKS_FOR_ITEM, ASKS_FOR_ROOM } asked;

static void make_one(void)
{
    make_lock();
    asked = ASKS_NOTHING;
    SIM_CHECK(weft_queue_create(&queue, 1) == 0);
}

static int get_one(void)
{
    void *item = NULL;
    int rc, first;

    asked = ASKS_FOR_ITEM;
    first = rc = weft_queue_get(queue, &item);
    while (rc < 0)
        rc = weft_queue_get(queue, &item);
    SIM_CHECK(item == &asked);
    return first;
}

static int put_one(void)
{
    void *item = NULL;
    int rc, first;

    SIM_CHECK(weft_queue_put_nowait(queue, &asked) == 0);
    asked = ASKS_FOR_ROOM;
    first = rc = weft_queue_put(queue, &item);
    while (rc < 0)
        rc = weft_queue_put(queue, &item);
    SIM_CHECK(weft_queue_get_nowait(queue, &item) == 0 && item == &item);
    return first;
}

static int use_one(void)
{
    int rc = weft_lock_acquire(&lock);

    if (rc < 0)
        return rc;
    rc = sim_one_in(2) ? get_one() : put_one();
    SIM_CHECK(weft_queue_empty(queue));
    SIM_CHECK(weft_lock_release(&lock) == 0);
    return rc;
}

static void serve_one(void)
{
    int what = asked;
    void *item = NULL;

    asked = ASKS_NOTHING;
    if (what == ASKS_FOR_ITEM)
        SIM_CHECK(weft_queue_put_nowait(queue, &asked) == 0);
    else if (what == ASKS_FOR_ROOM)
        SIM_CHECK(weft_queue_get_nowait(queue, &item) == 0 && item == &asked);
}

static void check_one(void)
{
    SIM_CHECK(weft_queue_empty(queue) && !weft_lock_locked(&lock));
    weft_queue_unref(queue);
}

static const struct kind kinds[] = {
    {"lock", make_lock, use_lock, meddle_with_lock, .check = check_lock},
    {"event", make_event, use_event, set_event, .check = check_event, .needed = true},
    {"queue", make_queue, use_queue, meddle_with_queue, .check = check_queue, .needed = true},
    {"one at a queue", make_one, use_one, serve_one, .check = check_one, .needed = true},
    {"semaphore", make_semaphore, use_semaphore, meddle_with_semaphore, .check = check_semaphore},
    {"never", make_never, use_never, end_one, .check = check_never, .needed = true},
};

int main(int argc, char **argv)
{
    return sync_main(argc, argv, kinds, sizeof kinds / sizeof *kinds);
}
