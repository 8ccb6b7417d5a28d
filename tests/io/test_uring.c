/* SPDX-License-Identifier: MIT */
/* uring: what the driver promises to the scheduler, called as the scheduler would, without one. */
#include "tests/io/uring_owner.h"

#include <dirent.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/resource.h>

TestSuite(uring, .timeout = 30);

/* ---- what each operation does ---- */

Test(uring, bytes_sent_are_received)
{
    struct weft__driver *driver = open_driver();
    char buffer[8] = "";
    int pair[2];
    make_pair(pair);
    struct request send = request(WEFT__OP_SEND, pair[0], "weft", 4, MSG_NOSIGNAL | MSG_WAITALL);
    struct request recv = request(WEFT__OP_RECV, pair[1], buffer, sizeof(buffer), 0);

    class->submit(driver, &recv.op);
    class->submit(driver, &send.op);

    cr_expect_eq(finish(driver, &send), 4);
    cr_expect_eq(finish(driver, &recv), 4);
    cr_expect_str_eq(buffer, "weft");
    cr_expect_eq(send.completions + recv.completions, 2);
    close_driver(driver);
}

Test(uring, a_receive_that_polls_first_gets_the_bytes)
{
    struct weft__driver *driver = open_driver();
    char buffer[8] = "";
    int pair[2];
    make_pair(pair);
    struct request recv = request(WEFT__OP_RECV, pair[1], buffer, sizeof(buffer), 0);
    recv.op.poll_first = true;

    class->submit(driver, &recv.op);
    class->flush(driver);
    cr_expect_eq(write(pair[0], "weft", 4), 4);

    cr_expect_eq(finish(driver, &recv), 4);
    close_driver(driver);
}

Test(uring, the_end_of_a_stream_is_zero_bytes)
{
    struct weft__driver *driver = open_driver();
    char buffer[8];
    int pair[2];
    make_pair(pair);
    struct request shut = request(WEFT__OP_SHUTDOWN, pair[0], NULL, 0, SHUT_WR);
    struct request recv = request(WEFT__OP_RECV, pair[1], buffer, sizeof(buffer), 0);

    cr_expect_eq(perform(driver, &shut), 0);

    cr_expect_eq(perform(driver, &recv), 0);
    close_driver(driver);
}

Test(uring, errors_are_results)
{
    struct weft__driver *driver = open_driver();
    char buffer[8];
    int pair[2];
    make_pair(pair);
    close(pair[1]);
    struct request send = request(WEFT__OP_SEND, pair[0], "x", 1, MSG_NOSIGNAL);
    struct request recv = request(WEFT__OP_RECV, pair[1], buffer, sizeof(buffer), 0);
    struct request fault = request(WEFT__OP_CONNECT, pair[0], (void *)1, 16, 0);

    cr_expect_eq(perform(driver, &send), -EPIPE);
    cr_expect_eq(perform(driver, &recv), -EBADF);
    cr_expect_eq(perform(driver, &fault), -EFAULT);
    close_driver(driver);
}

Test(uring, a_poll_tells_the_events)
{
    struct weft__driver *driver = open_driver();
    int pair[2];
    make_pair(pair);
    struct request wait = request(WEFT__OP_POLL, pair[1], NULL, 0, POLLIN);

    class->submit(driver, &wait.op);
    class->flush(driver);
    cr_expect_eq(write(pair[0], "x", 1), 1);

    cr_expect_eq(finish(driver, &wait), POLLIN);
    close_driver(driver);
}

Test(uring, a_closed_descriptor_is_gone)
{
    struct weft__driver *driver = open_driver();
    int pair[2];
    make_pair(pair);
    struct request shut = request(WEFT__OP_CLOSE, pair[1], NULL, 0, 0);

    cr_expect_eq(perform(driver, &shut), 0);

    cr_expect_eq(fcntl(pair[1], F_GETFD), -1);
    close_driver(driver);
}

Test(uring, one_accept_completes_once_per_connection)
{
    struct weft__driver *driver = open_driver();
    struct sockaddr_in address;
    int fd = listener(&address, 16);
    struct request accept = request(WEFT__OP_ACCEPT, fd, NULL, 0, 0);
    class->submit(driver, &accept.op);

    for (unsigned i = 0; i < 3; i++) {
        struct request connect =
            request(WEFT__OP_CONNECT, tcp_socket(), &address, sizeof(address), 0);
        cr_expect_eq(perform(driver, &connect), 0);
        while (accept.completions == i)
            park_and_reap(driver, INT64_MAX);
    }

    cr_expect_eq(accept.completions, 3);
    cr_expect(accept.more);
    for (unsigned i = 0; i < 3; i++)
        cr_expect_eq(fcntl(accept.results[i], F_GETFD), FD_CLOEXEC);
    cr_expect_eq(class->cancel(&accept.op), 0);
    cr_expect_eq(finish(driver, &accept), -ECANCELED);
    close_driver(driver);
}

Test(uring, reap_stops_at_its_limit)
{
    struct weft__driver *driver = open_driver();
    struct request requests[5];
    int pair[2];
    make_pair(pair);
    for (unsigned i = 0; i < 5; i++) {
        requests[i] = request(WEFT__OP_SEND, pair[0], "x", 1, MSG_NOSIGNAL);
        class->submit(driver, &requests[i].op);
    }
    class->flush(driver);

    weft__spin_lock(&driver->completion_lock);
    unsigned first = class->reap(driver, 3), second = class->reap(driver, 3);
    weft__spin_unlock(&driver->completion_lock);

    cr_expect_eq(first, 3);
    cr_expect_eq(second, 2);
    cr_expect_not(class->ready(driver));
    close_driver(driver);
}

/* ---- parking and waking ---- */

Test(uring, a_wake_before_the_park_ends_it_and_only_it)
{
    struct weft__driver *driver = open_driver();

    class->wake(driver);
    park_and_reap(driver, INT64_MAX);                              /* hangs if the wake is lost */
    park_and_reap(driver, weft__system_posix.now() + MILLISECOND); /* the READ's completion */
    int64_t deadline = weft__system_posix.now() + 5 * MILLISECOND;
    unsigned reaped = park_and_reap(driver, deadline);

    cr_expect_eq(reaped, 0);
    cr_expect_geq(weft__system_posix.now(), deadline);
    close_driver(driver);
}

struct ball {
    struct weft__driver *driver;
    _Atomic(uint32_t) sent, seen;
    unsigned rounds;
};

static void *wake_often(void *argument)
{
    struct ball *ball = argument;

    for (uint32_t i = 1; i <= ball->rounds; i++) {
        weft__store_release(&ball->sent, i);
        class->wake(ball->driver);
        while (weft__load_acquire(&ball->seen) < i)
            weft__system_posix.wait(&ball->seen, i - 1, INT64_MAX);
    }
    return NULL;
}

Test(uring, no_wake_from_another_thread_is_lost)
{
    struct ball ball = {.driver = open_driver(), .rounds = 2000};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, wake_often, &ball), 0);

    for (uint32_t i = 1; i <= ball.rounds; i++) {
        while (weft__load_acquire(&ball.sent) < i)
            park_and_reap(ball.driver, INT64_MAX);
        weft__store_release(&ball.seen, i);
        weft__system_posix.wake_all(&ball.seen);
    }

    pthread_join(thread, NULL);
    cr_expect_eq(weft__load_relaxed(&ball.sent), ball.rounds);
    close_driver(ball.driver);
}

Test(uring, a_wake_whose_completion_a_helper_reaped_still_ends_the_next_park)
{
    struct weft__driver *driver = open_driver();
    class->flush(driver); /* arms the READ */

    class->wake(driver);
    class->flush(driver); /* lets the kernel post its completion */
    cr_expect(class->ready(driver));
    run_thread(reap_all, driver);
    cr_expect_not(class->ready(driver));
    park_and_reap(driver, INT64_MAX); /* hangs if the wake is lost */

    class->wake(driver); /* and the READ is armed again */
    park_and_reap(driver, INT64_MAX);
    close_driver(driver);
}

Test(uring, a_park_ends_at_its_deadline)
{
    struct weft__driver *driver = open_driver();
    uint64_t before = weft__load_relaxed(&driver->counters.enters);
    int64_t deadline = weft__system_posix.now() + 5 * MILLISECOND;

    park_and_reap(driver, deadline);

    cr_expect_geq(weft__system_posix.now(), deadline);
    cr_expect_eq(weft__load_relaxed(&driver->counters.enters), before + 1);
    close_driver(driver);
}

Test(uring, a_park_ends_with_a_completion)
{
    struct weft__driver *driver = open_driver();
    int pair[2];
    make_pair(pair);
    char byte;
    struct request recv = request(WEFT__OP_RECV, pair[1], &byte, 1, 0);
    struct request send = request(WEFT__OP_SEND, pair[0], "x", 1, MSG_NOSIGNAL);
    class->submit(driver, &recv.op);
    class->submit(driver, &send.op);

    unsigned reaped = park_and_reap(driver, INT64_MAX);

    cr_expect_geq(reaped, 1);
    cr_expect_eq(finish(driver, &recv), 1);
    close_driver(driver);
}

Test(uring, a_flush_with_nothing_to_do_makes_no_system_call)
{
    struct weft__driver *driver = open_driver();
    class->flush(driver);
    uint64_t before = weft__load_relaxed(&driver->counters.enters);

    class->flush(driver);

    cr_expect_eq(weft__load_relaxed(&driver->counters.enters), before);
    close_driver(driver);
}

/* ---- cancelling ---- */

struct cancelling {
    struct request *request;
    int result;
};

static void *cancel_it(void *argument)
{
    struct cancelling *c = argument;

    c->result = class->cancel(&c->request->op);
    return NULL;
}

static int cancel_elsewhere(struct request *r)
{
    struct cancelling c = {.request = r};

    run_thread(cancel_it, &c);
    return c.result;
}

Test(uring, another_thread_cancels_what_the_kernel_has)
{
    struct weft__driver *driver = open_driver();
    int pair[2];
    make_pair(pair);
    char byte;
    struct request recv = request(WEFT__OP_RECV, pair[1], &byte, 1, 0);
    class->submit(driver, &recv.op);
    class->flush(driver);

    int asked = cancel_elsewhere(&recv);

    cr_expect_eq(asked, 0);
    cr_expect_eq(finish(driver, &recv), -ECANCELED);
    cr_expect_eq(recv.completions, 1);
    close_driver(driver);
}

Test(uring, what_is_not_submitted_yet_or_is_completed_cannot_be_cancelled)
{
    struct weft__driver *driver = open_driver();
    int pair[2];
    make_pair(pair);
    char byte;
    struct request recv = request(WEFT__OP_RECV, pair[1], &byte, 1, 0);
    class->submit(driver, &recv.op);

    int before = cancel_elsewhere(&recv);
    class->flush(driver);
    int after = cancel_elsewhere(&recv);
    finish(driver, &recv);
    int late = cancel_elsewhere(&recv);

    cr_expect_eq(before, -ENOENT);
    cr_expect_eq(after, 0);
    cr_expect_eq(recv.result, -ECANCELED);
    cr_expect_eq(late, -ENOENT);
    close_driver(driver);
}

/* ---- opening and closing ---- */

static unsigned open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned count = 0;

    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

Test(uring, opening_and_closing_leaves_no_descriptor)
{
    unsigned before = open_descriptors();

    for (unsigned i = 0; i < 1000; i++) {
        struct weft__driver *driver = open_sized(8, 16);
        class->flush(driver);
        close_driver(driver);
    }

    cr_expect_eq(open_descriptors(), before);
    struct io_uring ring; /* nor a place among the thread's registered rings, which are sixteen */
    cr_assert_eq(io_uring_queue_init(2, &ring, 0), 0);
    cr_expect_eq(io_uring_register_ring_fd(&ring), 1);
    io_uring_queue_exit(&ring);
}

Test(uring, an_open_that_fails_half_way_leaves_no_descriptor)
{
    struct rlimit limit, before;
    struct weft__driver *driver;
    unsigned descriptors = open_descriptors();
    getrlimit(RLIMIT_NOFILE, &before);
    int next = dup(0);
    close(next);

    for (unsigned more = 0; more < 2; more++) { /* not even the ring; not the eventfd */
        limit = before;
        limit.rlim_cur = (rlim_t)next + more;
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        int error = class->open(&driver, 0, 1);
        setrlimit(RLIMIT_NOFILE, &before);
        cr_expect_eq(error, -EMFILE);
    }

    cr_expect_eq(open_descriptors(), descriptors);
}

Test(uring, twenty_rings_on_one_thread_work_though_sixteen_can_be_registered)
{
    struct weft__driver *drivers[20];
    int pair[2];
    make_pair(pair);
    for (unsigned i = 0; i < 20; i++)
        drivers[i] = open_sized(8, 16);

    for (unsigned i = 0; i < 20; i++) {
        struct request send = request(WEFT__OP_SEND, pair[0], "x", 1, MSG_NOSIGNAL);
        cr_expect_eq(perform(drivers[i], &send), 1);
    }

    for (unsigned i = 0; i < 20; i++)
        close_driver(drivers[i]);
}
