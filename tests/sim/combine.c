/* SPDX-License-Identifier: MIT */
/*
 * Random trees of groups, scopes, waits, races, shields under random cancels, on one to four
 * workers, by the seed.
 *
 * Each task does a few things at random, most of which make tasks that do the same, a few levels
 * deep; in some runs a task factory starts part of them eagerly. Anybody cancels any task at any
 * time, and deadlines expire, so that cancels meet each step of each wait.
 *
 * What is checked
 *   - what a group or a race made has ended when it returns
 *   - in a cancelled scope a suspension fails, and only the outcomes come out that may
 *   - what a scope or a group put into its task is gone when it is left
 *   - nothing is lost: all tasks end. A wake-up that is lost leaves a task behind for ever, and the
 *     driver says that nothing can move
 *   - the same seed gives the same run
 */
#include "loop.h"
#include "runtime/core/task.h"
#include "runtime/sched/loop.h"
#include "weft.h"

enum { USERS = 4, ROUNDS = 5, DEPTH = 3, MOST = 3, KNOWN = 64, STEPS = 40 };

static struct {
    weft_loop_t *loop;
    weft_task_t *known[KNOWN]; /* references: whom anybody may cancel */
    unsigned next;
    bool cancelling;
} world;

static uint64_t acts, cancelled;

static int act(int depth);

static bool is_possible(int rc)
{
    return rc == 0 || rc == -ECANCELED || rc == -ETIMEDOUT || rc == -EIO || rc == WEFT_EGROUP;
}

WEFT_CORO(worker)
{
    int rc = act((int)(intptr_t)arg);
    return rc == 0 && sim_one_in(8) ? -EIO : rc;
}

static weft_coro_t *child(int depth)
{
    return weft_coro(&worker, (void *)(intptr_t)(depth - 1));
}

/* Nobody else may have looked at its error. */
static void forget(weft_task_t *task)
{
    if (task)
        weft_exception(task);
    weft_unref(task);
}

static weft_task_t *know(weft_task_t *task)
{
    unsigned i = world.next++ % KNOWN;
    weft_task_t *old = world.known[i];

    world.known[i] = weft_ref(task);
    forget(old); /* at last: nobody finds it there any more */
    return task;
}

static weft_task_t *child_task(int depth)
{
    return know(weft_create_task(child(depth)));
}

/* With a reference of its own: that of `known` may be dropped meanwhile. */
static void cancel_one(void)
{
    weft_task_t *task;

    if (!world.cancelling)
        return;
    task = weft_ref(world.known[sim_below(KNOWN)]);
    weft_cancel(task);
    weft_unref(task);
}

static int rest(void)
{
    if (sim_one_in(16))
        weft__virtual_burn(sim_below(3000000));
    if (sim_one_in(8))
        cancel_one();
    return weft_sleep(sim_one_in(2) ? 0 : WEFT_US(sim_below(100)));
}

/* ---- what a task does ---- */

static int in_group(int depth)
{
    weft_taskgroup_t tg;
    weft_task_t *task[MOST];
    unsigned count = 0;
    int rc;

    if (sim_one_in(16)) {
        memset(&tg, 0, sizeof tg);
        weft_taskgroup_cancel(&tg);
    }
    SIM_CHECK(weft_taskgroup_enter(&tg) == 0);
    rc = sim_one_in(2) ? rest() : 0;
    for (uint32_t n = sim_below(MOST + 1); n > 0; n--) {
        if (weft_taskgroup_create_task(&tg, child(depth), &task[count]) == 0)
            know(task[count++]);
    }
    if (rc == 0 && sim_one_in(2))
        rc = act(depth - 1);
    if (sim_one_in(8))
        weft_taskgroup_cancel(&tg);
    rc = weft_taskgroup_exit(&tg, rc);
    for (unsigned i = 0; i < count; i++) {
        SIM_CHECK(weft_done(task[i]));
        weft_unref(task[i]);
    }
    return rc;
}

/* What never comes is not waited for in a cancelled scope. */
static void suspend_in_vain(void)
{
    weft_future_t *never = weft_create_future(NULL);
    weft_awaitable_t *aws[] = {never};
    size_t done;

    SIM_CHECK(weft_effective_deadline() == INT64_MIN);
    SIM_CHECK(weft_sleep(0) == -ECANCELED);
    SIM_CHECK(weft_sleep(WEFT_NONE) == -ECANCELED);
    SIM_CHECK(weft_wait(aws, 1, WEFT_NONE, WEFT_ALL_COMPLETED, &done) == -ECANCELED);
    SIM_CHECK(weft_await(never, NULL) == -ECANCELED);
    weft_unref(never);
}

static int in_scope(int depth)
{
    weft_scope_t scope;
    bool shield = sim_one_in(4), fails = sim_one_in(2);
    int rc;

    if (shield)
        rc = weft_scope_enter(&scope, weft_loop_time(world.loop) + WEFT_US(sim_below(200)), true);
    else
        rc = fails ? weft_fail_after(&scope, WEFT_US(sim_below(200)))
                   : weft_move_on_after(&scope, WEFT_US(sim_below(200)));
    SIM_CHECK(rc == 0);
    rc = act(depth - 1);
    if (sim_one_in(4))
        weft_scope_cancel(&scope);
    if (weft_scope_cancelled(&scope))
        suspend_in_vain();
    return weft_scope_exit(&scope, rc);
}

static int in_timeout(int depth)
{
    weft_timeout_t t;

    SIM_CHECK(weft_timeout_enter(&t, WEFT_US(sim_below(200))) == 0);
    int rc = act(depth - 1);
    if (sim_one_in(4) && !weft_timeout_expired(&t)) {
        int moved =
            weft_timeout_reschedule(&t, weft_loop_time(world.loop) + WEFT_US(sim_below(100)));
        SIM_CHECK(moved == 0 || moved == WEFT_EINVALIDSTATE);
    }
    return weft_timeout_exit(&t, rc);
}

/* Waits once or twice, then ends what is left. */
static int waits(int depth)
{
    weft_awaitable_t *aws[MOST];
    size_t done = 0;
    int rc;

    for (int i = 0; i < MOST; i++)
        aws[i] = child_task(depth);
    rc = weft_wait(aws, MOST, sim_one_in(2) ? WEFT_NONE : WEFT_US(sim_below(100)),
                   (int)sim_below(3), &done);
    for (size_t i = 0; i < MOST; i++) {
        SIM_CHECK(rc < 0 || i >= done || weft_done(aws[i]));
        if (sim_one_in(2))
            weft_cancel(aws[i]);
        if (rc == 0 && sim_one_in(2))
            rc = weft_await(aws[i], NULL);
        weft_unref(aws[i]);
    }
    return rc;
}

static int races(int depth)
{
    size_t winner = 9;
    weft_awaitable_t *aws[MOST];
    int rc;

    for (int i = 0; i < MOST; i++)
        aws[i] = weft_ref(child(depth));
    if (sim_one_in(2)) {
        rc = weft_race(WEFT_ARRAY(aws, MOST), &winner, NULL);
        SIM_CHECK(rc == -ECANCELED || winner < MOST);
    } else {
        rc = weft_staggered_race(WEFT_ARRAY(aws, MOST), WEFT_US(sim_below(100)), &winner, NULL);
        SIM_CHECK((rc == 0) == (winner < MOST));
        SIM_CHECK(rc != WEFT_EGROUP || weft_error_count(weft_last_error()) == MOST);
    }
    for (int i = 0; i < MOST; i++) { /* one that was never started is closed */
        SIM_CHECK(!weft_iscoroutine(aws[i]) && (!weft_isfuture(aws[i]) || weft_done(aws[i])));
        weft_unref(aws[i]);
    }
    return rc;
}

static int iterates(int depth)
{
    weft_as_completed_t *it =
        weft_as_completed(WEFT_AWS(child_task(depth), child(depth), child_task(depth)),
                          sim_one_in(2) ? WEFT_NONE : WEFT_US(sim_below(200)));
    weft_awaitable_t *aw;
    unsigned taken = 0;
    int rc = 1;

    for (int i = 0; i < 6 && (rc > 0 || rc == -ETIMEDOUT); i++) {
        rc = weft_as_completed_next(it, &aw);
        SIM_CHECK(rc <= 0 || weft_done(aw));
        taken += rc > 0;
        if (sim_one_in(8))
            break;
    }
    SIM_CHECK(taken <= 3);
    weft_as_completed_free(it);
    return rc < 0 ? rc : 0;
}

static int shields(int depth)
{
    weft_task_t *task = child_task(depth);
    int rc = weft_join(weft_shield(task), NULL);

    if (sim_one_in(2))
        weft_cancel(task);
    weft_unref(task);
    return rc;
}

static int gathers(int depth)
{
    weft_result_t r[2];

    return weft_gather(WEFT_AWS(child_task(depth), child(depth)), r,
                       .return_exceptions = sim_one_in(2));
}

/* Deeper than gathers are cancelled within each other. */
static int nests(int depth)
{
    weft_future_t *future = child_task(depth);

    for (uint32_t n = sim_below(24); n > 0; n--)
        future = know(sim_one_in(8) ? weft_gather_future(WEFT_AWS(future, child_task(0)))
                                    : weft_gather_future(WEFT_AWS(future)));
    return weft_join(future, NULL);
}

WEFT_CORO(completes)
{
    weft_set_result(arg, NULL);
    return 0;
}

/* So deep that the innermost is the first that is put off (async/gather.c): when it has taken the
 * cancel, it ends so, though its child is done before it is taken up. */
static int cancels_a_nest(int depth)
{
    weft_future_t *leaf = weft_create_future(NULL);
    weft_future_t *innermost = weft_gather_future(WEFT_AWS(weft_ref(leaf)));
    weft_future_t *outermost = weft_ref(innermost);
    weft_task_t *other = weft_create_task(weft_coro(&completes, leaf));

    (void)depth;
    for (int n = 1; n < 10; n++)
        outermost = weft_gather_future(WEFT_AWS(outermost));
    if (sim_one_in(2))
        weft__virtual_burn(sim_below(2000)); /* another worker finds the other one */
    bool taken = weft_cancel(outermost);
    int rc = weft_join(outermost, NULL);
    SIM_CHECK(!taken || weft_result(innermost, NULL) == -ECANCELED);
    (void)!weft_join(other, NULL);
    weft_unref(innermost);
    weft_unref(leaf);
    return rc;
}

static int act(int depth)
{
    static int (*const what[])(int) = {in_group, in_scope, in_timeout, waits, races,
                                       iterates, shields,  gathers,    nests, cancels_a_nest};
    int rc = 0;

    acts++;
    if (depth <= 0 || sim_one_in(3))
        rc = rest();
    else
        rc = what[sim_below(sizeof what / sizeof *what)](depth);
    SIM_CHECK(is_possible(rc));
    cancelled += rc == -ECANCELED;
    return rc;
}

/* ---- the run ---- */

WEFT_CORO(user)
{
    for (uint32_t n = 1 + sim_below(ROUNDS); n > 0; n--) {
        int rc = act(DEPTH);
        SIM_CHECK(is_possible(rc));
        if (!world.cancelling) {
            SIM_CHECK(weft_cancelling(weft_current_task()) == 0);
            SIM_CHECK(weft_sleep(0) == 0);
        }
    }
    return 0;
}

static void foreign(void *arg)
{
    (void)arg;
    for (int i = 0; i < STEPS; i++) {
        sim_idle(sim_below(50000));
        cancel_one();
    }
}

static void ignore(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    (void)context;
    (void)arg;
}

static size_t others(void)
{
    weft_task_t **tasks;
    size_t count;

    SIM_CHECK(weft_all_tasks(NULL, &tasks, &count) == 0);
    for (size_t i = 0; i < count; i++)
        weft_unref(tasks[i]);
    free(tasks);
    return count - 1;
}

WEFT_CORO(root)
{
    weft_strand_t *strand = sim_one_in(4) ? weft_strand_create() : NULL;
    weft_task_t *task[USERS];

    for (int i = 0; i < USERS; i++)
        task[i] = know(
            weft_create_task(weft_coro(&user, NULL), .strand = strand ? strand : WEFT_PARALLEL));
    for (int i = 0; i < USERS; i++) {
        int rc = weft_join(task[i], NULL);
        SIM_CHECK(rc == 0 || (world.cancelling && rc == -ECANCELED));
    }
    while (others() > 0) /* what waits, shields and iterators have left running */
        SIM_CHECK(weft_sleep(WEFT_MS(1)) == 0);
    weft_strand_unref(strand);
    return 0;
}

static weft_task_t *sometimes_eager(weft_loop_t *loop, weft_coro_t *coro,
                                    const weft_task_opts_t *opts, void *arg)
{
    weft_task_opts_t some = *opts;

    (void)arg;
    some.eager_start = sim_one_in(3) ? WEFT_EAGER_ON : WEFT_EAGER_OFF;
    return weft_new_task_opts(loop, coro, &some);
}

static uint64_t run(uint64_t seed)
{
    sim_begin(weft__virtual_swarm(seed), 100 * WEFT__SECOND);
    memset(&world, 0, sizeof world);
    world.cancelling = !sim_one_in(4);
    world.loop = sim_loop_new();
    weft_loop_set_exception_handler(world.loop, ignore, NULL);
    if (sim_one_in(2))
        weft_loop_set_task_factory(world.loop, sometimes_eager, NULL);
    uint64_t hash = sim_loop_run(world.loop, &root, foreign);
    for (unsigned i = 0; i < KNOWN; i++)
        forget(world.known[i]);
    sim_loop_end(world.loop);
    sim_end();
    return hash;
}

int main(int argc, char **argv)
{
    int rc = sim_main(argc, argv, run, 300, false);

    printf("  %" PRIu64 " acts, %" PRIu64 " cancelled\n", acts, cancelled);
    return rc;
}
