/* SPDX-License-Identifier: MIT */
/*
 * shield [WORKERS]: what must not be cut off. The time-out cancels the shield and not the task
 * behind it, which is awaited afterwards.
 */
#include <stdio.h>
#include <weft.h>

#include "args.h"

WEFT_CORO(commit)
{
    int rc = weft_sleep(WEFT_S(1));
    if (rc < 0)
        return rc;
    puts("committed");
    return 0;
}

WEFT_CORO(amain)
{
    weft_task_t *task = weft_create_task(weft_coro(&commit, NULL));
    weft_future_t *shielded = weft_shield(task);
    int rc = weft_wait_for(shielded, WEFT_MS(50), NULL);

    weft_unref(shielded);
    if (rc == -ETIMEDOUT) {
        puts("timed out, the commit goes on");
        rc = weft_await(task, NULL);
    }
    weft_unref(task);
    return rc;
}

int main(int argc, char **argv)
{
    unsigned workers = arg_workers(argc, argv, 1);

    return exit_status(weft_run(weft_coro(&amain, NULL), NULL, .workers = workers));
}
