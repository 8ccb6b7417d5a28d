/* SPDX-License-Identifier: MIT */
/*
 * rounds: one scenario again and again, each time with the next call failing.
 *
 *     FAULTS(faults, future) { weft_future_t *f = weft_create_future(NULL); ... return rc; }
 *
 * defines a coroutine and tests of it with 1 and 2 workers; the faults happen inside of a running
 * loop. FAULTS_OUTSIDE defines a function that makes its loop itself. Each round is a child process
 * of its own, so that nothing is warm. In it the n-th call fails, once or from then on; afterwards
 * the same is done without a fault. A round is good if
 *   - the outcome is success or an error that is documented: the one that the failed call has, or
 * -ENOMEM;
 *   - the same without a fault then succeeds, in the same loop or process: it goes on;
 *   - nothing is held: blocks, objects of slabs, mappings, descriptors, threads, signal handlers;
 *   - it ends in time.
 * The rounds are over when one comes to its end without having reached its n. A bad one prints the
 * command that replays it: FAULT_ROUND=N plays that round only.
 *
 * The checks inside of a scenario are CHECK(condition): Criterion's own must not stand on a task's
 * stack.
 */
#ifndef TESTS_FAULT_ROUNDS_H
#define TESTS_FAULT_ROUNDS_H

#include <criterion/criterion.h>
#include <weft.h>

#include "tests/fault/inject.h"

struct rounds {
    const char *filter;             /* suite/test, for the command that replays */
    const weft_corofn_t *coro;      /* the scenario as a coroutine, or */
    int (*plain)(unsigned workers); /* as a function, outside of loops */
    unsigned workers;
    unsigned calls; /* INJECT_..., 0: all */
    int error;      /* 0: what each call has in life */
};

/* All rounds of a scenario; fails the Criterion test at the first bad one. */
void rounds_play(const struct rounds *rounds);

void rounds_check(bool holds, const char *where, const char *text);
#define CHECK(condition) rounds_check(!!(condition), WEFT_HERE, #condition)

#define FAULTS_TEST(suite, name, workers_, ...)                                                    \
    Test(suite, name##_with_##workers_)                                                            \
    {                                                                                              \
        const struct rounds rounds = {                                                             \
            .filter = #suite "/" #name "_with_" #workers_, .workers = (workers_), __VA_ARGS__};    \
        rounds_play(&rounds);                                                                      \
    }

#define FAULTS(suite, name)                                                                        \
    static const weft_corofn_t name;                                                               \
    FAULTS_TEST(suite, name, 1, .coro = &name)                                                     \
    FAULTS_TEST(suite, name, 2, .coro = &name)                                                     \
    WEFT_CORO(name)

#define FAULTS_OUTSIDE(suite, name)                                                                \
    static int name(unsigned workers);                                                             \
    FAULTS_TEST(suite, name, 1, .plain = name)                                                     \
    FAULTS_TEST(suite, name, 2, .plain = name)                                                     \
    static int name(unsigned workers)

#endif
