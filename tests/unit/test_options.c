/* SPDX-License-Identifier: MIT */
/* options: structs whose length the caller and the library need not agree on. */
#include <criterion/criterion.h>

#include <string.h>

#include "runtime/base/options.h"

TestSuite(options, .timeout = 30);

struct older {
    size_t size;
    int first;
};

struct known {
    size_t size;
    int first;
    int second;
    void *third;
};

struct newer {
    struct known known;
    int fourth;
};

static struct known full;

static const struct known *fit(const void *given)
{
    memset(&full, 0xaa, sizeof full);
    return weft__options(given, &full, sizeof full);
}

Test(options, of_the_same_length_are_taken_as_they_are)
{
    struct known given = {.size = sizeof given, .second = 2};

    cr_expect_eq(fit(&given), &given);
}

Test(options, that_are_not_given_are_zero)
{
    const struct known *opts = fit(NULL);

    cr_assert_eq(opts, &full);
    cr_expect(opts->size == sizeof full && !opts->first && !opts->second && !opts->third);
}

Test(options, of_an_older_program_end_earlier_and_the_rest_is_zero)
{
    struct {
        struct older older;
        char behind[64];
    } given = {.older = {.size = sizeof given.older, .first = 1}};
    memset(given.behind, 0x55, sizeof given.behind);

    const struct known *opts = fit(&given);

    cr_assert_eq(opts, &full);
    cr_expect(opts->size == sizeof full && opts->first == 1 && !opts->third);
}

Test(options, of_a_newer_program_are_good_if_they_ask_for_nothing_unknown)
{
    struct newer given = {.known = {.size = sizeof given, .first = 1}};

    cr_expect_eq(fit(&given), (struct known *)&given);
    given.fourth = 4;
    cr_expect_null(fit(&given));
}

Test(options, without_their_size_are_refused)
{
    struct known given = {.first = 1};

    cr_expect_null(fit(&given));
    given.size = sizeof(size_t) - 1;
    cr_expect_null(fit(&given));
}

Test(options, an_answer_is_as_long_as_the_caller_says)
{
    const struct known answer = {.first = 1, .second = 2};
    struct {
        struct older older;
        char behind[64];
    } older = {.older.size = sizeof older.older};
    struct newer newer = {.known.size = sizeof newer, .fourth = 4};
    memset(older.behind, 0x55, sizeof older.behind);

    cr_expect_eq(weft__options_give(&older, &answer, sizeof answer), 0);
    cr_expect_eq(weft__options_give(&newer, &answer, sizeof answer), 0);

    cr_expect(older.older.size == sizeof older.older && older.older.first == 1);
    cr_expect_eq(older.behind[0], 0x55);
    cr_expect(newer.known.size == sizeof newer && newer.known.second == 2 && newer.fourth == 0);
}

Test(options, an_answer_needs_to_know_how_long_it_may_be)
{
    struct known out = {.size = 0};

    cr_expect_eq(weft__options_give(NULL, &full, sizeof full), -EINVAL);
    cr_expect_eq(weft__options_give(&out, &full, sizeof full), -EINVAL);
}
