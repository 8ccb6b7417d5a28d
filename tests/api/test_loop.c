/* SPDX-License-Identifier: MIT */
/* loop: life, how it stops, what its end does, the exception handler. */
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/loops.h"

TestSuite(loop, .timeout = 60);

WEFT_CORO(sleeps_for_ever)
{
    return weft_sleep(WEFT_NONE);
}

/* ---- life --------------------------------------------------------------------------------------
 */

CASE(loop, runs_until_complete_again_and_again)
{
    weft_loop_t *loop = new_loop();

    CHECK(!weft_loop_is_running(loop) && !weft_loop_is_closed(loop));
    for (int i = 0; i < 20; i++) {
        void *value = NULL;
        CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&identity, &i), &value), 0);
        CHECK(value == &i);
    }
    CHECK_INT(weft_loop_close(loop), 0);
    CHECK_INT(weft_loop_close(loop), 0);
    CHECK(weft_loop_is_closed(loop));
    weft_loop_unref(loop);
}

static int entries(const char *folder)
{
    DIR *dir = opendir(folder);
    int n = 0;

    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

static int maps(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    int c, n = 0;

    while (file && (c = getc(file)) != EOF)
        n += c == '\n';
    if (file)
        fclose(file);
    return n;
}

static void live_once(void)
{
    weft_loop_t *loop = new_loop();

    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&identity, NULL), NULL), 0);
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&identity, NULL), NULL), 0);
    weft_loop_unref(loop);
}

CASE(loop, leaves_no_thread_descriptor_or_map_a_thousand_times)
{
    live_once();
    int threads = entries("/proc/self/task"), descriptors = entries("/proc/self/fd"), m = maps();

    for (int i = 0; i < 1000 / (int)workers; i++)
        live_once();
    CHECK_INT(entries("/proc/self/task"), threads);
    CHECK_INT(entries("/proc/self/fd"), descriptors);
    CHECK(maps() <=
          m + 100); /* one that stays each time is more; sanitizers map some of their own */
}

static void *lives_ten_times(void *arg)
{
    for (int i = 0; i < 10; i++)
        live_once();
    return arg;
}

CASE(loop, may_be_one_of_several_at_once)
{
    pthread_t thread[4];

    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_create(&thread[i], NULL, lives_ten_times, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
}

WEFT_CORO(tells_its_thread)
{
    *result = (void *)(intptr_t)gettid();
    return 0;
}

CASE_ORDERED(loop, of_one_worker_runs_on_the_calling_thread)
{
    void *thread = NULL;
    CHECK_INT(weft_run(weft_coro(&tells_its_thread, NULL), &thread, .workers = 1), 0);
    CHECK_INT((intptr_t)thread, gettid());
    CHECK_INT(weft_run(weft_coro(&tells_its_thread, NULL), &thread, .workers = 1,
                       .order = WEFT_ORDER_FREE),
              0);
    CHECK_INT((intptr_t)thread, gettid());
}

WEFT_CORO(asks_for_its_loop)
{
    weft_loop_t *loop = arg;

    CHECK(weft_get_running_loop() == loop);
    CHECK(weft_get_event_loop() == loop);
    CHECK(weft_loop_is_running(loop));
    CHECK_INT(weft_loop_close(loop), -EBUSY);
    CHECK_INT(weft_loop_run_forever(loop), -EBUSY);
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&identity, NULL), NULL), -EBUSY);
    return 0;
}

CASE(loop, is_the_running_one_inside_and_the_set_one_outside) /* C220 */
{
    weft_loop_t *loop = new_loop(), *other = new_loop();

    CHECK(weft_get_running_loop() == NULL);
    CHECK(weft_get_event_loop() == NULL);
    weft_set_event_loop(other);
    CHECK(weft_get_event_loop() == other);
    CHECK(weft_get_running_loop() == NULL);
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&asks_for_its_loop, loop), NULL), 0);
    CHECK(weft_get_event_loop() == other);
    weft_set_event_loop(NULL);
    CHECK(weft_get_event_loop() == NULL);
    weft_loop_unref(loop);
    weft_loop_unref(other);
}

WEFT_CORO(runs_another_loop)
{
    CHECK_INT(weft_loop_run_forever(arg), -EBUSY);
    CHECK_INT(weft_loop_run_until_complete(arg, weft_coro(&identity, NULL), NULL), -EBUSY);
    CHECK_INT(weft_run(weft_coro(&identity, NULL), NULL), -EBUSY);
    return 0;
}

CASE(loop, inside_a_loop_is_refused) /* C193 C211 */
{
    weft_loop_t *other = new_loop();
    CHECK_INT(run(&runs_another_loop, other), 0);
    weft_loop_unref(other);
}

static void *runs_it_too(void *loop)
{
    return (void *)(intptr_t)weft_loop_run_forever(loop);
}

WEFT_CORO(lets_a_thread_run_its_loop)
{
    pthread_t thread;
    void *rc;

    CHECK_INT(pthread_create(&thread, NULL, runs_it_too, weft_get_running_loop()), 0);
    pthread_join(thread, &rc);
    CHECK_INT((intptr_t)rc, -EBUSY);
    return 0;
}

CASE(loop, is_run_by_one_thread_at_a_time)
{
    CHECK_INT(run(&lets_a_thread_run_its_loop, NULL), 0);
}

static void never(void *arg)
{
    (void)arg;
    CHECK(!"called");
}

CASE(loop, that_is_closed_refuses_every_call)
{
    weft_loop_t *loop = new_loop();
    weft_handle_t *handle = NULL;

    CHECK_INT(weft_loop_close(loop), 0);
    CHECK_INT(weft_loop_run_forever(loop), -ESHUTDOWN);
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&identity, NULL), NULL), -ESHUTDOWN);
    CHECK_INT(weft_loop_call_soon(loop, never, NULL, &handle), -ESHUTDOWN);
    CHECK_INT(weft_loop_call_later(loop, 1, never, NULL, &handle), -ESHUTDOWN);
    CHECK_INT(weft_loop_call_at(loop, 1, never, NULL, &handle), -ESHUTDOWN);
    CHECK_INT(weft_loop_call_soon_threadsafe(loop, never, NULL, &handle), -ESHUTDOWN);
    CHECK_INT(weft_loop_add_signal_handler(loop, 10, never, NULL), -ESHUTDOWN);
    CHECK(!weft_loop_remove_signal_handler(loop, 10));
    CHECK(handle == NULL);
    weft_loop_stop(loop);
    CHECK(!weft_loop_is_running(loop));
    CHECK(weft_loop_time(loop) > 0);
    weft_loop_unref(loop);
}

CASE(loop, refuses_bad_options)
{
    weft_loop_t *loop = (weft_loop_t *)&loop;

    CHECK_INT(weft_new_event_loop(&loop, .workers = WEFT_WORKERS_MAX + 1), -EINVAL);
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers, .debug = 3), -EINVAL);
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers, .debug = -1), -EINVAL);
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers, .order = 3), -EINVAL);
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers + 1, .order = WEFT_ORDER_ASYNCIO),
              -EINVAL);
    CHECK(loop == (weft_loop_t *)&loop);
}

CASE(loop, has_a_clock_that_only_grows)
{
    weft_loop_t *loop = new_loop();
    weft_ns_t before = weft_loop_time(loop);
    CHECK(weft_loop_time(loop) >= before);
    weft_loop_unref(loop);
}

CASE(loop, debug_can_be_switched)
{
    weft_loop_t *loop = NULL;

    CHECK_INT(weft_new_event_loop(&loop, .workers = workers, .debug = WEFT_DEBUG_ON), 0);
    CHECK(weft_loop_get_debug(loop));
    weft_loop_set_debug(loop, false);
    CHECK(!weft_loop_get_debug(loop));
    weft_loop_unref(loop);
    CHECK_INT(weft_new_event_loop(&loop, .workers = workers, .debug = WEFT_DEBUG_OFF), 0);
    CHECK(!weft_loop_get_debug(loop));
    weft_loop_unref(loop);
}

/* ---- stop --------------------------------------------------------------------------------------
 */

static char text[64];
static size_t length;

static void note(char c)
{
    if (length < sizeof text - 1)
        text[length++] = c;
    text[length] = 0;
}

static void clear(void)
{
    length = 0;
    text[0] = 0;
}

static void notes(void *letter)
{
    note((char)(intptr_t)letter);
}

static void notes_and_schedules(void *loop)
{
    note('a');
    CHECK_INT(weft_loop_call_soon(loop, notes, (void *)'b', NULL), 0);
}

CASE_ORDERED(loop, stopped_before_it_runs_takes_one_turn) /* C210 */
{
    weft_loop_t *loop = new_loop();

    clear();
    CHECK_INT(weft_loop_call_soon(loop, notes_and_schedules, loop, NULL), 0);
    weft_loop_stop(loop);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    CHECK(strcmp(text, "a") == 0);
    weft_loop_stop(loop);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    CHECK(strcmp(text, "ab") == 0);
    weft_loop_unref(loop);
}

CASE_ORDERED(loop, that_is_stopped_finishes_what_is_scheduled_by_now)
{
    weft_loop_t *loop = new_loop();

    clear();
    CHECK_INT(weft_loop_call_soon(loop, stops, loop, NULL), 0);
    CHECK_INT(weft_loop_call_soon(loop, notes_and_schedules, loop, NULL), 0);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    CHECK(strcmp(text, "a") == 0);
    weft_loop_unref(loop);
}

WEFT_CORO(stops_its_loop)
{
    weft_loop_stop(weft_get_running_loop());
    CHECK_INT(weft_await(arg, result), 0);
    return 0;
}

CASE(loop, stopped_before_the_task_is_done_says_so_and_the_task_goes_on) /* C209 */
{
    weft_loop_t *loop = new_loop();
    weft_future_t *future = weft_create_future(loop), *end = weft_create_future(loop);
    void *value = NULL;

    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&stops_its_loop, future), &value),
              WEFT_ESTOPPED);
    CHECK(value == NULL);
    CHECK_INT(weft_loop_call_soon(loop, stops, loop, NULL), 0);
    CHECK_INT(weft_loop_run_until_complete(loop, end, NULL), WEFT_ESTOPPED);
    CHECK(!weft_done(end));
    weft_set_result(future, loop);
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&identity, NULL), NULL), 0);
    weft_unref(future);
    weft_unref(end);
    weft_loop_unref(loop);
}

CASE(loop, forgets_a_future_whose_run_was_stopped) /* C213 */
{
    weft_loop_t *loop = new_loop();
    weft_future_t *future = weft_create_future(loop), *other = weft_create_future(loop);

    CHECK_INT(weft_loop_call_soon(loop, stops, loop, NULL), 0);
    CHECK_INT(weft_loop_run_until_complete(loop, future, NULL), WEFT_ESTOPPED);
    weft_set_result(future, NULL); /* must not stop the next run */
    weft_loop_call_later(loop, WEFT_MS(2), notes, (void *)'x', NULL);
    clear();
    weft_loop_call_later(loop, WEFT_MS(4), stops, loop, NULL);
    CHECK_INT(weft_loop_run_until_complete(loop, other, NULL), WEFT_ESTOPPED);
    CHECK(strcmp(text, "x") == 0);
    weft_unref(future);
    weft_unref(other);
    weft_loop_unref(loop);
}

static void *stops_from_outside(void *loop)
{
    weft_loop_stop(loop);
    return NULL;
}

WEFT_CORO(yields_for_ever)
{
    while (weft_sleep(0) == 0)
        ;
    *(bool *)arg = true;
    return 0;
}

CASE(loop, in_which_tasks_only_yield_is_stopped_too)
{
    bool over = false;
    weft_loop_t *loop = new_loop();
    weft_future_t *never_done = weft_create_future(loop);
    weft_cfuture_t *f = weft_run_coroutine_threadsafe(weft_coro(&yields_for_ever, &over), loop);

    for (int i = 0; i < 20; i++) {
        CHECK_INT(weft_loop_call_later(loop, WEFT_US(100), stops, loop, NULL), 0);
        CHECK_INT(weft_loop_run_until_complete(loop, never_done, NULL), WEFT_ESTOPPED);
    }
    CHECK(weft_cfuture_cancel(f));
    CHECK_INT(weft_loop_call_later(loop, WEFT_MS(5), stops, loop, NULL), 0);
    CHECK_INT(weft_loop_run_forever(loop), 0);
    CHECK(over);
    weft_cfuture_unref(f);
    weft_unref(never_done);
    weft_loop_unref(loop);
}

CASE(loop, sleeping_is_stopped_from_a_foreign_thread)
{
    weft_loop_t *loop = new_loop();
    pthread_t thread;

    for (int i = 0; i < 20; i++) {
        CHECK_INT(pthread_create(&thread, NULL, stops_from_outside, loop), 0);
        CHECK_INT(weft_loop_run_forever(loop), 0);
        pthread_join(thread, NULL);
    }
    weft_loop_unref(loop);
}

CASE(loop, run_until_complete_refuses_what_it_cannot_run)
{
    weft_loop_t *loop = new_loop(), *other = new_loop();
    weft_future_t *future = weft_create_future(other), *failed = weft_coro(NULL, NULL);

    CHECK_INT(weft_loop_run_until_complete(loop, future, NULL), -EXDEV);
    CHECK_INT(weft_loop_run_until_complete(loop, NULL, NULL), -EPROTOTYPE);
    CHECK_INT(weft_loop_run_until_complete(loop, failed, NULL), -EPROTOTYPE);
    weft_unref(future);
    weft_loop_unref(loop);
    weft_loop_unref(other);
}

/* ---- close -------------------------------------------------------------------------------------
 */

struct reports {
    _Atomic(int) count;
    int error;
    char message[100], name[32];
    bool had_future;
};

static void remember(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    struct reports *r = arg;

    (void)loop;
    r->error = context->error;
    r->had_future = context->future != NULL;
    if (context->future)
        weft_get_name(context->future, r->name, sizeof r->name);
    snprintf(r->message, sizeof r->message, "%s", context->message);
    r->count++;
}

static weft_task_t *left;

WEFT_CORO(leaves_a_task)
{
    left = weft_create_task(weft_coro(&sleeps_for_ever, NULL), .name = "left behind");
    return weft_sleep(0);
}

CASE(loop, that_closes_ends_and_reports_pending_tasks) /* C056 */
{
    weft_loop_t *loop = new_loop();
    struct reports r = {0};

    weft_loop_set_exception_handler(loop, remember, &r);
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&leaves_a_task, NULL), NULL), 0);
    CHECK(!weft_done(left));
    CHECK_INT(weft_loop_close(loop), 0);
    CHECK(weft_done(left) && weft_cancelled(left));
    CHECK_INT(weft_result(left, NULL), -ECANCELED);
    CHECK_INT(r.count, 1);
    CHECK(strcmp(r.name, "left behind") == 0);
    weft_unref(left);
    weft_loop_unref(loop);
}

static int reports;

static void holds_the_loop_for_a_moment(weft_loop_t *loop, const weft_exception_context_t *context,
                                        void *arg)
{
    (void)context;
    (void)arg;
    weft_loop_unref(weft_loop_ref(loop));
    reports++;
}

CASE(loop, that_closes_as_it_is_dropped_may_be_held_by_its_exception_handler)
{
    weft_loop_t *loop = new_loop();
    weft_loop_set_exception_handler(loop, holds_the_loop_for_a_moment, NULL);
    weft_task_t *task = weft_loop_create_task(loop, weft_coro(&sleeps_for_ever, NULL));
    weft_unref(task);
    reports = 0;

    weft_loop_unref(loop);

    CHECK_INT(reports, 1); /* a task was destroyed that was pending */
}

CASE(loop, that_closes_drops_callbacks_and_their_handles_may_outlive_it)
{
    weft_loop_t *loop = new_loop();
    weft_handle_t *soon = NULL, *later = NULL;

    CHECK_INT(weft_loop_call_soon(loop, never, NULL, &soon), 0);
    CHECK_INT(weft_loop_call_later(loop, WEFT_S(3600), never, NULL, &later), 0);
    weft_loop_unref(loop);
    weft_handle_cancel(later);
    weft_handle_cancel(soon);
    weft_handle_unref(later);
    weft_handle_unref(soon);
}

CASE(loop, is_closed_by_its_last_reference)
{
    weft_loop_t *loop = new_loop();
    int threads = entries("/proc/self/task");

    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&identity, NULL), NULL), 0);
    CHECK(weft_loop_ref(loop) == loop);
    weft_loop_unref(loop);
    CHECK(!weft_loop_is_closed(loop));
    weft_loop_unref(loop);
    CHECK_INT(entries("/proc/self/task"), threads);
    weft_loop_unref(NULL);
}

static weft_reader_t *reader;
static weft_writer_t *writer;

/* A client that nobody accepts, or sends anything. */
WEFT_CORO(reads_for_ever)
{
    char byte;

    CHECK_INT(weft_open_connection("127.0.0.1", *(uint16_t *)arg, &reader, &writer), 0);
    weft_loop_stop(weft_get_running_loop());
    return (int)weft_read(reader, &byte, 1);
}

/* With an operation in flight. */
WEFT_CORO(closes_the_other_loop)
{
    weft_task_t *task = weft_current_task();
    weft_loop_t *loop = weft_get_running_loop();

    CHECK_INT(weft_loop_close(arg), 0);
    CHECK(weft_get_running_loop() == loop && weft_current_task() == task);
    CHECK_INT(weft_sleep(WEFT_MS(1)), 0);
    CHECK(weft_get_running_loop() == loop);
    return 0;
}

static int listens(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK_INT(bind(fd, (struct sockaddr *)&address, size), 0);
    CHECK_INT(listen(fd, 1), 0);
    CHECK_INT(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void closes_in_another(void)
{
    weft_loop_t *loop = new_loop(), *other = new_loop();
    struct reports r = {0};
    uint16_t port;
    int fd = listens(&port);

    weft_loop_set_exception_handler(other, remember, &r);
    weft_task_t *task = weft_loop_create_task(other, weft_coro(&reads_for_ever, &port));
    CHECK_INT(weft_loop_run_forever(other), 0);
    CHECK(!weft_done(task));
    CHECK_INT(weft_loop_run_until_complete(loop, weft_coro(&closes_the_other_loop, other), NULL),
              0);
    CHECK(weft_cancelled(task));
    weft_reader_unref(reader);
    weft_writer_unref(writer);
    weft_unref(task);
    weft_loop_unref(other);
    weft_loop_unref(loop);
    close(fd);
}

enum { WENT_ON = 7 };

static void closes_in_another_and_goes_on(void)
{
    closes_in_another();
    fputs(failure, stderr);
    _exit(failure[0] ? 1 : WENT_ON);
}

/* In a child, as a task that has lost its worker takes itself for one that was forked, and ends its
 * process. Not simulated: there a thread has one driver at a time. */
CASE_REAL(loop, may_be_closed_in_a_task_of_another)
{
    struct child child;

    CHECK(child_run(&child, closes_in_another_and_goes_on));
    CHECK(child_exited(&child, WENT_ON));
}

static _Atomic(bool) is_the_last;

static int drops_its_loop(void *arg, void **result)
{
    (void)result;
    while (!is_the_last)
        ;
    weft_loop_unref(arg);
    return 0;
}

static void drops_a_loop_in_its_executor(void)
{
    weft_loop_t *loop;

    signal(SIGABRT, SIG_DFL); /* of Criterion, if it has one */
    if (weft_new_event_loop(&loop, .workers = 1) < 0)
        _exit(1);
    (void)weft_loop_run_in_executor(loop, NULL, drops_its_loop, weft_loop_ref(loop));
    weft_loop_unref(loop);
    is_the_last = true;
    for (;;)
        pause();
}

CASE_REAL_UP_TO(loop, that_its_executor_drops_is_a_misuse_that_is_explained, 1)
{
    struct child child;

    CHECK(child_run(&child, drops_a_loop_in_its_executor));
    CHECK(child_was_killed(&child, SIGABRT));
    CHECK(strstr(child.text, "keep a reference until the call is over"));
}

/* ---- the exception handler ---------------------------------------------------------------------
 */

WEFT_CORO(fails)
{
    return -EIO;
}

WEFT_CORO(leaves_a_failed_detached_task)
{
    struct reports *r = arg;

    weft_loop_set_exception_handler(weft_get_running_loop(), remember, r);
    CHECK(weft_create_task(weft_coro(&fails, NULL), .detached = true, .name = "lost") == NULL);
    while (r->count == 0)
        CHECK_INT(weft_sleep(0), 0);
    CHECK_INT(r->error, -EIO);
    CHECK(r->had_future);
    CHECK(strcmp(r->name, "lost") == 0);
    CHECK(weft_create_task(NULL, .detached = true) == NULL);
    CHECK_INT(r->count, 2);
    CHECK_INT(r->error, -EPROTOTYPE);
    CHECK(weft_create_task(weft_coro(&fails, NULL), .detached = true, .stack_size = UINT32_MAX) ==
          NULL);
    CHECK_INT(r->count, 3);
    CHECK_INT(r->error, -EINVAL);
    return 0;
}

CASE(loop, tells_its_handler_what_detached_tasks_fail_with) /* C214 */
{
    struct reports r = {0};
    CHECK_INT(run(&leaves_a_failed_detached_task, &r), 0);
    CHECK_INT(r.count, 3);
}

CASE(loop, handler_is_told_what_the_program_says)
{
    weft_loop_t *loop = new_loop();
    struct reports r = {0};
    weft_exception_context_t context = {.size = sizeof context, .message = "said", .error = -EPIPE};
    void *arg = NULL;

    CHECK(weft_loop_get_exception_handler(loop, NULL) == NULL);
    weft_loop_set_exception_handler(loop, remember, &r);
    CHECK(weft_loop_get_exception_handler(loop, &arg) == remember && arg == &r);
    weft_loop_call_exception_handler(loop, &context);
    CHECK_INT(r.count, 1);
    CHECK_INT(r.error, -EPIPE);
    CHECK(strcmp(r.message, "said") == 0);
    CHECK(!r.had_future);
    weft_loop_unref(loop);
}
