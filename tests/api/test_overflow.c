/* SPDX-License-Identifier: MIT */
/* overflow: a stack that is too small ends the process with a word of explanation. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/support/child.h"
#include "tests/support/workers.h"

TestSuite(overflow, .timeout = 60);

static __attribute__((noinline)) int deeper(volatile char *above)
{
    volatile char frame[1024];

    frame[0] = above ? *above : 0;
    if (frame[0] == 77)
        return 1;
    return deeper(frame) + frame[0];
}

WEFT_CORO(overflows)
{
    return deeper(NULL);
}

WEFT_CORO(starts_overflow)
{
    return weft_join(weft_create_task(weft_coro(&overflows, NULL), .name = "the deep one",
                                      .stack_size = 128 * 1024, .strand = WEFT_PARALLEL),
                     NULL);
}

static void no_core(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
}

static void runs_overflow(void)
{
    no_core();
    run(&starts_overflow, NULL);
}

CASE(overflow, names_the_task_its_stack_and_the_option)
{
    struct child child;

    CHECK(child_run(&child, runs_overflow));
    CHECK(child_was_killed(&child, SIGSEGV));
    CHECK(strstr(child.text, "stack overflow") != NULL);
    CHECK(strstr(child.text, "the deep one") != NULL);
    CHECK(strstr(child.text, " KiB") != NULL);
    CHECK(strstr(child.text, ".stack_size") != NULL);
}

WEFT_CORO(overflows_as_main)
{
    return weft_await(weft_coro(&overflows, NULL), NULL);
}

static void runs_overflow_as_main(void)
{
    no_core();
    run(&overflows_as_main, NULL);
}

CASE(overflow, of_the_main_task_is_explained_too)
{
    struct child child;

    CHECK(child_run(&child, runs_overflow_as_main));
    CHECK(child_was_killed(&child, SIGSEGV));
    CHECK(strstr(child.text, "stack overflow in task ") != NULL);
    CHECK(strstr(child.text, "64 KiB") != NULL);
}

static void on_fault(int number)
{
    (void)number;
    _exit(42);
}

WEFT_CORO(writes_to_nowhere)
{
    *(volatile int *)arg = 1;
    return 0;
}

static void faults_with_a_handler(void)
{
    signal(SIGSEGV, on_fault);
    run(&writes_to_nowhere, (void *)8);
}

CASE(overflow, other_faults_go_to_the_programs_handler)
{
    struct child child;

    CHECK(child_run(&child, faults_with_a_handler));
    CHECK(child_exited(&child, 42));
    CHECK(strstr(child.text, "stack overflow") == NULL);
}

static void faults_without(void)
{
    no_core();
    signal(SIGSEGV, SIG_DFL);
    run(&writes_to_nowhere, (void *)8);
}

CASE(overflow, other_faults_end_the_process_as_ever)
{
    struct child child;

    CHECK(child_run(&child, faults_without));
    CHECK(child_was_killed(&child, SIGSEGV));
    CHECK(strstr(child.text, "stack overflow") == NULL);
}
