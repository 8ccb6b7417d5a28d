/* SPDX-License-Identifier: MIT */
/* step: what keeps its worker too long is reported, by name, in debug mode. */
#include "runtime/sched/step.h"

#include "runtime/base/symbol.h"
#include "tests/unit/loop_support.h"

TestSuite(step, .timeout = 30);

static char told[512]; /* each report: its message, and who it is about */

static void tells(struct weft_loop *l, const weft_exception_context_t *context, void *arg)
{
    size_t length = strlen(told);
    char name[32] = "";

    (void)l;
    (void)arg;
    if (context->future)
        weft_get_name(context->future, name, sizeof name);
    snprintf(told + length, sizeof told - length, "%s [%s]; ", context->message, name);
}

/* What running [fn] tells, in each kind of loop. */
static void run_in_debug_mode(const weft_corofn_t *fn, unsigned workers, int order)
{
    told[0] = '\0';
    open_loop_in(&(struct weft__virtual_config){.seed = workers}, workers, order);
    weft_loop_set_exception_handler(loop, tells, NULL);
    weft_loop_set_debug(loop, true);
    cr_assert_eq(run_main(fn, NULL), 0);
    close_loop();
}

#define EACH_LOOP(fn, check)                                                                       \
    do {                                                                                           \
        run_in_debug_mode((fn), 1, WEFT_ORDER_ASYNCIO);                                            \
        check;                                                                                     \
        run_in_debug_mode((fn), 1, WEFT_ORDER_FREE);                                               \
        check;                                                                                     \
        run_in_debug_mode((fn), 2, WEFT_ORDER_DEFAULT);                                            \
        check;                                                                                     \
    } while (0)

WEFT_CORO(burns)
{
    weft__virtual_burn((intptr_t)arg * MS);
    return 0;
}

static weft_task_t *burner(int ms, const char *name)
{
    return weft_create_task(weft_coro(&burns, (void *)(intptr_t)ms), .name = name);
}

WEFT_CORO(awaits_a_burner)
{
    return weft_join(burner(150, "slow"), NULL);
}

Test(step, a_slow_one_is_reported_with_its_tasks_name_and_how_long_it_took)
{
    EACH_LOOP(&awaits_a_burner,
              cr_expect_str_eq(told, "a step took 0.150 seconds [slow]; ", "%s", told));
}

WEFT_CORO(burns_in_halves)
{
    weft__virtual_burn(60 * MS);
    int rc = weft_sleep(MS);
    weft__virtual_burn(60 * MS);
    if (rc == 0)
        rc = weft_join(burner(60, "child"), NULL);
    weft__virtual_burn(60 * MS);
    return rc;
}

Test(step, a_suspension_and_an_await_end_it)
{
    EACH_LOOP(&burns_in_halves, cr_expect_str_eq(told, "", "%s", told));
}

WEFT_CORO(sleeps_long)
{
    int rc = weft_sleep(WEFT_S(10));

    weft__virtual_burn(99 * MS);
    return rc;
}

Test(step, neither_sleep_nor_what_comes_right_after_it_counts)
{
    EACH_LOOP(&sleeps_long, cr_expect_str_eq(told, "", "%s", told));
}

static void burns_in_a_callback(void *arg)
{
    weft__virtual_burn(200 * MS);
    weft_set_result(arg, NULL);
}

WEFT_CORO(calls_back)
{
    weft_future_t *called = weft_create_future(NULL);
    int rc = weft_loop_call_soon(loop, burns_in_a_callback, called, NULL);

    return rc < 0 ? rc : weft_join(called, NULL);
}

Test(step, a_slow_callback_is_reported_with_its_place_and_that_of_its_origin)
{
    char fn[128];

    weft__symbol((void *)burns_in_a_callback, fn, sizeof fn);
    EACH_LOOP(&calls_back, {
        cr_expect_not_null(strstr(told, "a step took 0.200 seconds: callback "), "%s", told);
        cr_expect_not_null(strstr(told, fn), "%s", told);
        cr_expect_not_null(strstr(told, ", created at "), "%s", told);
    });
}

static void leaves(weft_future_t *future, void *arg)
{
    (void)future;
    (void)arg;
    weft__virtual_burn(200 * MS);
}

WEFT_CORO(is_done_slowly)
{
    weft_future_t *future = weft_create_future(NULL);
    int rc = weft_add_done_callback(future, leaves, NULL);

    weft_set_result(future, NULL);
    weft_unref(future);
    return rc < 0 ? rc : weft_sleep(WEFT_S(1));
}

Test(step, a_slow_done_callback_is_reported)
{
    EACH_LOOP(&is_done_slowly,
              cr_expect_not_null(strstr(told, "0.200 seconds: callback "), "%s", told));
}

WEFT_CORO(sets_the_limit)
{
    weft_loop_set_slow_callback_duration(loop, 10 * MS);
    int rc = weft_join(burner(20, "twenty"), NULL);
    weft_loop_set_slow_callback_duration(loop, WEFT_NONE);
    return rc < 0 ? rc : weft_join(burner(500, "ever"), NULL);
}

Test(step, what_is_slow_is_the_users_to_say)
{
    EACH_LOOP(&sets_the_limit, cr_expect_str_eq(told, "a step took 0.020 seconds [twenty]; "));
}

WEFT_CORO(switches_it_on_and_off)
{
    int rc = weft_join(burner(200, "before"), NULL);
    weft_loop_set_debug(loop, true);
    if (rc == 0)
        rc = weft_sleep(MS);
    if (rc == 0)
        rc = weft_join(burner(200, "in between"), NULL);
    weft_loop_set_debug(loop, false);
    if (rc == 0)
        rc = weft_sleep(MS);
    return rc < 0 ? rc : weft_join(burner(200, "after"), NULL);
}

Test(step, nothing_is_reported_without_debug_mode)
{
    for (unsigned workers = 1; workers <= 2; workers++) {
        told[0] = '\0';
        open_loop(workers);
        weft_loop_set_exception_handler(loop, tells, NULL);

        int rc = run_main(&switches_it_on_and_off, NULL);

        cr_expect_eq(rc, 0);
        close_loop();
        cr_expect_str_eq(told, "a step took 0.200 seconds [in between]; ");
    }
}

WEFT_CORO(fails_slowly)
{
    errno = EDOM;
    weft__virtual_burn(200 * MS);
    int rc = weft_sleep(0);
    return rc < 0 ? rc : errno == EDOM ? 0 : -EIO;
}

static void spoils_errno(struct weft_loop *l, const weft_exception_context_t *context, void *arg)
{
    tells(l, context, arg);
    errno = ERANGE;
}

Test(step, the_report_leaves_errno_to_the_task)
{
    told[0] = '\0';
    open_loop(2);
    weft_loop_set_exception_handler(loop, spoils_errno, NULL);
    weft_loop_set_debug(loop, true);

    int rc = run_main(&fails_slowly, NULL);

    cr_expect_eq(rc, 0);
    cr_expect_neq(told[0], '\0');
    close_loop();
}
