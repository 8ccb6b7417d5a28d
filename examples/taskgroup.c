/* SPDX-License-Identifier: MIT */
/*
 * taskgroup [WORKERS]: tasks that end together. One of them fails: the other one and the body are
 * cancelled, and after exit, which has waited for all, the errors are a list to walk.
 */
#include <stdio.h>
#include <weft.h>

#include "args.h"

WEFT_CORO(lasts)
{
    return weft_sleep(WEFT_S(60));
}

WEFT_CORO(fails)
{
    int rc = weft_sleep(WEFT_MS(10));
    return rc < 0 ? rc : -EIO;
}

static int body(weft_taskgroup_t *tg)
{
    int rc = weft_taskgroup_create_task(tg, weft_coro(&lasts, NULL), NULL);
    if (rc == 0)
        rc = weft_taskgroup_create_task(tg, weft_coro(&fails, NULL), NULL);
    if (rc < 0)
        return rc;
    rc = weft_sleep(WEFT_S(60));
    if (rc == -ECANCELED)
        puts("the body is cancelled");
    return rc;
}

WEFT_CORO(amain)
{
    weft_taskgroup_t tg;
    int rc = weft_taskgroup_enter(&tg);
    if (rc < 0)
        return rc;
    rc = weft_taskgroup_exit(&tg, body(&tg));
    if (rc != WEFT_EGROUP)
        return rc; /* a cancellation from outside is not ours to swallow */
    const weft_error_t *errors = weft_last_error();
    for (size_t i = 0; i < weft_error_count(errors); i++)
        printf("a task failed: %s\n", weft_strerror(weft_error_code(errors, i)));
    return 0; /* as except* does: the errors are dealt with */
}

int main(int argc, char **argv)
{
    unsigned workers = arg_workers(argc, argv, 1);

    return exit_status(weft_run(weft_coro(&amain, NULL), NULL, .workers = workers));
}
