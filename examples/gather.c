/* SPDX-License-Identifier: MIT */
/*
 * gather [WORKERS]: several coroutines at once. Each becomes a task, on whichever worker is free;
 * the caller waits for all of them and finds their outcomes in the order of the arguments, an
 * error as one outcome among others (return_exceptions).
 */
#include <stdio.h>
#include <weft.h>

#include "args.h"

WEFT_CORO(square)
{
    intptr_t n = (intptr_t)arg;
    int rc = weft_sleep(WEFT_MS(10 * n));
    if (rc < 0)
        return rc;
    if (n < 0)
        return -EDOM;
    *result = (void *)(n * n);
    return 0;
}

WEFT_CORO(amain)
{
    weft_result_t r[3];
    int rc = weft_gather(WEFT_AWS(weft_coro(&square, (void *)3), weft_coro(&square, (void *)-1),
                                  weft_coro(&square, (void *)2)),
                         r, .return_exceptions = true);
    if (rc < 0)
        return rc;
    for (int i = 0; i < 3; i++) {
        if (r[i].err < 0)
            printf("%s\n", weft_strerror(r[i].err));
        else
            printf("%ld\n", (long)(intptr_t)r[i].value);
    }
    return 0;
}

int main(int argc, char **argv)
{
    unsigned workers = arg_workers(argc, argv, 1);

    return exit_status(weft_run(weft_coro(&amain, NULL), NULL, .workers = workers));
}
