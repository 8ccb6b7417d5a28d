/* SPDX-License-Identifier: MIT */
/* base: a failed assert ends the process with one line. */
#include <criterion/criterion.h>

#include "runtime/base/base.h"
#include "tests/support/child.h"

TestSuite(base, .timeout = 30);

#define NEVER_HOLDS (1 + 1 == 3)

static void fails_an_assert(void)
{
    WEFT__ASSERT(NEVER_HOLDS, "arithmetic is as it was");
}

Test(base, a_failed_assert_says_where_why_and_the_condition_as_it_is_written)
{
    struct child child;

    cr_assert(child_run(&child, fails_an_assert));

    cr_expect(child_was_killed(&child, SIGABRT));
    cr_expect_str_eq(child.text, "weft: fails_an_assert: arithmetic is as it was (NEVER_HOLDS)\n");
}

#ifndef NDEBUG
static void fails_a_debug_assert(void)
{
    weft__debug_assert(NEVER_HOLDS);
}

Test(base, a_failed_debug_assert_too)
{
    struct child child;

    cr_assert(child_run(&child, fails_a_debug_assert));

    cr_expect(child_was_killed(&child, SIGABRT));
    cr_expect_str_eq(child.text, "weft: fails_a_debug_assert: impossible state (NEVER_HOLDS)\n");
}
#endif
