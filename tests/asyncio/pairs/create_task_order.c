/* SPDX-License-Identifier: MIT */
/* tasks begin in the order of their creation, after their creator has suspended. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(say)
{
    printf("%s begins\n", (char *)arg);
    TRY(weft_sleep(0));
    printf("%s ends\n", (char *)arg);
    return 0;
}

WEFT_CORO(amain)
{
    char *names[] = {"a", "b", "c"};
    weft_task_t *tasks[3];

    for (int i = 0; i < 3; i++)
        tasks[i] = weft_create_task(weft_coro(&say, names[i]));
    puts("created");
    for (int i = 0; i < 3; i++)
        TRY(weft_join(tasks[i], NULL));
    puts("done");
    return 0;
}

PAIR(amain, 1)
