/* SPDX-License-Identifier: MIT */
/* async iteration gives the very tasks that were given.
 *
 * Source: CPython 3.13, test_as_completed_same_tasks_in_as_out. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(work)
{
    for (int turn = 0; turn < NUMBER(arg); turn++)
        TRY(weft_sleep(0));
    return 0;
}

WEFT_CORO(amain)
{
    weft_task_t *a = weft_create_task(weft_coro(&work, VALUE(10)), .name = "a");
    weft_task_t *b = weft_create_task(weft_coro(&work, VALUE(5)), .name = "b");
    weft_as_completed_t *it = weft_as_completed(WEFT_AWS(weft_ref(a), weft_ref(b)), WEFT_NONE);
    weft_awaitable_t *aw;
    char name[20];
    int rc;

    while ((rc = weft_as_completed_next(it, &aw)) > 0) {
        weft_get_name(aw, name, sizeof name);
        printf("%s %s\n", name, truth(aw == a || aw == b));
    }
    weft_as_completed_free(it);
    weft_unref(a);
    weft_unref(b);
    return rc;
}

PAIR(amain, 1)
