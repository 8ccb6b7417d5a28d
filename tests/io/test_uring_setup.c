/* SPDX-License-Identifier: MIT */
/* uring_setup: what becomes of flags and sizes that a kernel refuses. */
#include <criterion/criterion.h>

#include "io/driver/uring_setup.h"

TestSuite(uring_setup, .timeout = 30);

static unsigned asked_flags[16], asked_entries[16], asked_count;
static unsigned known_flags, memory_for;

static int pretend(unsigned entries, struct io_uring *ring, struct io_uring_params *params)
{
    asked_flags[asked_count] = params->flags;
    asked_entries[asked_count++] = entries;
    ring->flags = params->flags;
    if (params->flags & ~known_flags)
        return -EINVAL;
    return entries > memory_for ? -ENOMEM : 0;
}

Test(uring_setup, refused_flags_are_dropped_one_by_one)
{
    struct io_uring ring;
    const unsigned least = IORING_SETUP_CQSIZE;
    known_flags = least;
    memory_for = 256;

    cr_expect_eq(weft__uring_setup(&ring, 256, 4096, pretend), 0);

    unsigned flags = least | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
                     IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP;
    cr_expect_eq(asked_count, 5);
    cr_expect_eq(asked_flags[0], flags);
    cr_expect_eq(asked_flags[1], flags &= ~IORING_SETUP_TASKRUN_FLAG);
    cr_expect_eq(asked_flags[2], flags &= ~IORING_SETUP_CLAMP);
    cr_expect_eq(asked_flags[3], flags &= ~IORING_SETUP_SUBMIT_ALL);
    cr_expect_eq(asked_flags[4], least);
    cr_expect_eq(ring.flags, least);
}

Test(uring_setup, a_kernel_that_refuses_everything_is_an_error)
{
    struct io_uring ring;
    known_flags = 0;

    cr_expect_eq(weft__uring_setup(&ring, 256, 4096, pretend), -EINVAL);
}

Test(uring_setup, a_ring_that_memory_refuses_is_halved_down_to_a_limit)
{
    struct io_uring ring;
    known_flags = ~0u;
    memory_for = 64;

    int fits = weft__uring_setup(&ring, 256, 4096, pretend);
    unsigned tries = asked_count;
    memory_for = 0;
    int never = weft__uring_setup(&ring, 64, 1024, pretend);

    cr_expect_eq(fits, 0);
    cr_expect_eq(tries, 3);
    cr_expect_eq(asked_entries[2], 64);
    cr_expect_eq(never, -ENOMEM);
    cr_expect_eq(asked_entries[asked_count - 1], 16);
}
