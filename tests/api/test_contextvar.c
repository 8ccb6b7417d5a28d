/* SPDX-License-Identifier: MIT */
/* contextvar: variables of which each task has its own value. */
#include <stdatomic.h>

#include "tests/support/workers.h"

TestSuite(contextvar, .timeout = 30);

static atomic_int destroyed;

static void counts(void *value)
{
    (void)value;
    atomic_fetch_add(&destroyed, 1);
}

static const weft_context_var_t user = {.name = "user", .value = "nobody", .destroy = counts};
static const weft_context_var_t place = {.name = "place"};

static int set(const weft_context_var_t *var, const char *value)
{
    return weft_context_var_set(var, (void *)(uintptr_t)value, NULL);
}

static bool sees(const weft_context_var_t *var, const char *value)
{
    const char *is = weft_context_var_get(var);

    return value ? is && strcmp(is, value) == 0 : !is;
}

static bool holds(weft_context_t *context, const weft_context_var_t *var, const char *value)
{
    void *is = NULL;

    return weft_context_lookup(context, var, &is) && strcmp(is, value) == 0;
}

/* ---- variables ---- */

WEFT_CORO(sets_and_gets)
{
    CHECK(sees(&user, "nobody") && sees(&place, NULL));
    CHECK(!weft_context_lookup(NULL, &user, NULL));
    CHECK_INT(set(&user, "eva"), 0);
    CHECK_INT(set(&place, "here"), 0);
    CHECK_INT(weft_sleep(WEFT_MS(1)), 0);
    CHECK(sees(&user, "eva") && sees(&place, "here"));
    CHECK_INT(set(&user, NULL), 0);
    CHECK(sees(&user, NULL));
    CHECK(weft_context_lookup(NULL, &user, NULL));
    CHECK_INT(set(NULL, "x"), -EINVAL);
    CHECK(weft_context_var_get(NULL) == NULL);
    return 0;
}

CASE(contextvar, a_value_stays_across_suspensions_until_it_is_set_anew)
{
    atomic_store(&destroyed, 0);

    CHECK_INT(run(&sets_and_gets, NULL), 0);

    CHECK_INT(atomic_load(&destroyed), 2);
}

WEFT_CORO(resets)
{
    weft_context_token_t first, second, again;

    CHECK_INT(weft_context_var_set(&user, "a", &first), 0);
    CHECK_INT(weft_context_var_set(&user, "b", &second), 0);
    CHECK_INT(weft_context_var_reset(&place, &second), -EINVAL);
    CHECK_INT(weft_context_var_reset(&user, &second), 0);
    CHECK(sees(&user, "a"));
    CHECK_INT(weft_context_var_reset(&user, &second), -EALREADY);
    CHECK_INT(set(&user, "c"), 0);
    CHECK_INT(weft_context_var_reset(&user, &first), 0);
    CHECK(sees(&user, "nobody"));
    CHECK(!weft_context_lookup(NULL, &user, NULL));
    CHECK_INT(weft_context_var_set(&user, "d", &again), 0);
    CHECK_INT(weft_context_var_reset(&user, &again), 0);
    CHECK_INT(weft_context_var_reset(&user, NULL), -EINVAL);
    return 0;
}

CASE(contextvar, a_token_gives_back_what_was_before_in_any_order_and_once)
{
    atomic_store(&destroyed, 0);

    CHECK_INT(run(&resets, NULL), 0);

    CHECK_INT(atomic_load(&destroyed), 4);
}

WEFT_CORO(resets_anothers)
{
    return weft_context_var_reset(&user, arg);
}

WEFT_CORO(gives_its_token_away)
{
    weft_context_token_t token;

    CHECK_INT(weft_context_var_set(&user, "mine", &token), 0);
    CHECK_INT(weft_join(weft_create_task(weft_coro(&resets_anothers, &token)), NULL), -EINVAL);
    CHECK_INT(weft_context_var_reset(&user, &token), 0);
    return 0;
}

CASE(contextvar, a_token_is_good_only_where_it_was_made)
{
    CHECK_INT(run(&gives_its_token_away, NULL), 0);
}

/* ---- who inherits ---- */

WEFT_CORO(changes)
{
    CHECK(sees(&user, arg));
    CHECK_INT(set(&user, "child"), 0);
    CHECK_INT(weft_sleep(0), 0);
    CHECK(sees(&user, "child"));
    return 0;
}

WEFT_CORO(has_children)
{
    weft_task_t *early, *named, *copy;

    CHECK_INT(set(&user, "early"), 0);
    early = weft_create_task(weft_coro(&changes, "early"));
    CHECK_INT(set(&user, "late"), 0);
    named = weft_create_task(weft_coro(&changes, "late"), .name = "named");
    copy = weft_create_task(weft_coro_copy(&changes, "late", sizeof "late"));
    CHECK_INT(weft_join(named, NULL), 0);
    CHECK_INT(weft_join(copy, NULL), 0);
    CHECK_INT(weft_join(early, NULL), 0);
    CHECK(sees(&user, "late"));
    CHECK_INT(weft_await(weft_coro(&changes, "late"), NULL), 0); /* a call, not a task */
    CHECK(sees(&user, "child"));
    return 0;
}

CASE(contextvar, a_task_inherits_at_its_creation_and_keeps_its_changes_to_itself)
{
    atomic_store(&destroyed, 0);

    CHECK_INT(run(&has_children, NULL), 0);

    CHECK_INT(atomic_load(&destroyed), 6);
}

static weft_future_t *called;

static void in_a_callback(void *arg)
{
    CHECK(sees(&user, arg));
    CHECK_INT(set(&user, "callback"), 0);
    CHECK(sees(&user, "callback"));
    weft_set_result(called, NULL);
}

static void when_done(weft_future_t *future, void *arg)
{
    (void)future;
    in_a_callback(arg);
}

static void sees_nothing(void *arg)
{
    (void)arg;
    CHECK(sees(&user, "nobody"));
    weft_set_result(called, NULL);
}

static void wait_called(void)
{
    CHECK_INT(weft_join(called, NULL), 0);
    called = weft_create_future(NULL);
}

WEFT_CORO(adds_callbacks)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_future_t *future = weft_create_future(NULL);

    called = weft_create_future(NULL);
    CHECK_INT(weft_loop_call_soon(loop, sees_nothing, NULL, NULL), 0);
    wait_called();
    CHECK_INT(set(&user, "soon"), 0);
    CHECK_INT(weft_loop_call_soon(loop, in_a_callback, "soon", NULL), 0);
    CHECK_INT(set(&user, "then"), 0);
    wait_called();
    CHECK_INT(weft_loop_call_later(loop, WEFT_MS(1), in_a_callback, "then", NULL), 0);
    wait_called();
    CHECK_INT(weft_add_done_callback(future, when_done, "then"), 0);
    CHECK_INT(set(&user, "done"), 0);
    CHECK_INT(weft_set_result(future, NULL), 0);
    wait_called();
    weft_unref(called);
    weft_unref(future);
    CHECK(sees(&user, "done"));
    return 0;
}

CASE(contextvar, a_callback_sees_what_was_seen_where_it_was_added)
{
    CHECK_INT(run(&adds_callbacks, NULL), 0);
    CHECK(sees(&user, "nobody"));
}

enum { STRANGERS = 3 };

static atomic_int strangers;

static void sees_nothing_and_sets(void *loop)
{
    CHECK(sees(&user, "nobody"));
    CHECK_INT(set(&user, "callback"), 0);
    if (atomic_fetch_add(&strangers, 1) + 1 == STRANGERS)
        weft_loop_stop(loop);
}

/* With one worker the callbacks run on this very thread. */
static void *runs_strangers(void *arg)
{
    weft_loop_t *loop;

    (void)arg;
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    for (int i = 0; i < STRANGERS; i++)
        CHECK_INT(weft_loop_call_soon(loop, sees_nothing_and_sets, loop, NULL), 0);
    CHECK_INT(set(&user, "thread"), 0);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    CHECK(sees(&user, "thread"));
    CHECK_INT(atomic_load(&destroyed), STRANGERS);
    CHECK_INT(weft_loop_close(loop), 0);
    return NULL;
}

CASE(contextvar, callbacks_leave_a_threads_own_alone_and_see_none_of_each_others)
{
    pthread_t thread;
    atomic_store(&strangers, 0);
    atomic_store(&destroyed, 0);

    CHECK_INT(pthread_create(&thread, NULL, runs_strangers, NULL), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);

    CHECK_INT(atomic_load(&strangers), STRANGERS);
}

static int on_a_thread(void *arg, void **result)
{
    CHECK(sees(&user, arg));
    *result = weft_context_var_get(&user);
    return set(&user, "thread");
}

WEFT_CORO(calls_threads)
{
    void *saw = NULL;

    CHECK_INT(set(&user, "task"), 0);
    for (int i = 0; i < 10; i++)
        CHECK_INT(weft_to_thread(on_a_thread, "task", &saw), 0);
    CHECK(saw && strcmp(saw, "task") == 0 && sees(&user, "task"));
    return 0;
}

CASE(contextvar, a_call_on_a_thread_sees_the_tasks_values_and_leaves_none_there)
{
    atomic_store(&destroyed, 0);

    CHECK_INT(run(&calls_threads, NULL), 0);

    CHECK_INT(atomic_load(&destroyed), 11);
}

WEFT_CORO(sees_the_threads)
{
    CHECK(sees(&user, "thread"));
    return set(&user, "main");
}

static void *has_its_own(void *arg)
{
    (void)arg;
    CHECK(sees(&user, "nobody"));
    CHECK_INT(set(&user, "thread"), 0);
    CHECK_INT(run(&sees_the_threads, NULL), 0);
    CHECK(sees(&user, "thread"));
    return NULL;
}

CASE(contextvar, a_thread_has_its_own_which_the_main_task_inherits_and_which_go_with_it)
{
    pthread_t thread;
    atomic_store(&destroyed, 0);

    CHECK_INT(pthread_create(&thread, NULL, has_its_own, NULL), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);

    CHECK_INT(atomic_load(&destroyed), 2);
}

/* ---- contexts ---- */

static int within(void *arg, void **result)
{
    CHECK(sees(&user, arg));
    CHECK_INT(set(&user, "within"), 0);
    CHECK_INT(weft_sleep(WEFT_MS(1)), 0);
    CHECK(sees(&user, "within"));
    *result = (void *)7;
    return 3;
}

static int enters_again(void *arg, void **result)
{
    return weft_context_run(arg, within, "within", result);
}

WEFT_CORO(runs_in_contexts)
{
    weft_context_t *copy, *empty = weft_context_create();
    void *value = NULL;

    CHECK_INT(set(&user, "outside"), 0);
    copy = weft_copy_context();
    CHECK_INT(weft_context_run(copy, within, "outside", &value), 3);
    CHECK(value == (void *)7 && sees(&user, "outside"));
    CHECK(holds(copy, &user, "within"));
    CHECK_INT(weft_context_run(empty, within, "nobody", NULL), 3);
    CHECK_INT(weft_context_run(empty, within, "within", NULL), 3);
    CHECK_INT(weft_context_run(copy, enters_again, copy, NULL), -EBUSY);
    CHECK_INT(weft_context_run(copy, enters_again, empty, NULL), 3);
    CHECK_INT(weft_context_run(NULL, within, NULL, NULL), -EINVAL);
    CHECK_INT(weft_context_run(copy, NULL, NULL, NULL), -EINVAL);
    weft_context_unref(weft_context_ref(copy));
    weft_context_unref(copy);
    weft_context_unref(empty);
    weft_context_unref(weft_context_ref(NULL));
    return 0;
}

static int plain_within(void *arg, void **result)
{
    (void)result;
    CHECK(sees(&user, arg));
    return set(&user, "within");
}

CASE(contextvar, what_a_context_runs_sees_it_and_changes_it_alone)
{
    weft_context_t *context = weft_context_create();

    CHECK_INT(run(&runs_in_contexts, NULL), 0);
    CHECK_INT(weft_context_run(context, plain_within, "nobody", NULL), 0);
    CHECK(holds(context, &user, "within") && sees(&user, "nobody"));
    weft_context_unref(context);
}

WEFT_CORO(shares)
{
    weft_context_token_t token;

    CHECK_INT(weft_context_var_set(&place, arg, &token), 0);
    if (weft_sleep(0) == 0 && arg)
        CHECK_INT(weft_context_var_reset(&place, &token), 0);
    return set(&user, "shared");
}

WEFT_CORO(asks_for_contexts)
{
    weft_context_t *shared = weft_context_create(), *mine, *its;
    weft_task_t *task;

    CHECK_INT(set(&user, "creator"), 0);
    task = weft_create_task(weft_coro(&shares, "x"), .context = shared, .name = "shares");
    its = weft_get_context(task);
    CHECK(its == shared);
    CHECK_INT(weft_join(task, NULL), 0);
    CHECK(holds(its, &user, "shared") && !weft_context_lookup(its, &place, NULL));
    CHECK(sees(&user, "creator"));
    task = weft_create_task(weft_coro(&changes, "creator"));
    mine = weft_get_context(weft_current_task());
    CHECK(holds(mine, &user, "creator"));
    CHECK_INT(weft_await(task, NULL), 0);
    weft_context_unref(mine);
    mine = weft_get_context(task);
    CHECK(holds(mine, &user, "child"));
    weft_context_unref(mine);
    weft_context_unref(its);
    weft_context_unref(shared);
    weft_unref(task);
    CHECK(weft_get_context(NULL) == NULL);
    return 0;
}

CASE(contextvar, a_task_can_be_asked_for_its_context_and_be_given_one_to_share)
{
    CHECK_INT(run(&asks_for_contexts, NULL), 0);
}

enum { SHARERS = 8, TIMES = 50 };
static weft_context_var_t many[SHARERS];

WEFT_CORO(sets_often)
{
    weft_context_var_t *var = arg;

    for (intptr_t i = 1; i <= TIMES; i++) {
        CHECK_INT(weft_context_var_set(var, (void *)i, NULL), 0);
        CHECK_INT(weft_sleep(0), 0);
        CHECK_INT((intptr_t)weft_context_var_get(var), i);
    }
    return 0;
}

WEFT_CORO(has_sharers)
{
    weft_context_t *shared = weft_context_create();
    weft_task_t *task[SHARERS];
    void *value = NULL;

    for (int i = 0; i < SHARERS; i++)
        task[i] = weft_create_task(weft_coro(&sets_often, &many[i]), .context = shared);
    for (int i = 0; i < SHARERS; i++)
        weft_context_unref(weft_get_context(task[i]));
    for (int i = 0; i < SHARERS; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    for (int i = 0; i < SHARERS; i++)
        CHECK(weft_context_lookup(shared, &many[i], &value) && (intptr_t)value == TIMES);
    weft_context_unref(shared);
    return 0;
}

CASE(contextvar, tasks_that_share_one_on_many_workers_lose_nothing)
{
    CHECK_INT(run(&has_sharers, NULL), 0);
}

/* Any other thread may ask while the task sets. */
static weft_task_t *asked;
static atomic_bool over;

static void *asks(void *arg)
{
    (void)arg;
    while (!atomic_load(&over)) {
        weft_context_t *context = weft_get_context(asked);
        weft_context_lookup(context, &user, NULL);
        weft_context_unref(context);
        weft_set_name(asked, "renamed"); /* its extra part comes into being */
    }
    return NULL;
}

WEFT_CORO(is_asked)
{
    pthread_t thread;

    asked = weft_current_task();
    atomic_store(&over, false);
    CHECK_INT(pthread_create(&thread, NULL, asks, NULL), 0);
    for (int i = 0; i < 1000; i++)
        CHECK_INT(set(&user, "again"), 0);
    CHECK(sees(&user, "again"));
    atomic_store(&over, true);
    CHECK_INT(pthread_join(thread, NULL), 0);
    return 0;
}

CASE(contextvar, others_may_ask_for_a_tasks_context_while_it_changes)
{
    atomic_store(&destroyed, 0);

    CHECK_INT(run(&is_asked, NULL), 0);

    CHECK_INT(atomic_load(&destroyed), 1000);
}
