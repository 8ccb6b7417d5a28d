/* SPDX-License-Identifier: MIT */
/* a function in a thread gives its value or its error, and the loop goes on meanwhile. */
#include <semaphore.h>

#include "tests/asyncio/pairs/pair.h"

typedef struct work {
    sem_t event;
    int error;
} work_t;

static int work(void *arg, void **result)
{
    work_t *w = arg;

    sem_wait(&w->event);
    *result = VALUE(7);
    return w->error;
}

WEFT_CORO(in_thread)
{
    return weft_to_thread(work, arg, result);
}

WEFT_CORO(amain)
{
    const int errors[] = {0, -EINVAL};
    void *value;

    for (int i = 0; i < 2; i++) {
        work_t w = {.error = errors[i]};
        sem_init(&w.event, 0, 0);
        weft_task_t *task = weft_create_task(weft_coro(&in_thread, &w));
        TRY(weft_sleep(0));
        printf("the loop goes on %s\n", truth(weft_done(task)));
        sem_post(&w.event);
        int rc = weft_join(task, &value);
        if (rc == 0)
            printf("%d\n", NUMBER(value));
        else
            printf("%s\n", name_of(rc));
    }
    return 0;
}

PAIR(amain, 4)
