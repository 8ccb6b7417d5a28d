/* SPDX-License-Identifier: MIT */
/* the next one starts when the one before fails; the first to succeed wins. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(fails)
{
    puts("fails");
    return -EINVAL;
}

WEFT_CORO(wins)
{
    TRY(weft_sleep(0));
    puts("wins");
    *result = "value";
    return 0;
}

WEFT_CORO(never)
{
    puts("never");
    return 0;
}

WEFT_CORO(amain)
{
    weft_coro_t *first[] = {weft_coro(&fails, NULL), weft_coro(&wins, NULL),
                            weft_coro(&never, NULL)};
    weft_coro_t *second[] = {weft_coro(&fails, NULL), weft_coro(&fails, NULL)};
    size_t index;
    void *value;

    TRY(weft_staggered_race(first, 3, WEFT_NONE, &index, &value));
    printf("%s %zu\n", (char *)value, index);
    if (weft_staggered_race(second, 2, WEFT_NONE, NULL, NULL) == WEFT_EGROUP) {
        const weft_error_t *errors = weft_last_error();
        printf("None ['%s', '%s']\n", name_of(weft_error_code(errors, 0)),
               name_of(weft_error_code(errors, 1)));
    }
    return 0;
}

PAIR(amain, 1)
