/* SPDX-License-Identifier: MIT */
/* uring_sq: more operations than the queues hold, and kicks in the middle of a submission. */
#include "tests/io/uring_owner.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <ucontext.h>

TestSuite(uring_sq, .timeout = 30);

enum { MANY = 200 };

Test(uring_sq, operations_beyond_the_queues_complete_once_each_and_in_order)
{
    struct weft__driver *driver = open_sized(2, 4);
    static struct request requests[MANY];
    char bytes[MANY], buffer[MANY];
    int pair[2];
    make_pair(pair);

    for (unsigned i = 0; i < MANY; i++) {
        bytes[i] = (char)i;
        requests[i] = request(WEFT__OP_SEND, pair[0], &bytes[i], 1, MSG_NOSIGNAL);
        class->submit(driver, &requests[i].op);
    }
    cr_expect_eq(class->in_flight(driver), MANY);
    for (unsigned i = 0; i < MANY; i++)
        cr_expect_eq(finish(driver, &requests[i]), 1);

    for (unsigned i = 0; i < MANY; i++)
        cr_expect_eq(requests[i].completions, 1);
    cr_expect_eq(class->in_flight(driver), 0);
    cr_expect_eq(read(pair[1], buffer, sizeof(buffer)), MANY);
    cr_expect_arr_eq(buffer, bytes, MANY);
    cr_expect_eq(weft__load_relaxed(&driver->counters.submissions), MANY);
    close_driver(driver);
}

Test(uring_sq, completions_beyond_the_queue_are_not_lost)
{
    struct weft__driver *driver = open_sized(2, 4);
    static struct request requests[MANY];
    int pair[2];
    make_pair(pair);
    for (unsigned i = 0; i < MANY; i++) {
        requests[i] = request(WEFT__OP_POLL, pair[1], NULL, 0, POLLIN);
        class->submit(driver, &requests[i].op);
    }
    class->flush(driver);

    cr_expect_eq(write(pair[0], "x", 1), 1); /* all of them complete at once */
    for (unsigned i = 0; i < MANY; i++)
        cr_expect_eq(finish(driver, &requests[i]), POLLIN);

    for (unsigned i = 0; i < MANY; i++)
        cr_expect_eq(requests[i].completions, 1);
    cr_expect_gt(weft__load_relaxed(&driver->counters.overflows), 0);
    close_driver(driver);
}

/* Leaves the driver (2, 4) with completions that its queue does not hold, so that what is submitted
 * next waits in the list. Returns how many of [sends] it has used. */
static unsigned overflow(struct weft__driver *driver, struct request *sends, char *bytes, int fd)
{
    unsigned used = 0;

    for (; used < 12; used++) {
        bytes[used] = (char)used;
        sends[used] = request(WEFT__OP_SEND, fd, &bytes[used], 1, MSG_NOSIGNAL);
        class->submit(driver, &sends[used].op);
    }
    cr_assert(class->owes(driver));
    return used;
}

Test(uring_sq, an_operation_does_not_overtake_those_that_wait)
{
    struct weft__driver *driver = open_sized(2, 4);
    struct request requests[13];
    char bytes[13], buffer[13];
    int pair[2];
    make_pair(pair);
    class->flush(driver); /* arms the READ: what is flushed below are the sends */
    unsigned last = overflow(driver, requests, bytes, pair[0]);

    reap_all(driver);
    class->flush(driver); /* there is room now */
    bytes[last] = (char)last;
    requests[last] = request(WEFT__OP_SEND, pair[0], &bytes[last], 1, MSG_NOSIGNAL);
    cr_expect_eq(perform(driver, &requests[last]), 1);

    cr_expect_eq(recv(pair[1], buffer, 13, MSG_DONTWAIT), 13);
    cr_expect_arr_eq(buffer, bytes, 13);
    while (class->in_flight(driver))
        park_and_reap(driver, INT64_MAX);
    close_driver(driver);
}

Test(uring_sq, a_park_does_not_sleep_while_something_waits_for_room)
{
    struct weft__driver *driver = open_sized(2, 4);
    struct request sends[12], polls[10];
    char bytes[12];
    int pair[2], silent[2];
    make_pair(pair);
    make_pair(silent);
    overflow(driver, sends, bytes, pair[0]);
    for (unsigned i = 0; i < 10; i++) {
        polls[i] = request(WEFT__OP_POLL, silent[0], NULL, 0, POLLIN);
        class->submit(driver, &polls[i].op);
    }
    struct request send = request(WEFT__OP_SEND, pair[0], "x", 1, MSG_NOSIGNAL);

    cr_expect_eq(perform(driver, &send), 1); /* hangs if it is left behind the polls */

    close(silent[1]);
    for (unsigned i = 0; i < 10; i++)
        finish(driver, &polls[i]);
    close_driver(driver);
}

Test(uring_sq, cancel_all_ends_everything_submitted_or_not)
{
    struct weft__driver *driver = open_sized(2, 4);
    static struct request polls[MANY];
    struct request sends[12];
    char bytes[12];
    int pair[2], silent[2];
    make_pair(pair);
    make_pair(silent);
    for (unsigned i = 0; i < MANY; i++) {
        if (i == MANY / 2)
            overflow(driver, sends, bytes, pair[0]);
        polls[i] = request(WEFT__OP_POLL, silent[0], NULL, 0, POLLIN);
        class->submit(driver, &polls[i].op);
    }

    class->cancel_all(driver);
    while (class->in_flight(driver)) {
        class->flush(driver);
        reap_all(driver);
    }

    for (unsigned i = 0; i < MANY; i++) {
        cr_expect_eq(polls[i].completions, 1);
        cr_expect_eq(polls[i].result, -ECANCELED);
    }
    close_driver(driver);
}

/* ---- a stuck owner ---- */

struct helping {
    struct weft__driver *driver;
    struct request *request;
    int to_peer, to_owner;
};

static void *help(void *argument)
{
    struct helping *h = argument;

    cr_expect_eq(write(h->to_peer, "x", 1), 1);
    while (!is_over(h->request)) {
        if (class->ready(h->driver))
            reap_all(h->driver);
        sched_yield();
    }
    cr_expect_eq(write(h->to_owner, "x", 1), 1);
    return NULL;
}

Test(uring_sq, a_helper_reaps_for_an_owner_that_is_blocked)
{
    struct weft__driver *driver = open_driver();
    int pair[2], pipe_ends[2];
    make_pair(pair);
    cr_assert_eq(pipe(pipe_ends), 0);
    char byte, other;
    struct request recv = request(WEFT__OP_RECV, pair[1], &byte, 1, 0);
    struct helping h = {driver, &recv, pair[0], pipe_ends[1]};
    pthread_t thread;
    class->submit(driver, &recv.op);
    class->flush(driver);

    cr_assert_eq(pthread_create(&thread, NULL, help, &h), 0);
    ssize_t got = read(pipe_ends[0], &other, 1); /* blocked until the helper has reaped */
    pthread_join(thread, NULL);

    cr_expect_eq(got, 1);
    cr_expect_eq(recv.result, 1);
    cr_expect_eq(byte, 'x');
    close_driver(driver);
}

Test(uring_sq, a_kick_submits_what_is_published_and_keeps_errno)
{
    struct weft__driver *driver = open_driver();
    int pair[2];
    make_pair(pair);
    struct request send = request(WEFT__OP_SEND, pair[0], "x", 1, MSG_NOSIGNAL);
    cr_expect_not(class->owes(driver));
    class->submit(driver, &send.op);
    cr_expect(class->owes(driver));

    errno = ENOTTY;
    class->kicked(driver);

    cr_expect_eq(errno, ENOTTY);
    cr_expect_not(class->owes(driver));
    run_thread(reap_all, driver);
    cr_expect_eq(send.result, 1);
    close_driver(driver);
}

static struct weft__driver *kicked_driver;

#if defined(__x86_64__) && !defined(WEFT__TSAN)
#define TRAP_FLAG 0x100 /* of the processor: SIGTRAP after each instruction */
#if defined(WEFT__ASAN) || !defined(__OPTIMIZE__)
#define STRIDE 7 /* there are many more instructions */
#else
#define STRIDE 1
#endif

static unsigned step, kick_at;

static void on_step(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    if (++step < kick_at)
        return;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    class->kicked(kicked_driver);
}

static void set_trap_flag(bool on)
{
    if (on)
        __asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq;"
                         "lea 128(%%rsp), %%rsp" ::
                             : "memory", "cc");
    else
        __asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp); popfq;"
                         "lea 128(%%rsp), %%rsp" ::
                             : "memory", "cc");
}

enum { SUBMITS = 3 }; /* the third finds the queue full */

/* The owner submits and flushes; in its call number [call] a kick follows the [n]th instruction.
 * False: the call has fewer than n. */
static bool kick_after(struct weft__driver *driver, unsigned call, unsigned n, const int pair[2])
{
    struct request requests[SUBMITS];
    char bytes[SUBMITS] = {1, 2, 3}, buffer[SUBMITS + 1];

    step = 0;
    kick_at = n;
    for (unsigned i = 0; i <= SUBMITS; i++) {
        if (i < SUBMITS)
            requests[i] = request(WEFT__OP_SEND, pair[0], &bytes[i], 1, MSG_NOSIGNAL);
        if (i == call)
            set_trap_flag(true);
        if (i < SUBMITS)
            class->submit(driver, &requests[i].op);
        else
            class->flush(driver);
        if (i == call)
            set_trap_flag(false);
    }
    bool kicked = step >= n;

    for (unsigned i = 0; i < SUBMITS; i++)
        cr_assert_eq(finish(driver, &requests[i]), 1, "call %u, instruction %u", call, n);
    cr_assert_eq(recv(pair[1], buffer, SUBMITS + 1, MSG_DONTWAIT), SUBMITS,
                 "call %u, instruction %u", call, n);
    cr_assert_arr_eq(buffer, bytes, SUBMITS, "call %u, instruction %u", call, n);
    cr_assert_eq(class->in_flight(driver), 0);
    return kicked;
}

Test(uring_sq, a_kick_after_each_single_instruction_loses_and_repeats_nothing)
{
    static const unsigned calls[] = {0, SUBMITS - 1, SUBMITS};
    struct weft__driver *driver = open_sized(2, 4);
    struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
    int pair[2];
    make_pair(pair);
    kicked_driver = driver;
    sigaction(SIGTRAP, &action, NULL);

    for (unsigned i = 0; i < 3; i++) {
        unsigned n = 1;
        while (kick_after(driver, calls[i], n, pair))
            n += STRIDE;
        cr_expect_gt(n, 20, "only %u instructions were tried", n);
    }

    close_driver(driver);
}
#endif

static _Atomic(bool) kicking;
static _Atomic(unsigned) kicks;

static void on_kick(int signal)
{
    (void)signal;
    weft__fetch_add_relaxed(&kicks, 1);
    class->kicked(kicked_driver);
}

static void *kick_often(void *owner)
{
    while (weft__load_acquire(&kicking)) {
        weft__system_posix.kick((weft__thread)owner);
        sched_yield();
    }
    return NULL;
}

Test(uring_sq, a_kick_at_any_instruction_loses_and_repeats_nothing)
{
    enum { ROUNDS = 400, BATCH = 23 };
    struct weft__driver *driver = open_sized(2, 4);
    static struct request requests[BATCH];
    struct sigaction action = {.sa_handler = on_kick, .sa_flags = SA_RESTART};
    char buffer[BATCH];
    unsigned wrong = 0;
    int pair[2];
    pthread_t thread;
    make_pair(pair);
    kicked_driver = driver;
    sigaction(SIGURG, &action, NULL);
    weft__store_release(&kicking, true);
    cr_assert_eq(pthread_create(&thread, NULL, kick_often, (void *)pthread_self()), 0);

    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < BATCH; i++) {
            requests[i] = request(WEFT__OP_SEND, pair[0], "x", 1, MSG_NOSIGNAL);
            class->submit(driver, &requests[i].op);
        }
        for (unsigned i = 0; i < BATCH; i++)
            wrong += finish(driver, &requests[i]) != 1 || requests[i].completions != 1;
        wrong += recv(pair[1], buffer, BATCH, MSG_WAITALL) != BATCH;
    }
    weft__store_release(&kicking, false);
    pthread_join(thread, NULL);

    cr_expect_eq(wrong, 0);
    cr_expect_gt(weft__load_relaxed(&kicks), 0);
    cr_expect_eq(class->in_flight(driver), 0);
    char byte;
    cr_expect_eq(recv(pair[1], &byte, 1, MSG_DONTWAIT), -1); /* nothing was sent twice */
    close_driver(driver);
}
