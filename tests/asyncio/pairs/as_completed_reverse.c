/* SPDX-License-Identifier: MIT */
/* of the plain form, whoever is awaited first gets the first outcome. */
#include "tests/asyncio/pairs/pair.h"

typedef struct work {
    char *name;
    int turns;
} work_t;

WEFT_CORO(work)
{
    work_t *w = arg;

    for (int turn = 0; turn < w->turns; turn++)
        TRY(weft_sleep(0));
    *result = w->name;
    return 0;
}

WEFT_CORO(amain)
{
    work_t slow = {"slow", 10}, fast = {"fast", 5};
    weft_as_completed_t *it =
        weft_as_completed(WEFT_AWS(weft_coro(&work, &slow), weft_coro(&work, &fast)), WEFT_NONE);
    weft_coro_t *coros[] = {weft_as_completed_coro(it), weft_as_completed_coro(it)};
    void *name;

    TRY(weft_join(coros[1], &name));
    puts(name);
    TRY(weft_join(coros[0], &name));
    puts(name);
    weft_as_completed_free(it);
    return 0;
}

PAIR(amain, 1)
