/* SPDX-License-Identifier: MIT */
#include "runtime/core/waiters.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/operation.h"
#include "runtime/sched/submit.h"
#include "tests/unit/loop_support.h"

TestSuite(operation, .timeout = 30);

enum { WORLDS = 60 };

static int fd[2];

static void set_up(struct weft__virtual_config world, unsigned workers)
{
    world.time_limit = 100 * WEFT__SECOND;
    open_loop_in(&world, workers, WEFT_ORDER_DEFAULT);
    cr_assert_eq(weft__virtual_pair(fd), 0);
}

static void tear_down(void)
{
    weft__virtual_close(fd[0]);
    weft__virtual_close(fd[1]);
    close_loop();
}

struct receiver {
    int received, after; /* what the operation gave, and the next await */
    char byte;
    int64_t delay;
};

WEFT_CORO(receives)
{
    struct receiver *r = arg;
    struct weft__operation op = {
        .code = WEFT__OP_RECV, .fd = fd[0], .buffer = &r->byte, .length = 1};

    r->received = weft__operation_await(&op);
    r->after = weft_sleep(0);
    return 0;
}

/* ---- the result ---------------------------------------------------------------------------------
 */

WEFT_CORO(sends_to_a_receiver)
{
    weft_task_t *receiver = weft_create_task(weft_coro(&receives, arg));
    int rc = weft_sleep(MS);

    if (weft__virtual_send(fd[1], "x", 1) != 1)
        rc = -EIO;
    return rc < 0 ? rc : weft_join(receiver, NULL);
}

Test(operation, its_result_comes_back_to_who_awaits_it)
{
    for (uint64_t seed = 0; seed < WORLDS; seed++) {
        struct receiver r = {0};
        set_up((struct weft__virtual_config){.seed = seed}, 1 + seed % 2);

        int rc = run_main(&sends_to_a_receiver, &r);

        cr_assert_eq(rc, 0);
        cr_assert(r.received == 1 && r.byte == 'x' && r.after == 0, "seed %d", (int)seed);
        tear_down();
    }
}

Test(operation, one_that_fails_for_no_reason_is_submitted_again)
{
    uint64_t cancelled = 0, interrupted = 0;

    for (uint64_t seed = 0; seed < WORLDS; seed++) {
        struct receiver r = {0};
        set_up(
            (struct weft__virtual_config){
                .seed = seed,
                .fault_one_in = {[WEFT__VIRTUAL_CANCELED] = 2, [WEFT__VIRTUAL_EINTR] = 3}},
            1 + seed % 2);

        run_main(&sends_to_a_receiver, &r);
        cancelled += weft__virtual_faults(sim, WEFT__VIRTUAL_CANCELED);
        interrupted += weft__virtual_faults(sim, WEFT__VIRTUAL_EINTR);

        cr_assert(r.received == 1 && r.byte == 'x' && r.after == 0, "seed %d: %d", (int)seed,
                  r.received);
        tear_down();
    }

    cr_expect(cancelled > 0 && interrupted > 0);
}

/* ---- cancelling ---------------------------------------------------------------------------------
 */

WEFT_CORO(sends_and_cancels_at_once)
{
    weft_task_t *receiver = weft_create_task(weft_coro(&receives, arg));
    int rc = weft_sleep(MS);

    if (weft__virtual_send(fd[1], "x", 1) != 1)
        rc = -EIO;
    weft_cancel(receiver);
    return rc < 0 ? rc : weft_join(receiver, NULL);
}

Test(operation, a_result_that_was_there_wins_and_the_cancellation_stays_pending)
{
    for (uint64_t seed = 0; seed < WORLDS; seed++) {
        struct receiver r = {0};
        set_up((struct weft__virtual_config){.seed = seed,
                                             .fault_one_in = {[WEFT__VIRTUAL_CANCEL_LATE] = 1}},
               1);

        run_main(&sends_and_cancels_at_once, &r);

        cr_assert_eq(r.received, 1, "seed %d: %d", (int)seed, r.received);
        cr_assert_eq(r.after, -ECANCELED);
        tear_down();
    }
}

WEFT_CORO(cancels_a_receiver)
{
    weft_task_t *receiver = weft_create_task(weft_coro(&receives, arg));
    int rc = weft_sleep(MS);

    weft_cancel(receiver);
    return rc < 0 ? rc : weft_join(receiver, NULL);
}

Test(operation, a_cancel_ends_it_and_is_told_once)
{
    for (uint64_t seed = 0; seed < WORLDS; seed++) {
        struct receiver r = {0};
        set_up((struct weft__virtual_config){.seed = seed}, 1 + seed % 3);

        int rc = run_main(&cancels_a_receiver, &r);

        cr_assert_eq(rc, 0);
        cr_assert(r.received == -ECANCELED && r.after == 0, "seed %d", (int)seed);
        tear_down();
    }
}

WEFT_CORO(cancels_and_takes_it_back)
{
    weft_task_t *receiver = weft_create_task(weft_coro(&receives, arg));
    int rc = weft_sleep(((struct receiver *)arg)->delay);

    weft_cancel(receiver);
    weft_uncancel(receiver);
    return rc < 0 ? rc : weft_join(receiver, NULL);
}

Test(operation, a_cancel_that_has_struck_ends_it_although_it_is_taken_back)
{
    for (uint64_t seed = 0; seed < WORLDS; seed++) {
        struct receiver r = {.delay =
                                 seed % 2 ? MS : 0}; /* before the kernel knows of it, or after */
        set_up((struct weft__virtual_config){.seed = seed}, 1);

        int rc = run_main(&cancels_and_takes_it_back, &r);

        cr_assert_eq(rc, 0);
        cr_assert(r.received == -ECANCELED && r.after == 0, "seed %d", (int)seed);
        tear_down();
    }
}

WEFT_CORO(cancels_itself_first)
{
    struct weft__driver *driver = weft__self()->driver;
    uint64_t *submitted = arg;
    struct receiver r = {0};

    weft_cancel(weft_current_task());
    receives__body(&r, NULL);
    *submitted = weft__load_relaxed(&driver->counters.submissions); /* relaxed: our own */
    return r.received == -ECANCELED && r.after == 0 ? 0 : -EIO;
}

Test(operation, a_task_that_is_cancelled_already_submits_nothing)
{
    uint64_t submitted = 1;
    set_up((struct weft__virtual_config){.seed = 1}, 1);

    int rc = run_main(&cancels_itself_first, &submitted);

    cr_expect_eq(rc, 0);
    cr_expect_eq(submitted, 0);
    tear_down();
}

WEFT_CORO(cancels_before_the_kernel_knows)
{
    weft_task_t *receiver = weft_create_task(weft_coro(&receives, arg));
    int rc = weft_sleep(0); /* it has submitted, and this worker has not flushed */

    weft_cancel(receiver);
    return rc < 0 ? rc : weft_join(receiver, NULL);
}

Test(operation, a_cancel_before_the_kernel_knows_of_it_is_asked_for_again)
{
    uint64_t early = 0;

    for (uint64_t seed = 0; seed < WORLDS; seed++) {
        struct receiver r = {0};
        set_up((struct weft__virtual_config){.seed = seed}, 1);

        int rc = run_main(&cancels_before_the_kernel_knows, &r);
        early += weft__virtual_faults(sim, WEFT__VIRTUAL_CANCEL_EARLY);

        cr_assert_eq(rc, 0);
        cr_assert(r.received == -ECANCELED && r.after == 0, "seed %d", (int)seed);
        tear_down();
    }

    cr_expect_gt(early, 0);
}

Test(operation, a_cancel_is_asked_for_until_the_kernel_has_taken_it)
{
    uint64_t refused = 0;

    for (uint64_t seed = 0; seed < WORLDS; seed++) {
        struct receiver r = {0};
        set_up((struct weft__virtual_config){.seed = seed,
                                             .fault_one_in = {[WEFT__VIRTUAL_REFUSED] = 2}},
               1);

        int rc = run_main(&cancels_before_the_kernel_knows, &r);
        refused += weft__virtual_faults(sim, WEFT__VIRTUAL_REFUSED);

        cr_assert_eq(rc, 0);
        cr_assert(r.received == -ECANCELED && r.after == 0, "seed %d", (int)seed);
        tear_down();
    }

    cr_expect_gt(refused, 0);
}

/* ---- one that nobody awaits ---------------------------------------------------------------------
 */

static void note_result(struct weft__operation *op, int result, bool more)
{
    note(result == 1 && !more && op->argument == fd ? "completed" : "?");
}

WEFT_CORO(starts_one)
{
    struct weft__operation *op = arg;

    weft__operation_start(op);
    note("started ");
    int rc = weft__virtual_send(fd[1], "x", 1) == 1 ? 0 : -EIO;
    return rc < 0 ? rc : weft_sleep(MS);
}

Test(operation, one_that_was_started_calls_its_owner_once)
{
    char byte = 0;
    set_up((struct weft__virtual_config){.seed = 3}, 1);
    struct weft__operation op = {.code = WEFT__OP_RECV,
                                 .fd = fd[0],
                                 .buffer = &byte,
                                 .length = 1,
                                 .complete = note_result,
                                 .argument = fd};

    int rc = run_main(&starts_one, &op);

    cr_expect_eq(rc, 0);
    cr_expect_str_eq(notes, "started completed");
    tear_down();
}
