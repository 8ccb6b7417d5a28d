/* SPDX-License-Identifier: MIT */
/* rings: a worker that gets no ring, for the reasons that there are. */
#include "tests/fault/rounds.h"
#include "tests/support/child.h"

TestSuite(rings, .timeout = 60);

WEFT_CORO(sleeps_a_little)
{
    return weft_sleep(WEFT_MS(1));
}

static int runs(unsigned workers)
{
    return weft_run(weft_coro(&sleeps_a_little, NULL), NULL, .workers = workers);
}

/* What passes with time is not remembered: the next loop gets its ring. */
FAULTS_TEST(rings, too_many_files, 2, .plain = runs, .calls = INJECT_RINGS, .error = EMFILE)
FAULTS_TEST(rings, too_many_files_in_the_system, 2, .plain = runs, .calls = INJECT_RINGS,
            .error = ENFILE)
FAULTS_TEST(rings, no_memory, 2, .plain = runs, .calls = INJECT_RINGS, .error = ENOMEM)
FAULTS_TEST(rings, later, 2, .plain = runs, .calls = INJECT_RINGS, .error = EAGAIN)

static void refused_with(int error)
{
    weft_loop_t *loop = NULL;
    size_t kept;

    inject_arm(1, INJECT_FROM_THEN_ON, INJECT_RINGS, error);
    int rc = weft_new_event_loop(&loop);
    int run = runs(1);
    inject_disarm();

    cr_expect_eq(rc, -error);
    cr_expect_eq(run, -error);
    cr_expect_null(loop);
    cr_expect_eq(inject_held(&kept), 0);
}

Test(rings, a_system_without_them_is_an_error)
{
    refused_with(ENOSYS);
}

Test(rings, a_sandbox_that_refuses_them_is_an_error)
{
    refused_with(EPERM);
}

static void is_refused(void)
{
    inject_arm(1, INJECT_FROM_THEN_ON, INJECT_RINGS, EPERM);
    _exit(runs(1) == -EPERM ? 0 : 1);
}

Test(rings, a_program_that_cannot_have_them_is_told_of_what_it_was_refused)
{
    struct child child;

    cr_assert(child_run(&child, is_refused));

    cr_expect(child_exited(&child, 0));
    cr_expect_not_null(strstr(child.text, "no loop can start"));
    cr_expect_not_null(strstr(child.text, "io_uring: Operation not permitted"));
}
