/* SPDX-License-Identifier: MIT */
/*
 * What takes values from task to task, on real workers (sync.h). What was sent or put was got,
 * once; a call that failed has sent nothing, taken nothing.
 */
#include "sync.h"

/* ---- values: each has a number of its own ---- */

static _Atomic(uintptr_t) numbers, sent_count, sent_sum, got_count, got_sum;

static void make_numbers(void)
{
    atomic_store(&numbers, 0);
    atomic_store(&sent_count, 0);
    atomic_store(&sent_sum, 0);
    atomic_store(&got_count, 0);
    atomic_store(&got_sum, 0);
}

static uintptr_t new_number(void)
{
    return atomic_fetch_add(&numbers, 1) + 1;
}

static void note_sent(uintptr_t number)
{
    atomic_fetch_add(&sent_count, 1);
    atomic_fetch_add(&sent_sum, number);
}

static void note_got(uintptr_t number)
{
    atomic_fetch_add(&got_count, 1);
    atomic_fetch_add(&got_sum, number);
}

static void check_numbers(void)
{
    STRESS_CHECK(atomic_load(&sent_count) == atomic_load(&got_count));
    STRESS_CHECK(atomic_load(&sent_sum) == atomic_load(&got_sum));
}

/* ---- queue: the even tasks put, the odd ones get, as often, each until it succeeds ---- */

static weft_queue_t *queue;

static int64_t urgency(const void *item)
{
    return (int64_t)((uintptr_t)item % 7);
}

static void dropped(void *item)
{
    note_got((uintptr_t)item);
}

static void make_queue(void)
{
    uint64_t order = stress_random(3);

    make_numbers();
    STRESS_CHECK(weft_queue_create(&queue, (ssize_t)stress_random(4), .lifo = order == 1,
                                   .key = order == 2 ? urgency : NULL, .destroy = dropped) == 0);
}

static int put_until_done(void)
{
    uintptr_t number = new_number();
    int rc, first = 0;

    while ((rc = weft_queue_put(queue, (void *)number)) < 0) {
        STRESS_CHECK(is_cancel(rc));
        first = rc;
    }
    note_sent(number);
    return first;
}

static int get_until_done(void)
{
    void *item = NULL;
    int rc, first = 0;

    while ((rc = weft_queue_get(queue, &item)) < 0) {
        STRESS_CHECK(is_cancel(rc) && !item);
        first = rc;
    }
    note_got((uintptr_t)item);
    if (one_in(4))
        stay();
    STRESS_CHECK(weft_queue_task_done(queue) == 0);
    return first;
}

/* Who gets does not join: all that is put is to be got. */
static int use_queue(unsigned who)
{
    int joined, rc;

    if (who % 2)
        return get_until_done();
    joined = one_in(16) ? weft_queue_join(queue) : 0;
    rc = put_until_done();
    return joined < 0 ? joined : rc;
}

static void meddle_with_queue(void)
{
    void *item;
    int rc;

    if (weft_queue_get_nowait(queue, &item) < 0)
        return;
    while ((rc = weft_queue_put_nowait(queue, item)) == WEFT_EQUEUEFULL)
        sched_yield();
    STRESS_CHECK(rc == 0 && weft_queue_task_done(queue) == 0);
}

static void check_queue(void)
{
    STRESS_CHECK(weft_queue_empty(queue) && weft_queue_join(queue) == 0);
    STRESS_CHECK(weft_queue_task_done(queue) == -EINVAL);
    weft_queue_unref(queue);
    check_numbers();
}

/* ---- shutdown: the first task shuts the queue down under the others ---- */

static void get_and_finish(int (*get)(weft_queue_t *queue, void **item), int *rc)
{
    void *item;

    *rc = get(queue, &item);
    if (*rc < 0)
        return;
    note_got((uintptr_t)item);
    (void)weft_queue_task_done(queue); /* too many, if a shutdown has counted it */
}

static void put_new(int (*put)(weft_queue_t *queue, void *item), int *rc)
{
    uintptr_t number = new_number();

    *rc = put(queue, (void *)number);
    if (*rc == 0)
        note_sent(number);
}

static int use_until_shutdown(unsigned who)
{
    int rc;

    if (who == 0) {
        stay();
        if (is_last_turn(who))
            weft_queue_shutdown(queue, one_in(2));
        return 0;
    }
    if (who % 2)
        get_and_finish(weft_queue_get, &rc);
    else
        put_new(weft_queue_put, &rc);
    return rc == WEFT_EQUEUESHUTDOWN ? 0 : rc;
}

static void meddle_until_shutdown(void)
{
    int rc;

    if (one_in(2))
        get_and_finish(weft_queue_get_nowait, &rc);
    else
        put_new(weft_queue_put_nowait, &rc);
}

static void check_shutdown(void)
{
    int rc = 0;

    while (rc == 0)
        get_and_finish(weft_queue_get_nowait, &rc);
    STRESS_CHECK(rc == WEFT_EQUEUESHUTDOWN && weft_queue_join(queue) == 0);
    weft_queue_unref(queue);
    check_numbers();
}

/* ---- channel: the even tasks send, the odd ones receive, as often, each until it succeeds; all in
 * one, or each pair in its own, where nobody makes up for a wake-up that is lost ---- */

static weft_channel_t *channels[TASKS];
static unsigned channel_count;
static uintptr_t last[TASKS]; /* what each has received; in order, if it is alone */

static void make_channels(unsigned count)
{
    static const size_t capacities[] = {0, 1, 2, WEFT_UNBOUNDED};

    make_numbers();
    memset(last, 0, sizeof last);
    channel_count = count;
    for (unsigned i = 0; i < count; i++)
        STRESS_CHECK(weft_channel_create(&channels[i], capacities[stress_random(4)],
                                         sizeof(uintptr_t)) == 0);
}

static void make_pairs(void)
{
    make_channels(one_in(2) ? 1 : TASKS / 2);
}

static int send_until_done(weft_channel_t *to)
{
    uintptr_t number = new_number();
    int rc, first = 0;

    while ((rc = weft_channel_send(to, &number)) < 0) {
        STRESS_CHECK(is_cancel(rc));
        first = rc;
    }
    note_sent(number);
    return first;
}

static int receive_until_done(unsigned who, weft_channel_t *from)
{
    uintptr_t number = 0;
    int rc, first = 0;

    while ((rc = weft_channel_recv(from, &number)) < 0) {
        STRESS_CHECK(is_cancel(rc) && number == 0);
        first = rc;
    }
    STRESS_CHECK(channel_count == 1 || world.meddling || number > last[who]);
    last[who] = number;
    note_got(number);
    return first;
}

static int be_one_of_a_pair(unsigned who)
{
    weft_channel_t *common = channels[who / 2 % channel_count];

    return who % 2 ? receive_until_done(who, common) : send_until_done(common);
}

static void meddle_with_channels(void)
{
    weft_channel_t *channel = channels[stress_random(channel_count)];
    uintptr_t number;
    int rc;

    if (weft_channel_try_recv(channel, &number) < 0)
        return;
    while ((rc = weft_channel_try_send(channel, &number)) == -EAGAIN)
        sched_yield();
    STRESS_CHECK(rc == 0);
}

static void check_channels(void)
{
    uintptr_t number;

    for (unsigned i = 0; i < channel_count; i++) {
        STRESS_CHECK(weft_channel_try_recv(channels[i], &number) == -EAGAIN);
        weft_channel_unref(channels[i]);
    }
    check_numbers();
}

/* ---- close: the first task closes the channel under the others ---- */

static void make_one_channel(void)
{
    make_channels(1);
}

static void send_new(int (*send)(weft_channel_t *channel, const void *value), int *rc)
{
    uintptr_t number = new_number();

    *rc = send(channels[0], &number);
    if (*rc == 0)
        note_sent(number);
}

static void receive(int (*recv)(weft_channel_t *channel, void *value), int *rc)
{
    uintptr_t number;

    *rc = recv(channels[0], &number);
    if (*rc == 0)
        note_got(number);
}

static int use_until_closed(unsigned who)
{
    int rc;

    if (who == 0) {
        stay();
        if (is_last_turn(who))
            weft_channel_close(channels[0]);
        return 0;
    }
    if (who % 2)
        receive(weft_channel_recv, &rc);
    else
        send_new(weft_channel_send, &rc);
    STRESS_CHECK(rc != -EPIPE || weft_channel_is_closed(channels[0]));
    return rc == -EPIPE ? 0 : rc;
}

static void meddle_until_closed(void)
{
    int rc;

    if (one_in(2))
        receive(weft_channel_try_recv, &rc);
    else
        send_new(weft_channel_try_send, &rc);
}

static void check_closed(void)
{
    int rc = 0;

    while (rc == 0)
        receive(weft_channel_try_recv, &rc);
    STRESS_CHECK(rc == -EPIPE);
    weft_channel_unref(channels[0]);
    check_numbers();
}

/* ---- select: the even tasks send to either of two channels, the odd ones receive from both; all
 * in the same two, or each pair in its own. In half of the rounds some wait for a future too, that
 * somebody completes, and for a time ---- */

static _Atomic(weft_future_t *) ticks[TASKS]; /* references */
static bool ticking;

static void make_select(void)
{
    ticking = one_in(2);
    make_channels(one_in(2) ? 2 : TASKS);
}

static void tick(unsigned who)
{
    weft_future_t *future = atomic_exchange(&ticks[who], NULL);

    if (future)
        STRESS_CHECK(weft_set_result(future, NULL) == 0);
    weft_unref(future);
}

static int select_once(unsigned who, weft_channel_t **two, uintptr_t *value)
{
    weft_select_t branches[] = {WEFT_SELECT_RECV(two[0], value), WEFT_SELECT_RECV(two[1], value),
                                WEFT_SELECT_DONE(NULL)};
    weft_future_t *future = ticking && one_in(2) ? weft_create_future(NULL) : NULL;
    weft_ns_t timeout = ticking && one_in(3) ? WEFT_US(stress_random(50)) : WEFT_NONE;

    branches[0].sends = branches[1].sends = who % 2 == 0;
    if (future) {
        branches[2].aw = future;
        atomic_store(&ticks[who], weft_ref(future));
    }
    int which = weft_select(branches, 3, timeout);
    STRESS_CHECK(which < 0 || branches[which].rc == 0);
    STRESS_CHECK(which != 2 || weft_done(future));
    tick(who);
    weft_unref(future);
    return which;
}

static int use_select(unsigned who)
{
    bool sends = who % 2 == 0;
    weft_channel_t **two = &channels[who / 2 * 2 % channel_count];
    uintptr_t value = sends ? new_number() : 0;
    int rc, first = 0;

    do {
        tick((unsigned)stress_random(TASKS));
        if (sends && one_in(3))
            rc = weft_channel_send(two[stress_random(2)], &value);
        else
            rc = select_once(who, two, &value);
        STRESS_CHECK(rc >= 0 || is_cancel(rc) || (rc == -ETIMEDOUT && ticking));
        STRESS_CHECK(sends || rc == 0 || rc == 1 || value == 0);
        first = rc == -ECANCELED ? rc : first;
    } while (rc < 0 || rc == 2);
    (sends ? note_sent : note_got)(value);
    return first;
}

static void meddle_with_select(void)
{
    if (one_in(2))
        tick((unsigned)stress_random(TASKS));
    else
        meddle_with_channels();
}

/* ---- broadcast: the first task sends, each other receives all that it is not told it lost. The
 * foreign threads send too; only then, and sometimes else, it is closed at the end ---- */

static weft_broadcast_t *news;
static weft_subscription_t *subscriptions[TASKS];
static uint64_t known[TASKS];   /* how many each has received, or lost */
static uintptr_t newest[TASKS]; /* the first task's number that each saw last */
static _Atomic(uint64_t) told;  /* how many were sent */
static bool closing;

enum { FROM_OTHERS = 0 }; /* what the foreign threads send; the first task sends 1, 2, ... */

static void make_news(void)
{
    STRESS_CHECK(weft_broadcast_create(&news, 1 + stress_random(4), sizeof(uintptr_t)) == 0);
    for (int i = 1; i < TASKS; i++)
        STRESS_CHECK(weft_subscription_create(&subscriptions[i], news) == 0);
    memset(known, 0, sizeof known);
    memset(newest, 0, sizeof newest);
    make_numbers();
    atomic_store(&told, 0);
    closing = world.meddling || one_in(2);
}

static int tell_news(void)
{
    uintptr_t number = new_number();

    stay();
    STRESS_CHECK(weft_broadcast_send(news, &number) == 0);
    atomic_fetch_add(&told, 1);
    if (number == TURNS && closing)
        weft_broadcast_close(news);
    return 0;
}

static int read_news(unsigned who, int (*recv)(weft_subscription_t *subscription, void *value))
{
    uintptr_t number;
    int rc = recv(subscriptions[who], &number);

    if (rc == -EOVERFLOW) {
        known[who] += weft_subscription_lost(subscriptions[who]);
        return 0;
    }
    if (rc < 0)
        return rc == -EPIPE ? 0 : rc;
    known[who]++;
    STRESS_CHECK(number == FROM_OTHERS || number > newest[who]);
    if (number != FROM_OTHERS)
        newest[who] = number;
    return 0;
}

static int use_news(unsigned who)
{
    if (who == 0)
        return tell_news();
    return !closing && known[who] == TURNS ? 0 : read_news(who, weft_subscription_recv);
}

static void meddle_with_news(void)
{
    uintptr_t number = FROM_OTHERS;

    if (weft_broadcast_send(news, &number) == 0)
        atomic_fetch_add(&told, 1);
}

/* The rest is there still. */
static void check_news(void)
{
    for (unsigned i = 1; i < TASKS; i++) {
        while (known[i] < atomic_load(&told))
            STRESS_CHECK(read_news(i, weft_subscription_try_recv) == 0);
        STRESS_CHECK(known[i] == atomic_load(&told));
        weft_subscription_free(subscriptions[i]);
    }
    weft_broadcast_unref(news);
}

/* ---- latest: the first task sends, the others see the newest ---- */

static weft_latest_t *latest;
static uint64_t seen[TASKS];

static void make_latest(void)
{
    uintptr_t number = 0;

    make_numbers();
    STRESS_CHECK(weft_latest_create(&latest, sizeof number, &number) == 0);
    memset(seen, 0, sizeof seen);
    closing = one_in(2);
}

static int send_latest(void)
{
    uintptr_t number = new_number();

    stay();
    STRESS_CHECK(weft_latest_send(latest, &number) == 0);
    if (number == TURNS && closing)
        weft_latest_close(latest);
    return 0;
}

static int use_latest(unsigned who)
{
    uint64_t before = seen[who];
    uintptr_t number = 0;
    int rc;

    if (who == 0)
        return send_latest();
    if (before == TURNS + 1 && !closing)
        return 0;
    rc = weft_latest_changed(latest, &seen[who], &number);
    STRESS_CHECK(rc == 0 ? seen[who] > before && number == seen[who] - 1 : seen[who] == before);
    STRESS_CHECK(rc != -EPIPE || before == TURNS + 1);
    return rc == -EPIPE ? 0 : rc;
}

static void meddle_with_latest(void)
{
    uintptr_t number;
    uint64_t which = weft_latest_get(latest, &number);

    STRESS_CHECK(number == which - 1);
}

static void check_latest(void)
{
    uintptr_t number;

    STRESS_CHECK(weft_latest_get(latest, &number) == TURNS + 1 && number == TURNS);
    weft_latest_unref(latest);
}

static const struct kind kinds[] = {
    {"queue", make_queue, use_queue, meddle_with_queue, check_queue},
    {"shutdown", make_queue, use_until_shutdown, meddle_until_shutdown, check_shutdown},
    {"channel", make_pairs, be_one_of_a_pair, meddle_with_channels, check_channels},
    {"close", make_one_channel, use_until_closed, meddle_until_closed, check_closed},
    {"select", make_select, use_select, meddle_with_select, check_channels},
    {"broadcast", make_news, use_news, meddle_with_news, check_news},
    {"latest", make_latest, use_latest, meddle_with_latest, check_latest},
};

int main(int argc, char **argv)
{
    return sync_main(argc, argv, kinds, sizeof kinds / sizeof *kinds);
}
