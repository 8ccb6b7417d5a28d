/* SPDX-License-Identifier: MIT */
/* uring_owner: what the tests of the uring driver share: requests that remember what became of
 * them, and the turns of an owner without a scheduler. */
#ifndef WEFT_TESTS_IO_URING_OWNER_H
#define WEFT_TESTS_IO_URING_OWNER_H

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/driver/uring.h"

#define MILLISECOND ((int64_t)1000000)

static const struct weft__driver_class *const class = &weft__uring_class;

/* ---- an operation that remembers what became of it ---- */

struct request {
    struct weft__operation op;
    int result; /* of the last completion */
    unsigned completions;
    bool more;
    int results[8];
    _Atomic(bool) over;
};

static inline void note(struct weft__operation *op, int result, bool more)
{
    struct request *r = weft__container_of(op, struct request, op);

    if (r->completions < 8)
        r->results[r->completions] = result;
    r->completions++;
    r->result = result;
    r->more = more;
    if (!more)
        weft__store_release(&r->over, true); /* with the acquire of is_over: the rest of *r */
}

static inline bool is_over(struct request *r)
{
    return weft__load_acquire(&r->over);
}

static inline struct request request(enum weft__opcode code, int fd, void *buffer, size_t length,
                                     uint32_t flags)
{
    return (struct request){.op = {.code = (uint8_t)code,
                                   .fd = fd,
                                   .buffer = buffer,
                                   .length = length,
                                   .flags = flags,
                                   .complete = note}};
}

/* ---- a driver, and its owner's turns ---- */

static inline struct weft__driver *open_sized(unsigned sq_entries, unsigned cq_entries)
{
    struct weft__driver *driver;

    weft__uring_entries(sq_entries, cq_entries);
    cr_assert_eq(class->open(&driver, 0, 1), 0);
    cr_assert_eq(class->attach(driver), 0);
    return driver;
}

static inline struct weft__driver *open_driver(void)
{
    return open_sized(256, 4096);
}

static inline void close_driver(struct weft__driver *driver)
{
    class->detach(driver);
    class->close(driver);
}

static inline unsigned park_and_reap(struct weft__driver *driver, int64_t deadline)
{
    weft__spin_lock(&driver->completion_lock);
    class->park(driver, deadline);
    unsigned reaped = class->reap(driver, 64);
    weft__spin_unlock(&driver->completion_lock);
    return reaped;
}

static inline int finish(struct weft__driver *driver, struct request *r)
{
    while (!is_over(r))
        park_and_reap(driver, INT64_MAX);
    return r->result;
}

static inline int perform(struct weft__driver *driver, struct request *r)
{
    class->submit(driver, &r->op);
    return finish(driver, r);
}

static inline void *reap_all(void *driver)
{
    weft__spin_lock(&((struct weft__driver *)driver)->completion_lock);
    class->reap(driver, 64);
    weft__spin_unlock(&((struct weft__driver *)driver)->completion_lock);
    return NULL;
}

static inline void run_thread(void *(*fn)(void *), void *argument)
{
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, fn, argument), 0);
    pthread_join(thread, NULL);
}

static inline void make_pair(int pair[2])
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
}

static inline int listener(struct sockaddr_in *address, int backlog)
{
    socklen_t length = sizeof(*address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    cr_assert_eq(bind(fd, (struct sockaddr *)address, length), 0);
    cr_assert_eq(listen(fd, backlog), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)address, &length), 0);
    return fd;
}

static inline int tcp_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

#endif
