/* SPDX-License-Identifier: MIT */
/* default names are numbered as the tasks are created, whenever they are asked for. */
#include "tests/asyncio/pairs/pair.h"

static const char *name(weft_task_t *task)
{
    static char names[4][32];
    static int next;
    char *text = names[next++ % 4];

    weft_get_name(task, text, sizeof names[0]);
    return text;
}

WEFT_CORO(tell)
{
    printf("%s\n", name(weft_current_task()));
    return 0;
}

WEFT_CORO(nothing)
{
    return 0;
}

static void creates_one(void *called)
{
    weft_set_result(called, weft_create_task(weft_coro(&tell, NULL)));
}

WEFT_CORO(amain)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_task_t *tasks[3], *done;
    void *made;

    for (int i = 0; i < 3; i++)
        tasks[i] = weft_create_task(weft_coro(&tell, NULL));
    printf("%s\n", name(tasks[2]));
    TRY(weft_await(weft_coro(&tell, NULL), NULL));
    done = weft_create_task(weft_coro(&nothing, NULL));
    TRY(weft_await(done, NULL));
    weft_future_t *called = weft_create_future(NULL);
    TRY(weft_loop_call_soon(loop, creates_one, called, NULL));
    TRY(weft_join(called, &made));
    TRY(weft_join(made, NULL));
    TRY(weft_gather(WEFT_AWS(weft_coro(&tell, NULL), weft_coro(&tell, NULL)), NULL));
    weft_taskgroup_t group;
    TRY(weft_taskgroup_enter(&group));
    TRY(weft_taskgroup_create_task(&group, weft_coro(&tell, NULL), NULL));
    TRY(weft_taskgroup_exit(&group, 0));
    TRY(weft_join(weft_ensure_future(weft_coro(&tell, NULL), NULL), NULL));
    TRY(weft_set_name(tasks[1], "given later"));
    printf("%s %s %s\n", name(tasks[1]), name(done), name(tasks[0]));
    for (int i = 0; i < 3; i++)
        weft_unref(tasks[i]);
    weft_unref(done);
    return weft_join(weft_create_task(weft_coro(&tell, NULL), .name = "named"), NULL);
}

PAIR(amain, 1)
