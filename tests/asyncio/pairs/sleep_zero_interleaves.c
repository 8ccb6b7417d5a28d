/* SPDX-License-Identifier: MIT */
/* sleep(0) lets each runnable task make one step. */
#include "tests/asyncio/pairs/pair.h"

typedef struct steps {
    const char *name;
    int count;
} steps_t;

WEFT_CORO(steps)
{
    steps_t *s = arg;

    for (int step = 0; step < s->count; step++) {
        printf("%s %d\n", s->name, step);
        TRY(weft_sleep(0));
    }
    return 0;
}

WEFT_CORO(amain)
{
    steps_t a = {"a", 2}, b = {"b", 4}, here = {"main", 3};
    weft_task_t *others[] = {weft_create_task(weft_coro(&steps, &a)),
                             weft_create_task(weft_coro(&steps, &b))};

    TRY(weft_join(weft_coro(&steps, &here), NULL));
    for (int i = 0; i < 2; i++)
        TRY(weft_join(others[i], NULL));
    return 0;
}

PAIR(amain, 1)
