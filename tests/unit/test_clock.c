/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "runtime/base/clock.h"

TestSuite(clock, .timeout = 30);

Test(clock, never_runs_backwards)
{
    weft__ns last = weft__clock_now();

    for (unsigned i = 0; i < 100000; i++) {
        weft__ns now = weft__clock_now();
        cr_assert_geq(now, last);
        last = now;
    }
    cr_assert_gt(last, 0);
}

Test(clock, is_the_monotonic_clock_in_nanoseconds)
{
    struct timespec before, after;

    clock_gettime(CLOCK_MONOTONIC, &before);
    weft__ns now = weft__clock_now();
    clock_gettime(CLOCK_MONOTONIC, &after);

    cr_expect_geq(now, before.tv_sec * WEFT__SECOND + before.tv_nsec);
    cr_expect_leq(now, after.tv_sec * WEFT__SECOND + after.tv_nsec);
}

Test(clock, a_deadline_is_now_and_the_delay)
{
    cr_expect_eq(weft__deadline_after(1000, 234), 1234);
    cr_expect_eq(weft__deadline_after(0, WEFT__SECOND), 1000000000);
}

Test(clock, a_delay_below_zero_is_none)
{
    cr_expect_eq(weft__deadline_after(1000, 0), 1000);
    cr_expect_eq(weft__deadline_after(1000, -1), 1000);
    cr_expect_eq(weft__deadline_after(1000, INT64_MIN), 1000);
}

Test(clock, deadlines_saturate_at_never)
{
    cr_expect_eq(weft__deadline_after(1000, INT64_MAX - 1000), INT64_MAX);
    cr_expect_eq(weft__deadline_after(1000, INT64_MAX - 1001), INT64_MAX - 1);
    cr_expect_eq(weft__deadline_after(1000, INT64_MAX), WEFT__NEVER);
    cr_expect_eq(weft__deadline_after(WEFT__NEVER, 1), WEFT__NEVER);
}
