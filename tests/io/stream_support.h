/* SPDX-License-Identifier: MIT */
/* What the tests of streams and servers share: a connection whose other end is a plain socket. */
#ifndef WEFT_TESTS_IO_STREAM_SUPPORT_H
#define WEFT_TESTS_IO_STREAM_SUPPORT_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "weft.h"

static const unsigned worker_counts[] = {1, 2, 4};
#define EACH_WORKER_COUNT(n) for (const unsigned *n = worker_counts; n < worker_counts + 3; n++)

static inline struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A peer that does not read takes little: no more than this, and what the kernel keeps of the
 * sender's. */
static inline void take_little(int fd)
{
    int bytes = 64 * 1024;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

static inline int listen_plain(uint16_t *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;

    take_little(fd);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(fd, 128), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static inline int connect_plain(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = loopback((uint16_t)port);

    take_little(fd);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Has close send a reset. */
static inline void close_hard(int fd)
{
    struct linger linger = {.l_onoff = 1};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(fd);
}

/* Waits until [fd] has [events], without stopping the loop. */
static inline bool ready(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};

    for (int i = 0; i < 5000; i++) {
        if (poll(&p, 1, 0) == 1)
            return true;
        if (weft_sleep(WEFT_MS(1)) < 0)
            return false;
    }
    return false;
}

/* Takes exactly [n] bytes, or what there is until the end. */
static inline size_t take_plain(int fd, void *buffer, size_t n)
{
    size_t got = 0;

    while (got < n && ready(fd, POLLIN)) {
        ssize_t rc = recv(fd, (char *)buffer + got, n - got, MSG_DONTWAIT);
        if (rc <= 0)
            break;
        got += (size_t)rc;
    }
    return got;
}

static inline unsigned descriptors(void)
{
    unsigned n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* Runs [test] on 1, 2 and 4 workers, each in a loop of its own, and sees that no descriptor is
 * left. */
static inline void run_test(const weft_corofn_t *test)
{
    EACH_WORKER_COUNT(n)
    {
        unsigned before = descriptors();
        cr_expect_eq(weft_run(weft_coro(test, NULL), NULL, .workers = *n), 0, "%s", test->name);
        cr_expect_eq(descriptors(), before, "%s leaves a descriptor open", test->name);
    }
}

#define LOOPBACK_TEST(suite, name)                                                                 \
    static void name##_steps(void);                                                                \
    WEFT_CORO(name##_task)                                                                         \
    {                                                                                              \
        name##_steps();                                                                            \
        return 0;                                                                                  \
    }                                                                                              \
    Test(suite, name)                                                                              \
    {                                                                                              \
        run_test(&name##_task);                                                                    \
    }                                                                                              \
    static void name##_steps(void)

#endif
