/* SPDX-License-Identifier: MIT */
/*
 * virtual: a driver and a system without a kernel, in which a whole loop runs deterministically.
 *
 * A simulation runs everything that it simulates on the one OS thread that made it. Each simulated
 * thread (a worker, the monitor, a pool thread, a foreign thread of the test) is a context with a
 * stack of its own; the thread that made the simulation is context 0. A seed decides everything
 * that is chance elsewhere: which context runs when, how long a step takes, when and how each
 * operation completes, which fault strikes. So a failure is replayed by its seed, and a test that
 * needs a thousand hours of luck on real threads needs some thousand seeds here. After
 * FoundationDB's simulation (Zhou et al., "FoundationDB: A Distributed Unbundled Transactional Key
 * Value Store", 2021).
 *
 * Switches   happen at points: each function of the driver and of the system is one, and in builds
 *            with -DWEFT_SIM so is each weft__sim_point(). At a point the seed may let another
 *            context run. A point in a spin loop ("spin") always does, if another can run. Between
 *            two points a context runs undisturbed.
 * Clock      virtual nanoseconds. Each step costs some 100, or nothing (still). When no context can
 *            run, the clock jumps to the next deadline or to what the kernel does next; if there is
 *            neither, that is a deadlock: every context is reported with what it waits for, and the
 *            seed.
 * Kernel     one submission queue, one completion queue of bounded size and one list of requests
 *            for each driver; sockets that exist here only (virtual_kernel.c, virtual_socket.c).
 * Trace      each step goes into a hash, and as a line to whoever wants to read it. Things are
 *            named by numbers that count up, never by address: the same seed gives the same trace.
 *
 * What the scheduler must keep for this to work:
 *  1. It blocks, starts threads and reads clocks through its struct weft__system only. The cycle
 *     counter is a clock: in builds with WEFT_SIM it is weft__virtual_cycles().
 *  2. A loop that waits for what another thread does calls weft__pause() in every round.
 *  3. No decision depends on an address, on real time, on a thread's number, or on what malloc
 *     returns beyond NULL or not.
 *  4. A point never lies where a lock of the operating system is held: the only thread there is
 *     would wait for itself. The runtime's own spin locks may be held at points, with WEFT_SIM.
 *  5. Without WEFT_SIM spin loops do not switch, so no lock at all may be held in the functions
 *     that do: submit, flush, park, attach, detach, now, wait, wake_all, thread_start, thread_join.
 *     The others (reap with all that it calls, wake, cancel, ready, owes, kick) do not switch then.
 *  6. Of thread-locals, a context has its own `worker`, `loop` and `vars` (base/thread_local.h) and
 *     errno. The rest is shared, so nothing that works on it may contain a point.
 *  7. What interleaves only in ways that lie between two points is not explored: protocols get
 *     their points between the steps.
 *
 * Not explored at all: memory order. Contexts see each other's stores at once; what a store buffer
 * does is for the models, ThreadSanitizer and other processors.
 *
 * Who may call what: the functions below only on the OS thread of the simulation, from any context.
 */
#ifndef WEFT_IO_DRIVER_VIRTUAL_H
#define WEFT_IO_DRIVER_VIRTUAL_H

#include <sys/types.h>

#include "runtime/sched/driver.h"

struct weft__virtual;

/* What may go wrong. Those marked * have no chance of their own: they are counted when they happen.
 */
enum weft__virtual_fault {
    WEFT__VIRTUAL_LATE,         /* a completion takes up to a millisecond */
    WEFT__VIRTUAL_OUT_OF_ORDER, /* * an older operation completes after a younger one */
    WEFT__VIRTUAL_SHORT,        /* RECV or SEND moves less than it could */
    WEFT__VIRTUAL_EINTR,        /* for no reason; never of CLOSE */
    WEFT__VIRTUAL_CANCELED,     /* -ECANCELED that nobody asked for */
    WEFT__VIRTUAL_NOBUFS,       /* RECV or SEND */
    WEFT__VIRTUAL_HELD_BACK,    /* posted only when the owner enters, is kicked, or a tick passes */
    WEFT__VIRTUAL_REFUSED,      /* an enter takes nothing more: what is left waits for the next */
    WEFT__VIRTUAL_OVERFLOW, /* the completion queue is full, or (by chance) acts as if it were */
    WEFT__VIRTUAL_MULTISHOT_END, /* an ACCEPT ends by itself, with a connection */
    WEFT__VIRTUAL_CANCEL_LATE,   /* the operation completes in spite of a cancel, as it was done or
                                    (by chance) becomes so in that moment */
    WEFT__VIRTUAL_CANCEL_EARLY,  /* * a cancel before the kernel knows the operation */
    WEFT__VIRTUAL_CANCEL_GONE,   /* * a cancel after the completion was posted */
    WEFT__VIRTUAL_SPURIOUS_WAKE, /* park or wait returns for no reason */
    WEFT__VIRTUAL_STALL,         /* a thread gets no core for up to 5 ms */
    WEFT__VIRTUAL_KICKED,        /* * a thread was kicked */
    WEFT__VIRTUAL_MOVED,         /* * an operation in flight was moved to another thread (attach) */
    WEFT__VIRTUAL_FAULTS,
};

struct weft__virtual_config {
    uint64_t seed;
    unsigned switch_one_in; /* points that switch: one in so many; 0: 3 */
    unsigned
        fault_one_in[WEFT__VIRTUAL_FAULTS]; /* where it may strike: one time in so many; 0: never */
    unsigned submission_entries, completion_entries; /* of each driver; 0: 64, 128 */
    size_t socket_bytes;                             /* that a socket buffers; 0: 4096 */
    unsigned open_fails;                             /* the n-th open of a driver fails; 0: none */
    unsigned start_fails;                            /* the n-th thread_start fails; 0: none */
    bool still;          /* steps take no time: the clock moves when no context can run, only */
    int64_t time_limit;  /* virtual ns that the simulation may last; 0: no limit */
    uint64_t step_limit; /* and points; 0: 50 million */
    void (*trace)(void *arg, const char *line);
    /* Called at a deadlock or limit, instead of printing and aborting. After it no other context
     * runs any more, and in context 0 whatever waits returns at once. */
    void (*stuck)(void *arg, const char *report);
    void *arg;
};

/* A configuration for this seed: tiny queues, and a random choice of faults with random chances. */
struct weft__virtual_config weft__virtual_swarm(uint64_t seed);

/* Makes the calling thread context 0 of a simulation. NULL: out of memory. */
struct weft__virtual *weft__virtual_new(const struct weft__virtual_config *config);
/* Context 0. All other contexts have ended, or the simulation was stuck. */
void weft__virtual_free(struct weft__virtual *sim);

/* Of the simulation on this thread; NULL: there is none. */
const struct weft__virtual_config *weft__virtual_config_here(void);

/* For struct weft__loop_config; its system is weft__system_virtual. */
extern const struct weft__driver_class weft__driver_virtual;
extern const struct weft__system weft__system_virtual;

/* A foreign thread: 0 or -errno. To be joined with weft__system_virtual.thread_join. */
int weft__virtual_thread(weft__thread *thread, void (*fn)(void *arg), void *arg);

/* The calling context computes for [ns] without a point; it can be kicked. */
void weft__virtual_burn(int64_t ns);

/* Stands for the processor's cycle counter, at 2.6 GHz. Not a point. Without a simulation on this
 * thread it follows the real clock. */
uint64_t weft__virtual_cycles(void);

/* What happened so far. */
uint64_t weft__virtual_hash(const struct weft__virtual *sim);
uint64_t weft__virtual_steps(const struct weft__virtual *sim);
uint64_t weft__virtual_faults(const struct weft__virtual *sim, enum weft__virtual_fault fault);
const char *weft__virtual_fault_name(enum weft__virtual_fault fault);

/*
 * Virtual sockets, for the operations of drivers. Their descriptors are numbers from
 * WEFT__VIRTUAL_FD on, the lowest free one first. All return a negative errno on failure.
 */
enum { WEFT__VIRTUAL_FD = 1 << 20 };

int weft__virtual_pair(int fd[2]);       /* two connected streams */
int weft__virtual_listen(uint16_t port); /* a listener, found by any CONNECT to this port */
int weft__virtual_socket(void);          /* to be connected */

/* What a foreign program does at the other end; never blocking. */
ssize_t weft__virtual_send(int fd, const void *bytes, size_t length);
ssize_t weft__virtual_recv(int fd, void *bytes, size_t length);
int weft__virtual_shutdown(int fd, int how);
int weft__virtual_close(int fd);

/* Descriptors that are open. */
unsigned weft__virtual_open_files(const struct weft__virtual *sim);

#endif
