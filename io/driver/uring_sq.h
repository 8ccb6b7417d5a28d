/* SPDX-License-Identifier: MIT */
/*
 * uring_sq: the submission queue of a ring, and the operations that wait for room in it.
 *
 * The queue belongs to the owner's thread. An entry is written whole before the tail that shows it
 * is stored (release), and there is one tail only, the one that the kernel reads. So at every
 * instruction what lies between head and tail is complete, and any enter, also one from a signal
 * handler that interrupts the owner anywhere, may give it to the kernel: the kernel moves the head,
 * the owner's thread the tail. How many entries to submit is always computed as tail - head. An
 * owner that is interrupted between that and its enter asks for more than is left, and the kernel
 * takes what is there. (liburing's own helpers keep a second tail and move it to the kernel's in a
 * step of its own, so a request that a handler has submitted would be counted twice, or one that is
 * half written be shown.)
 *
 * The handler also wants to write entries: those that wait in the list. `writing` is a lock between
 * the owner and its own handler. The owner sets it around each write to the queue or the list and
 * never waits for it; the handler only tries it, and when it interrupted a write it leaves the list
 * alone and enters the kernel with what is published. A handler runs to its end before the owner
 * goes on, so for the owner the lock is always free. Plain stores and a barrier for the compiler
 * are enough, since both sides are one thread. What the handler had to leave is still waiting, so a
 * worker that stays stuck is kicked again.
 *
 * The list. What finds no room waits in a list, first in, first out, which every flush and park
 * moves to the queue as far as it goes. There is no room either while the kernel has completions
 * that its completion queue did not hold: so those that it has to keep in memory of its own stay
 * few.
 */
#ifndef WEFT_IO_DRIVER_URING_SQ_H
#define WEFT_IO_DRIVER_URING_SQ_H

#include "runtime/sched/operation.h"
#include "io/driver/uring_abi.h"

struct weft__uring_sq {
    /* constant: into the memory shared with the kernel */
    _Atomic(unsigned) *head, *tail, *flags;
    struct io_uring_sqe *entries;
    unsigned size, mask;

    /* the owner's thread */
    _Atomic(bool) writing;
    struct weft__operation *first, *last; /* the list */
    _Atomic(unsigned) waiting;            /* its length: read by anyone */
};

void weft__uring_sq_init(struct weft__uring_sq *sq, struct io_uring *ring);

/* False: this is the handler, and it interrupted a write. All below that write stand between the
 * two. */
bool weft__uring_sq_begin(struct weft__uring_sq *sq);
void weft__uring_sq_end(struct weft__uring_sq *sq);

bool weft__uring_sq_is_full(struct weft__uring_sq *sq);

/* Publishes [op], as the last access to *op, if there is room and nothing waits before it. */
bool weft__uring_sq_put(struct weft__uring_sq *sq, struct weft__operation *op);

/* Publishes a read of [length] bytes. The queue is not full. */
void weft__uring_sq_put_read(struct weft__uring_sq *sq, int fd, void *buffer, unsigned length,
                             uint64_t user_data);

/* Puts [op] at the end of the list. */
void weft__uring_sq_append(struct weft__uring_sq *sq, struct weft__operation *op);

/* Publishes what waits in the list, as far as there is room. */
void weft__uring_sq_move_list(struct weft__uring_sq *sq);

/* Anyone: how many published entries the kernel has not taken. */
WEFT__INLINE unsigned weft__uring_sq_unsubmitted(struct weft__uring_sq *sq)
{
    /* relaxed: a number; if the head has moved on since, the kernel finds fewer. */
    return weft__load_relaxed(sq->tail) - weft__load_relaxed(sq->head);
}

/* Anyone: IORING_SQ_*. relaxed: hints of the kernel's; who enters because of them synchronises
 * there. */
WEFT__INLINE unsigned weft__uring_sq_flags(struct weft__uring_sq *sq)
{
    return weft__load_relaxed(sq->flags);
}

#endif
