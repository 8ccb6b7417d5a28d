/* SPDX-License-Identifier: MIT */
/* as_completed gives outcomes in the order in which they come. */
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
    if (*w->name == 'c')
        return -EINVAL;
    *result = w->name;
    return 0;
}

WEFT_CORO(amain)
{
    work_t a = {"a", 30}, b = {"b", 10}, c = {"c", 20};
    weft_as_completed_t *it = weft_as_completed(
        WEFT_AWS(weft_coro(&work, &a), weft_coro(&work, &b), weft_coro(&work, &c)), WEFT_NONE);
    void *name;

    for (int i = 0; i < 3; i++) {
        int rc = weft_join(weft_as_completed_coro(it), &name);
        puts(rc == 0 ? name : name_of(rc));
    }
    weft_as_completed_free(it);
    return 0;
}

PAIR(amain, 1)
