/* SPDX-License-Identifier: MIT */
/* a future is pending, then has a result or an error or is cancelled, once. */
#include "tests/asyncio/pairs/pair.h"

static const char *outcome(weft_future_t *future)
{
    static char text[20];
    void *value;
    int rc = weft_result(future, &value);

    if (rc < 0)
        return name_of(rc);
    snprintf(text, sizeof text, "%d", NUMBER(value));
    return text;
}

WEFT_CORO(amain)
{
    weft_future_t *a = weft_create_future(NULL), *b = weft_create_future(NULL);
    weft_future_t *c = weft_create_future(NULL), *all[] = {a, b, c};

    printf("%s %s %s %s\n", truth(weft_done(a)), truth(weft_cancelled(a)), outcome(a),
           name_of(weft_exception(a)));
    TRY(weft_set_result(a, VALUE(1)));
    TRY(weft_set_exception(b, -EINVAL));
    bool first = weft_cancel(c);
    printf("%s %s\n", truth(first), truth(weft_cancel(c)));
    for (int i = 0; i < 3; i++) {
        printf("%s %s %s\n", truth(weft_done(all[i])), truth(weft_cancelled(all[i])),
               outcome(all[i]));
        int rc = weft_set_result(all[i], VALUE(2));
        printf("%s %s\n", name_of(rc), name_of(weft_set_exception(all[i], -EINVAL)));
        printf("%s\n", truth(weft_cancel(all[i])));
        weft_unref(all[i]);
    }
    return 0;
}

PAIR(amain, 4)
