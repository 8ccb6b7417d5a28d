/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "runtime/sched/executor.h"
#include "runtime/sched/cancel.h"
#include "tests/unit/virtual_support.h"

TestSuite(executor, .timeout = 30);

enum { JOBS = 6 };

static struct weft_executor pool;
static char order[JOBS + 1];
static _Atomic(uint32_t) gate, waiting;

struct numbered {
    struct weft__job job;
    char name;
};

static struct numbered jobs[JOBS];

static void write_name(struct weft__job *job)
{
    size_t length = strlen(order);

    order[length] = weft__container_of(job, struct numbered, job)->name;
}

/* Blocks until the gate is opened. */
static void block(struct weft__job *job)
{
    weft__fetch_add_acq_rel(&waiting, 1);
    sys->wake_all(&waiting);
    while (!weft__load_acquire(&gate)) /* acquire: pairs with the release of open_gate */
        sys->wait(&gate, 0, WEFT__NEVER);
    write_name(job);
}

static void open_gate(void)
{
    weft__store_release(&gate, 1);
    sys->wake_all(&gate);
}

static void set_up(struct weft__virtual_config config)
{
    begin(&config);
    weft__executor_init(&pool, sys, WEFT__EXECUTOR_DEFAULT);
    memset(order, 0, sizeof order);
    memset(jobs, 0, sizeof jobs);
    weft__store_relaxed(&gate, 0); /* relaxed: nobody else is there */
    weft__store_relaxed(&waiting, 0);
    for (int i = 0; i < JOBS; i++)
        jobs[i].name = (char)('a' + i);
}

static int submit_job(int i, void (*run)(struct weft__job *job))
{
    jobs[i].job.run = run;
    return weft__executor_submit(&pool, &jobs[i].job);
}

static void wait_until_blocked(uint32_t n)
{
    uint32_t seen;

    while ((seen = weft__load_acquire(&waiting)) < n) /* acquire: as a lock would */
        sys->wait(&waiting, seen, WEFT__NEVER);
}

/* Lets so much time pass. */
static void pass(int64_t ns)
{
    _Atomic(uint32_t) word = 0;
    int64_t until = sys->now() + ns;

    while (sys->wait(&word, 0, until))
        ;
}

static void tear_down(void)
{
    weft__executor_close(&pool);
    finish();
}

#define EACH_SEED(seed) for (uint64_t seed = 0; seed < 30; seed++)

Test(executor, jobs_that_block_run_side_by_side)
{
    EACH_SEED(seed)
    {
        set_up((struct weft__virtual_config){.seed = seed});

        for (int i = 0; i < JOBS; i++)
            cr_assert_eq(submit_job(i, block), 0);
        wait_until_blocked(JOBS);
        unsigned threads = pool.count;
        open_gate();
        tear_down();

        cr_assert_eq(threads, JOBS);
        cr_assert_eq(strlen(order), JOBS);
    }
}

Test(executor, a_thread_that_is_idle_is_used_again)
{
    EACH_SEED(seed)
    {
        set_up((struct weft__virtual_config){.seed = seed});

        for (int i = 0; i < JOBS; i++) {
            cr_assert_eq(submit_job(i, write_name), 0);
            pass(9 * WEFT__SECOND);
        }

        cr_assert_eq(pool.count, 1);
        cr_assert_str_eq(order, "abcdef");
        tear_down();
    }
}

Test(executor, a_thread_that_had_nothing_to_do_for_ten_seconds_ends)
{
    EACH_SEED(seed)
    {
        unsigned before = 0, after = 0;
        set_up((struct weft__virtual_config){.seed = seed});
        for (int i = 0; i < 3; i++)
            submit_job(i, block);
        wait_until_blocked(3);
        open_gate();

        pass(9 * WEFT__SECOND);
        for (int i = 0; i < WEFT__EXECUTOR_DEFAULT; i++)
            before += pool.ended[i];
        pass(2 * WEFT__SECOND);
        for (int i = 0; i < WEFT__EXECUTOR_DEFAULT; i++)
            after += pool.ended[i];
        submit_job(3, write_name);

        cr_assert_eq(before, 0);
        cr_assert_eq(after, 3);
        cr_assert_eq(pool.count, 1, "the old ones were joined, a new one was started");
        tear_down();
        cr_assert_eq(order[3], 'd');
    }
}

Test(executor, a_queued_job_can_be_taken_back_and_then_never_runs)
{
    EACH_SEED(seed)
    {
        /* One thread is all there is, so the others are queued. */
        set_up((struct weft__virtual_config){.seed = seed, .start_fails = 2});
        submit_job(0, block);
        wait_until_blocked(1);
        cr_assert_eq(submit_job(1, write_name), 0);
        unsigned queued = pool.queued;

        bool running = weft__executor_take_back(&pool, &jobs[0].job);
        bool first = weft__executor_take_back(&pool, &jobs[1].job);
        bool second = weft__executor_take_back(&pool, &jobs[1].job);
        open_gate();
        tear_down();

        cr_assert_eq(queued, 1);
        cr_assert(!running && first && !second);
        cr_assert_str_eq(order, "a");
    }
}

Test(executor, a_job_whose_task_was_cancelled_before_is_not_queued)
{
    struct weft_awaitable *task = weft__awaitable_new(WEFT__KIND_CORO, NULL, NULL, "");
    set_up((struct weft__virtual_config){.seed = 1});
    jobs[0].job.task = jobs[1].job.task = task;

    bool put = weft__token_put(task, 0, NULL);
    int cancelled = submit_job(0, write_name);
    unsigned queued = pool.queued, threads = pool.count;
    weft__store_relaxed(&task->tokens, 0); /* relaxed: one thread */
    int wanted = submit_job(1, write_name);
    tear_down();

    cr_expect(put);
    cr_expect_eq(cancelled, -ECANCELED);
    cr_expect(queued == 0 && threads == 0);
    cr_expect_eq(wanted, 0);
    cr_expect_str_eq(order, "b");
    weft__awaitable_unref(task, 2);
}

Test(executor, a_job_is_taken_back_from_wherever_it_stands)
{
    static const char *const left[] = {"cd", "bd", "bc"};

    for (int gone = 0; gone < 3; gone++) {
        set_up((struct weft__virtual_config){.start_fails = 2});
        submit_job(0, block);
        wait_until_blocked(1);
        for (int i = 1; i < 4; i++) { /* by hand, as submit would start threads for them */
            struct weft__job *job = &jobs[i].job;
            job->run = write_name;
            job->link = pool.last;
            *pool.last = job;
            pool.last = &job->next;
            pool.queued++;
        }

        bool taken = weft__executor_take_back(&pool, &jobs[1 + gone].job);
        open_gate();
        tear_down();

        cr_expect(taken);
        cr_expect_str_eq(order + 1, left[gone]);
    }
}

Test(executor, where_no_thread_can_be_started_the_job_is_refused_and_not_queued)
{
    set_up((struct weft__virtual_config){.start_fails = 1});

    int rc = submit_job(0, write_name);

    cr_expect_eq(rc, -EAGAIN);
    cr_expect(pool.count == 0 && pool.queued == 0);
    cr_expect_not(weft__executor_take_back(&pool, &jobs[0].job));
    cr_expect_eq(submit_job(1, write_name), 0, "later there is one");
    tear_down();
    cr_expect_str_eq(order, "b");
}

Test(executor, where_no_further_thread_can_be_started_those_that_are_there_do_the_work)
{
    set_up((struct weft__virtual_config){.start_fails = 2});
    submit_job(0, block);
    wait_until_blocked(1);

    int rc = submit_job(1, write_name);
    unsigned threads = pool.count;
    open_gate();
    pass(WEFT__SECOND);

    cr_expect_eq(rc, 0);
    cr_expect_eq(threads, 1);
    cr_expect_str_eq(order, "ab");
    tear_down();
}

Test(executor, more_jobs_than_threads_all_run)
{
    static struct numbered many[WEFT__EXECUTOR_DEFAULT + 5];
    set_up((struct weft__virtual_config){.seed = 1});

    for (int i = 0; i < WEFT__EXECUTOR_DEFAULT + 5; i++) {
        many[i] = (struct numbered){.job.run = block};
        cr_assert_eq(weft__executor_submit(&pool, &many[i].job), 0);
    }
    wait_until_blocked(WEFT__EXECUTOR_DEFAULT);
    unsigned threads = pool.count, queued = pool.queued;
    open_gate();
    wait_until_blocked(WEFT__EXECUTOR_DEFAULT + 5);

    cr_expect_eq(threads, WEFT__EXECUTOR_DEFAULT);
    cr_expect_eq(queued, 5);
    tear_down();
}

Test(executor, closing_runs_what_is_queued_joins_all_and_refuses_the_rest)
{
    EACH_SEED(seed)
    {
        set_up((struct weft__virtual_config){.seed = seed, .start_fails = 2});
        for (int i = 0; i < 4; i++)
            submit_job(i, write_name);

        weft__executor_close(&pool);
        int rc = submit_job(4, write_name);
        weft__executor_close(&pool);

        cr_assert_eq(strlen(order), 4);
        cr_assert_eq(rc, -ESHUTDOWN);
        for (int i = 0; i < WEFT__EXECUTOR_DEFAULT; i++)
            cr_assert_eq(pool.threads[i], 0);
        finish();
    }
}

static _Atomic(int) fired;

static void fire(struct weft__shut *shut)
{
    cr_assert_null(shut->link);
    weft__fetch_add_relaxed(&fired, 1);
}

Test(executor, who_watches_its_end_is_told_once_when_the_last_thread_is_through)
{
    EACH_SEED(seed)
    {
        struct weft__shut first = {.fire = fire}, second = {.fire = fire}, gone = {.fire = fire},
                          late = {.fire = fire};
        set_up((struct weft__virtual_config){.seed = seed});
        weft__store_relaxed(&fired, 0);
        for (int i = 0; i < 3; i++)
            submit_job(i, block);
        wait_until_blocked(3);

        bool watch = weft__executor_shut(&pool, &first) && weft__executor_shut(&pool, &gone) &&
                     weft__executor_shut(&pool, &second);
        weft__executor_forget(&pool, &gone);
        int rc = submit_job(3, write_name), before = weft__load_relaxed(&fired);
        open_gate();
        weft__executor_close(&pool);
        bool again = weft__executor_shut(&pool, &late);
        weft__executor_forget(&pool, &first);
        weft__executor_forget(&pool, &second);
        finish();

        cr_assert(watch && !again);
        cr_assert_eq(rc, -ESHUTDOWN);
        cr_assert_eq(before, 0);
        cr_assert_eq(weft__load_relaxed(&fired), 2);
        cr_assert_eq(pool.live, 0);
    }
}

/* ---- while a thread is started or joined, which no lock is held over ---- */

static struct {
    unsigned starts;
    int (*before)(unsigned start); /* -errno: it fails */
    void (*after)(unsigned start);
    void (*at_join)(void);
} window;

static int start_with_window(weft__thread *thread, const char *name, void (*fn)(void *arg),
                             void *arg)
{
    unsigned number = ++window.starts;
    int rc = window.before ? window.before(number) : 0;

    if (rc == 0)
        rc = sys->thread_start(thread, name, fn, arg);
    if (rc == 0 && window.after)
        window.after(number);
    return rc;
}

static void join_with_window(weft__thread thread)
{
    void (*at_join)(void) = window.at_join;

    window.at_join = NULL;
    if (at_join)
        at_join();
    sys->thread_join(thread);
}

static struct weft__system system_with_window;
static weft__thread other;
static int other_rc;

static void set_up_window(uint64_t seed)
{
    set_up((struct weft__virtual_config){.seed = seed});
    system_with_window = *sys;
    system_with_window.thread_start = start_with_window;
    system_with_window.thread_join = join_with_window;
    pool.system = &system_with_window;
    memset(&window, 0, sizeof window);
}

/* What holds a job may be used for something else as soon as it runs. */
static void write_name_and_let_go(struct weft__job *job)
{
    write_name(job);
    memset(job, 0xff, sizeof *job);
}

static void submits(void *arg)
{
    (void)arg;
    other_rc = submit_job(1, write_name_and_let_go);
}

static int fails_while_another_submits(unsigned number)
{
    if (number > 1)
        return 0;
    start(&other, submits, NULL);
    pass(WEFT__SECOND);
    return -EAGAIN;
}

static void returns_when_the_gate_is_open(unsigned number)
{
    (void)number;
    while (!weft__load_acquire(&gate)) /* acquire: pairs with the release of open_gate */
        sys->wait(&gate, 0, WEFT__NEVER);
}

Test(executor, a_job_is_not_touched_any_more_once_another_ones_thread_has_it)
{
    EACH_SEED(seed)
    {
        set_up_window(seed);
        window.before = fails_while_another_submits;
        window.after = returns_when_the_gate_is_open;

        int rc = submit_job(0, write_name_and_let_go);
        open_gate();
        sys->thread_join(other);
        tear_down();

        cr_assert(rc == 0 && other_rc == 0, "there is the other one's thread");
        cr_assert_eq(strlen(order), 2);
    }
}

static void closes(void)
{
    weft__executor_close(&pool);
}

Test(executor, no_job_runs_once_it_is_closed)
{
    EACH_SEED(seed)
    {
        set_up_window(seed);
        cr_assert_eq(submit_job(0, write_name), 0);
        pass(11 * WEFT__SECOND);
        window.at_join = closes;

        int rc = submit_job(1, write_name);
        unsigned starts = window.starts;
        tear_down();

        cr_assert_eq(rc, -ESHUTDOWN);
        cr_assert_eq(starts, 1);
        cr_assert_str_eq(order, "a");
    }
}

static int shuts(unsigned number)
{
    (void)number;
    weft__executor_shut(&pool, NULL);
    return 0;
}

Test(executor, a_job_is_refused_where_it_is_shut_while_the_jobs_thread_starts)
{
    EACH_SEED(seed)
    {
        set_up_window(seed);
        window.before = shuts;

        int rc = submit_job(0, write_name);
        tear_down();

        cr_assert_eq(rc, -ESHUTDOWN);
        cr_assert_str_eq(order, "");
        cr_assert_eq(pool.live, 0);
    }
}

static int lets_another_submit_before(unsigned number)
{
    if (number > 1)
        return 0;
    start(&other, submits, NULL);
    pass(WEFT__SECOND);
    return 0;
}

Test(executor, where_all_threads_are_being_started_a_job_waits_for_them)
{
    EACH_SEED(seed)
    {
        set_up_window(seed);
        pool.size = 1;
        window.before = lets_another_submit_before;

        int rc = submit_job(0, write_name_and_let_go);
        sys->thread_join(other);
        tear_down();

        cr_assert(rc == 0 && other_rc == 0);
        cr_assert_eq(strlen(order), 2);
    }
}

Test(executor, where_the_one_thread_could_not_be_started_who_waited_for_it_starts_one)
{
    EACH_SEED(seed)
    {
        set_up_window(seed);
        pool.size = 1;
        window.before = fails_while_another_submits;

        int rc = submit_job(0, write_name_and_let_go);
        sys->thread_join(other);
        tear_down();

        cr_assert(rc == -EAGAIN && other_rc == 0);
        cr_assert_str_eq(order, "b");
    }
}

static void lets_another_take_it(unsigned number)
{
    if (number > 1)
        return;
    pass(WEFT__SECOND);
    cr_assert_eq(submit_job(1, block), 0);
}

Test(executor, a_job_has_a_thread_of_its_own_even_if_another_one_took_the_first)
{
    EACH_SEED(seed)
    {
        set_up_window(seed);
        window.after = lets_another_take_it;

        int rc = submit_job(0, block);
        wait_until_blocked(2);
        open_gate();
        tear_down();

        cr_assert_eq(rc, 0);
        cr_assert_eq(strlen(order), 2);
    }
}

static void ends_meanwhile(unsigned number)
{
    if (number > 1)
        return;
    pass(11 * WEFT__SECOND);
    cr_assert_eq(submit_job(1, write_name), 0);
}

Test(executor, a_thread_that_has_ended_before_its_start_has_returned_is_joined_afterwards)
{
    EACH_SEED(seed)
    {
        set_up_window(seed);
        window.after = ends_meanwhile;

        int rc = submit_job(0, write_name);
        tear_down();

        cr_assert_eq(rc, 0);
        cr_assert_eq(strlen(order), 2);
        cr_assert(pool.live == 0 && pool.count == 0 && pool.idle == 0);
    }
}
