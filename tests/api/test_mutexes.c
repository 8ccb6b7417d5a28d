/* SPDX-License-Identifier: MIT */
/* mutexes: debug mode tells of a task that suspends with one locked. (libweft-mutexes is linked.)
 */
#include <string.h>

#include "tests/support/workers.h"

TestSuite(mutexes, .timeout = 30);

/* Asked here too, so that the linker does not leave the library out. */
int weft_mutexes_held(void **where);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char name[32];
static _Atomic(int) told;

static void tells(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)loop;
    (void)arg;
    if (!strstr(context->message, "mutex"))
        return;
    weft_get_name(context->future, name, sizeof name);
    told++;
}

static void listen(bool debug)
{
    told = 0;
    name[0] = 0;
    weft_loop_set_exception_handler(weft_get_running_loop(), tells, NULL);
    weft_loop_set_debug(weft_get_running_loop(), debug);
    CHECK_INT(weft_sleep(0), 0); /* debug mode begins with the next turn */
}

WEFT_CORO(sleeps_with_it)
{
    weft_set_name(weft_current_task(), "keeper");
    CHECK_INT((arg ? pthread_mutex_trylock : pthread_mutex_lock)(&mutex), 0);
    int rc = weft_sleep(WEFT_US(10));
    pthread_mutex_unlock(&mutex);
    return rc;
}

WEFT_CORO(keeps_it)
{
    listen(true);
    CHECK_INT(weft_join(weft_create_task(weft_coro(&sleeps_with_it, arg), .pinned = true), NULL),
              0);
    CHECK_INT(told, 1);
    cr_expect_str_eq(name, "keeper");
    return 0;
}

CASE(mutexes, a_task_that_suspends_with_one_is_told_of)
{
    CHECK_INT(run(&keeps_it, NULL), 0);
    CHECK_INT(run(&keeps_it, &mutex), 0);
}

WEFT_CORO(lets_go_of_it)
{
    listen(true);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    CHECK_INT(weft_sleep(WEFT_US(10)), 0);
    CHECK_INT(told, 0);
    return 0;
}

CASE(mutexes, one_that_lets_go_of_it_first_is_not)
{
    CHECK_INT(run(&lets_go_of_it, NULL), 0);
}

WEFT_CORO(rests)
{
    (void)arg;
    return weft_sleep(WEFT_US(10));
}

/* [arg]: whether it suspends with the mutex itself, too. */
WEFT_CORO(starts_one_with_it)
{
    weft_set_name(weft_current_task(), "creator");
    pthread_mutex_lock(&mutex);
    weft_task_t *eager = weft_create_task(weft_coro(&rests, NULL), .eager_start = WEFT_EAGER_ON);
    CHECK_INT(told, 0);
    if (arg)
        CHECK_INT(weft_sleep(WEFT_US(10)), 0);
    pthread_mutex_unlock(&mutex);
    return weft_join(eager, NULL);
}

WEFT_CORO(starts_one)
{
    listen(true);
    CHECK_INT(
        weft_join(weft_create_task(weft_coro(&starts_one_with_it, arg), .pinned = true), NULL), 0);
    CHECK_INT(told, arg ? 1 : 0);
    cr_expect_str_eq(name, arg ? "creator" : "");
    return 0;
}

CASE(mutexes, one_that_starts_an_eager_task_with_it_keeps_its_thread)
{
    CHECK_INT(run(&starts_one, NULL), 0);
}

CASE(mutexes, one_that_suspends_after_an_eager_task_is_told_of_still)
{
    CHECK_INT(run(&starts_one, &mutex), 0);
}

WEFT_CORO(starts_a_keeper)
{
    listen(true);
    weft_task_t *eager = weft_create_task(weft_coro(&sleeps_with_it, NULL), .pinned = true,
                                          .eager_start = WEFT_EAGER_ON);
    CHECK_INT(told, 1);
    cr_expect_str_eq(name, "keeper");
    return weft_join(eager, NULL);
}

CASE(mutexes, an_eager_task_that_suspends_with_one_is_told_of)
{
    CHECK_INT(run(&starts_a_keeper, NULL), 0);
}

WEFT_CORO(keeps_it_unwatched)
{
    listen(false);
    CHECK_INT(weft_join(weft_create_task(weft_coro(&sleeps_with_it, NULL), .pinned = true), NULL),
              0);
    CHECK_INT(told, 0);
    return 0;
}

CASE(mutexes, nobody_is_told_without_debug_mode)
{
    CHECK_INT(run(&keeps_it_unwatched, NULL), 0);
}

WEFT_CORO(suspends)
{
    listen(true);
    CHECK_INT(weft_sleep(WEFT_US(10)), 0);
    CHECK_INT(told, 0);
    return 0;
}

CASE(mutexes, what_the_caller_of_run_has_locked_is_no_task_s)
{
    void *where;

    pthread_mutex_lock(&mutex);
    CHECK_INT(run(&suspends, NULL), 0);
    CHECK_INT(weft_mutexes_held(&where), 0); /* forgotten when this thread began its first step */
    pthread_mutex_unlock(&mutex);
}
