/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weft/error.h"
#include "runtime/core/waiters.h"

TestSuite(task, .timeout = 30);

WEFT_CORO(some_function)
{
    return 0;
}

static unsigned dropped;

static bool count_dropped(struct weft_awaitable *aw)
{
    (void)aw;
    dropped++;
    return true;
}

static struct weft_awaitable *make(enum weft__kind kind)
{
    struct weft_awaitable *aw =
        weft__awaitable_new(kind == WEFT__KIND_TASK ? WEFT__KIND_CORO : kind,
                            kind == WEFT__KIND_FUTURE ? NULL : &some_function, NULL, "here");

    cr_assert_not_null(aw);
    weft__store_relaxed(&aw->kind, (uint8_t)kind); /* relaxed: one thread */
    dropped = 0;
    weft__awaitable_dropped = count_dropped;
    return aw;
}

/* ---- references ---------------------------------------------------------------------------------
 */

Test(task, a_coroutine_that_never_became_a_task_goes_with_its_handle)
{
    struct weft_awaitable *coro = make(WEFT__KIND_CORO);

    weft__awaitable_unref(coro, 1);

    cr_expect_eq(dropped, 1);
    cr_expect_eq(weft__kind(coro), WEFT__KIND_FREE);
}

Test(task, a_coroutine_lives_as_long_as_a_second_handle)
{
    struct weft_awaitable *coro = make(WEFT__KIND_CORO);
    weft__awaitable_ref(coro);

    weft__awaitable_unref(coro, 1);
    unsigned after_one = dropped;
    weft__awaitable_unref(coro, 1);

    cr_expect_eq(after_one, 0);
    cr_expect_eq(dropped, 1);
}

Test(task, a_task_goes_with_the_later_of_its_handle_and_its_run)
{
    struct weft_awaitable *task = make(WEFT__KIND_TASK);

    weft__awaitable_unref(task, 1);
    unsigned after_one = dropped;
    weft__awaitable_unref(task, 1);

    cr_expect_eq(after_one, 0);
    cr_expect_eq(dropped, 1);
    cr_expect_eq(weft__kind(task), WEFT__KIND_FREE);
}

Test(task, a_future_has_one_reference_and_several_can_be_dropped_at_once)
{
    struct weft_awaitable *future = make(WEFT__KIND_FUTURE);
    weft__awaitable_ref(future);
    weft__awaitable_ref(future);

    weft__awaitable_unref(future, 2);
    unsigned before_the_last = dropped;
    weft__awaitable_unref(future, 1);

    cr_expect_eq(before_the_last, 0);
    cr_expect_eq(dropped, 1);
}

Test(task, a_new_object_remembers_nothing_of_the_last_one)
{
    struct weft_awaitable *old = make(WEFT__KIND_TASK);
    weft__awaitable_set_name(old, "old");
    old->error = -EIO;
    old->result = old;
    old->flags = 0xff;
    weft__store_relaxed(&old->word, WEFT__WORD_DONE); /* relaxed, also below: one thread */
    weft__store_relaxed(&old->tokens, UINT64_MAX);
    weft__store_relaxed(&old->ws, WEFT__WAITING);
    weft__awaitable_unref(old, 2);

    struct weft_awaitable *new = make(WEFT__KIND_FUTURE);

    cr_assert_eq(new, old, "the slab gives the same memory");
    cr_expect(!weft__is_done(new) && new->error == 0 && !new->result && !weft__extra(new));
    cr_expect(new->flags == 0 && !new->parent && !new->strand && !new->loop);
    cr_expect_eq(weft__load_relaxed(&new->tokens), 0);
    cr_expect_eq(weft__load_relaxed(&new->ws), 0);
    cr_expect_str_eq(new->where, "here");
    weft__awaitable_unref(new, 1);
}

/* ---- objects that stand for an error ------------------------------------------------------------
 */

Test(task, a_failed_object_is_done_and_has_its_error_for_each_errno_and_code)
{
    static const int own[] = {WEFT_EINVALIDSTATE, WEFT_EINCOMPLETE, WEFT_ELIMIT, WEFT_ESTOPPED};
    struct weft_awaitable *made[160];

    for (int e = 1; e < 134; e++)
        made[e] = weft__awaitable_failed(-e);

    for (int e = 1; e < 134; e++)
        cr_expect(made[e]->error == -e && weft__is_done(made[e]), "errno %d", e);
    for (int i = 0; i < 4; i++)
        cr_expect_eq(weft__awaitable_failed(own[i])->error, own[i]);
}

Test(task, a_failed_object_is_one_for_all_and_never_goes)
{
    struct weft_awaitable *one = weft__awaitable_failed(-ENOMEM);
    make(WEFT__KIND_FUTURE);

    for (int i = 0; i < 100; i++)
        weft__awaitable_unref(one, 1);

    cr_expect_eq(weft__awaitable_failed(-ENOMEM), one);
    cr_expect_eq(weft__kind(one), WEFT__KIND_FAILED);
    cr_expect_eq(dropped, 0);
}

/* ---- names --------------------------------------------------------------------------------------
 */

static const char *name_of(struct weft_awaitable *aw)
{
    static char name[64];

    weft__awaitable_name(aw, name, sizeof name);
    return name;
}

Test(task, a_task_without_a_name_has_its_number_and_keeps_it_when_it_is_done)
{
    struct weft_awaitable *task = make(WEFT__KIND_TASK);

    task->error = INT32_MAX;
    cr_expect_str_eq(name_of(task), "Task-2147483647");

    uintptr_t newest = weft__word_lock(task);
    weft__task_keep_number(task);
    task->error = -EIO;
    weft__word_complete(task, newest, NULL);
    cr_expect_str_eq(name_of(task), "Task-2147483647");
    weft__store_relaxed(&task->retrieved, 1);
    weft__awaitable_unref(task, 2);
}

Test(task, numbers_are_taken_in_order_and_given_back_by_the_last_one)
{
    cr_expect_eq(weft__task_numbers_take(1), 1);
    cr_expect_eq(weft__task_numbers_take(10), 11);
    cr_expect(weft__task_numbers_give_back(11, 5));
    cr_expect_eq(weft__task_numbers_take(1), 5);
    cr_expect_not(weft__task_numbers_give_back(11, 6));
    cr_expect_eq(weft__task_numbers_take(INT32_MAX - 5), INT32_MAX);
    cr_expect_eq(weft__task_numbers_take(1), 1);
}

Test(task, a_coroutine_is_called_as_its_function_and_a_future_future)
{
    struct weft_awaitable *coro = make(WEFT__KIND_CORO), *future = make(WEFT__KIND_FUTURE);

    cr_expect_str_eq(name_of(coro), "some_function");
    cr_expect_str_eq(name_of(future), "future");
    weft__awaitable_unref(coro, 1);
    weft__awaitable_unref(future, 1);
}

Test(task, a_name_is_copied_and_can_be_replaced)
{
    struct weft_awaitable *task = make(WEFT__KIND_TASK);
    char text[] = "first";

    int rc = weft__awaitable_set_name(task, text);
    text[0] = 'F';

    cr_expect_eq(rc, 0);
    cr_expect_str_eq(name_of(task), "first");
    cr_expect_eq(weft__awaitable_set_name(task, "second"), 0);
    cr_expect_str_eq(name_of(task), "second");
    weft__awaitable_unref(task, 2);
}

Test(task, a_name_is_cut_to_the_buffer_and_its_whole_length_returned)
{
    struct weft_awaitable *task = make(WEFT__KIND_TASK);
    char buffer[5] = "xxxx";
    weft__awaitable_set_name(task, "long name");

    cr_expect_eq(weft__awaitable_name(task, buffer, sizeof buffer), strlen("long name"));
    cr_expect_str_eq(buffer, "long");
    cr_expect_eq(weft__awaitable_name(task, buffer, 1), strlen("long name"));
    cr_expect_str_eq(buffer, "");
    cr_expect_eq(weft__awaitable_name(task, NULL, 0), strlen("long name"));
    weft__awaitable_unref(task, 2);
}

static pthread_barrier_t together;

static void *ask_name(void *arg)
{
    struct weft_awaitable *task = *(struct weft_awaitable **)arg;
    char *name = malloc(64);

    pthread_barrier_wait(&together);
    weft__awaitable_name(task, name, 64);
    return name;
}

Test(task, threads_that_ask_for_a_name_at_once_are_told_the_same)
{
    pthread_barrier_init(&together, NULL, 2);

    for (int round = 0; round < 100; round++) {
        struct weft_awaitable *task = make(WEFT__KIND_TASK);
        pthread_t thread[2];
        char *name[2];
        for (int i = 0; i < 2; i++)
            cr_assert_eq(pthread_create(&thread[i], NULL, ask_name, &task), 0);
        for (int i = 0; i < 2; i++)
            pthread_join(thread[i], (void **)&name[i]);

        cr_assert_str_eq(name[0], name[1]);
        free(name[0]);
        free(name[1]);
        weft__awaitable_unref(task, 2);
    }
}

/* ---- the extra part -----------------------------------------------------------------------------
 */

static struct weft_awaitable *destroyed;

static void destroy(struct weft_awaitable *aw)
{
    destroyed = aw;
    free(weft__extra(aw)->data);
}

Test(task, the_extra_part_is_made_once_and_destroyed_with_the_object)
{
    struct weft_awaitable *future = make(WEFT__KIND_FUTURE);

    struct weft__extra *extra = weft__awaitable_extra(future);
    extra->destroy = destroy;
    extra->data = malloc(100);
    weft__awaitable_set_name(future, "named");

    cr_expect_eq(weft__awaitable_extra(future), extra);
    cr_expect_null(destroyed);
    weft__awaitable_unref(future, 1);
    cr_expect_eq(destroyed, future);
}
