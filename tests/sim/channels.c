/* SPDX-License-Identifier: MIT */
/*
 * Channels of all kinds under random cancels, on one to four workers, by the seed.
 *
 * Each seed takes one kind. Its tasks send and receive at random, and cancel each other at any
 * time, as two foreign threads do; time-out scopes expire. So cancels meet each step of a wait:
 * before the commit, in it, linked, completed, on the way out.
 *
 * What is checked
 *   - what was sent was received, once, and in the order in which it was sent; a call that failed
 *     has sent nothing, taken nothing
 *   - no wake-up is lost: there are as many sends as receives, each is tried until it succeeds, and
 *     in half of the seeds nobody else comes by; so whoever waits while he could go on waits for
 *     ever, and the driver says that nothing can move
 *   - the same seed gives the same run
 */
#include "loop.h"
#include "runtime/core/slab.h"
#include "runtime/core/task.h"
#include "runtime/sched/loop.h"
#include "weft.h"

enum { TASKS = 12, ROUNDS = 8, STEPS = 30 };

struct kind {
    const char *name;
    void (*make)(void);
    int (*act)(unsigned who); /* by a task: 0 or an error of a wait */
    void (*meddle)(void);     /* by a foreign thread, or NULL; it leaves as much as it takes */
    void (*check)(void);      /* at the end */
};

static struct {
    weft_task_t *tasks[TASKS]; /* references */
    unsigned begun, cancels;
    bool cancelling, meddling;
    const struct kind *kind;
} world;

static uint64_t acts, cancelled_acts;

static bool is_cancel(int rc)
{
    return world.cancelling && (rc == -ECANCELED || rc == -ETIMEDOUT);
}

/* None before all have begun: a task that is cancelled before its first step makes none. */
static void cancel_one(void)
{
    if (world.cancelling && world.begun == TASKS)
        world.cancels += weft_cancel(world.tasks[sim_below(TASKS)]);
}

/* What is sent: a number of its own. */
static uintptr_t numbers, sent_count, sent_sum, got_count, got_sum;

static void make_numbers(void)
{
    numbers = sent_count = sent_sum = got_count = got_sum = 0;
}

static void note_sent(uintptr_t number)
{
    sent_count++;
    sent_sum += number;
}

static void note_got(uintptr_t number)
{
    got_count++;
    got_sum += number;
}

/* ---- pairs: each even task sends, each odd one receives, the same number of times; all in one
 * channel, or each pair in its own, where a wake-up that is lost is made up for by nobody ---- */

static weft_channel_t *channels[TASKS], *channel;
static unsigned pairs;        /* how many channels */
static uintptr_t last[TASKS]; /* what each has received; in order, if it is alone */

static void make_channel(void)
{
    size_t capacity = sim_one_in(8) ? WEFT_UNBOUNDED : sim_below(3);

    SIM_CHECK(weft_channel_create(&channel, capacity, sizeof(uintptr_t)) == 0);
    make_numbers();
}

static void make_pairs(void)
{
    pairs = sim_one_in(3) ? 1 : TASKS / 2;
    memset(last, 0, sizeof last);
    for (unsigned i = 0; i < pairs; i++) {
        make_channel();
        channels[i] = channel;
    }
}

static int send_one(weft_channel_t *to)
{
    uintptr_t number = ++numbers;
    int rc, first = 0;

    while ((rc = weft_channel_send(to, &number)) < 0) {
        SIM_CHECK(is_cancel(rc));
        first = rc;
    }
    note_sent(number);
    return first;
}

static int receive_one(unsigned who, weft_channel_t *from)
{
    uintptr_t number = 0;
    int rc, first = 0;

    while ((rc = weft_channel_recv(from, &number)) < 0) {
        SIM_CHECK(is_cancel(rc) && number == 0);
        first = rc;
    }
    SIM_CHECK(pairs == 1 || world.meddling || number > last[who]);
    last[who] = number;
    note_got(number);
    return first;
}

static int be_one_of_a_pair(unsigned who)
{
    weft_channel_t *common = channels[who / 2 % pairs];

    return who % 2 ? receive_one(who, common) : send_one(common);
}

static void take_and_give_back(void)
{
    weft_channel_t *from = channels[sim_below(pairs)];
    uintptr_t number;
    int rc;

    if (weft_channel_try_recv(from, &number) < 0)
        return;
    while ((rc = weft_channel_try_send(from, &number)) == -EAGAIN)
        sim_idle(1 + sim_below(20000));
    SIM_CHECK(rc == 0);
}

static void check_pairs(void)
{
    uintptr_t number;

    SIM_CHECK(sent_count == got_count && sent_sum == got_sum);
    for (unsigned i = 0; i < pairs; i++) {
        SIM_CHECK(weft_channel_try_recv(channels[i], &number) == -EAGAIN);
        weft_channel_unref(channels[i]);
    }
}

/* ---- closing: it is closed under them, at the latest as the first has nothing more to do ---- */

static unsigned turns; /* the first one's */

static void make_closing(void)
{
    make_channel();
    turns = 0;
}

static int use_until_closed(unsigned who)
{
    uintptr_t number = ++numbers;
    bool closed = weft_channel_is_closed(channel);
    int rc;

    if (who == 0) {
        if (++turns == ROUNDS)
            weft_channel_close(channel);
        return 0;
    }
    if (who % 2) {
        rc = weft_channel_recv(channel, &number);
        if (rc == 0)
            note_got(number);
    } else {
        rc = weft_channel_send(channel, &number);
        SIM_CHECK(rc < 0 || !closed);
        if (rc == 0)
            note_sent(number);
    }
    SIM_CHECK(rc != -EPIPE || weft_channel_is_closed(channel));
    return rc == -EPIPE ? 0 : rc;
}

static void close_or_use(void)
{
    uintptr_t number = ++numbers;

    if (sim_one_in(32))
        weft_channel_close(channel);
    else if (sim_one_in(2) && weft_channel_try_send(channel, &number) == 0)
        note_sent(number);
    else if (weft_channel_try_recv(channel, &number) == 0)
        note_got(number);
}

static void check_closed(void)
{
    uintptr_t number;

    weft_channel_close(channel);
    while (weft_channel_try_recv(channel, &number) == 0)
        note_got(number);
    SIM_CHECK(sent_count == got_count && sent_sum == got_sum);
    SIM_CHECK(weft_channel_try_send(channel, &number) == -EPIPE);
    weft_channel_unref(channel);
}

/* ---- broadcast: the first sends, each other receives all that it is not told it lost ---- */

static weft_broadcast_t *news;
static weft_subscription_t *subscriptions[TASKS];
static uintptr_t next[TASKS]; /* what each is to receive */

static void make_news(void)
{
    SIM_CHECK(weft_broadcast_create(&news, 1 + sim_below(4), sizeof(uintptr_t)) == 0);
    for (int i = 1; i < TASKS; i++)
        SIM_CHECK(weft_subscription_create(&subscriptions[i], news) == 0);
    memset(next, 0, sizeof next);
    make_numbers();
}

static int send_news(void)
{
    SIM_CHECK(weft_broadcast_send(news, &numbers) == 0);
    if (++numbers == ROUNDS)
        weft_broadcast_close(news);
    return 0;
}

static int read_news(unsigned who, int (*recv)(weft_subscription_t *subscription, void *value))
{
    uintptr_t number;
    int rc = recv(subscriptions[who], &number);

    if (rc == -EOVERFLOW) {
        next[who] += weft_subscription_lost(subscriptions[who]);
        return 0;
    }
    SIM_CHECK(rc < 0 || number == next[who]);
    next[who] += rc == 0;
    return rc == -EPIPE ? 0 : rc;
}

static int use_news(unsigned who)
{
    return who == 0 ? send_news() : read_news(who, weft_subscription_recv);
}

/* The rest is there still. */
static void check_news(void)
{
    for (unsigned i = 1; i < TASKS; i++) {
        while (next[i] < numbers)
            SIM_CHECK(read_news(i, weft_subscription_try_recv) == 0);
        weft_subscription_free(subscriptions[i]);
    }
    weft_broadcast_unref(news);
}

/* ---- latest: the first sends, the others see the newest ---- */

static weft_latest_t *latest;
static uint64_t seen[TASKS];

static void make_latest(void)
{
    make_numbers();
    SIM_CHECK(weft_latest_create(&latest, sizeof numbers, &numbers) == 0);
    memset(seen, 0, sizeof seen);
}

static int use_latest(unsigned who)
{
    uintptr_t number = who;
    uint64_t before = seen[who];
    int rc;

    if (who == 0) {
        number = ++numbers;
        if (number == ROUNDS)
            weft_latest_close(latest);
        SIM_CHECK(weft_latest_send(latest, &number) == (number == ROUNDS ? -EPIPE : 0));
        return 0;
    }
    rc = weft_latest_changed(latest, &seen[who], &number);
    SIM_CHECK(rc == 0 ? seen[who] > before && number == seen[who] - 1 : seen[who] == before);
    SIM_CHECK(rc != -EPIPE || before == ROUNDS);
    return rc == -EPIPE ? 0 : rc;
}

static void check_latest(void)
{
    uintptr_t number;

    SIM_CHECK(weft_latest_get(latest, &number) == ROUNDS && number == ROUNDS - 1);
    weft_latest_unref(latest);
}

/* ---- select: the even tasks send to either of two channels, the odd ones receive from both; some
 * of them wait for a future too, that somebody completes, and for a time ---- */

static weft_future_t *ticks[TASKS]; /* references */

static void make_select(void)
{
    make_pairs();
    for (unsigned i = 2; i < pairs; i++)
        weft_channel_unref(channels[i]);
    if (pairs == 1)
        channels[1] = weft_channel_ref(channels[0]);
    pairs = 2;
}

static void tick(unsigned who)
{
    weft_future_t *future = ticks[who];

    ticks[who] = NULL;
    if (future)
        SIM_CHECK(weft_set_result(future, NULL) == 0);
    weft_unref(future);
}

static int select_once(unsigned who, uintptr_t *value)
{
    bool sends = who % 2 == 0;
    weft_select_t branches[] = {WEFT_SELECT_RECV(channels[0], value),
                                WEFT_SELECT_RECV(channels[1], value), WEFT_SELECT_DONE(NULL)};
    weft_future_t *future = sim_one_in(2) ? weft_create_future(NULL) : NULL;

    branches[0].sends = branches[1].sends = sends;
    if (future) {
        branches[2].aw = future;
        ticks[who] = weft_ref(future);
    }
    int which = weft_select(branches, 3, sim_one_in(3) ? WEFT_US(sim_below(50)) : WEFT_NONE);
    SIM_CHECK(which < 0 || branches[which].rc == 0);
    SIM_CHECK(which != 2 || weft_done(future));
    tick(who);
    weft_unref(future);
    return which;
}

static int use_select(unsigned who)
{
    uintptr_t value = 0;
    bool sends = who % 2 == 0;
    int which;

    if (sends)
        value = ++numbers;
    do {
        tick(sim_below(TASKS));
        if (sends && sim_one_in(3))
            which = weft_channel_send(channels[sim_below(2)], &value);
        else
            which = select_once(who, &value);
        SIM_CHECK(which >= 0 || which == -ETIMEDOUT || is_cancel(which));
        SIM_CHECK(sends || which == 0 || which == 1 || value == 0);
    } while (which < 0 || which == 2);
    if (sends)
        note_sent(value);
    else
        note_got(value);
    return 0;
}

/* ---- the run ---- */

static const struct kind kinds[] = {
    {"pairs", make_pairs, be_one_of_a_pair, take_and_give_back, check_pairs},
    {"select", make_select, use_select, take_and_give_back, check_pairs},
    {"select", make_select, use_select, take_and_give_back, check_pairs}, /* as the others in all */
    {"latest", make_latest, use_latest, NULL, check_latest},
    {"broadcast", make_news, use_news, NULL, check_news},
    {"closing", make_closing, use_until_closed, close_or_use, check_closed},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static int act_within(weft_ns_t limit, unsigned who)
{
    weft_timeout_t scope;
    int rc = weft_timeout_enter(&scope, limit);

    SIM_CHECK(rc == 0);
    return weft_timeout_exit(&scope, world.kind->act(who));
}

WEFT_CORO(user)
{
    unsigned who = (unsigned)(uintptr_t)arg;

    world.begun++;
    for (int n = 0; n < ROUNDS; n++) {
        int rc = world.cancelling && sim_one_in(4) ? act_within(WEFT_US(sim_below(100)), who)
                                                   : world.kind->act(who);
        SIM_CHECK(rc == 0 || is_cancel(rc));
        acts++;
        cancelled_acts += rc < 0;
        if (sim_one_in(3)) {
            rc = weft_sleep(sim_one_in(2) ? 0 : WEFT_US(sim_below(50)));
            SIM_CHECK(rc == 0 || is_cancel(rc));
        }
        if (sim_one_in(2))
            cancel_one();
    }
    return 0;
}

static void foreign(void *arg)
{
    (void)arg;
    for (int i = 0; i < STEPS; i++) {
        sim_idle(sim_below(20000));
        if (sim_one_in(2))
            cancel_one();
        else if (world.meddling)
            world.kind->meddle();
    }
}

WEFT_CORO(root)
{
    weft_strand_t *strand = sim_one_in(4) ? weft_strand_create() : NULL;

    for (uintptr_t i = 0; i < TASKS; i++)
        world.tasks[i] = weft_create_task(weft_coro(&user, (void *)i),
                                          .strand = strand ? strand : WEFT_PARALLEL);
    for (unsigned i = 0; i < TASKS; i++) {
        int rc = weft_await(world.tasks[i], NULL);
        SIM_CHECK(rc == 0 || is_cancel(rc));
    }
    weft_strand_unref(strand);
    return 0;
}

static uint64_t run(uint64_t seed)
{
    weft_loop_t *loop;

    sim_begin(weft__virtual_swarm(seed), 100 * WEFT__SECOND);
    memset(&world, 0, sizeof world);
    world.kind = &kinds[sim_below(KINDS)];
    world.cancelling = !sim_one_in(4);
    world.meddling = world.kind->meddle && sim_one_in(2);
    world.kind->make();
    loop = sim_loop_new();
    uint64_t hash = sim_loop_run(loop, &root, foreign);
    world.kind->check();
    for (unsigned i = 0; i < TASKS; i++)
        weft_unref(world.tasks[i]);
    sim_loop_end(loop);
    sim_end();
    return hash;
}

int main(int argc, char **argv)
{
    int rc = sim_main(argc, argv, run, 300, false);

    printf("  %" PRIu64 " acts, %" PRIu64 " cancelled\n", acts, cancelled_acts);
    return rc;
}
