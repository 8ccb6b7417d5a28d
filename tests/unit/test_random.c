/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "runtime/base/random.h"

TestSuite(random, .timeout = 30);

static struct weft__random seeded(uint64_t seed)
{
    struct weft__random random;

    weft__random_seed(&random, seed);
    return random;
}

Test(random, a_seed_gives_one_sequence)
{
    struct weft__random a = seeded(7), b = seeded(7);

    for (unsigned i = 0; i < 1000; i++)
        cr_assert_eq(weft__random_next(&a), weft__random_next(&b));
}

Test(random, neighbouring_seeds_are_unrelated)
{
    struct weft__random a = seeded(1), b = seeded(2);
    unsigned bits = 0;

    for (unsigned i = 0; i < 1000; i++)
        bits += (unsigned)__builtin_popcountll(weft__random_next(&a) ^ weft__random_next(&b));

    /* 64 000 fair coins: five standard deviations are 632. */
    cr_expect_gt(bits, 31368);
    cr_expect_lt(bits, 32632);
}

Test(random, no_seed_gets_stuck)
{
    /* 0 is xorshift's fixed point; the second seed is what splitmix64 turns into it. */
    const uint64_t seeds[] = {0, -(uint64_t)0x9e3779b97f4a7c15u, UINT64_MAX};

    for (unsigned i = 0; i < 3; i++) {
        struct weft__random random = seeded(seeds[i]);
        cr_expect_neq(random.state, 0);
        cr_expect_neq(weft__random_next(&random), weft__random_next(&random));
    }
}

Test(random, below_is_below_and_even)
{
    struct weft__random random = seeded(3);
    unsigned count[7] = {0};

    for (unsigned i = 0; i < 70000; i++) {
        uint32_t n = weft__random_below(&random, 7);
        cr_assert_lt(n, 7);
        count[n]++;
    }

    for (unsigned i = 0; i < 7; i++) /* five standard deviations are 463 */
        cr_expect(count[i] > 9500 && count[i] < 10500, "%u came %u times", i, count[i]);
}

Test(random, below_one_is_zero)
{
    struct weft__random random = seeded(4);

    for (unsigned i = 0; i < 100; i++)
        cr_assert_eq(weft__random_below(&random, 1), 0);
    cr_assert_lt(weft__random_below(&random, UINT32_MAX), UINT32_MAX);
}
