/* SPDX-License-Identifier: MIT */
/* deadlock: a loop in which nothing can go on says so, once, and to nobody's harm. */
#include "runtime/sched/deadlock.h"

#include <signal.h>

#include "runtime/base/symbol.h"
#include "tests/unit/loop_support.h"
#include "weft/thread.h"

TestSuite(deadlock, .timeout = 60);

static char told[1024];
static unsigned times;
static int64_t began, when;
static weft_task_t *to_cancel; /* by the handler, so that the run ends */
static weft_task_t *a;         /* of a circle that no cancel ends: the run is stopped */

static void tells(struct weft_loop *l, const weft_exception_context_t *context, void *arg)
{
    (void)arg;
    if (strncmp(context->message, "deadlock", 8) != 0)
        return;
    snprintf(told, sizeof told, "%s", context->message);
    times++;
    when = sys->now();
    if (to_cancel)
        weft_cancel(to_cancel);
    else if (a)
        weft_loop_stop(l);
}

static weft_future_t *never;
static weft__thread other;
static const weft_corofn_t *beside; /* what a does beside that thread; NULL: there is none */

static int run_told(const weft_corofn_t *fn, unsigned workers, int order)
{
    told[0] = '\0';
    times = 0;
    open_loop_in(
        &(struct weft__virtual_config){.seed = workers, .time_limit = 100000 * WEFT__SECOND},
        workers, order);
    weft_loop_set_exception_handler(loop, tells, NULL);
    return run_main(fn, NULL);
}

static void end_loop(void)
{
    if (beside)
        sys->thread_join(other);
    close_loop();
    if (a) { /* its tasks have waited to the end */
        weft_unref(a);
        weft_exception(never); /* none is reported as never retrieved */
        weft_unref(never);
    }
    a = NULL;
}

#define EACH_LOOP(fn, check)                                                                       \
    do {                                                                                           \
        static const struct {                                                                      \
            unsigned workers;                                                                      \
            int order;                                                                             \
        } each[] = {                                                                               \
            {1, WEFT_ORDER_ASYNCIO},                                                               \
            {1, WEFT_ORDER_FREE},                                                                  \
            {2, WEFT_ORDER_FREE},                                                                  \
            {4, WEFT_ORDER_FREE},                                                                  \
        };                                                                                         \
        for (size_t i = 0; i < 4; i++) {                                                           \
            int rc = run_told((fn), each[i].workers, each[i].order);                               \
            check;                                                                                 \
            end_loop();                                                                            \
        }                                                                                          \
    } while (0)

/* ---- what is reported ---- */

WEFT_CORO(awaits_what_never_comes)
{
    never = weft_create_future(NULL);
    to_cancel = weft_current_task();
    weft_set_name(to_cancel, "lost");
    began = sys->now();
    int rc = weft_sleep(WEFT_S(5));
    if (rc == 0)
        rc = weft_await(never, NULL);
    weft_unref(never);
    return rc;
}

Test(deadlock, a_task_that_awaits_what_nobody_can_complete_is_named)
{
    EACH_LOOP(&awaits_what_never_comes, {
        cr_expect_eq(rc, -ECANCELED);
        cr_expect_eq(times, 1);
        cr_expect_not_null(strstr(told, "nothing is in flight"), "%s", told);
        cr_expect_not_null(strstr(told, "\n  lost, created at "), "%s", told);
        cr_expect_not_null(strstr(told, ", awaits future"), "%s", told);
        cr_expect_null(strstr(told, "circle"), "%s", told);
        cr_expect(when - began >= 6 * WEFT__SECOND && when - began < 6 * WEFT__SECOND + MS);
    });
}

static weft_task_t *ring[3];

WEFT_CORO(awaits_the_next)
{
    int rc = weft_await(never, NULL);

    return rc < 0 ? rc : weft_await(ring[((intptr_t)arg + 1) % 3], NULL);
}

WEFT_CORO(has_a_ring)
{
    static const char *const name[] = {"stone", "paper", "scissors"};
    int rc = 0;

    never = weft_create_future(NULL);
    for (intptr_t i = 0; i < 3; i++)
        ring[i] = weft_create_task(weft_coro(&awaits_the_next, (void *)i), .name = name[i]);
    to_cancel = ring[0];
    weft_set_result(never, NULL);
    for (int i = 0; i < 3; i++)
        rc += weft_await(ring[i], NULL) == -ECANCELED;
    for (int i = 0; i < 3; i++) /* not before: each borrows the next */
        weft_unref(ring[i]);
    weft_unref(never);
    return rc;
}

Test(deadlock, tasks_that_await_each_other_are_named_in_their_circle)
{
    EACH_LOOP(&has_a_ring, {
        cr_expect_eq(rc, 0);
        cr_expect_eq(times, 1);
        cr_expect(strstr(told, "circle: stone -> paper -> scissors -> and so on") ||
                      strstr(told, "circle: paper -> scissors -> stone -> and so on") ||
                      strstr(told, "circle: scissors -> stone -> paper -> and so on"),
                  "%s", told);
        cr_expect_not_null(strstr(told, ", awaits paper"), "%s", told);
    });
}

/* ---- circles by what waits for several ---- */

WEFT_CORO(awaits_a)
{
    return weft_await(a, NULL);
}

static weft_task_t *new_b(void)
{
    return weft_create_task(weft_coro(&awaits_a, NULL), .name = "b");
}

WEFT_CORO(awaits_never)
{
    return weft_await(never, NULL);
}

static weft_task_t *new_c(void)
{
    return weft_create_task(weft_coro(&awaits_never, NULL), .name = "c");
}

WEFT_CORO(gathers)
{
    return weft_gather(WEFT_AWS(new_b(), new_c()), NULL);
}

WEFT_CORO(gathers_a_gather)
{
    return weft_gather(WEFT_AWS(weft_gather_future(WEFT_AWS(new_b(), new_c()))), NULL);
}

WEFT_CORO(has_a_group)
{
    weft_taskgroup_t group;
    int rc = weft_taskgroup_enter(&group);

    if (rc == 0)
        rc = weft_taskgroup_create_task(&group, weft_coro(&awaits_never, NULL), NULL, .name = "c");
    if (rc == 0)
        rc = weft_taskgroup_create_task(&group, weft_coro(&awaits_a, NULL), NULL, .name = "b");
    return weft_taskgroup_exit(&group, rc);
}

WEFT_CORO(waits_for_all)
{
    weft_task_t *task[] = {new_c(), new_b()};
    weft_awaitable_t *aws[] = {task[0], task[1]};
    size_t done;
    int rc = weft_wait(aws, 2, WEFT_NONE, WEFT_ALL_COMPLETED, &done);

    for (int i = 0; i < 2; i++)
        weft_unref(task[i]);
    return rc;
}

WEFT_CORO(shields)
{
    return weft_join(weft_shield(new_b()), NULL);
}

static const weft_corofn_t *const by_several[] = {&gathers, &gathers_a_gather, &has_a_group,
                                                  &waits_for_all, &shields};
static size_t form;

WEFT_CORO(awaits_by_several)
{
    to_cancel = NULL;
    never = weft_create_future(NULL);
    a = weft_create_task(weft_coro(by_several[form], NULL), .name = "a");
    return weft_await(a, NULL);
}

/* What is said of [name]. */
static const char *line_of(const char *name)
{
    static char line[256];
    char begin[32];

    snprintf(begin, sizeof begin, "\n  %s, ", name);
    const char *found = strstr(told, begin);
    snprintf(line, sizeof line, "%.*s", found ? (int)strcspn(found + 1, "\n") : 0,
             found ? found + 1 : "");
    return line;
}

Test(deadlock, what_waits_for_several_is_seen_through_and_its_circle_is_named)
{
    for (form = 0; form < sizeof by_several / sizeof by_several[0]; form++) {
        const char *name = by_several[form]->name;
        EACH_LOOP(&awaits_by_several, {
            cr_expect_eq(rc, WEFT_ESTOPPED, "%s: %d", name, rc);
            cr_expect_eq(times, 1, "%s", name);
            cr_expect(strstr(told, "circle: a -> b -> and so on") ||
                          strstr(told, "circle: b -> a -> and so on"),
                      "%s: %s", name, told);
            cr_expect(strstr(line_of("a"), ", awaits b") || strstr(line_of("a"), ", awaits c, b"),
                      "%s: %s", name, line_of("a"));
            cr_expect_not_null(strstr(line_of("b"), ", awaits a"), "%s: %s", name, told);
        });
    }
}

/* In the body of a group: its task is not what is waited for there. */
WEFT_CORO(waits_in_a_body)
{
    static weft_event_t event = WEFT_EVENT_INIT;
    weft_taskgroup_t group;
    int rc = weft_taskgroup_enter(&group);

    to_cancel = weft_current_task();
    weft_set_name(to_cancel, "body");
    never = weft_create_future(NULL);
    if (rc == 0)
        rc = weft_taskgroup_create_task(&group, weft_coro(&awaits_never, NULL), NULL, .name = "c");
    if (rc == 0)
        rc = weft_event_wait(&event);
    rc = weft_taskgroup_exit(&group, rc);
    weft_unref(never);
    return rc;
}

Test(deadlock, in_the_body_of_a_group_its_tasks_are_not_awaited_yet)
{
    EACH_LOOP(&waits_in_a_body, {
        cr_expect_eq(rc, -ECANCELED);
        cr_expect_not_null(strstr(line_of("body"), ", waits: event"), "%s", told);
        cr_expect_null(strstr(told, "circle"), "%s", told);
    });
}

/* ---- circles while there is another thread ---- */

static void fails_later(void *arg)
{
    (void)arg;
    _Atomic(uint32_t) word = 0;

    sys->wait(&word, 0, sys->now() + 100 * WEFT__SECOND);
    weft_set_exception(never, -EIO);
}

WEFT_CORO(awaits_a_beside_a_thread)
{
    to_cancel = NULL;
    never = weft_create_future(NULL);
    start(&other, fails_later, NULL);
    began = sys->now();
    a = weft_create_task(weft_coro(beside, NULL), .name = "a");
    return weft_await(a, NULL);
}

WEFT_CORO(gathers_one)
{
    weft_future_t *done = weft_create_future(NULL);

    weft_set_result(done, NULL);
    return weft_gather(WEFT_AWS(done, weft_gather_future(WEFT_AWS(new_b()))), NULL);
}

Test(deadlock, a_circle_by_gathers_with_one_child_left_is_reported_whoever_else_is_there)
{
    beside = &gathers_one;
    EACH_LOOP(&awaits_a_beside_a_thread, {
        cr_expect_eq(rc, WEFT_ESTOPPED);
        cr_expect_eq(times, 1);
        cr_expect_not_null(strstr(told, "in a circle:"), "%s", told);
        cr_expect(when - began < 10 * WEFT__SECOND);
    });
}

/* A shield is a future that anybody may complete. */
WEFT_CORO(shows_its_shield)
{
    weft_unref(never);
    never = weft_shield(new_b());
    return weft_await(never, NULL);
}

/* The thread ends each by an error. */
Test(deadlock, a_circle_is_not_reported_if_something_else_may_end_it)
{
    static const weft_corofn_t *const each_form[] = {&gathers, &gathers_a_gather,
                                                     &shows_its_shield};

    for (size_t k = 0; k < 3; k++) {
        beside = each_form[k];
        EACH_LOOP(&awaits_a_beside_a_thread, {
            cr_expect_eq(rc, -EIO);
            cr_expect_eq(times, 0, "%s", told);
        });
    }
}

/* Until there is no other thread any more. */
Test(deadlock, a_circle_by_what_is_no_gather_is_reported_when_the_other_thread_is_gone)
{
    beside = &waits_for_all;
    EACH_LOOP(&awaits_a_beside_a_thread, {
        cr_expect_eq(rc, WEFT_ESTOPPED);
        cr_expect_eq(times, 1, "%s", told);
        cr_expect(when - began > 100 * WEFT__SECOND);
    });
}

/* ---- locks ---- */

static weft_lock_t lock[2] = {WEFT_LOCK_INIT, WEFT_LOCK_INIT};

/* One after the other, beginning with that of [arg]; both are held when the second one is tried. */
WEFT_CORO(takes_both)
{
    intptr_t first = (intptr_t)arg;
    int rc = weft_lock_acquire(&lock[first]);

    if (rc == 0)
        rc = weft_sleep(MS);
    if (rc == 0)
        rc = weft_lock_acquire(&lock[1 - first]);
    weft_lock_release(&lock[first]);
    return rc;
}

WEFT_CORO(locks_crosswise)
{
    weft_taskgroup_t group;
    int rc = weft_taskgroup_enter(&group);

    to_cancel = weft_current_task();
    for (intptr_t i = 0; rc == 0 && i < 2; i++)
        rc = weft_taskgroup_create_task(&group, weft_coro(&takes_both, (void *)i), NULL,
                                        .name = i ? "second" : "first");
    return weft_taskgroup_exit(&group, rc);
}

static bool is_said_to_wait_at(const char *name, const void *object)
{
    char text[160], symbol[128];

    weft__symbol(object, symbol, sizeof symbol);
    snprintf(text, sizeof text, ", waits: lock at %s", symbol);
    return strstr(line_of(name), text);
}

Test(deadlock, it_is_said_at_which_lock_a_task_waits)
{
    EACH_LOOP(&locks_crosswise, {
        cr_expect_eq(rc, -ECANCELED);
        cr_expect_eq(times, 1);
        cr_expect(is_said_to_wait_at("first", &lock[1]), "%s", told);
        cr_expect(is_said_to_wait_at("second", &lock[0]), "%s", told);
    });
}

/* ---- what is not ---- */

static void completes_later(void *arg)
{
    (void)arg;
    _Atomic(uint32_t) word = 0;

    sys->wait(&word, 0, sys->now() + 100 * WEFT__SECOND);
    weft_set_result(never, NULL);
}

WEFT_CORO(awaits_a_thread)
{
    weft__thread thread;

    never = weft_create_future(NULL);
    start(&thread, completes_later, NULL);
    int rc = weft_join(never, NULL);
    sys->thread_join(thread);
    return rc;
}

Test(deadlock, is_not_reported_while_another_thread_may_do_something)
{
    EACH_LOOP(&awaits_a_thread, {
        cr_expect_eq(rc, 0);
        cr_expect_eq(times, 0, "%s", told);
    });
}

WEFT_CORO(sleeps)
{
    return weft_sleep(WEFT_S(3600));
}

Test(deadlock, is_not_reported_while_a_timer_is_set)
{
    EACH_LOOP(&sleeps, {
        cr_expect_eq(rc, 0);
        cr_expect_eq(times, 0, "%s", told);
    });
}

static int takes_long(void *arg, void **result)
{
    (void)result;
    completes_later(arg);
    return 0;
}

WEFT_CORO(calls_a_thread)
{
    never = weft_create_future(NULL);
    int rc = weft_to_thread(takes_long, NULL, NULL);
    weft_unref(never);
    return rc;
}

Test(deadlock, is_not_reported_while_the_pool_works)
{
    EACH_LOOP(&calls_a_thread, {
        cr_expect_eq(rc, 0);
        cr_expect_eq(times, 0, "%s", told);
    });
}

/* ---- signals: a close look in the middle of a run ---- */

static void looks(void *arg)
{
    (void)arg;
    weft__deadlock_look(loop);
    weft_set_result(never, NULL);
}

static void does_nothing(void *arg)
{
    (void)arg;
}

WEFT_CORO(is_looked_at)
{
    int rc = 0;

    if (arg)
        rc = weft_loop_add_signal_handler(loop, SIGUSR1, does_nothing, NULL);
    never = weft_create_future(NULL);
    to_cancel = NULL;
    if (rc == 0)
        rc = weft_loop_call_later(loop, MS, looks, NULL, NULL);
    if (rc == 0)
        rc = weft_await(never, NULL);
    weft_unref(never);
    weft_loop_remove_signal_handler(loop, SIGUSR1);
    return rc;
}

Test(deadlock, is_not_reported_while_a_signal_is_waited_for)
{
    for (unsigned with_signal = 0; with_signal < 2; with_signal++) {
        times = 0;
        open_loop(1);
        weft_loop_set_exception_handler(loop, tells, NULL);

        int rc = run_main(&is_looked_at, with_signal ? "signal" : NULL);

        cr_expect_eq(rc, 0);
        cr_expect_eq(times, with_signal ? 0 : 1);
        close_loop();
    }
}
