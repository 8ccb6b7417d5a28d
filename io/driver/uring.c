/* SPDX-License-Identifier: MIT */
/*
 * uring: one io_uring for each worker.
 *
 * The ring is made by uring_setup.c; requests are written and published by uring_sq.c, which has
 * the rules that let a signal handler submit as well; here is what the scheduler calls.
 *
 * Completion. The queue is read under the driver's completion lock by the owner or a helper.
 * Requests that ended because of their thread (uring_stray.h) are put on the list `again` by
 * whoever reaps them; the owner submits them once more. So `attach` on another thread only has to
 * ask for the end of everything: what is in flight comes back by and by, and goes out again from
 * the new thread.
 *
 * Waking. A READ of an eventfd is kept in flight; `wake` writes to the eventfd. The counter of an
 * eventfd is a level: a wake that comes while no READ is in flight completes the next one at once.
 * Only the owner arms the READ, before it sleeps at the latest: whoever reaps its completion sets
 * `unarmed`. A completion that a helper reaps cannot end a park that begins later, therefore `wake`
 * counts before it writes, and park does not sleep if the count has moved since the last park's
 * end. No wake is lost: if park reads the old count, then the count and the write come after that.
 * From then on the owner holds the completion lock, and the READ is in flight, or in the queue that
 * the owner's enter submits, or its completion is there: in each case the enter returns. (It is not
 * if the READ found no room: then park does not sleep.) What the READ reads is of no use, so all of
 * them read into one word: no memory has to outlive a request that the kernel takes down after the
 * ring was closed.
 *
 * Cancelling. From any thread, by IORING_REGISTER_SYNC_CANCEL, which needs no place in anybody's
 * queue; it would wait until the request has ended, so its time-out is zero, and "timed out" means
 * asked. It came with Linux 6.0. On an older kernel open says -ENOSYS, and another driver is to be
 * chosen; a second way of cancelling through the owner's queue for kernels that are out of
 * maintenance is not worth its states.
 *
 * Not chosen: MSG_RING or a futex in the ring for waking (to wake a sleeping core costs the same by
 * every way, and the futex loses wakes on some kernels); a POLL on the eventfd (needs a read(2)
 * beside it); a list of what is in flight (it would only serve the move to another thread);
 * IORING_OP_ASYNC_CANCEL for cancelling by the owner (it takes a place in the queue and a
 * completion, and is not faster).
 */
#include "io/driver/uring.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io/driver/uring_abi.h"
#include "io/driver/uring_setup.h"
#include "io/driver/uring_sq.h"
#include "io/driver/uring_stray.h"
#include "runtime/core/sanitizer.h"

#define AHEAD 4 /* completions whose operation is fetched before it is needed */

struct uring {
    struct weft__driver driver;

    /* constant after open */
    struct io_uring ring;
    _Atomic(unsigned) *cq_head, *cq_tail;
    int wake_fd;
    bool absolute; /* enter takes an absolute time-out (Linux 6.12) */
    bool blind;    /* the ring does not tell when the kernel holds completions back */

    /* the owner's thread */
    WEFT__ALIGNED_APART struct weft__uring_sq sq;
    _Atomic(int) registered; /* index of the ring among the thread's, or -1 */
    pid_t thread;            /* which was attached last, or 0 */
    uint32_t wakes_seen;     /* `wakes` as the last park ended */
    _Atomic(bool) moved;     /* there was more than one thread */

    /* the reaper, under the completion lock */
    WEFT__ALIGNED_APART _Atomic(struct weft__operation *)
        again;             /* to be submitted once more: pushed by the reaper */
    _Atomic(bool) unarmed; /* no READ is in flight; the owner clears it */
    _Atomic(bool) ending;  /* cancel_all: nothing is submitted again */

    /* any thread */
    WEFT__ALIGNED_APART _Atomic(uint32_t) wakes;
};

static unsigned sq_size = 256, cq_size = 4096;
static char mapping; /* stands for the addresses of all rings: uring_abi.h */

void weft__uring_entries(unsigned sq_entries, unsigned cq_entries)
{
    sq_size = sq_entries;
    cq_size = cq_entries;
}

static struct uring *of(struct weft__driver *driver)
{
    return weft__container_of(driver, struct uring, driver);
}

/* ---- the kernel ---- */

/* Submits what is published. How many entries the kernel took, or -errno. */
static int enter(struct uring *u, unsigned completions, unsigned flags, void *argument, size_t size)
{
    /* relaxed: written on this thread, or before it could know of the driver. */
    int index = weft__load_relaxed(&u->registered);
    int fd = index < 0 ? u->ring.ring_fd : index;

    if (index >= 0)
        flags |= IORING_ENTER_REGISTERED_RING;
    /* relaxed RMW: the handler counts too. */
    weft__fetch_add_relaxed(&u->driver.counters.enters, 1);
    int result = io_uring_enter2((unsigned)fd, weft__uring_sq_unsubmitted(&u->sq), completions,
                                 flags | IORING_ENTER_GETEVENTS, argument, size);
    /* EBADR, for one, says that completions are lost: nothing can go on from there. */
    WEFT__ASSERT(result >= 0 || result == -EINTR || result == -ETIME || result == -EAGAIN ||
                     result == -EBUSY || result == -ENOMEM,
                 "io_uring_enter failed");
    return result;
}

static void cancel_everything(struct uring *u)
{
    weft__uring_cancel(u->ring.ring_fd, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
}

/* ---- submission ---- */

static void take_again(struct uring *u)
{
    /* acquire, with the release of the reaper's push: op->next. */
    struct weft__operation *op = weft__exchange_acquire(&u->again, NULL);

    while (op) {
        struct weft__operation *next = op->next;
        weft__uring_sq_append(&u->sq, op);
        op = next;
    }
}

/* Something is to be written to the queue. Owner, handler; anyone as a hint. */
static bool has_to_write(struct uring *u)
{
    /* relaxed: reasons to look; and while the owner parks it holds the lock of those who set the
     * last. */
    return weft__load_relaxed(&u->sq.waiting) || weft__load_relaxed(&u->again) ||
           (weft__load_relaxed(&u->unarmed) && !weft__load_relaxed(&u->ending));
}

static void arm(struct uring *u)
{
    static uint64_t unused;

    /* relaxed: before the publication, after which a helper may set it again. */
    weft__store_relaxed(&u->unarmed, false);
    weft__uring_sq_put_read(&u->sq, u->wake_fd, &unused, sizeof(unused), (uintptr_t)u);
}

static void fill(struct uring *u)
{
    if (!has_to_write(u) || !weft__uring_sq_begin(&u->sq))
        return;
    take_again(u);
    weft__uring_sq_move_list(&u->sq);
    /* relaxed: set under the completion lock; if it is seen late, the next fill arms. */
    if (weft__load_relaxed(&u->unarmed) && !weft__load_relaxed(&u->ending) &&
        !weft__uring_sq_is_full(&u->sq))
        arm(u);
    weft__uring_sq_end(&u->sq);
}

static void submit(struct weft__driver *driver, struct weft__operation *op)
{
    struct uring *u = of(driver);

    /* relaxed: of an awaited operation the commit has stored it before it published the task. A
     * canceller may be at it already: it finds the same value, and what it has asked for, and we
     * clear, is asked for again. */
    weft__store_relaxed(&op->driver, driver);
    weft__store_relaxed(&op->asked, false);
    op->strayed = WEFT__STRAYED_NO;
    weft__count(&driver->counters.submissions, 1);
    weft__uring_sq_begin(&u->sq);
    if (weft__unlikely(!weft__uring_sq_put(&u->sq, op))) {
        bool alone = !u->sq.first; /* only the first enters; the others wait for a flush */
        weft__uring_sq_append(&u->sq, op);
        if (alone && weft__uring_sq_is_full(&u->sq))
            enter(u, 0, 0, NULL, 0);
        weft__uring_sq_move_list(&u->sq);
    }
    weft__uring_sq_end(&u->sq);
}

/* ---- turns ---- */

/* Whether the kernel holds completions back that an enter of the owner would post. */
static bool is_owed(struct uring *u)
{
    return weft__uring_sq_flags(&u->sq) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW) || u->blind;
}

static void count_overflow(struct uring *u)
{
    /* relaxed RMW: the handler counts too. */
    if (weft__unlikely(weft__uring_sq_flags(&u->sq) & IORING_SQ_CQ_OVERFLOW))
        weft__fetch_add_relaxed(&u->driver.counters.overflows, 1);
}

static unsigned in_flight(struct weft__driver *driver)
{
    /* relaxed: the submitter waits until the last reaper's count has come; to others a hint. */
    return (unsigned)(weft__load_relaxed(&driver->counters.submissions) -
                      weft__load_relaxed(&driver->counters.completions));
}

static void flush(struct weft__driver *driver)
{
    struct uring *u = of(driver);
    int taken;

    do { /* another round only if this one has submitted something */
        fill(u);
        if (!weft__uring_sq_unsubmitted(&u->sq) && !is_owed(u))
            break;
        count_overflow(u);
        taken = enter(u, 0, 0, NULL, 0);
    } while (taken > 0 &&
             (weft__uring_sq_unsubmitted(&u->sq) || weft__load_relaxed(&u->sq.waiting)));
    if (weft__unlikely(weft__load_relaxed(&u->ending)) && in_flight(driver))
        cancel_everything(u); /* what was not in the kernel when cancel_all asked */
}

static void kicked(struct weft__driver *driver)
{
    int saved = errno;

    flush(driver);
    errno = saved;
}

static bool owes(struct weft__driver *driver)
{
    struct uring *u = of(driver);

    /* A missing READ is no debt: it is only needed by an owner that sleeps. relaxed: hints. */
    return weft__uring_sq_unsubmitted(&u->sq) || weft__load_relaxed(&u->sq.waiting) ||
           weft__load_relaxed(&u->again) || (is_owed(u) && (!u->blind || in_flight(driver)));
}

static bool ready(struct weft__driver *driver)
{
    struct uring *u = of(driver);

    /* relaxed: a hint; reap acquires. */
    return weft__load_relaxed(u->cq_tail) != weft__load_relaxed(u->cq_head);
}

/* ---- completions ---- */

static void put_again(struct uring *u, struct weft__operation *op)
{
    /* relaxed: only put into op->next; the owner reads it after its acquire of our release. */
    struct weft__operation *first = weft__load_relaxed(&u->again);
    do
        op->next = first;
    while (!weft__cas_release(&u->again, &first, op)); /* release, with the acquire of take_again */
}

/* Returns whether an operation was completed. */
static bool finish(struct uring *u, const struct io_uring_cqe *entry)
{
    struct weft__operation *op = (struct weft__operation *)(uintptr_t)entry->user_data;
    bool more = entry->flags & IORING_CQE_F_MORE;
    int result = entry->res;

    if (entry->user_data == (uintptr_t)u) { /* the READ of the eventfd */
        WEFT__ASSERT(result != -EBADF && result != -EINVAL, "the wake-up cannot be read");
        /* relaxed: for the owner, which looks at it before it sleeps, under this lock. */
        weft__store_relaxed(&u->unarmed, true);
        return false;
    }
    weft__uring_ordered_after(op);
    /* relaxed: `moved` is a reason to try, `ending` has one thread left. */
    if (weft__unlikely(result < 0 || op->strayed) && !more && !weft__load_relaxed(&u->ending) &&
        weft__uring_stray(op, &result, weft__load_relaxed(&u->moved))) {
        put_again(u, op);
        return false;
    }
    if (!more)
        weft__count(&u->driver.counters.completions, 1);
    op->complete(op, result, more); /* it may be gone after this */
    return true;
}

static void prefetch(struct uring *u, unsigned at, unsigned tail)
{
    if ((int)(tail - at) > 0)
        __builtin_prefetch((void *)(uintptr_t)u->ring.cq.cqes[at & u->ring.cq.ring_mask].user_data);
}

static unsigned reap(struct weft__driver *driver, unsigned limit)
{
    struct uring *u = of(driver);
    /* relaxed: written under the lock that we hold. acquire, with the kernel's release: the
     * entries. */
    unsigned head = weft__load_relaxed(u->cq_head);
    unsigned tail = weft__load_acquire(u->cq_tail);
    unsigned count = 0;

    for (unsigned i = 0; i < AHEAD; i++)
        prefetch(u, head + i, tail);
    for (; head != tail && count < limit; head++) {
        prefetch(u, head + AHEAD, tail);
        struct io_uring_cqe entry = u->ring.cq.cqes[head & u->ring.cq.ring_mask];
        count += finish(u, &entry);
    }
    /* release, with the kernel's acquire: the entries were read and may be written again. */
    weft__store_release(u->cq_head, head);
    return count;
}

/* ---- parking ---- */

static struct __kernel_timespec timespec_of(int64_t ns)
{
    if (ns < 0)
        ns = 0;
    return (struct __kernel_timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

static void wait_until(struct uring *u, int64_t deadline, const void *mask)
{
    int64_t time = deadline;

    if (deadline != INT64_MAX && !u->absolute) {
        time -= weft__system_posix.now();
        if (time <= 0) /* the kernel would sleep a little even so */
            return flush(&u->driver);
    }
    struct __kernel_timespec at = timespec_of(time);
    struct io_uring_getevents_arg argument = {
        .sigmask = (uintptr_t)mask,
        .sigmask_sz = _NSIG / 8,
        .ts = deadline == INT64_MAX ? 0 : (uintptr_t)&at,
    };
    enter(u, 1, IORING_ENTER_EXT_ARG | (u->absolute ? IORING_ENTER_ABS_TIMER : 0), &argument,
          sizeof(argument));
}

static void park(struct weft__driver *driver, int64_t deadline)
{
    struct uring *u = of(driver);
    struct weft__san_sleep sleep;

    weft__san_sleep_begin(&sleep);
    fill(u);
    /* acquire, with the release of wake: what the waker did before. The essay has the argument. */
    uint32_t wakes = weft__load_acquire(&u->wakes);
    if (wakes != u->wakes_seen || ready(driver) || has_to_write(u))
        flush(driver);
    else
        wait_until(u, deadline, weft__san_sleep_mask(&sleep));
    /* acquire: as above. A wake that is counted here has ended this park, or finds its end. */
    u->wakes_seen = weft__load_acquire(&u->wakes);
    weft__san_sleep_end(&sleep);
}

static void wake(struct weft__driver *driver)
{
    struct uring *u = of(driver);
    const uint64_t one = 1;
    ssize_t written;

    /* acq_rel, with the acquires of park: what the caller did before. Counted before it is written.
     */
    weft__fetch_add_acq_rel(&u->wakes, 1);
    do
        written = write(u->wake_fd, &one, sizeof(one));
    while (written < 0 && errno == EINTR);
    WEFT__ASSERT(written == sizeof(one), "the wake-up descriptor cannot be written");
}

/* ---- cancelling ---- */

static int cancel(struct weft__operation *op)
{
    /* relaxed: the caller knows of the operation by a publication that came after the store. */
    struct uring *u = of(weft__load_relaxed(&op->driver));

    /* relaxed: see uring_stray.c. */
    weft__store_relaxed(&op->asked, true);
    return weft__uring_cancel(u->ring.ring_fd, (uintptr_t)op, 0);
}

static void cancel_all(struct weft__driver *driver)
{
    struct uring *u = of(driver);

    if (gettid() != u->thread)
        weft__store_relaxed(&u->registered, -1); /* that thread is gone, and its index with it */
    /* relaxed: nobody but the caller reaps from now on. */
    weft__store_relaxed(&u->ending, true);
    flush(driver);
}

/* ---- threads ---- */

static int attach(struct weft__driver *driver)
{
    struct uring *u = of(driver);
    struct io_uring_rsrc_update about = {.offset = -1U, .data = (uint64_t)u->ring.ring_fd};
    pid_t self = gettid();
    int done = io_uring_register((unsigned)u->ring.ring_fd, IORING_REGISTER_RING_FDS, &about, 1);

    /* Refused (16 to a thread): the plain descriptor does, a little slower. relaxed: for this
     * thread. */
    weft__store_relaxed(&u->registered, done == 1 ? (int)about.offset : -1);
    if (u->thread && u->thread != self) {
        weft__store_relaxed(&u->moved, true); /* relaxed: see finish */
        cancel_everything(u);                 /* comes back as stray, and is submitted from here */
    }
    u->thread = self;
    return 0;
}

static void unregister(struct uring *u)
{
    /* relaxed: written by this thread. */
    int index = weft__exchange_relaxed(&u->registered, -1);
    struct io_uring_rsrc_update about = {.offset = (unsigned)index};

    if (index >= 0)
        io_uring_register((unsigned)u->ring.ring_fd, IORING_UNREGISTER_RING_FDS, &about, 1);
}

static void detach(struct weft__driver *driver)
{
    unregister(of(driver));
}

/* ---- opening and closing ---- */

static int open_parts(struct uring *u)
{
    int error = weft__uring_setup(&u->ring, sq_size, cq_size, io_uring_queue_init_params);

    if (error)
        return error;
    weft__uring_ordered_after(&mapping);
    weft__uring_sq_init(&u->sq, &u->ring);
    u->cq_head = (_Atomic(unsigned) *)u->ring.cq.khead;
    u->cq_tail = (_Atomic(unsigned) *)u->ring.cq.ktail;
    u->blind =
        (u->ring.flags & IORING_SETUP_COOP_TASKRUN) && !(u->ring.flags & IORING_SETUP_TASKRUN_FLAG);
    error = weft__uring_probe(&u->ring, &u->absolute);
    if (!error) {
        u->wake_fd = eventfd(0, EFD_CLOEXEC);
        error = u->wake_fd < 0 ? -errno : 0;
    }
    if (error) {
        weft__uring_ordered_before(&mapping);
        io_uring_queue_exit(&u->ring);
    }
    return error;
}

static int uring_open(struct weft__driver **driver, unsigned worker, unsigned workers)
{
    struct uring *u = aligned_alloc(_Alignof(struct uring), sizeof(*u));

    (void)worker;
    (void)workers;
    if (!u)
        return -ENOMEM;
    memset(u, 0, sizeof(*u));
    u->driver.class = &weft__uring_class;
    weft__spin_init(&u->driver.completion_lock);
    weft__store_relaxed(&u->registered, -1);
    weft__store_relaxed(&u->unarmed, true);
    int error = open_parts(u);
    if (error) {
        free(u);
        return error;
    }
    *driver = &u->driver;
    return 0;
}

static void uring_close(struct weft__driver *driver)
{
    struct uring *u = of(driver);

    weft__debug_assert(in_flight(driver) == 0);
    if (gettid() == u->thread)
        unregister(u); /* else the thread ended, and let go of it */
    weft__uring_ordered_before(&mapping);
    io_uring_queue_exit(&u->ring);
    close(u->wake_fd);
    free(u);
}

const struct weft__driver_class weft__uring_class = {
    .name = "io_uring",
    .system = &weft__system_posix,
    .open = uring_open,
    .close = uring_close,
    .attach = attach,
    .detach = detach,
    .submit = submit,
    .cancel = cancel,
    .flush = flush,
    .ready = ready,
    .reap = reap,
    .park = park,
    .wake = wake,
    .owes = owes,
    .kicked = kicked,
    .in_flight = in_flight,
    .cancel_all = cancel_all,
};
