/* SPDX-License-Identifier: MIT */
/* the runs of a runner share a context, made with its loop; one may be given another. */
#include "tests/asyncio/pairs/pair.h"

static const weft_context_var_t number = {.name = "number"};

static int get(void)
{
    return NUMBER(weft_context_var_get(&number));
}

WEFT_CORO(show)
{
    printf(", its task %d\n", get());
    return weft_context_var_set(&number, VALUE(100), NULL);
}

WEFT_CORO(add)
{
    TRY(weft_context_var_set(&number, VALUE(get() + NUMBER(arg)), NULL));
    printf("main has %d", get());
    return weft_join(weft_create_task(weft_coro(&show, NULL)), NULL);
}

static int program(unsigned workers)
{
    weft_context_t *other;
    weft_runner_t runner;
    weft_loop_t *loop;
    void *left;

    TRY(weft_context_var_set(&number, VALUE(1), NULL));
    other = weft_copy_context();
    weft_runner_init(&runner, .workers = workers);
    TRY(weft_runner_get_loop(&runner, &loop));
    TRY(weft_context_var_set(&number, VALUE(1000), NULL));
    TRY(weft_runner_run(&runner, weft_coro(&add, VALUE(1)), NULL));
    TRY(weft_runner_run_in_context(&runner, other, weft_coro(&add, VALUE(1)), NULL));
    TRY(weft_runner_run(&runner, weft_coro(&add, VALUE(5)), NULL));
    TRY(weft_runner_run_in_context(&runner, other, weft_coro(&add, VALUE(2)), NULL));
    TRY(weft_runner_run(&runner, weft_coro(&add, VALUE(1)), NULL));
    TRY(weft_runner_close(&runner));
    weft_context_lookup(other, &number, &left);
    printf("%d %d\n", get(), NUMBER(left));
    weft_context_unref(other);
    return 0;
}

PAIR_PLAIN(program(workers), 4)
