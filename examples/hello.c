/* SPDX-License-Identifier: MIT */
/*
 * hello [WORKERS]: the smallest program. A coroutine function, a sleep that suspends only its task,
 * and how an error goes up: Ctrl-C cancels the task, its sleep returns -ECANCELED, and weft_run
 * tells main by -EINTR.
 */
#include <stdio.h>
#include <stdlib.h>
#include <weft.h>

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
    unsigned workers = argc > 1 ? (unsigned)atoi(argv[1]) : 0; /* 0: one per core */

    return weft_run(weft_coro(&hello, NULL), NULL, .workers = workers) < 0;
}
