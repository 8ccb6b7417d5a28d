/* SPDX-License-Identifier: MIT */
/* strand: atomic between two awaits, on any number of workers. */
#include "tests/support/workers.h"

TestSuite(strand, .timeout = 30);

struct account {
    long balance; /* plain: the strand protects it */
    _Atomic(int) inside;
    weft_strand_t *strand;
};

static void work_on(struct account *a)
{
    CHECK_INT(a->inside++, 0);
    long read = a->balance;
    sched_yield(); /* others may come in between, if they can */
    a->balance = read + 1;
    CHECK_INT(--a->inside, 0);
}

WEFT_CORO(deposits)
{
    for (int i = 0; i < 100; i++) {
        work_on(arg);
        CHECK_INT(weft_sleep(i % 10 ? 0 : WEFT_US(5)), 0);
    }
    work_on(arg);
    return 0;
}

WEFT_CORO(starts_depositors)
{
    struct account a = {.strand = weft_strand_create()};
    weft_task_t *task[8];

    CHECK(a.strand != NULL);
    CHECK(weft_strand_ref(a.strand) == a.strand);
    for (int i = 0; i < 8; i++)
        task[i] = weft_create_task(weft_coro(&deposits, &a), .strand = a.strand);
    weft_strand_unref(a.strand);
    weft_strand_unref(a.strand);
    for (int i = 0; i < 8; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    CHECK_INT(a.balance, 8 * 101);
    return 0;
}

CASE(strand, its_tasks_never_run_at_the_same_time)
{
    CHECK_INT(run(&starts_depositors, NULL), 0);
}

WEFT_CORO(has_children)
{
    weft_task_t *task[8];

    for (int i = 0; i < 8; i++)
        task[i] = weft_create_task(weft_coro(&deposits, arg));
    for (int i = 0; i < 8; i++) {
        work_on(arg);
        CHECK_INT(weft_join(task[i], NULL), 0);
        work_on(arg);
    }
    return 0;
}

WEFT_CORO(starts_a_family)
{
    struct account a = {.strand = weft_strand_create()};

    CHECK_INT(weft_join(weft_create_task(weft_coro(&has_children, &a), .strand = a.strand), NULL),
              0);
    CHECK_INT(a.balance, 8 * 101 + 16);
    weft_strand_unref(a.strand);
    return 0;
}

CASE(strand, is_inherited_by_children)
{
    CHECK_INT(run(&starts_a_family, NULL), 0);
}

WEFT_CORO(opens_a_group)
{
    struct account a = {.strand = weft_strand_create()};
    weft_taskgroup_t tg;

    CHECK_INT(weft_taskgroup_enter(&tg, .strand = a.strand), 0);
    weft_strand_unref(a.strand);
    for (int i = 0; i < 8; i++)
        CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&deposits, &a), NULL), 0);
    CHECK_INT(weft_taskgroup_exit(&tg, 0), 0);
    CHECK_INT(a.balance, 8 * 101);
    return 0;
}

CASE(strand, is_given_to_all_tasks_of_a_group)
{
    CHECK_INT(run(&opens_a_group, NULL), 0);
}

WEFT_CORO(does_nothing)
{
    (void)arg;
    return 0;
}

WEFT_CORO(has_a_pinned_task_in_a_group)
{
    weft_strand_t *strand = weft_strand_create();
    weft_taskgroup_t tg;

    CHECK_INT(weft_taskgroup_enter(&tg, .strand = strand), 0);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&does_nothing, NULL), NULL, .pinned = true),
              0);
    CHECK_INT(weft_taskgroup_create_task(&tg, weft_coro(&does_nothing, NULL), NULL, .pinned = true,
                                         .strand = strand),
              -EINVAL);
    CHECK_INT(weft_taskgroup_exit(&tg, 0), 0);
    weft_strand_unref(strand);
    return 0;
}

CASE(strand, of_a_group_is_not_for_its_pinned_tasks)
{
    CHECK_INT(run(&has_a_pinned_task_in_a_group, NULL), 0);
}

struct meeting {
    _Atomic(int) here;
    struct account account;
};

WEFT_CORO(meets_the_other)
{
    struct meeting *m = arg;

    m->here++;
    while (m->here < 2) /* blocks: only another worker can bring the second */
        sched_yield();
    return 0;
}

WEFT_CORO(starts_a_parallel_child)
{
    struct meeting *m = arg;
    weft_task_t *task = weft_create_task(weft_coro(&meets_the_other, m), .strand = WEFT_PARALLEL);

    m->here++;
    while (m->here < 2)
        sched_yield();
    return weft_join(task, NULL);
}

WEFT_CORO(starts_a_parent_in_a_strand)
{
    struct meeting m = {0};
    weft_strand_t *strand = weft_strand_create();
    int rc = weft_join(weft_create_task(weft_coro(&starts_a_parallel_child, &m), .strand = strand),
                       NULL);

    weft_strand_unref(strand);
    return rc;
}

CASE(strand, is_left_by_a_parallel_child)
{
    if (workers > 1)
        CHECK_INT(run(&starts_a_parent_in_a_strand, NULL), 0);
}

static char order[16];
static int length;

WEFT_CORO(notes_twice)
{
    order[length++] = (char)(intptr_t)arg;
    CHECK_INT(weft_sleep(0), 0);
    order[length++] = (char)(intptr_t)arg;
    return 0;
}

WEFT_CORO(starts_three_in_order)
{
    weft_strand_t *strand = weft_strand_create();
    weft_task_t *task[3];

    length = 0;
    for (intptr_t i = 0; i < 3; i++)
        task[i] = weft_create_task(weft_coro(&notes_twice, (void *)('a' + i)), .strand = strand);
    for (int i = 0; i < 3; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    order[length] = 0;
    weft_strand_unref(strand);
    return 0;
}

CASE(strand, starts_its_tasks_in_the_order_of_their_creation)
{
    char *first[3];

    CHECK_INT(run(&starts_three_in_order, NULL), 0);
    for (int i = 0; i < 3; i++) {
        first[i] = order;
        while (*first[i] && *first[i] != 'a' + i)
            first[i]++;
    }
    CHECK(first[0] < first[1] && first[1] < first[2]);
}

static void works_in_a_callback(void *account)
{
    work_on(account);
}

WEFT_CORO(mixes_callbacks_and_steps)
{
    struct account *a = arg;

    for (int i = 0; i < 50; i++) {
        CHECK_INT(weft_loop_call_soon(weft_get_running_loop(), works_in_a_callback, a, NULL), 0);
        work_on(a);
        CHECK_INT(weft_sleep(0), 0);
    }
    while (a->balance < 100)
        CHECK_INT(weft_sleep(0), 0);
    return 0;
}

WEFT_CORO(starts_one_with_callbacks)
{
    struct account a = {.strand = weft_strand_create()};

    CHECK_INT(
        weft_join(weft_create_task(weft_coro(&mixes_callbacks_and_steps, &a), .strand = a.strand),
                  NULL),
        0);
    CHECK_INT(a.balance, 100);
    weft_strand_unref(a.strand);
    return 0;
}

CASE(strand, callbacks_run_in_the_strand_of_the_code_that_registered_them)
{
    CHECK_INT(run(&starts_one_with_callbacks, NULL), 0);
}

WEFT_CORO(is_cancelled_in_a_strand)
{
    weft_strand_t *strand = weft_strand_create();
    weft_future_t *never = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(&deposits, arg), .strand = strand);

    weft_cancel(task);
    int rc = weft_join(task, NULL);
    CHECK(rc == -ECANCELED || rc == 0);
    weft_strand_unref(strand);
    weft_unref(never);
    return 0;
}

CASE_ORDERED(strand, a_cancelled_task_of_it_ends)
{
    struct account a = {0};
    CHECK_INT(run(&is_cancelled_in_a_strand, &a), 0);
}

WEFT_CORO(makes_one)
{
    weft_strand_t **strand = arg;

    *strand = weft_strand_create();
    return 0;
}

WEFT_CORO(is_given_a_foreign_one)
{
    weft_strand_t *foreign = arg;
    weft_taskgroup_t tg;
    weft_task_t *task = weft_create_task(weft_coro(&does_nothing, NULL), .strand = foreign);

    CHECK_INT(weft_join(task, NULL), -EXDEV);
    CHECK_INT(weft_taskgroup_enter(&tg, .strand = foreign), -EXDEV);
    CHECK_INT(weft_taskgroup_enter(&tg), 0);
    CHECK_INT(
        weft_taskgroup_create_task(&tg, weft_coro(&does_nothing, NULL), NULL, .strand = foreign),
        -EXDEV);
    CHECK_INT(weft_taskgroup_exit(&tg, 0), 0);
    return 0;
}

CASE(strand, of_another_loop_is_refused)
{
    weft_loop_t *other;
    weft_strand_t *foreign = NULL;

    CHECK_INT(weft_new_event_loop(&other, .workers = workers), 0);
    CHECK_INT(weft_loop_run_until_complete(other, weft_coro(&makes_one, &foreign), NULL), 0);
    CHECK_INT(run(&is_given_a_foreign_one, foreign), 0);
    weft_strand_unref(foreign);
    weft_loop_unref(other);
}

CASE(strand, outside_of_a_loop_there_is_none)
{
    CHECK(weft_strand_create() == NULL);
    weft_strand_unref(NULL);
    weft_strand_unref(WEFT_PARALLEL);
    CHECK(weft_strand_ref(NULL) == NULL);
}
