/* SPDX-License-Identifier: MIT */
/*
 * wait [WORKERS]: the first of several tasks. wait sorts its array, what is done first, and cancels
 * nothing: who does not need the others any more cancels them, and waits for their end.
 */
#include <stdio.h>
#include <weft.h>

#include "args.h"

WEFT_CORO(fetch)
{
    *result = arg;
    return weft_sleep(WEFT_MS((intptr_t)arg));
}

WEFT_CORO(amain)
{
    const intptr_t delays[] = {60000, 30000, 100};
    weft_task_t *tasks[3];
    size_t done = 0;
    void *ms;

    for (int i = 0; i < 3; i++)
        tasks[i] = weft_create_task(weft_coro(&fetch, (void *)delays[i]));
    int rc = weft_wait(tasks, 3, WEFT_S(60), WEFT_FIRST_COMPLETED, &done);
    if (rc == 0 && done > 0 && weft_result(tasks[0], &ms) == 0)
        printf("%zu done, the first in %ld ms\n", done, (long)(intptr_t)ms);
    for (size_t i = done; i < 3; i++)
        weft_cancel(tasks[i]);
    for (int i = 0; i < 3; i++) {
        int error = weft_join(tasks[i], NULL);
        if (error == -ECANCELED)
            puts("cancelled");
        else if (error < 0)
            rc = error;
    }
    return rc;
}

int main(int argc, char **argv)
{
    unsigned workers = arg_workers(argc, argv, 1);

    return exit_status(weft_run(weft_coro(&amain, NULL), NULL, .workers = workers));
}
