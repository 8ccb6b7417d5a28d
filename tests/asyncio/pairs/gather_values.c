/* SPDX-License-Identifier: MIT */
/* gather gives the values in the order of its arguments, whoever ends first. */
#include "tests/asyncio/pairs/pair.h"

typedef struct work {
    const char *name;
    int turns;
} work_t;

WEFT_CORO(work)
{
    work_t *w = arg;

    for (int turn = 0; turn < w->turns; turn++)
        TRY(weft_sleep(0));
    printf("%s ends\n", w->name);
    *result = w;
    return 0;
}

WEFT_CORO(amain)
{
    work_t a = {"a", 3}, b = {"b", 1}, c = {"c", 2};
    weft_result_t out[3];

    TRY(weft_gather(WEFT_AWS(weft_coro(&work, &a), weft_coro(&work, &b), weft_coro(&work, &c)),
                    out));
    for (int i = 0; i < 3; i++) {
        const work_t *w = out[i].value;
        fputs(i ? ", '" : "['", stdout);
        for (int turn = 0; turn < w->turns; turn++)
            fputs(w->name, stdout);
        putchar('\'');
    }
    puts("]");
    return 0;
}

PAIR(amain, 1)
