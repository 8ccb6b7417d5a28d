/* SPDX-License-Identifier: MIT */
#include "runtime/sched/alarm.h"
#include "runtime/sched/steal.h"
#include "runtime/sched/submit.h"
#include "tests/unit/loop_support.h"

TestSuite(steal, .timeout = 30);

/* relaxed, as everywhere here: one thread. */

static struct step step[10];

/* The victim, worker 1, has [n] entries "a", "b", ...; the thief, worker 0, is us. */
static struct weft__worker *fill(unsigned n)
{
    static const char *const name[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};

    open_loop(2);
    be(1);
    for (unsigned i = 0; i < n; i++)
        weft__submit_entry(loop, entry(&step[i], name[i]));
    return be(0);
}

static void empty_and_close(void)
{
    while (weft__deque_take(&loop->workers[1].deque))
        ;
    close_loop();
}

Test(steal, a_thief_takes_half_of_what_there_is_the_oldest_first)
{
    struct weft__worker *thief = fill(10);

    bool stolen = weft__steal(thief);

    cr_expect(stolen);
    cr_expect_eq(weft__load_relaxed(&thief->counters.steals), 5);
    note_deque(thief);
    note("|");
    note_deque(&loop->workers[1]);
    cr_expect_str_eq(notes, "abcde|fghij");
    close_loop();
}

Test(steal, where_there_is_nothing_nothing_is_stolen)
{
    struct weft__worker *thief = fill(0);

    bool stolen = weft__steal(thief);

    cr_expect_not(stolen);
    cr_expect_eq(weft__load_relaxed(&thief->counters.steals), 0);
    close_loop();
}

Test(steal, every_other_worker_is_looked_at_and_the_thief_itself_is_not)
{
    open_loop(4);

    for (unsigned victim = 1; victim < 4; victim++) {
        be(victim);
        weft__submit_entry(loop, entry(&step[0], "a"));
        weft__submit_entry(loop, entry(&step[1], "b"));
        struct weft__worker *thief = be(0);
        bool stolen = weft__steal(thief);
        cr_expect(stolen, "from %u", victim);
        note_deque(thief);
        note_deque(&loop->workers[victim]);
    }

    cr_expect_str_eq(notes, "ababab");
    close_loop();
}

static void wait_patience(void)
{
    uint64_t begun = weft__cpu_cycles();

    while (weft__cpu_cycles() - begun < 10000)
        weft__pause();
}

Test(steal, the_last_entry_is_stolen_at_a_second_look_if_its_owner_stands_still)
{
    struct weft__worker *thief = fill(1);

    bool first = weft__steal(thief);
    wait_patience();
    bool second = weft__steal(thief);

    cr_expect_not(first);
    cr_expect(second);
    note_deque(thief);
    cr_expect_str_eq(notes, "a");
    close_loop();
}

Test(steal, the_last_entry_is_left_to_an_owner_that_moves)
{
    struct weft__worker *thief = fill(1);

    bool first = weft__steal(thief);
    wait_patience();
    weft__count(&loop->workers[1].deque.progress, 1);
    bool second = weft__steal(thief);

    cr_expect(!first && !second);
    empty_and_close();
}

Test(steal, pinned_entries_and_mail_stay_where_they_are)
{
    struct weft__worker *thief = fill(0);
    struct weft__worker *victim = &loop->workers[1];
    weft__submit_pinned(victim, entry(&step[0], "a"));
    weft__submit_mail(victim, entry(&step[1], "b"));

    bool stolen = weft__steal(thief);

    cr_expect_not(stolen);
    be(1);
    weft__worker_turn(victim);
    note_next(victim, 2);
    cr_expect_str_eq(notes, "ab");
    close_loop();
}

/* ---- what only a stuck one is helped with -------------------------------------------------------
 */

static struct weft_awaitable *ring(struct weft__alarm *alarm)
{
    (void)alarm;
    weft__submit_entry(loop, entry(&step[0], "timer"));
    return NULL;
}

Test(steal, due_timers_of_another_are_fired_only_if_it_is_stuck)
{
    struct weft__alarm alarm = {.ring = ring};
    struct weft__worker *thief = fill(0);
    struct weft__worker *victim = &loop->workers[1];
    weft__alarm_set(victim, &alarm, 0);

    bool running = weft__steal(thief);
    weft__store_relaxed(&victim->stuck, true);
    bool stuck = weft__steal(thief);

    cr_expect(!running && stuck);
    note_deque(thief);
    cr_expect_str_eq(notes, "timer");
    close_loop();
}

static void complete(struct weft__operation *op, int result, bool more)
{
    (void)op;
    (void)result;
    (void)more;
    weft__submit_entry(loop, entry(&step[0], "completion"));
}

Test(steal, completions_of_another_are_reaped_only_if_it_is_stuck)
{
    struct weft__operation op = {.code = WEFT__OP_POLL, .flags = 4, .complete = complete};
    struct weft__worker *thief = fill(0);
    struct weft__worker *victim = &loop->workers[1];
    int fd[2];
    weft__virtual_pair(fd);
    op.fd = fd[0];
    class->submit(victim->driver, &op);
    while (!class->ready(victim->driver))
        class->flush(victim->driver);

    bool running = weft__steal(thief);
    weft__store_relaxed(&victim->stuck, true);
    bool stuck = weft__steal(thief);

    cr_expect(!running && stuck);
    cr_expect_eq(weft__load_relaxed(&thief->counters.helper_reaps), 1);
    note_deque(thief);
    cr_expect_str_eq(notes, "completion");
    weft__virtual_close(fd[0]);
    weft__virtual_close(fd[1]);
    close_loop();
}

Test(steal, nothing_is_reaped_while_the_owner_does_it)
{
    struct weft__operation op = {.code = WEFT__OP_POLL, .flags = 4, .complete = complete};
    struct weft__worker *thief = fill(0);
    struct weft__worker *victim = &loop->workers[1];
    int fd[2];
    weft__virtual_pair(fd);
    op.fd = fd[0];
    class->submit(victim->driver, &op);
    while (!class->ready(victim->driver))
        class->flush(victim->driver);
    weft__store_relaxed(&victim->stuck, true);
    weft__spin_lock(&victim->driver->completion_lock);

    bool stolen = weft__steal(thief);
    weft__spin_unlock(&victim->driver->completion_lock);
    bool after = weft__steal(thief);

    cr_expect(!stolen && after);
    note_deque(thief);
    weft__virtual_close(fd[0]);
    weft__virtual_close(fd[1]);
    close_loop();
}

Test(steal, asks_of_a_stuck_one_are_taken_in)
{
    struct weft__worker *thief = fill(0);
    struct weft__worker *victim = &loop->workers[1];
    struct weft_awaitable *task = idle_task();
    weft__submit_ask(victim, task);

    weft__steal(thief);
    uint32_t running = weft__load_relaxed(&task->refs);
    weft__store_relaxed(&victim->stuck, true);
    weft__steal(thief);

    cr_expect_eq(running, 3);
    cr_expect_eq(weft__load_relaxed(&task->refs), 2);
    cr_expect(weft__mpsc_is_empty(&victim->asks));
    end_idle_task(task);
    close_loop();
}
