/* SPDX-License-Identifier: MIT */
/* inspect: what the runtime counts, where tasks stand. */
#include <dlfcn.h>
#include <stdlib.h>

#include "tests/support/workers.h"

TestSuite(inspect, .timeout = 30);

WEFT_CORO(yields)
{
    for (int i = 0; i < 10; i++)
        CHECK_INT(weft_sleep(0), 0);
    return 0;
}

WEFT_CORO(counts)
{
    weft_stats_t before = {.size = sizeof before}, after = {.size = sizeof after};
    weft_worker_stats_t worker = {.size = sizeof worker};
    weft_task_t *task[10];
    uint64_t switches = 0;

    CHECK_INT(weft_loop_stats(NULL, &before), 0);
    CHECK_INT(before.size, sizeof before);
    CHECK_INT(before.workers, workers);
    for (int i = 0; i < 10; i++)
        task[i] = weft_create_task(weft_coro(&yields, NULL));
    for (int i = 0; i < 10; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    CHECK_INT(weft_sleep(WEFT_MS(2)), 0);
    CHECK_INT(weft_loop_stats(weft_get_running_loop(), &after), 0);
    CHECK_INT(after.spawned - before.spawned, 10);
    CHECK(after.switches > before.switches);
    CHECK(after.parks >= before.parks && after.steals >= before.steals);
    for (unsigned i = 0; i < workers; i++) {
        CHECK_INT(weft_loop_worker_stats(NULL, i, &worker), 0);
        CHECK(worker.cpu_ns >= 0);
        switches += worker.switches;
    }
    CHECK(switches >= after.switches);
    CHECK_INT(weft_loop_worker_stats(NULL, workers, &worker), -EINVAL);
    worker.size = sizeof worker.size - 1;
    CHECK_INT(weft_loop_worker_stats(NULL, 0, &worker), -EINVAL);
    after.size = 0;
    CHECK_INT(weft_loop_stats(NULL, &after), -EINVAL);
    CHECK_INT(weft_loop_stats(NULL, NULL), -EINVAL);
    return 0;
}

CASE(inspect, counters_grow_and_add_up)
{
    CHECK_INT(run(&counts, NULL), 0);
}

CASE(inspect, of_a_loop_that_does_not_run)
{
    weft_stats_t stats = {.size = sizeof stats};
    weft_worker_stats_t worker = {.size = sizeof worker};
    weft_loop_t *loop = NULL;

    CHECK_INT(weft_loop_stats(NULL, &stats), -EPERM);
    CHECK_INT(weft_loop_worker_stats(NULL, 0, &worker), -EPERM);
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    CHECK_INT(weft_loop_stats(loop, &stats), 0);
    CHECK_INT(stats.workers, workers);
    CHECK_INT(stats.spawned, 0);
    CHECK_INT(weft_loop_close(loop), 0);
    CHECK_INT(weft_loop_stats(loop, &stats), 0);
    CHECK_INT(weft_loop_worker_stats(loop, 0, &worker), 0);
    weft_loop_unref(loop);
}

/* ---- stacks ---- */

enum { DEPTH = 100 };

static void *place; /* where the task's own function goes on after its call */
static weft_future_t *stands, *gate;

static __attribute__((noinline)) int waits_deeper(int levels)
{
    int rc;

    if (levels > 0) {
        rc = waits_deeper(levels - 1);
        return rc < 0 ? rc - 1 : rc;
    }
    weft_set_result(stands, NULL);
    return weft_await(gate, NULL);
}

static __attribute__((noinline)) int waits(void)
{
    place = __builtin_return_address(0);
    int rc = waits_deeper(5);
    return rc < 0 ? rc - 1 : rc; /* not a tail call */
}

WEFT_CORO(waits_inside)
{
    int rc = waits();

    CHECK_INT(rc, 0);
    return rc;
}

static bool contains(void *const *frames, int count, const void *address)
{
    for (int i = 0; i < count; i++) {
        if (frames[i] == address)
            return true;
    }
    return false;
}

/* Until it stands still: it may be about to suspend, after what it did last. */
static int stack_of(weft_task_t *task, void **frames, size_t capacity)
{
    int count;

    while ((count = weft_get_stack(task, frames, capacity)) == -EBUSY)
        CHECK_INT(weft_sleep(0), 0);
    return count;
}

static weft_task_t *standing(const weft_corofn_t *fn, void *arg)
{
    stands = weft_create_future(NULL);
    gate = weft_create_future(NULL);
    weft_task_t *task = weft_create_task(weft_coro(fn, arg), .name = "standing");
    CHECK_INT(weft_join(stands, NULL), 0);
    return task;
}

static void let_go(weft_task_t *task)
{
    CHECK_INT(weft_set_result(gate, NULL), 0);
    CHECK_INT(weft_join(task, NULL), 0);
    weft_unref(gate);
}

WEFT_CORO(looks_at_one_that_waits)
{
    void *frames[DEPTH];
    weft_task_t *task = standing(&waits_inside, NULL);
    int count = stack_of(task, frames, DEPTH);

    CHECK(count > 6);
    CHECK(contains(frames, count, place));
    CHECK_INT(stack_of(task, frames, 3), 3);
    CHECK_INT(stack_of(task, frames, 0), 0);
    CHECK(weft_get_coro(task) == &waits_inside && weft_get_coro(gate) == NULL);
    weft_ref(task);
    let_go(task);
    CHECK_INT(weft_get_stack(task, frames, DEPTH), 0);
    weft_unref(task);
    stands = weft_create_future(NULL);
    CHECK_INT(weft_get_stack(stands, frames, DEPTH), -EPROTOTYPE);
    weft_unref(stands);
    return 0;
}

CASE(inspect, the_whole_stack_of_a_task_that_waits)
{
    CHECK_INT(run(&looks_at_one_that_waits, NULL), 0);
    CHECK_INT(weft_get_stack(NULL, NULL, 0), -EPERM);
}

WEFT_CORO(has_an_inlined_child)
{
    return weft_join(weft_create_task(weft_coro(&waits_inside, NULL)), NULL);
}

WEFT_CORO(looks_at_a_parent)
{
    void *frames[DEPTH];
    weft_task_t *task = standing(&has_an_inlined_child, NULL);
    int count = stack_of(task, frames, DEPTH);

    CHECK(count > 2);
    let_go(task);
    return 0;
}

CASE(inspect, a_parent_is_seen_with_or_without_the_child_on_its_stack)
{
    CHECK_INT(run(&looks_at_a_parent, NULL), 0);
}

static __attribute__((noinline)) int own(void **frames)
{
    place = __builtin_return_address(0);
    return weft_get_stack(NULL, frames, DEPTH);
}

WEFT_CORO(looks_at_itself)
{
    void *frames[DEPTH];
    int count = own(frames);

    CHECK(count > 2);
    CHECK(contains(frames, count, place));
    return 0;
}

CASE(inspect, the_running_task_sees_its_own)
{
    CHECK_INT(run(&looks_at_itself, NULL), 0);
}

WEFT_CORO(prints)
{
    char *text;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    weft_task_t *task = standing(&waits_inside, NULL);

    while (weft_print_stack(task, file) == -EBUSY)
        CHECK_INT(weft_sleep(0), 0);
    let_go(task);
    fclose(file);
    CHECK(strstr(text, "Stack of standing, created at " __FILE__));
    CHECK(strstr(text, "#0 "));
    CHECK(strstr(text, "+0x")); /* of a function or, where the compiler left none, of a file */
    free(text);
    return 0;
}

CASE(inspect, a_stack_is_printed_with_the_place_of_each_frame)
{
    CHECK_INT(run(&prints, NULL), 0);
}

/* ---- the report of a slow step ---- */

static char steps[8][192]; /* those of the task that stands */
static unsigned step_count;

static void keeps_steps(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    char name[16] = "";

    (void)loop;
    (void)arg;
    if (context->task)
        weft_get_name(context->task, name, sizeof name);
    if (strcmp(name, "standing") == 0 && step_count < 8)
        snprintf(steps[step_count++], sizeof steps[0], "%s", context->message);
}

/* The name of [frame] in the printed stack of [task]. */
static void name_frame(weft_task_t *task, int frame, char *name, size_t size)
{
    char *text, mark[16], *line;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    while (weft_print_stack(task, file) == -EBUSY)
        CHECK_INT(weft_sleep(0), 0);
    fclose(file);
    snprintf(mark, sizeof mark, "#%d ", frame);
    line = strstr(text, mark);
    if (CHECK(line))
        snprintf(name, size, "%.*s", (int)strcspn(line + strlen(mark), "\n"), line + strlen(mark));
    free(text);
}

/* Where the program itself stands in [task]: above that are the library's calls. */
static void find_call(weft_task_t *task, char *name, size_t size)
{
    void *frames[DEPTH];
    Dl_info ours, its = {0};
    int count = stack_of(task, frames, DEPTH), i = 0;

    CHECK(dladdr((void *)find_call, &ours));
    while (i < count && dladdr(frames[i], &its) && its.dli_fbase != ours.dli_fbase)
        i++;
    CHECK(i < count);
    name_frame(task, i, name, size);
}

WEFT_CORO(has_slow_steps)
{
    weft_loop_t *loop = weft_get_running_loop();
    weft_task_t *task;
    char call[128], want[192];

    step_count = 0;
    weft_loop_set_exception_handler(loop, keeps_steps, NULL);
    weft_loop_set_debug(loop, true);
    CHECK_INT(weft_sleep(0), 0);
    weft_loop_set_slow_callback_duration(loop, 0); /* no step is faster */
    task = standing(&waits_inside, NULL);
    find_call(task, call, sizeof call);
    snprintf(want, sizeof want, ", until its call at %s", call);
    let_go(task);
    weft_loop_set_slow_callback_duration(loop, WEFT_NONE);
    weft_loop_set_debug(loop, false);
    CHECK_INT(step_count, 2);
    CHECK(strstr(steps[0], want));
    CHECK(!strstr(steps[1], "call")); /* it returned */
    return 0;
}

CASE(inspect, the_report_of_a_slow_step_says_where_it_ended)
{
    CHECK_INT(run(&has_slow_steps, NULL), 0);
}

/* What is looked at again and again is cancelled and woken none the worse. */

enum { ROUNDS = 300 };

WEFT_CORO(is_disturbed)
{
    intptr_t cancelled = 0;

    for (int i = 0; i < ROUNDS; i++) {
        int rc = weft_sleep(i % 3 == 0 ? 0 : 10000);
        cancelled += rc == -ECANCELED;
        while (weft_cancelling(weft_current_task()) > 0 && rc == -ECANCELED)
            weft_uncancel(weft_current_task());
    }
    *result = (void *)cancelled;
    return 0;
}

WEFT_CORO(looks_again_and_again)
{
    void *frames[DEPTH];

    while (!weft_done(arg)) {
        int count = weft_get_stack(arg, frames, DEPTH);
        CHECK(count >= 0 || count == -EBUSY);
        CHECK_INT(weft_sleep(0), 0);
    }
    return 0;
}

WEFT_CORO(disturbs)
{
    weft_task_t *task = weft_create_task(weft_coro(&is_disturbed, NULL)), *looker[3];

    for (int i = 0; i < 3; i++)
        looker[i] = weft_create_task(weft_coro(&looks_again_and_again, task));
    while (!weft_done(task)) {
        weft_cancel(task);
        CHECK_INT(weft_sleep(20000), 0);
    }
    for (int i = 0; i < 3; i++)
        CHECK_INT(weft_join(looker[i], NULL), 0);
    weft_unref(task);
    return 0;
}

CASE(inspect, to_look_disturbs_neither_cancels_nor_wake_ups)
{
    CHECK_INT(run(&disturbs, NULL), 0);
}

/* ---- from an exception handler ---- */

static int told;

static void looks_at_all(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    weft_task_t **tasks;
    size_t count;
    void *frames[8];

    (void)context;
    (void)arg;
    told++;
    CHECK_INT(weft_all_tasks(loop, &tasks, &count), 0);
    for (size_t i = 0; i < count; i++) {
        CHECK(weft_get_stack(tasks[i], frames, 8) >= -EBUSY);
        weft_unref(tasks[i]);
    }
    free(tasks);
}

WEFT_CORO(never_ends)
{
    return weft_sleep(WEFT_NONE);
}

WEFT_CORO(leaves_some_behind)
{
    for (int i = 0; i < 3; i++)
        weft_unref(weft_create_task(weft_coro(&never_ends, NULL)));
    return weft_sleep(WEFT_MS(1));
}

CASE(inspect, a_handler_may_look_at_tasks_that_end_with_their_loop)
{
    weft_loop_t *loop;

    told = 0;
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers), 0);
    weft_loop_set_exception_handler(loop, looks_at_all, NULL);
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&leaves_some_behind, NULL), NULL), 0);
    CHECK_INT(weft_loop_close(loop), 0);
    CHECK_INT(told, 3);
    weft_loop_unref(loop);
}

WEFT_CORO(drops_a_coroutine_with_an_error_in_it)
{
    weft_future_t *future = weft_create_future(NULL);

    told = 0;
    weft_loop_set_exception_handler(weft_get_running_loop(), looks_at_all, NULL);
    weft_set_exception(future, -EIO);
    weft_coro_t *coro = weft_wait_for_coro(future, WEFT_S(1));
    weft_unref(future);
    weft_coro_close(coro);
    CHECK_INT(told, 1); /* of an error that nobody has looked at */
    return 0;
}

CASE(inspect, a_walk_from_a_report_leaves_the_coroutine_alone_that_is_going)
{
    CHECK_INT(run(&drops_a_coroutine_with_an_error_in_it, NULL), 0);
}
