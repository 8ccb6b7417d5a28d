/* SPDX-License-Identifier: MIT */
/* the errors of an inner group are one entry of the outer one's. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(fails)
{
    return NUMBER(arg);
}

static void print_names(const weft_error_t *errors)
{
    for (size_t i = 0; i < weft_error_count(errors); i++)
        printf("%s'%s'", i ? ", " : "[", name_of(weft_error_code(errors, i)));
    puts("]");
}

WEFT_CORO(amain)
{
    weft_taskgroup_t outer, inner;

    TRY(weft_taskgroup_enter(&outer));
    TRY(weft_taskgroup_create_task(&outer, weft_sleep_coro(WEFT_S(100), NULL), NULL));
    TRY(weft_taskgroup_enter(&inner));
    TRY(weft_taskgroup_create_task(&inner, weft_coro(&fails, VALUE(-EINVAL)), NULL));
    int rc = weft_taskgroup_exit(&inner, 0);
    if (weft_taskgroup_exit(&outer, rc) == WEFT_EGROUP) {
        print_names(weft_last_error());
        print_names(weft_error_at(weft_last_error(), 0));
    }
    return 0;
}

PAIR(amain, 4)
