/* SPDX-License-Identifier: MIT */
/* error: what codes are called. */
#include <limits.h>
#include <string.h>

#include "tests/support/workers.h"

TestSuite(error, .timeout = 30);

Test(error, codes_are_no_errno)
{
    cr_assert(WEFT_EINVALIDSTATE < -4095 && WEFT_EINCOMPLETE < -4095 && WEFT_ELIMIT < -4095 &&
              WEFT_ESTOPPED < -4095 && WEFT_EQUEUEEMPTY < -4095 && WEFT_EQUEUEFULL < -4095 &&
              WEFT_EQUEUESHUTDOWN < -4095);
}

Test(error, every_code_has_a_text_of_its_own)
{
    static const int codes[] = {WEFT_EINVALIDSTATE,
                                WEFT_EINCOMPLETE,
                                WEFT_ELIMIT,
                                WEFT_ESTOPPED,
                                WEFT_EQUEUEEMPTY,
                                WEFT_EQUEUEFULL,
                                WEFT_EQUEUESHUTDOWN,
                                -ECANCELED,
                                -ETIMEDOUT,
                                -EINVAL,
                                -EPROTOTYPE,
                                -EPERM,
                                -EBUSY,
                                -EALREADY,
                                -EDEADLK,
                                -ESHUTDOWN,
                                -ENOMEM,
                                0};
    enum { COUNT = sizeof codes / sizeof codes[0] };

    for (int i = 0; i < COUNT; i++) {
        cr_expect(strlen(weft_strerror(codes[i])) > 3);
        cr_expect(strcmp(weft_strerror(codes[i]), weft_strerror(-3999)) != 0);
        for (int k = 0; k < i; k++)
            cr_expect(strcmp(weft_strerror(codes[i]), weft_strerror(codes[k])) != 0);
    }
}

Test(error, any_int_is_accepted)
{
    cr_expect_str_eq(weft_strerror(0), "success");
    cr_expect_str_eq(weft_strerror(INT_MAX), "success");
    cr_expect_not_null(weft_strerror(INT_MIN));
    cr_expect_not_null(weft_strerror(-4096));
    cr_expect_not_null(weft_strerror(-5000));
}

Test(error, the_version_is_the_headers)
{
    cr_expect_str_eq(weft_version(), WEFT_VERSION);
}
