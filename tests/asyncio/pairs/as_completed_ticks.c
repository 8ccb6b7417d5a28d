/* SPDX-License-Identifier: MIT */
/* who waits for the next one goes on two ticks after it, also if it was done before. */
#include "tests/asyncio/pairs/ticks.h"

WEFT_CORO(work)
{
    int turns = NUMBER(arg);

    for (int turn = 0; turn < turns; turn++)
        TRY(weft_sleep(0));
    printf("work %d\n", turns);
    *result = VALUE(turns);
    return 0;
}

static int each(weft_as_completed_t *it, int count, const char *word)
{
    void *turns;

    for (int i = 0; i < count; i++) {
        TRY(weft_join(weft_as_completed_coro(it), &turns));
        printf("%s %d\n", word, NUMBER(turns));
    }
    weft_as_completed_free(it);
    return 0;
}

WEFT_CORO(body)
{
    weft_task_t *first = weft_create_task(weft_coro(&work, VALUE(0)));
    weft_task_t *second = weft_create_task(weft_coro(&work, VALUE(1)));

    TRY(each(weft_as_completed(WEFT_AWS(weft_ref(first), second), WEFT_NONE), 2, "next"));
    return each(weft_as_completed(WEFT_AWS(first), WEFT_NONE), 1, "again");
}

WEFT_CORO(amain)
{
    return beside_ticks(&body);
}

PAIR(amain, 1)
