/* SPDX-License-Identifier: MIT */
#include "runtime/sched/idle.h"
#include "tests/unit/loop_support.h"

TestSuite(idle, .timeout = 30);

static unsigned parked(void)
{
    /* relaxed, as everywhere here: one thread. */
    return (unsigned)(weft__load_relaxed(&loop->idle.word) & WEFT__IDLE_PARKED);
}

static unsigned searchers(void)
{
    return (unsigned)(weft__load_relaxed(&loop->idle.word) >> 16);
}

static bool has_token(unsigned id)
{
    return weft__load_relaxed(&loop->workers[id].token) != 0;
}

static void park(unsigned id)
{
    weft__idle_search_begin(loop);
    weft__idle_park(loop, &loop->workers[id]);
}

/* What a worker does that was sent for and finds something. */
static bool unpark(unsigned id)
{
    return weft__idle_unpark(loop, &loop->workers[id]);
}

static void park_all(void)
{
    open_loop(4);
    for (unsigned id = 0; id < 4; id++)
        park(id);
}

Test(idle, word_and_list_agree_after_every_step)
{
    open_loop(4);

    for (unsigned id = 0; id < 4; id++) {
        weft__idle_search_begin(loop);
        cr_expect(searchers() == 1 && parked() == id && loop->idle.sleepers == id);
        weft__idle_park(loop, &loop->workers[id]);
        cr_expect(searchers() == 0 && parked() == id + 1 && loop->idle.sleepers == id + 1);
    }
    for (unsigned id = 0; id < 4; id++) {
        unpark(id);
        cr_expect(searchers() == 1 && parked() == 3 - id && loop->idle.sleepers == 3 - id);
        weft__idle_search_end(loop, false);
        cr_expect(searchers() == 0 && parked() == 3 - id);
    }
    close_loop();
}

Test(idle, wake_one_wakes_who_slept_last_and_counts_it_as_searching)
{
    park_all();
    be(0);

    weft__idle_wake_one(loop);

    cr_expect(has_token(3) && !has_token(0) && !has_token(1) && !has_token(2));
    cr_expect(searchers() == 1 && parked() == 3 && loop->idle.sleepers == 3);
    cr_expect_eq(weft__load_relaxed(&loop->workers[0].counters.wakes), 1);
    unpark(3);
    close_loop();
}

Test(idle, wake_one_wakes_nobody_while_somebody_searches)
{
    park_all();
    weft__idle_wake_one(loop);

    weft__idle_wake_one(loop);

    cr_expect(!has_token(0) && !has_token(1) && !has_token(2));
    cr_expect_eq(parked(), 3);
    cr_expect_not(weft__idle_wanted(&loop->idle));
    close_loop();
}

Test(idle, a_wake_is_wanted_only_if_somebody_sleeps_and_nobody_searches)
{
    open_loop(2);

    bool nobody = weft__idle_wanted(&loop->idle);
    park(0);
    bool sleeper = weft__idle_wanted(&loop->idle);
    weft__idle_search_begin(loop);
    bool searcher = weft__idle_wanted(&loop->idle);

    cr_expect(!nobody && sleeper && !searcher);
    close_loop();
}

Test(idle, wake_worker_wakes_just_that_one_even_while_others_search)
{
    park_all();
    weft__idle_wake_one(loop);

    weft__idle_wake_worker(loop, &loop->workers[1]);
    weft__idle_wake_worker(loop, &loop->workers[1]);

    cr_expect(has_token(1) && !has_token(0) && !has_token(2));
    cr_expect(searchers() == 2 && parked() == 2, "the second call found it awake");
    close_loop();
}

Test(idle, wake_all_leaves_nobody_asleep)
{
    park_all();

    weft__idle_wake_all(loop);

    cr_expect(has_token(0) && has_token(1) && has_token(2) && has_token(3));
    cr_expect(searchers() == 4 && parked() == 0 && loop->idle.sleepers == 0);
    close_loop();
}

Test(idle, who_was_sent_for_takes_the_token_and_is_a_searcher_already)
{
    park_all();
    weft__idle_wake_worker(loop, &loop->workers[2]);

    bool sent_for = unpark(2);

    cr_expect(sent_for);
    cr_expect_not(has_token(2));
    cr_expect(searchers() == 1 && parked() == 3);
    close_loop();
}

Test(idle, who_wakes_by_itself_takes_itself_off_the_list)
{
    park_all();

    bool sent_for = unpark(1);
    weft__idle_wake_one(loop); /* it searches: nobody is woken */

    cr_expect_not(sent_for);
    cr_expect(searchers() == 1 && parked() == 3 && loop->idle.sleepers == 3);
    cr_expect(loop->idle.sleeper[0] == 0 && loop->idle.sleeper[1] == 2 &&
              loop->idle.sleeper[2] == 3);
    cr_expect_not(has_token(1) || has_token(3));
    close_loop();
}

Test(idle, the_last_searcher_that_found_something_wakes_the_next)
{
    park_all();
    weft__idle_wake_one(loop);
    weft__idle_wake_worker(loop, &loop->workers[0]);

    weft__idle_search_end(loop, true);
    bool early = has_token(2);
    weft__idle_search_end(loop, true);

    cr_expect_not(early, "another one searched still");
    cr_expect(has_token(2));
    close_loop();
}

Test(idle, a_searcher_that_found_nothing_wakes_nobody)
{
    park_all();
    weft__idle_wake_one(loop);

    weft__idle_search_end(loop, false);

    cr_expect_not(has_token(2));
    cr_expect(searchers() == 0 && parked() == 3);
    close_loop();
}

Test(idle, a_throttled_wake_is_sent_at_once_as_long_as_none_was_in_vain)
{
    park_all();
    struct weft__worker *self = be(0);

    self->wake_cycles = weft__cpu_cycles();
    weft__idle_wake_throttled(loop, self);

    cr_expect(has_token(3));
    close_loop();
}

Test(idle, a_throttled_wake_waits_its_time_after_some_were_in_vain)
{
    const uint64_t pause = (uint64_t)13000 << 8;
    park_all();
    struct weft__worker *self = be(0);
    weft__store_relaxed(&loop->idle.level, 8);
    self->wake_cycles = weft__cpu_cycles();
    uint64_t begun = self->wake_cycles;

    weft__idle_wake_throttled(loop, self);
    bool woken = has_token(3);
    bool in_time = weft__cpu_cycles() - begun < pause;
    self->wake_cycles = weft__cpu_cycles() - pause - 1;
    weft__idle_wake_throttled(loop, self);

    cr_expect(!woken || !in_time);
    cr_expect(has_token(3));
    cr_expect_geq(self->wake_cycles, begun, "noted, for the next one");
    close_loop();
}
