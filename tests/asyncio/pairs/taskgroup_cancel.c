/* SPDX-License-Identifier: MIT */
/* a group that is cancelled by itself ends its tasks and its body without an error.
 *
 * Source: CPython 3.15, TaskGroup.cancel; taskgroup_cancel_* in
 * Lib/test/test_asyncio/test_taskgroups.py. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(sleeps)
{
    int rc = weft_sleep(WEFT_S(100));

    printf("%s is cancelled\n", (char *)arg);
    return rc;
}

WEFT_CORO(amain)
{
    weft_taskgroup_t group;

    TRY(weft_taskgroup_enter(&group));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&sleeps, "child"), NULL));
    TRY(weft_sleep(0));
    weft_taskgroup_cancel(&group);
    weft_taskgroup_cancel(&group);
    TRY(weft_taskgroup_exit(&group, weft_join(weft_coro(&sleeps, "body"), NULL)));
    printf("left %d\n", weft_cancelling(weft_current_task()));
    return 0;
}

PAIR(amain, 1)
