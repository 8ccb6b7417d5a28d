/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

TestSuite(context, .timeout = 30);

#define CASE(name) Test(context, name)
#define EXPECT(condition) cr_assert(condition)

#include "tests/unit/context_cases.h"
