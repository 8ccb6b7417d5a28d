/* SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "runtime/sched/alarm.h"
#include "runtime/sched/cancel.h"
#include "tests/unit/loop_support.h"

TestSuite(alarm, .timeout = 30);

struct bell {
    struct weft__alarm alarm;
    const char *name;
    struct weft_awaitable *task;
};

static struct weft_awaitable *ring(struct weft__alarm *alarm)
{
    struct bell *bell = weft__container_of(alarm, struct bell, alarm);

    note(bell->name);
    return bell->task;
}

static struct bell set(const char *name, int64_t deadline, struct bell *bell)
{
    *bell = (struct bell){.alarm.ring = ring, .name = name};
    cr_assert_eq(weft__alarm_set(weft__self(), &bell->alarm, deadline), 0);
    return *bell;
}

Test(alarm, those_that_are_due_ring_by_deadline_and_equal_ones_as_they_were_set)
{
    struct bell bell[5];
    open_loop(1);
    struct weft__worker *worker = be(0);
    set("c", 30, &bell[0]);
    set("a", 10, &bell[1]);
    set("later", 31, &bell[2]);
    set("b", 20, &bell[3]);
    set("d", 30, &bell[4]);

    weft__alarm_expire(&worker->timers, 30);

    cr_expect_str_eq(notes, "abcd");
    cr_expect_eq(weft__timers_first(&worker->timers), 31);
    weft__alarm_unset(&bell[2].alarm);
    close_loop();
}

Test(alarm, one_that_was_unset_does_not_ring_and_one_that_rang_cannot_be_unset)
{
    struct bell unset, rung, never = {.alarm.ring = ring, .name = "never"};
    open_loop(1);
    struct weft__worker *worker = be(0);
    set("unset", 10, &unset);
    set("rung", 10, &rung);

    bool in_time = weft__alarm_unset(&unset.alarm);
    weft__alarm_expire(&worker->timers, 10);

    cr_expect(in_time);
    cr_expect_str_eq(notes, "rung");
    cr_expect_not(weft__alarm_unset(&unset.alarm), "twice");
    cr_expect_not(weft__alarm_unset(&rung.alarm));
    cr_expect_not(weft__alarm_unset(&never.alarm));
    close_loop();
}

Test(alarm, an_expiry_leaves_it_to_whoever_holds_the_lock)
{
    struct bell bell;
    open_loop(1);
    struct weft__worker *worker = be(0);
    set("a", 10, &bell);
    weft__spin_lock(&worker->timers.lock);

    weft__alarm_expire(&worker->timers, 10);

    cr_expect_str_eq(notes, "");
    weft__spin_unlock(&worker->timers.lock);
    weft__alarm_expire(&worker->timers, 10);
    cr_expect_str_eq(notes, "a");
    close_loop();
}

/* ---- the task that a ring returns ---------------------------------------------------------------
 */

static struct weft__timers *held;

static bool interrupt(struct weft_awaitable *task, struct weft__wait *wait, struct weft__walk *walk)
{
    (void)task;
    (void)wait;
    (void)walk;
    note(weft__spin_is_held(&held->lock) ? "locked" : "free");
    return false;
}

static const struct weft__wait_kind test_kind = {"test", NULL, interrupt, NULL, NULL};

Test(alarm, the_task_of_a_ring_is_interrupted_once_the_lock_is_free_and_let_go)
{
    struct weft__wait wait = {.kind = &test_kind};
    struct bell bell, after;
    open_loop(1);
    struct weft__worker *worker = be(0);
    struct weft_awaitable *task = idle_task();
    held = &worker->timers;
    task->wait = &wait;
    weft__store_relaxed(&task->ws, WEFT__WAITING); /* relaxed: one thread */
    weft__token_put(task, 0, NULL);
    weft__awaitable_ref(task);
    set("ring ", 10, &bell);
    set(" after", 10, &after);
    bell.task = task;

    weft__alarm_expire(&worker->timers, 10);

    cr_expect_str_eq(notes, "ring free after");
    cr_expect_eq(weft__load_relaxed(&task->refs), 2);
    cr_expect_not(weft__spin_is_held(&worker->timers.lock));
    end_idle_task(task);
    close_loop();
}

/* ---- two threads --------------------------------------------------------------------------------
 */

static pthread_barrier_t ringing;
static _Atomic(int) rang;

static struct weft_awaitable *ring_slowly(struct weft__alarm *alarm)
{
    (void)alarm;
    pthread_barrier_wait(&ringing);
    for (int i = 0; i < 100; i++)
        sched_yield(); /* gives the other one a chance to be wrong */
    weft__store_release(&rang, 1);
    return NULL;
}

static void *unset_meanwhile(void *alarm)
{
    pthread_barrier_wait(&ringing);
    bool unset = weft__alarm_unset(alarm);
    /* acquire: pairs with the release in the ring. */
    return (void *)(uintptr_t)(!unset && weft__load_acquire(&rang));
}

Test(alarm, who_cannot_unset_it_finds_that_it_has_rung_entirely)
{
    struct bell bell;
    pthread_t thread;
    void *entirely;
    open_loop(1);
    struct weft__worker *worker = be(0);
    pthread_barrier_init(&ringing, NULL, 2);
    set("", 10, &bell);
    bell.alarm.ring = ring_slowly;
    cr_assert_eq(pthread_create(&thread, NULL, unset_meanwhile, &bell.alarm), 0);

    weft__alarm_expire(&worker->timers, 10);
    pthread_join(thread, &entirely);

    cr_expect(entirely);
    close_loop();
}
