/* SPDX-License-Identifier: MIT */
/* callbacks of all kinds run in a context that they are given, and share it: there is no parameter
 * for it, they enter it. */
#include "tests/asyncio/pairs/pair.h"

static const weft_context_var_t number = {.name = "number"};

static int get(void)
{
    return NUMBER(weft_context_var_get(&number));
}

static int add(void *n, void **result)
{
    (void)result;
    TRY(weft_context_var_set(&number, VALUE(get() + NUMBER(n)), NULL));
    return printf("%d\n", get());
}

static weft_context_t *context;
static weft_future_t *over;

static void add_1(void *arg)
{
    (void)add(VALUE(1), arg);
}

static void add_1_in_context(void *arg)
{
    (void)weft_context_run(context, add, VALUE(1), arg);
}

static void add_2_in_context(void *arg)
{
    (void)weft_context_run(context, add, VALUE(2), arg);
}

static void add_3_in_context(weft_future_t *future, void *arg)
{
    (void)future;
    (void)weft_context_run(context, add, VALUE(3), arg);
}

static void finish_in_context(void *arg)
{
    (void)weft_context_run(context, add, VALUE(4), arg);
    weft_set_result(over, NULL);
}

WEFT_CORO(amain)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_future_t *future = weft_create_future(NULL);

    over = weft_create_future(NULL);
    TRY(weft_context_var_set(&number, VALUE(1), NULL));
    context = weft_copy_context();
    TRY(weft_context_var_set(&number, VALUE(1000), NULL));
    TRY(weft_loop_call_soon(loop, add_1_in_context, NULL, NULL));
    TRY(weft_loop_call_soon(loop, add_1, NULL, NULL));
    TRY(weft_loop_call_soon_threadsafe(loop, add_2_in_context, NULL, NULL));
    TRY(weft_add_done_callback(future, add_3_in_context, NULL));
    TRY(weft_set_result(future, NULL));
    TRY(weft_sleep(0));
    TRY(weft_loop_call_later(loop, WEFT_MS(10), finish_in_context, NULL, NULL));
    TRY(weft_join(over, NULL));
    void *left;
    weft_context_lookup(context, &number, &left);
    printf("%d %d\n", get(), NUMBER(left));
    weft_context_unref(context);
    weft_unref(future);
    return 0;
}

PAIR(amain, 1)
