/* SPDX-License-Identifier: MIT */
/* all_tasks has those that are not done, by name. */
#include "tests/asyncio/pairs/pair.h"

WEFT_CORO(wait)
{
    return weft_await(arg, NULL);
}

static int by_text(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

static int print_names(void)
{
    weft_task_t **tasks;
    size_t count;
    char names[4][20] = {{0}};

    TRY(weft_all_tasks(NULL, &tasks, &count));
    for (size_t i = 0; i < count; i++) {
        weft_get_name(tasks[i], names[i], sizeof names[i]);
        weft_unref(tasks[i]);
    }
    free(tasks);
    qsort(names, count, sizeof names[0], by_text);
    for (size_t i = 0; i < count; i++)
        printf("%s'%s'%s", i ? ", " : "[", names[i], i + 1 < count ? "" : "]\n");
    return 0;
}

WEFT_CORO(amain)
{
    weft_future_t *future = weft_create_future(NULL);

    TRY(weft_set_name(weft_current_task(), "main"));
    weft_task_t *a = weft_create_task(weft_coro(&wait, future), .name = "a");
    weft_task_t *b = weft_create_task(weft_coro(&wait, future), .name = "b");
    TRY(print_names());
    TRY(weft_set_name(b, "c"));
    TRY(print_names());
    TRY(weft_set_result(future, NULL));
    TRY(weft_join(a, NULL));
    TRY(weft_join(b, NULL));
    weft_unref(future);
    return print_names();
}

PAIR(amain, 4)
