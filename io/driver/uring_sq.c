/* SPDX-License-Identifier: MIT */
#include "io/driver/uring_sq.h"

#include <poll.h>
#include <sys/socket.h>

#define LONGEST 0x7ffff000 /* bytes: what Linux reads or writes at once at most */

void weft__uring_sq_init(struct weft__uring_sq *sq, struct io_uring *ring)
{
    sq->head = (_Atomic(unsigned) *)ring->sq.khead;
    sq->tail = (_Atomic(unsigned) *)ring->sq.ktail;
    sq->flags = (_Atomic(unsigned) *)ring->sq.kflags;
    sq->entries = ring->sq.sqes;
    sq->size = ring->sq.ring_entries;
    sq->mask = ring->sq.ring_mask;
    /* The kernel finds entries through an index array; here it is the identity for ever. */
    for (unsigned i = 0; i < sq->size; i++)
        ring->sq.array[i] = i;
}

bool weft__uring_sq_begin(struct weft__uring_sq *sq)
{
    /* relaxed, and a barrier for the compiler: the other side is a handler on this thread. */
    if (weft__load_relaxed(&sq->writing))
        return false;
    weft__store_relaxed(&sq->writing, true);
    __asm__ volatile("" ::: "memory");
    return true;
}

void weft__uring_sq_end(struct weft__uring_sq *sq)
{
    /* release: the compiler keeps what was written before it; see begin. */
    weft__store_release(&sq->writing, false);
}

bool weft__uring_sq_is_full(struct weft__uring_sq *sq)
{
    /* acquire, with the kernel's release of the head: it has read the entry that is written next.
     * relaxed: the tail is this thread's. */
    return weft__load_relaxed(sq->tail) - weft__load_acquire(sq->head) >= sq->size;
}

static bool has_room(struct weft__uring_sq *sq)
{
    return !weft__uring_sq_is_full(sq) && !(weft__uring_sq_flags(sq) & IORING_SQ_CQ_OVERFLOW);
}

static struct io_uring_sqe *next_entry(struct weft__uring_sq *sq)
{
    /* relaxed: the tail is this thread's. */
    return &sq->entries[weft__load_relaxed(sq->tail) & sq->mask];
}

static void publish(struct weft__uring_sq *sq)
{
    /* release, with the kernel's acquire: the entry, and all that its operation points to. */
    weft__store_release(sq->tail, weft__load_relaxed(sq->tail) + 1);
}

static void prepare_connect(struct io_uring_sqe *entry, const struct weft__operation *op)
{
    /* One that was interrupted goes on in the kernel's network stack: wait for its end, then ask.
     */
    if (op->strayed == WEFT__STRAYED_CONNECTING)
        io_uring_prep_poll_add(entry, op->fd, POLLOUT);
    else
        io_uring_prep_connect(entry, op->fd, op->buffer, (socklen_t)op->length);
}

static void prepare(struct io_uring_sqe *entry, const struct weft__operation *op)
{
    size_t length = op->length < LONGEST ? op->length : LONGEST;

    switch ((enum weft__opcode)op->code) {
    case WEFT__OP_RECV:
        io_uring_prep_recv(entry, op->fd, op->buffer, length, (int)op->flags);
        if (op->poll_first)
            entry->ioprio |= IORING_RECVSEND_POLL_FIRST;
        return;
    case WEFT__OP_SEND:
        io_uring_prep_send(entry, op->fd, op->buffer, length, (int)op->flags);
        return;
    case WEFT__OP_ACCEPT:
        io_uring_prep_multishot_accept(entry, op->fd, NULL, NULL, SOCK_CLOEXEC);
        return;
    case WEFT__OP_CONNECT:
        prepare_connect(entry, op);
        return;
    case WEFT__OP_POLL:
        io_uring_prep_poll_add(entry, op->fd, op->flags);
        return;
    case WEFT__OP_SHUTDOWN:
        io_uring_prep_shutdown(entry, op->fd, (int)op->flags);
        return;
    case WEFT__OP_CLOSE:
        io_uring_prep_close(entry, op->fd);
        return;
    }
    weft__die("an operation with the unknown code %u", op->code);
}

static void put_entry(struct weft__uring_sq *sq, struct weft__operation *op)
{
    struct io_uring_sqe *entry = next_entry(sq);

    prepare(entry, op);
    io_uring_sqe_set_data64(entry, (uintptr_t)op);
    weft__uring_ordered_before(op);
    publish(sq);
}

bool weft__uring_sq_put(struct weft__uring_sq *sq, struct weft__operation *op)
{
    if (weft__unlikely(sq->first || !has_room(sq)))
        return false;
    put_entry(sq, op);
    return true;
}

void weft__uring_sq_put_read(struct weft__uring_sq *sq, int fd, void *buffer, unsigned length,
                             uint64_t user_data)
{
    struct io_uring_sqe *entry = next_entry(sq);

    io_uring_prep_read(entry, fd, buffer, length, 0);
    io_uring_sqe_set_data64(entry, user_data);
    publish(sq);
}

void weft__uring_sq_append(struct weft__uring_sq *sq, struct weft__operation *op)
{
    op->next = NULL;
    if (sq->first)
        sq->last->next = op;
    else
        sq->first = op;
    sq->last = op;
    weft__count(&sq->waiting, 1);
}

void weft__uring_sq_move_list(struct weft__uring_sq *sq)
{
    while (sq->first && has_room(sq)) {
        struct weft__operation *op = sq->first;
        sq->first = op->next;
        weft__count(&sq->waiting, -1u);
        put_entry(sq, op);
    }
}
