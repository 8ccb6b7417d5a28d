/* SPDX-License-Identifier: MIT */
#include "runtime/sched/handle.h"
#include "tests/support/child.h"
#include "tests/unit/loop_support.h"

TestSuite(loop, .timeout = 30);

WEFT_CORO(does_nothing)
{
    return 0;
}

WEFT_CORO(fails)
{
    return -EIO;
}

/* ---- the configuration --------------------------------------------------------------------------
 */

Test(loop, a_configuration_that_makes_no_sense_is_refused)
{
    static const struct weft__loop_config bad[] = {
        {.workers = WEFT_WORKERS_MAX + 1}, {.workers = 1, .order = WEFT_ORDER_FREE + 1},
        {.workers = 1, .order = -1},       {.workers = 1, .debug = WEFT_DEBUG_OFF + 1},
        {.workers = 1, .debug = -1},       {.workers = 2, .order = WEFT_ORDER_ASYNCIO},
    };
    begin(&(struct weft__virtual_config){.seed = 1});

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct weft__loop_config config = bad[i];
        struct weft_loop *none = NULL;
        config.class = class;
        cr_expect_eq(weft__loop_new(&none, &config), -EINVAL, "%d", (int)i);
        cr_expect_null(none);
    }
    finish();
}

Test(loop, it_is_ordered_with_one_worker_unless_asked_otherwise)
{
    static const struct {
        unsigned workers;
        int order;
        bool ordered;
    } cases[] = {
        {1, WEFT_ORDER_DEFAULT, true},  {1, WEFT_ORDER_ASYNCIO, true}, {1, WEFT_ORDER_FREE, false},
        {2, WEFT_ORDER_DEFAULT, false}, {2, WEFT_ORDER_FREE, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        open_loop_in(&(struct weft__virtual_config){.seed = 1}, cases[i].workers, cases[i].order);

        cr_expect_eq(loop->ordered, cases[i].ordered, "%d", (int)i);
        cr_expect_eq(loop->count, cases[i].workers);
        cr_expect_eq(loop->workers[0].solo, cases[i].workers == 1);
        close_loop();
    }
}

Test(loop, without_a_number_it_has_as_many_workers_as_there_are_cores)
{
    open_loop_in(&(struct weft__virtual_config){.seed = 1}, 0, WEFT_ORDER_FREE);

    cr_expect_eq(loop->count, weft__cpu_count());
    close_loop();
}

/* ---- failing to begin ---------------------------------------------------------------------------
 */

Test(loop, where_the_nth_worker_cannot_be_opened_there_is_no_loop_and_nothing_is_left)
{
    for (unsigned n = 1; n <= 4; n++) {
        struct weft__loop_config config = {.class = class, .workers = 4};
        struct weft_loop *none = NULL;
        begin(&(struct weft__virtual_config){.open_fails = n});

        int rc = weft__loop_new(&none, &config);
        int again = weft__loop_new(&loop, &config);

        cr_assert_eq(rc, -ENOMEM);
        cr_assert_null(none);
        cr_assert_eq(again, 0);
        cr_assert_eq(run_main(&does_nothing, NULL), 0);
        close_loop();
    }
}

Test(loop, where_the_nth_thread_cannot_be_started_the_run_says_so_and_the_next_one_works)
{
    /* The monitor is one of them. */
    for (unsigned n = 1; n <= 4; n++) {
        open_loop_in(&(struct weft__virtual_config){.seed = n, .start_fails = n}, 4,
                     WEFT_ORDER_DEFAULT);

        int rc = weft__loop_run(loop);
        bool running = weft_loop_is_running(loop);
        int again = run_main(&fails, NULL);

        cr_assert_eq(rc, -EAGAIN);
        cr_assert_not(running);
        cr_assert_eq(again, -EIO, "the task's own error");
        close_loop();
    }
}

Test(loop, one_that_could_not_start_all_threads_can_be_closed)
{
    for (unsigned n = 1; n <= 4; n++) {
        open_loop_in(&(struct weft__virtual_config){.seed = n, .start_fails = n}, 4,
                     WEFT_ORDER_DEFAULT);

        int rc = run_main(&does_nothing, NULL);

        cr_assert_eq(rc, -EAGAIN);
        close_loop();
    }
}

/* ---- running and stopping -----------------------------------------------------------------------
 */

static void stop(void *name)
{
    note(name);
    weft__loop_stop(loop);
}

Test(loop, it_can_be_stopped_and_run_again_and_again)
{
    static char name[] = "r";

    for (unsigned workers = 1; workers <= 4; workers++) {
        open_loop(workers);

        for (int i = 0; i < 3; i++) {
            cr_assert_eq(weft_loop_call_soon(loop, stop, name, NULL), 0);
            cr_assert_eq(weft__loop_run(loop), 0);
            cr_assert_not(weft_loop_is_running(loop));
        }

        cr_assert_str_eq(notes, "rrr");
        close_loop();
    }
}

Test(loop, between_two_runs_nothing_runs)
{
    static char name[] = "r";
    open_loop(3);
    weft_loop_call_soon(loop, stop, name, NULL);
    weft__loop_run(loop);

    weft_loop_call_soon(loop, stop, name, NULL);
    for (int i = 0; i < 1000; i++)
        sys->now(); /* every other thread has its chance */

    cr_expect_str_eq(notes, "r");
    weft__loop_run(loop);
    cr_expect_str_eq(notes, "rr");
    close_loop();
}

Test(loop, a_stop_that_came_before_the_run_ends_it_after_a_turn)
{
    for (unsigned workers = 1; workers <= 3; workers++) {
        open_loop(workers);
        weft__loop_stop(loop);

        int rc = weft__loop_run(loop);

        cr_assert_eq(rc, 0);
        /* relaxed: nobody runs. */
        cr_assert_geq(weft__load_relaxed(&loop->workers[0].turns), 1);
        cr_assert_not(weft__load_relaxed(&loop->stop), "it is spent");
        close_loop();
    }
}

WEFT_CORO(misuses_its_loop)
{
    int *rc = arg;

    rc[0] = weft__loop_run(loop);
    rc[1] = weft_loop_close(loop);
    return 0;
}

Test(loop, one_that_runs_can_neither_be_run_nor_closed)
{
    int rc[2] = {0};
    open_loop(2);

    run_main(&misuses_its_loop, rc);

    cr_expect_eq(rc[0], -EBUSY);
    cr_expect_eq(rc[1], -EBUSY);
    close_loop();
}

/* ---- closing ------------------------------------------------------------------------------------
 */

Test(loop, closing_twice_is_closing_once_and_then_it_does_not_run)
{
    open_loop(2);
    run_main(&does_nothing, NULL);

    int first = weft_loop_close(loop);
    int second = weft_loop_close(loop);

    cr_expect(first == 0 && second == 0);
    cr_expect_eq(weft__loop_run(loop), -ESHUTDOWN);
    cr_expect(weft__loop_closed(loop));
    close_loop();
}

WEFT_CORO(sleeps)
{
    return weft_sleep(WEFT_NONE);
}

WEFT_CORO(receives_for_ever)
{
    char byte;
    struct weft__operation op = {
        .code = WEFT__OP_RECV, .fd = *(int *)arg, .buffer = &byte, .length = 1};

    return weft__operation_await(&op);
}

struct left_over {
    weft_task_t *task[3];
    int fd[2];
};

WEFT_CORO(leaves_tasks)
{
    struct left_over *left = arg;

    left->task[0] = weft_create_task(weft_coro(&sleeps, NULL));
    left->task[1] = weft_create_task(weft_coro(&receives_for_ever, left->fd));
    int rc = weft_sleep(MS);
    left->task[2] = weft_create_task(weft_coro(&does_nothing, NULL), .pinned = true);
    return rc;
}

static unsigned reports;

static void count_reports(struct weft_loop *l, const weft_exception_context_t *c, void *arg)
{
    (void)l;
    (void)arg;
    reports += c->future != NULL;
}

Test(loop, closing_ends_what_is_pending_as_cancelled_and_reports_it)
{
    for (unsigned workers = 1; workers <= 3; workers++) {
        struct left_over left;
        unsigned ended = 0, done = 0;
        open_loop(workers);
        cr_assert_eq(weft__virtual_pair(left.fd), 0);
        weft_loop_set_exception_handler(loop, count_reports, NULL);
        reports = 0;
        run_main(&leaves_tasks, &left);
        for (int i = 0; i < 3; i++)
            done += weft_done(left.task[i]);

        weft_loop_close(loop);

        for (int i = 0; i < 3; i++)
            ended += weft_result(left.task[i], NULL) == -ECANCELED;
        cr_assert_eq(ended + done, 3);
        cr_assert_geq(ended, 2);
        cr_assert_eq(reports, ended);
        for (int i = 0; i < 3; i++)
            weft_unref(left.task[i]);
        weft__virtual_close(left.fd[0]);
        weft__virtual_close(left.fd[1]);
        close_loop();
    }
}

static struct weft_awaitable *failed;

static void drops_an_error(void)
{
    alarm(10); /* the end of one that waits for the lock */
    weft_unref(failed);
    _exit(0);
}

Test(loop, a_child_of_fork_reports_without_the_loop_of_its_parent)
{
    struct child child;
    open_loop(2);
    failed = weft_create_future(loop);
    weft_set_exception(failed, -EIO);

    weft__spin_lock(&loop->lock); /* as by another thread, which the child has not */
    cr_assert(child_run(&child, drops_an_error));
    weft__spin_unlock(&loop->lock);

    cr_expect(child_exited(&child, 0));
    cr_expect_not_null(strstr(child.text, "never retrieved"), "%s", child.text);
    weft_exception(failed);
    weft_unref(failed);
    close_loop();
}

Test(loop, closing_drops_callbacks_that_were_not_called)
{
    static char name[] = "called";
    weft_handle_t *soon, *late;
    open_loop(2);
    weft_loop_call_soon(loop, stop, name, &soon);
    weft_loop_call_later(loop, MS, stop, name, &late);

    weft_loop_close(loop);

    cr_expect_str_eq(notes, "");
    /* relaxed: one thread. Ours is all that is left. */
    cr_expect_eq(weft__load_relaxed(&soon->refs) & ~WEFT__HANDLE_HOLDS, 1);
    cr_expect_eq(weft__load_relaxed(&late->refs) & ~WEFT__HANDLE_HOLDS, 1);
    weft_handle_unref(soon);
    weft_handle_unref(late);
    close_loop();
}
