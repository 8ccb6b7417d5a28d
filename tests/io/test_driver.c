/* SPDX-License-Identifier: MIT */
/* driver: which driver a loop gets. */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "io/driver/uring.h"

TestSuite(driver, .timeout = 30);

Test(driver, without_a_wish_the_best_that_works_is_taken)
{
    const struct weft__driver_class *class = NULL;
    unsetenv("WEFT_DRIVER");

    cr_assert_eq(weft__driver_choose(&class), 0);

    cr_expect_eq(class, &weft__uring_class);
}

Test(driver, it_can_be_named_in_two_ways)
{
    static const char *const names[] = {"uring", "io_uring"};

    for (unsigned i = 0; i < 2; i++) {
        const struct weft__driver_class *class = NULL;
        setenv("WEFT_DRIVER", names[i], 1);
        cr_assert_eq(weft__driver_choose(&class), 0);
        cr_expect_eq(class, &weft__uring_class);
    }
}

Test(driver, an_unknown_name_is_an_error)
{
    const struct weft__driver_class *class = NULL;
    setenv("WEFT_DRIVER", "no-such-driver", 1);

    cr_expect_eq(weft__driver_choose(&class), -EINVAL);

    cr_expect_null(class);
}

Test(driver, one_that_is_asked_for_by_name_does_not_depend_on_the_environment)
{
    const struct weft__driver_class *class = NULL;
    setenv("WEFT_DRIVER", "no-such-driver", 1);

    cr_expect_eq(weft__driver_named("epoll", &class), -ENOTSUP);
    cr_expect_null(class);
    cr_expect_eq(weft__driver_named("io_uring", &class), 0);
    cr_expect_eq(class, &weft__uring_class);
}
