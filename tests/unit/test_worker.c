/* SPDX-License-Identifier: MIT */
#include "runtime/sched/alarm.h"
#include "runtime/sched/submit.h"
#include "runtime/sched/worker.h"
#include "tests/unit/loop_support.h"

TestSuite(worker, .timeout = 30);

/* relaxed, as everywhere here: one thread. */

static struct step step[100];

static void inject(unsigned i, const char *name)
{
    struct weft__worker *self = weft__self();

    be_nobody();
    weft__submit_entry(loop, entry(&step[i], name));
    weft__self_set(self);
}

static void push(unsigned i, const char *name)
{
    weft__submit_entry(loop, entry(&step[i], name));
}

static uint64_t turns(const struct weft__worker *worker)
{
    return weft__load_relaxed(&((struct weft__worker *)(uintptr_t)worker)->turns);
}

Test(worker, a_tick_is_what_was_runnable_when_it_began_then_comes_what_happened_meanwhile)
{
    open_loop(2);
    struct weft__worker *worker = be(0);
    push(0, "a");
    push(1, "b");
    weft__worker_turn(worker);
    uint64_t before = turns(worker);

    note_next(worker, 1);
    push(2, "c");
    inject(3, "x");
    note_next(worker, 1);
    uint64_t in_tick = turns(worker);
    note_next(worker, 2);

    cr_expect_str_eq(notes, "abcx");
    cr_expect_eq(in_tick, before, "no turn within a tick");
    cr_expect_eq(turns(worker), before + 1, "one between two");
    close_loop();
}

Test(worker, what_requeues_itself_does_not_keep_out_what_comes_from_outside)
{
    open_loop(2);
    struct weft__worker *worker = be(0);
    push(0, "y");
    weft__worker_turn(worker);
    inject(1, "x");

    for (int i = 0; i < 4; i++) {
        weft__entry e = weft__worker_next(worker);
        note_entry(e);
        if (e == weft__entry_make(&step[0], WEFT__ENTRY_HANDLE))
            weft__submit_local(worker, e);
    }

    cr_expect_not_null(strchr(notes, 'x'), "%s", notes);
    while (weft__deque_take(&worker->deque))
        ;
    close_loop();
}

/* ---- the turn -----------------------------------------------------------------------------------
 */

static struct weft_awaitable *ring(struct weft__alarm *alarm)
{
    (void)alarm;
    push(0, "timer ");
    return NULL;
}

static void complete(struct weft__operation *op, int result, bool more)
{
    (void)op;
    (void)result;
    (void)more;
    push(1, "completion ");
}

Test(worker, a_turn_takes_in_completions_timers_the_injector_and_the_mail)
{
    struct weft__operation op = {.code = WEFT__OP_POLL, .flags = 4, .complete = complete};
    struct weft__alarm due = {.ring = ring}, later = {.ring = ring};
    int fd[2];
    open_loop(2);
    struct weft__worker *worker = be(0);
    weft__virtual_pair(fd);
    op.fd = fd[0];
    class->submit(worker->driver, &op);
    while (!class->ready(worker->driver))
        class->flush(worker->driver);
    weft__alarm_set(worker, &due, 0);
    weft__alarm_set(worker, &later, INT64_MAX - 1);
    inject(2, "injector ");
    weft__submit_mail(worker, entry(&step[3], "mail"));

    weft__worker_turn(worker);

    note_deque(worker);
    cr_expect_str_eq(notes, "completion timer injector ");
    cr_expect_eq(worker->pinned_first, weft__entry_make(&step[3], WEFT__ENTRY_HANDLE));
    cr_expect_eq(weft__timers_first(&worker->timers), INT64_MAX - 1);
    weft__alarm_unset(&later);
    worker->pinned_first = 0;
    weft__virtual_close(fd[0]);
    weft__virtual_close(fd[1]);
    close_loop();
}

static void note_result(struct weft__operation *op, int result, bool more)
{
    (void)op;
    (void)more;
    note(result == -ECANCELED ? "cancelled" : "?");
}

Test(worker, a_turn_flushes_what_was_submitted)
{
    struct weft__operation op = {.code = WEFT__OP_RECV, .length = 1, .complete = note_result};
    char byte;
    int fd[2];
    open_loop(2);
    struct weft__worker *worker = be(0);
    weft__virtual_pair(fd);
    op.fd = fd[0];
    op.buffer = &byte;
    class->submit(worker->driver, &op);
    bool owed = class->owes(worker->driver);

    weft__worker_turn(worker);

    cr_expect(owed);
    cr_expect_not(class->owes(worker->driver));
    weft__virtual_close(fd[0]);
    weft__virtual_close(fd[1]);
    close_loop();
    cr_expect_str_eq(notes, "cancelled", "the end of the loop waits for it");
}

Test(worker, a_turn_gives_the_budget_back_and_takes_the_monitors_verdict_back)
{
    open_loop(2);
    struct weft__worker *worker = be(0);
    weft__store_relaxed(&worker->budget, 0);
    weft__store_relaxed(&worker->stuck, true);
    uint64_t before = turns(worker);

    weft__worker_turn(worker);

    cr_expect_eq(weft__load_relaxed(&worker->budget), WEFT__WORKER_BUDGET);
    cr_expect_not(weft__load_relaxed(&worker->stuck));
    cr_expect_eq(turns(worker), before + 1);
    close_loop();
}

/* ---- what runs next -----------------------------------------------------------------------------
 */

Test(worker, pinned_entries_and_the_deque_alternate)
{
    open_loop(2);
    struct weft__worker *worker = be(0);
    for (unsigned i = 0; i < 3; i++) {
        push(i, "d");
        weft__submit_pinned(worker, entry(&step[10 + i], "p"));
    }
    weft__worker_turn(worker);

    note_next(worker, 6);

    cr_expect_str_eq(notes, "pdpdpd");
    close_loop();
}

Test(worker, pinned_entries_alone_run_one_after_the_other)
{
    open_loop(2);
    struct weft__worker *worker = be(0);
    for (unsigned i = 0; i < 4; i++)
        weft__submit_pinned(worker, entry(&step[i], "p"));

    note_next(worker, 6);

    cr_expect_str_eq(notes, "pppp");
    cr_expect_eq(weft__worker_next(worker), 0);
    close_loop();
}

Test(worker, a_strand_runs_a_budget_of_steps_and_then_lets_others_run)
{
    open_loop(2);
    struct weft__worker *worker = be(0);
    weft_strand_t *strand = weft_strand_create();
    unsigned before_it = 0;
    for (unsigned i = 0; i < 90; i++)
        weft__strand_push(strand, entry(&step[i], "s"));
    push(99, "other");
    weft__worker_turn(worker);

    weft__entry e = weft__worker_next(worker);
    struct weft_strand *held = worker->strand;
    for (; e && e != weft__entry_make(&step[99], WEFT__ENTRY_HANDLE); e = weft__worker_next(worker))
        before_it++;
    struct weft_strand *leaving = worker->leaving;
    worker->leaving = NULL;
    weft__strand_release(leaving);
    unsigned after_it = 0;
    while (weft__worker_next(worker))
        after_it++;

    cr_expect_eq(held, strand);
    cr_expect_eq(leaving, strand, "it is let go once the step is committed");
    cr_expect_geq(before_it, WEFT__STRAND_BUDGET);
    cr_expect_leq(before_it, WEFT__STRAND_BUDGET + 1);
    cr_expect_eq(before_it + after_it, 90);
    if (worker->leaving)
        weft__strand_release(worker->leaving);
    worker->leaving = NULL;
    weft_strand_unref(strand);
    close_loop();
}

Test(worker, asked_to_stop_it_ends_its_tick_and_begins_no_other)
{
    open_loop(2);
    struct weft__worker *worker = be(0);
    push(0, "a");
    push(1, "b");
    weft__worker_turn(worker);
    uint64_t before = turns(worker);
    weft__loop_stop(loop);
    push(2, "c");

    note_next(worker, 5);

    cr_expect_str_eq(notes, "ab");
    cr_expect_eq(turns(worker), before);
    while (weft__deque_take(&worker->deque))
        ;
    close_loop();
}

/* ---- a whole worker -----------------------------------------------------------------------------
 */

WEFT_CORO(sleeps_a_little)
{
    return weft_sleep(5 * MS);
}

Test(worker, without_work_it_parks_until_the_next_deadline)
{
    open_loop(1);
    int64_t before = sys->now();

    int rc = run_main(&sleeps_a_little, NULL);
    int64_t took = sys->now() - before;

    cr_expect_eq(rc, 0);
    cr_expect(took >= 5 * MS && took < 6 * MS, "%d us", (int)(took / 1000));
    cr_expect_eq(weft__load_relaxed(&loop->workers[0].counters.parks), 1);
    close_loop();
}

static void inject_a_stop(void *arg)
{
    (void)arg;
    weft__loop_stop(loop);
}

Test(worker, one_that_is_parked_comes_back_to_stop)
{
    for (uint64_t seed = 0; seed < 30; seed++) {
        weft__thread thread;
        open_loop_in(&(struct weft__virtual_config){.seed = seed}, 1 + seed % 3,
                     WEFT_ORDER_DEFAULT);
        start(&thread, inject_a_stop, NULL);

        int rc = weft_loop_run_forever(loop);
        sys->thread_join(thread);

        cr_assert_eq(rc, 0);
        close_loop();
    }
}
