/* SPDX-License-Identifier: MIT */
/*
 * threadsafe [WORKERS]: a thread of your own beside the loop. With a reference to the loop it
 * starts a task there and blocks until it has the result, at most 5 s; no worker ever blocks: the
 * main task has the thread joined by weft_to_thread.
 */
#include <pthread.h>
#include <stdio.h>
#include <weft.h>

#include "args.h"

WEFT_CORO(add)
{
    const int *numbers = arg;
    int rc = weft_sleep(WEFT_MS(10));
    if (rc < 0)
        return rc;
    *result = (void *)(intptr_t)(numbers[0] + numbers[1]);
    return 0;
}

static void *foreign(void *loop)
{
    const int numbers[] = {2, 3};
    void *sum;
    weft_coro_t *coro = weft_coro_copy(&add, numbers, sizeof numbers);
    weft_cfuture_t *future = weft_run_coroutine_threadsafe(coro, loop);
    int rc = weft_cfuture_result(future, WEFT_S(5), &sum);

    if (rc == 0)
        printf("2 + 3 = %ld\n", (long)(intptr_t)sum);
    else if (rc == -ETIMEDOUT)
        weft_cfuture_cancel(future); /* else the task would go on */
    weft_cfuture_unref(future);
    weft_loop_unref(loop);
    return NULL;
}

static int join_thread(void *thread, void **result)
{
    return -pthread_join(*(pthread_t *)thread, result);
}

WEFT_CORO(amain)
{
    pthread_t thread;
    weft_loop_t *loop = weft_loop_ref(weft_get_running_loop());
    int rc = pthread_create(&thread, NULL, foreign, loop);
    if (rc != 0) {
        weft_loop_unref(loop);
        return -rc;
    }
    return weft_to_thread(join_thread, &thread, NULL);
}

int main(int argc, char **argv)
{
    unsigned workers = arg_workers(argc, argv, 1);

    return exit_status(weft_run(weft_coro(&amain, NULL), NULL, .workers = workers));
}
