/* SPDX-License-Identifier: MIT */
/* What tests/stress/stress.h promises: however a program fails, it says how to repeat its run. */
#include <criterion/criterion.h>
#include <fcntl.h>

#include <weft.h>

#include "tests/stress/stress.h"
#include "tests/support/child.h"

TestSuite(replay, .timeout = 60);

static const char line[] = "\nreplay: stress --seed 7 --seconds 3 --rounds 5 --object lock\n";

static void begin(void)
{
    char *argv[] = {"stress", "--seconds", "3", "--rounds", "5", "--seed", "7", "--object", "lock"};

    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    stress_begin(sizeof argv / sizeof argv[0], argv);
}

/* It died of the signal, or with a code, and said the line once. */
static void expect(void (*body)(void), int signal, int code)
{
    static struct child child;

    cr_assert(child_run(&child, body));
    cr_expect(signal ? child_was_killed(&child, signal) : child_exited(&child, code), "status %x",
              (unsigned)child.status);
    const char *said = strstr(child.text, line);
    cr_expect(said && !strstr(said + 2, "replay:"), "%s", child.text);
}

static void fails(void)
{
    begin();
    stress_fail("it does not hold");
}

Test(replay, is_said_by_a_check_that_fails)
{
    expect(fails, 0, 1);
}

static void is_aborted(void)
{
    begin();
    raise(SIGABRT);
}

Test(replay, is_said_by_a_program_that_is_aborted)
{
    expect(is_aborted, SIGABRT, 0);
}

WEFT_CORO(asserts)
{
    WEFT__ASSERT(!result, "planted");
    return 0;
}

static void asserts_in_a_task(void)
{
    begin();
    weft_run(weft_coro(&asserts, NULL), NULL, .workers = 2);
}

Test(replay, is_said_when_the_library_asserts_in_a_task)
{
    expect(asserts_in_a_task, SIGABRT, 0);
}

#ifndef WEFT__TSAN /* replay.h */
static void takes_too_long(void)
{
    begin();
    raise(SIGTERM);
}

Test(replay, is_said_by_a_program_that_is_ended_at_its_time_limit)
{
    expect(takes_too_long, SIGTERM, 0);
}
#endif

#ifdef WEFT__ASAN
/* Reports go where the program prints to. */
static void begin_with_reports(void)
{
    begin();
    __sanitizer_set_report_path("stdout");
}

static void uses_what_is_freed(void)
{
    volatile char *volatile gone = malloc(16);

    begin_with_reports();
    free((void *)gone);
    gone[0] = 1;
}

static void overflows(void)
{
    volatile int most = 0x7fffffff;

    begin_with_reports();
    most = most + 1;
}

Test(replay, is_said_after_a_report_of_a_sanitizer)
{
    expect(uses_what_is_freed, 0, 1);
    expect(overflows, 0, 1);
}
#endif
