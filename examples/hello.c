/* SPDX-License-Identifier: MIT */
/*
 * hello [WORKERS]: the smallest program. A coroutine function, a sleep that suspends only its task,
 * and how an error goes up: Ctrl-C cancels the task, its sleep returns -ECANCELED, and weft_run
 * tells main by -EINTR.
 */
#include <stdio.h>
#include <weft.h>

#include "args.h"

WEFT_CORO(hello)
{
    puts("hello");
    int rc = weft_sleep(WEFT_S(1));
    if (rc < 0)
        return rc;
    puts("world");
    return 0;
}

int main(int argc, char **argv)
{
    unsigned workers = arg_workers(argc, argv, 1);

    return exit_status(weft_run(weft_coro(&hello, NULL), NULL, .workers = workers));
}
