/* SPDX-License-Identifier: MIT */
#include "io/driver/uring_setup.h"

#include <string.h>

#define SMALLEST 16 /* entries: a ring below this is not worth having */

static const unsigned wanted = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
                               IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE;

/* In the order in which they are given up. */
static const unsigned droppable[] = {IORING_SETUP_TASKRUN_FLAG, IORING_SETUP_CLAMP,
                                     IORING_SETUP_SUBMIT_ALL, IORING_SETUP_COOP_TASKRUN};

#define DROPPABLE (sizeof(droppable) / sizeof(droppable[0]))

static int try_flags(struct io_uring *ring, unsigned sq_entries, unsigned cq_entries,
                     weft__uring_init_fn *init)
{
    unsigned flags = wanted;

    for (unsigned dropped = 0;; dropped++) {
        struct io_uring_params params = {.flags = flags, .cq_entries = cq_entries};
        memset(ring, 0, sizeof(*ring));
        int error = init(sq_entries, ring, &params);
        if (error != -EINVAL || dropped == DROPPABLE)
            return error;
        flags &= ~droppable[dropped];
    }
}

int weft__uring_setup(struct io_uring *ring, unsigned sq_entries, unsigned cq_entries,
                      weft__uring_init_fn *init)
{
    for (;;) {
        int error = try_flags(ring, sq_entries, cq_entries, init);
        if (error != -ENOMEM || sq_entries / 2 < SMALLEST)
            return error;
        sq_entries /= 2;
        cq_entries /= 2;
    }
}

int weft__uring_cancel(int ring_fd, uint64_t user_data, unsigned flags)
{
    struct io_uring_sync_cancel_reg about = {.addr = user_data, .fd = -1, .flags = flags};
    int result = io_uring_register((unsigned)ring_fd, IORING_REGISTER_SYNC_CANCEL, &about, 1);

    if (result > 0 || result == -ETIME || result == -EALREADY || result == -EINTR)
        return 0;
    return result;
}

int weft__uring_probe(struct io_uring *ring, bool *absolute)
{
    struct __kernel_timespec at = {0};
    struct io_uring_getevents_arg argument = {.ts = (uintptr_t)&at};
    /* With nothing in flight, a kernel that knows how to cancel finds nothing to cancel. */
    int result = weft__uring_cancel(ring->ring_fd, (uintptr_t)ring, 0);

    if (result != -ENOENT)
        return result == -EINVAL || result == 0 ? -ENOSYS : result;
    /* Waits for no completion, so it does not sleep; an unknown flag is refused before that. */
    result = io_uring_enter2((unsigned)ring->ring_fd, 0, 0,
                             IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG | IORING_ENTER_ABS_TIMER,
                             (void *)&argument, sizeof(argument));
    *absolute = result >= 0;
    return 0;
}
