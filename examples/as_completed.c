/* SPDX-License-Identifier: MIT */
/*
 * as_completed [WORKERS]: results in the order in which they come, for a while. What is late runs
 * on, until somebody cancels it.
 */
#include <stdio.h>
#include <weft.h>

#include "args.h"

WEFT_CORO(work)
{
    *result = arg;
    return weft_sleep(WEFT_MS((intptr_t)arg));
}

WEFT_CORO(amain)
{
    const intptr_t delays[] = {60000, 900, 600, 300};
    weft_awaitable_t *tasks[4], *next;
    void *ms;
    int rc;

    for (int i = 0; i < 4; i++)
        tasks[i] = weft_create_task(weft_coro(&work, (void *)delays[i]));
    weft_as_completed_t *it = weft_as_completed(
        WEFT_AWS(weft_ref(tasks[0]), weft_ref(tasks[1]), weft_ref(tasks[2]), weft_ref(tasks[3])),
        WEFT_S(3));
    while ((rc = weft_as_completed_next(it, &next)) > 0) /* next is one of the tasks */
        if (weft_result(next, &ms) == 0)
            printf("%ld ms\n", (long)(intptr_t)ms);
    if (rc == -ETIMEDOUT)
        puts("the late one still runs");
    weft_as_completed_free(it);
    for (int i = 0; i < 4; i++) {
        weft_cancel(tasks[i]);
        if (weft_join(tasks[i], NULL) == -ECANCELED)
            puts("cancelled");
    }
    return rc == -ETIMEDOUT ? 0 : rc;
}

int main(int argc, char **argv)
{
    unsigned workers = arg_workers(argc, argv, 1);

    return exit_status(weft_run(weft_coro(&amain, NULL), NULL, .workers = workers));
}
