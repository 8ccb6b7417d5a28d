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
              WEFT_EQUEUESHUTDOWN < -4095 && WEFT_EGROUP < -4095 && WEFT_EBROKENBARRIER < -4095);
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
                                WEFT_EGROUP,
                                WEFT_EBROKENBARRIER,
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

/* ---- what is known of an error -----------------------------------------------------------------
 */

Test(error, outside_of_tasks_nothing_is_known)
{
    cr_expect_null(weft_last_error());
    cr_expect_null(weft_error_of(NULL));
    cr_expect_eq(weft_raise(-EIO, "lost"), -EIO);
    cr_expect_null(weft_last_error());
    cr_expect(weft_error_count(NULL) == 0 && weft_error_code(NULL, 0) == 0);
    cr_expect(!weft_error_at(NULL, 0) && !weft_error_message(NULL) && !weft_error_where(NULL));
    cr_expect_eq(weft_error_context(NULL), 0);
}

static bool says(const weft_error_t *error, const char *text)
{
    const char *message = weft_error_message(error);

    return text ? message && strcmp(message, text) == 0 : !message;
}

WEFT_CORO(raises)
{
    return weft_raise(-EIO, arg);
}

WEFT_CORO(passes_on)
{
    return weft_join(weft_create_task(weft_coro(&raises, arg)), NULL);
}

WEFT_CORO(fails_plainly)
{
    return -EIO;
}

WEFT_CORO(learns_of_errors)
{
    CHECK(!weft_last_error());
    CHECK_INT(weft_join(weft_create_task(weft_coro(&passes_on, "no such table")), NULL), -EIO);
    CHECK(says(weft_last_error(), "no such table"));
    CHECK(strstr(weft_error_where(weft_last_error()), "test_error.c:") != NULL);
    CHECK_INT(weft_join(weft_create_task(weft_coro(&fails_plainly, NULL)), NULL), -EIO);
    CHECK(!weft_last_error());
    weft_task_t *task = weft_create_task(weft_coro(&raises, "another"));
    CHECK_INT(weft_await(task, NULL), -EIO);
    CHECK(says(weft_error_of(task), "another"));
    CHECK(weft_error_of(task) == weft_last_error());
    weft_unref(task);
    CHECK(says(weft_last_error(), "another"));
    CHECK_INT(weft_raise(-EPIPE, NULL), -EPIPE);
    CHECK(weft_last_error() && says(weft_last_error(), NULL));
    return 0;
}

CASE(error, what_is_known_of_an_error_reaches_whoever_awaits)
{
    CHECK_INT(run(&learns_of_errors, NULL), 0);
}

WEFT_CORO(raises_and_fails_otherwise)
{
    CHECK_INT(weft_raise(-EIO, "stale"), -EIO);
    return -EPIPE;
}

WEFT_CORO(learns_nothing)
{
    weft_task_t *task = weft_create_task(weft_coro(&raises_and_fails_otherwise, NULL));

    CHECK_INT(weft_await(task, NULL), -EPIPE);
    CHECK(!weft_error_of(task));
    CHECK(!weft_last_error());
    weft_unref(task);
    return 0;
}

CASE(error, of_another_code_is_not_passed_on)
{
    CHECK_INT(run(&learns_nothing, NULL), 0);
}
