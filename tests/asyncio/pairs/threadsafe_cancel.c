/* SPDX-License-Identifier: MIT */
/* a time-out of the thread leaves the task running, its cancel ends it. */
#include <semaphore.h>

#include "tests/asyncio/pairs/pair.h"

static sem_t begun;
static weft_future_t *over;

WEFT_CORO(work)
{
    sem_post(&begun);
    int rc = weft_sleep(WEFT_S(100));

    TRY(weft_set_result(over, "the task is cancelled"));
    return rc;
}

static int foreign(void *loop, void **result)
{
    weft_cfuture_t *future = weft_run_coroutine_threadsafe(weft_coro(&work, NULL), loop);

    (void)result;
    sem_wait(&begun);
    int rc = weft_cfuture_result(future, WEFT_MS(1), NULL);
    printf("%s %s\n", name_of(rc), truth(weft_cfuture_done(future)));
    printf("%s\n", truth(weft_cfuture_cancel(future)));
    weft_cfuture_unref(future);
    return 0;
}

WEFT_CORO(amain)
{
    void *text;

    sem_init(&begun, 0, 0);
    over = weft_create_future(NULL);
    TRY(weft_to_thread(foreign, weft_get_running_loop(), NULL));
    TRY(weft_join(over, &text));
    puts(text);
    return 0;
}

PAIR(amain, 4)
