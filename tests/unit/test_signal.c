/* SPDX-License-Identifier: MIT */
/* signal: in whose place a handler is called. */
#include <signal.h>
#include <unistd.h>

#include "tests/unit/loop_support.h"

TestSuite(signal, .timeout = 30);

static void notes_where(void *arg)
{
    (void)arg;
    note(weft__self()->strand == &loop->strand ? "the loop's" : "another");
}

WEFT_CORO(has_a_turn_in_a_strand)
{
    int rc = weft_loop_add_signal_handler(loop, SIGUSR1, notes_where, NULL);

    kill(getpid(), SIGUSR1);
    weft__worker_turn(weft__self()); /* as an await does whose budget is spent */
    for (int i = 0; i < 10 && rc == 0; i++)
        rc = weft_sleep(0);
    weft_loop_remove_signal_handler(loop, SIGUSR1);
    return rc;
}

WEFT_CORO(starts_a_strand)
{
    weft_strand_t *strand = weft_strand_create();
    weft_task_t *task =
        weft_create_task(weft_coro(&has_a_turn_in_a_strand, NULL), .strand = strand);

    weft_strand_unref(strand);
    return weft_join(task, NULL);
}

Test(signal, handler_is_called_in_the_loops_own_strand_wherever_it_was_noticed)
{
    open_loop(1);
    signal(SIGUSR1, SIG_IGN);

    int rc = run_main(&starts_a_strand, NULL);

    cr_expect_eq(rc, 0);
    cr_expect_str_eq(notes, "the loop's");
    close_loop();
}
