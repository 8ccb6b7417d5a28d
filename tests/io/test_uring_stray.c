/* SPDX-License-Identifier: MIT */
/* uring_stray: what is in flight when the thread of a loop is another one than before. */
#include "tests/io/uring_owner.h"

TestSuite(uring_stray, .timeout = 30);

struct first_run {
    struct weft__driver *driver;
    struct request *requests;
    unsigned count;
};

/* Submits, and ends its run with everything still in flight. */
static void *run_first(void *argument)
{
    struct first_run *run = argument;

    class->attach(run->driver);
    for (unsigned i = 0; i < run->count; i++)
        class->submit(run->driver, &run->requests[i].op);
    class->flush(run->driver);
    class->detach(run->driver);
    return NULL;
}

static struct weft__driver *open_detached(void)
{
    struct weft__driver *driver;

    weft__uring_entries(8, 16);
    cr_assert_eq(class->open(&driver, 0, 1), 0);
    return driver;
}

Test(uring_stray, operations_of_a_thread_that_ended_go_on_in_the_next)
{
    int pair[2];
    make_pair(pair);
    char buffers[20];
    static struct request requests[20];
    struct first_run run = {open_detached(), requests, 20};
    for (unsigned i = 0; i < 20; i++)
        requests[i] = request(WEFT__OP_RECV, pair[1], &buffers[i], 1, 0);

    run_thread(run_first, &run);
    class->attach(run.driver);
    for (unsigned i = 0; i < 50; i++) /* reaps what the exit of the thread has cancelled */
        park_and_reap(run.driver, weft__system_posix.now() + MILLISECOND / 10);
    cr_expect_eq(class->in_flight(run.driver), 20);
    cr_expect_eq(write(pair[0], "12345678901234567890", 20), 20);

    for (unsigned i = 0; i < 20; i++)
        cr_expect_eq(finish(run.driver, &requests[i]), 1);
    for (unsigned i = 0; i < 20; i++)
        cr_expect_eq(requests[i].completions, 1);
    close_driver(run.driver);
}

struct lingering {
    struct first_run run;
    _Atomic(uint32_t) submitted, released;
};

static void *run_and_linger(void *argument)
{
    struct lingering *l = argument;

    run_first(&l->run);
    weft__store_release(&l->submitted, 1);
    weft__system_posix.wake_all(&l->submitted);
    while (!weft__load_acquire(&l->released))
        weft__system_posix.wait(&l->released, 0, INT64_MAX);
    return NULL;
}

Test(uring_stray, operations_are_moved_from_a_thread_that_lives)
{
    int pair[2];
    make_pair(pair);
    char byte;
    struct request recv = request(WEFT__OP_RECV, pair[1], &byte, 1, 0);
    struct lingering l = {.run = {open_detached(), &recv, 1}};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, run_and_linger, &l), 0);
    while (!weft__load_acquire(&l.submitted))
        weft__system_posix.wait(&l.submitted, 0, INT64_MAX);

    class->attach(l.run.driver);
    while (recv.op.strayed == WEFT__STRAYED_NO) /* until the kernel gave it back */
        park_and_reap(l.run.driver, INT64_MAX);
    class->flush(l.run.driver);
    weft__store_release(&l.released, 1);
    weft__system_posix.wake_all(&l.released);
    pthread_join(thread, NULL);
    cr_expect_eq(recv.completions, 0);
    cr_expect_eq(write(pair[0], "x", 1), 1);

    cr_expect_eq(finish(l.run.driver, &recv), 1);
    cr_expect_eq(recv.completions, 1);
    close_driver(l.run.driver);
}

Test(uring_stray, a_cancellation_asked_before_the_move_is_answered_after_it)
{
    int pair[2];
    make_pair(pair);
    char byte;
    struct request recv = request(WEFT__OP_RECV, pair[1], &byte, 1, 0);
    struct lingering l = {.run = {open_detached(), &recv, 1}};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, run_and_linger, &l), 0);
    while (!weft__load_acquire(&l.submitted))
        weft__system_posix.wait(&l.submitted, 0, INT64_MAX);

    int asked = class->cancel(&recv.op);
    class->attach(l.run.driver);
    int result = finish(l.run.driver, &recv);

    cr_expect_eq(asked, 0);
    cr_expect_eq(result, -ECANCELED);
    weft__store_release(&l.released, 1);
    weft__system_posix.wake_all(&l.released);
    pthread_join(thread, NULL);
    close_driver(l.run.driver);
}

Test(uring_stray, a_connect_that_is_moved_succeeds)
{
    struct sockaddr_in address;
    int fd = listener(&address, 0), filler = tcp_socket();
    struct request connects[2];
    for (unsigned i = 0; i < 2; i++)
        connects[i] = request(WEFT__OP_CONNECT, tcp_socket(), &address, sizeof(address), 0);
    /* A backlog of one: the others' first packets are dropped, and sent again after a second. */
    cr_assert_eq(connect(filler, (struct sockaddr *)&address, sizeof(address)), 0);
    struct first_run run = {open_detached(), connects, 2};

    run_thread(run_first, &run);
    class->attach(run.driver);
    for (unsigned i = 0; i < 50; i++)
        park_and_reap(run.driver, weft__system_posix.now() + MILLISECOND / 10);
    bool early = is_over(&connects[0]) || is_over(&connects[1]);
    for (unsigned i = 0; i < 3; i++)
        if (i == 0 || !is_over(&connects[i - 1])) {
            cr_expect_geq(accept(fd, NULL, NULL), 0);
            if (i < 2)
                finish(run.driver, &connects[i]);
        }

    cr_expect_not(early, "the connections were not delayed: nothing was tested");
    cr_expect_eq(connects[0].result, 0);
    cr_expect_eq(connects[1].result, 0);
    close_driver(run.driver);
}
