/* SPDX-License-Identifier: MIT */
#include "runtime/sched/registry.h"
#include "tests/unit/loop_support.h"

TestSuite(registry, .timeout = 30);

enum { SLEEPERS = 20 };

static unsigned times_seen(weft_task_t **tasks, size_t count, const weft_task_t *task)
{
    unsigned times = 0;

    for (size_t i = 0; i < count; i++)
        times += tasks[i] == task;
    return times;
}

static void let_go(weft_task_t **tasks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        weft_unref(tasks[i]);
    free(tasks);
}

WEFT_CORO(sleeps)
{
    return weft_sleep(WEFT_NONE);
}

WEFT_CORO(does_nothing)
{
    return 0;
}

/* Whether all of [sleeper] are seen once each; *count is how many tasks there were. */
static bool sees_each_once(weft_task_t **sleeper, size_t *count)
{
    weft_task_t **tasks;
    bool once = true;

    if (weft_all_tasks(NULL, &tasks, count) < 0)
        return false;
    for (int i = 0; i < SLEEPERS; i++)
        once = once && times_seen(tasks, *count, sleeper[i]) == 1;
    once = once && times_seen(tasks, *count, weft_current_task()) == 1;
    for (size_t i = 0; i < *count; i++) /* whoever else there is, too: none can come back, as we */
        once = once && times_seen(tasks, *count, tasks[i]) == 1; /* have a reference to each */
    let_go(tasks, *count);
    return once;
}

static int end_all(weft_task_t **sleeper)
{
    int rc = 0;

    for (int i = 0; i < SLEEPERS; i++)
        weft_cancel(sleeper[i]);
    for (int i = 0; i < SLEEPERS; i++) {
        if (weft_join(sleeper[i], NULL) != -ECANCELED)
            rc = -EIO;
    }
    return rc;
}

WEFT_CORO(looks_at_sleepers)
{
    weft_task_t *sleeper[SLEEPERS], *ended = weft_create_task(weft_coro(&does_nothing, NULL));
    weft_coro_t *not_started = weft_coro(&does_nothing, NULL);
    weft_future_t *future = weft_create_future(NULL);
    size_t count = 0;

    for (int i = 0; i < SLEEPERS; i++)
        sleeper[i] = weft_create_task(weft_coro(&sleeps, NULL));
    int rc = weft_await(ended, NULL);
    note(sees_each_once(sleeper, &count) ? "each once" : "not each once");
    note(count == SLEEPERS + 1 ? ", nothing else" : ", more than that");
    weft_coro_close(not_started);
    weft_unref(future);
    weft_unref(ended);
    return rc < 0 ? rc : end_all(sleeper);
}

Test(registry, a_walk_sees_each_task_once_and_nothing_that_is_done_or_is_no_task)
{
    for (unsigned workers = 1; workers <= 3; workers++) {
        open_loop(workers);

        int rc = run_main(&looks_at_sleepers, NULL);

        cr_expect_eq(rc, 0);
        cr_expect_str_eq(notes, "each once, nothing else");
        close_loop();
    }
}

static void count_and_let_go(struct weft_awaitable *task, void *count)
{
    ++*(unsigned *)count;
    weft_unref(task);
}

Test(registry, a_walk_sees_the_tasks_of_its_loop_only_and_gives_a_reference_to_each)
{
    struct weft__loop_config config = {.class = class, .workers = 2};
    struct weft_loop *other;
    unsigned here = 0, there = 0;
    open_loop(2);
    cr_assert_eq(weft__loop_new(&other, &config), 0);
    struct weft_awaitable *task = idle_task();

    weft__registry_each(loop, count_and_let_go, &here);
    weft__registry_each(other, count_and_let_go, &there);

    cr_expect_eq(here, 1);
    cr_expect_eq(there, 0);
    cr_expect_eq(weft__load_relaxed(&task->refs), 2); /* relaxed: one thread */
    end_idle_task(task);
    weft_loop_unref(other);
    close_loop();
}

Test(registry, a_child_is_alone_only_without_a_walk_a_third_reference_or_a_token)
{
    open_loop(2);
    struct weft__worker *worker = be(0);
    struct weft_awaitable *task = idle_task();

    bool alone = weft__registry_alone(worker, task);
    bool told = weft__load_relaxed(&worker->freeing) == task; /* relaxed: one thread */
    weft__store_relaxed(&worker->freeing, NULL);
    weft__awaitable_ref(task);
    bool referred = weft__registry_alone(worker, task);
    weft__awaitable_unref(task, 1);
    weft__store_relaxed(&task->tokens, WEFT__TOKEN_PENDING);
    bool cancelled = weft__registry_alone(worker, task);
    weft__store_relaxed(&task->tokens, 0);
    weft__fetch_add_seq_cst(&weft__registry_walks, 1);
    bool walked = weft__registry_alone(worker, task);
    weft__fetch_sub_seq_cst(&weft__registry_walks, 1);

    cr_expect(told || !loop->idle.membarrier);
    cr_expect_eq(alone, loop->idle.membarrier);
    cr_expect(!referred && !cancelled && !walked);
    cr_expect_null(weft__load_relaxed(&worker->freeing));
    end_idle_task(task);
    close_loop();
}

/* ---- while others end, on threads ---------------------------------------------------------------
 */

static _Atomic(bool) enough;

WEFT_CORO(makes_and_joins)
{
    int rc = 0;

    while (rc == 0 && !weft__load_acquire(&enough)) /* acquire: as a flag between threads */
        rc = weft_join(weft_create_task(weft_coro(&does_nothing, NULL)), NULL);
    return rc;
}

WEFT_CORO(walks_meanwhile)
{
    weft_task_t *sleeper[SLEEPERS], *busy[3];
    size_t count = 0;
    bool once = true;

    for (int i = 0; i < SLEEPERS; i++)
        sleeper[i] = weft_create_task(weft_coro(&sleeps, NULL));
    for (int i = 0; i < 3; i++)
        busy[i] = weft_create_task(weft_coro(&makes_and_joins, NULL));
    for (int round = 0; round < 300 && once; round++) {
        once = sees_each_once(sleeper, &count);
        if (weft_sleep(0) < 0)
            return -EIO;
    }
    weft__store_release(&enough, true);
    for (int i = 0; i < 3; i++) {
        if (weft_join(busy[i], NULL) < 0)
            once = false;
    }
    *(bool *)arg = once;
    return end_all(sleeper);
}

Test(registry, a_walk_sees_each_live_task_once_while_others_end)
{
    bool fine = false;

    int rc = weft_run(weft_coro(&walks_meanwhile, &fine), NULL, .workers = 4);

    cr_expect_eq(rc, 0);
    cr_expect(fine);
}
