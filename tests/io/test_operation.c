/* SPDX-License-Identifier: MIT */
/* operation: tasks that wait for a real ring whose queues hold fewer than there are. */
#include <criterion/criterion.h>

#include <sys/socket.h>
#include <unistd.h>

#include <weft.h>

#include "io/driver/uring.h"
#include "runtime/sched/operation.h"
#include "runtime/sched/worker.h"

TestSuite(operation, .timeout = 60);

enum { SENDERS = 60 };

struct channel {
    int noisy[2], silent[2];
    int received;
    bool waits; /* more than the kernel takes was there when the receiver was cancelled */
};

WEFT_CORO(sends)
{
    struct weft__operation op = {
        .code = WEFT__OP_SEND, .fd = *(int *)arg, .buffer = "x", .length = 1};

    return weft__operation_await(&op) == 1 ? 0 : -EIO;
}

WEFT_CORO(receives)
{
    struct channel *c = arg;
    char byte;
    struct weft__operation op = {
        .code = WEFT__OP_RECV, .fd = c->silent[0], .buffer = &byte, .length = 1};

    c->received = weft__operation_await(&op);
    return 0;
}

WEFT_CORO(cancels_one_behind_many)
{
    struct channel *c = arg;
    struct weft__driver *driver = weft__self()->driver;
    weft_task_t *senders[SENDERS], *receiver;
    int rc = 0;

    for (int i = 0; i < SENDERS; i++)
        senders[i] = weft_create_task(weft_coro(&sends, &c->noisy[0]));
    receiver = weft_create_task(weft_coro(&receives, c));
    rc = weft_sleep(0); /* all have submitted */
    driver->class->flush(driver);
    c->waits = driver->class->owes(driver);
    weft_cancel(receiver);
    for (int i = 0; i < SENDERS; i++) {
        int failed = weft_join(senders[i], NULL);
        rc = rc < 0 ? rc : failed;
    }
    int failed = weft_join(receiver, NULL);
    return rc < 0 ? rc : failed;
}

Test(operation, a_cancel_of_one_that_waits_for_room_in_the_ring_is_asked_for_until_it_is_there)
{
    struct channel c;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c.noisy), 0);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c.silent), 0);
    weft__uring_entries(2, 4);

    int rc = weft_run(weft_coro(&cancels_one_behind_many, &c), NULL, .workers = 1);

    cr_expect_eq(rc, 0);
    cr_expect(c.waits, "nothing had to wait");
    cr_expect_eq(c.received, -ECANCELED);
    for (int i = 0; i < 2; i++) {
        close(c.noisy[i]);
        close(c.silent[i]);
    }
}
