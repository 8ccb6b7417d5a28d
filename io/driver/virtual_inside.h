/* SPDX-License-Identifier: MIT */
/* virtual_inside: what the files of the virtual driver share. Nobody else includes it. */
#ifndef WEFT_IO_DRIVER_VIRTUAL_INSIDE_H
#define WEFT_IO_DRIVER_VIRTUAL_INSIDE_H

#include <limits.h>

#include "io/driver/virtual.h"
#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/core/sanitizer.h"

struct weft_loop;

enum {
    WEFT__VIRTUAL_FILES = 4096,
    WEFT__VIRTUAL_BLOCKS = INT_MIN, /* not a result: the operation has to wait */
};

enum weft__virtual_state { WEFT__VIRTUAL_RUNNABLE, WEFT__VIRTUAL_BLOCKED, WEFT__VIRTUAL_ENDED };

/* A simulated thread. */
struct weft__virtual_context {
    unsigned id;
    char name[16];
    enum weft__virtual_state state;
    const char *at;          /* the point where it stands, or what it is blocked in */
    int64_t deadline;        /* blocked: it goes on then at the latest */
    int64_t not_before;      /* runnable: it stalls or burns until then */
    bool burning;            /* a kick reaches it in spite of not_before */
    bool timed_out;          /* it went on because of its deadline */
    bool kick;               /* to be delivered when it runs next */
    unsigned masked;         /* above zero: its points do not switch */
    _Atomic(uint32_t) *word; /* that it waits on */
    const struct weft__virtual_context *joining; /* whose end it waits for */
    struct weft__virtual_driver *driver;         /* that is attached to it */
    void (*fn)(void *arg);
    void *arg;

    void *sp;
    char *memory;         /* its stack; context 0 has none */
    struct weft__san own; /* of that stack */
    struct weft__san san; /* of the stack where it was switched away, maybe a task's */
    struct weft__worker *worker;
    struct weft_loop *loop;
    uintptr_t vars;
    int saved_errno;
};

/* A socket; the descriptor and each request on it hold a reference. */
struct weft__virtual_file {
    enum { WEFT__VIRTUAL_FRESH, WEFT__VIRTUAL_STREAM, WEFT__VIRTUAL_LISTENER } kind;
    unsigned refs;
    struct weft__virtual_file *peer; /* NULL: gone, or never there */
    bool ended;                      /* the peer sends no more */
    bool shut_read, shut_write;
    uint16_t port;
    unsigned waiting;                        /* listener: connections not accepted */
    struct weft__virtual_file *first, *next; /* listener: oldest one; connection: next one */
    size_t start, used;                      /* of bytes: received and not read */
    unsigned char bytes[];
};

/* An operation that was submitted. Freed when its last completion is posted. */
struct weft__virtual_request {
    struct weft__virtual_request *next;
    struct weft__operation *op;
    struct weft__virtual_file *file; /* a reference, or NULL */
    uint64_t number;
    int64_t try_at;   /* when the kernel tries it next; WEFT__NEVER: when the socket changes */
    int64_t last_due; /* of its completions: they keep their order */
    size_t progress;  /* bytes moved so far */
    bool done;        /* its last completion is on its way */
};

struct weft__virtual_completion {
    struct weft__virtual_completion *next;
    struct weft__virtual_request *request; /* NULL once posted, and for all but the last */
    struct weft__operation *op;
    uint64_t number;
    int64_t due;
    int result;
    bool more;
};

struct weft__virtual_driver {
    struct weft__driver driver;
    struct weft__virtual *sim;
    struct weft__virtual_driver *next; /* of the simulation's */
    unsigned worker;
    bool used;     /* attached at least once */
    unsigned last; /* then: to which context */

    struct weft__virtual_request *published, **published_end; /* oldest first */
    unsigned published_count;
    struct weft__virtual_request *in_flight;           /* oldest first; those that are done too */
    struct weft__virtual_completion *pending;          /* by due */
    struct weft__virtual_completion *held, **held_end; /* oldest first */
    int64_t tick;                                      /* when held is posted anyway */
    struct weft__virtual_completion *overflow, **overflow_end;
    struct weft__virtual_completion **queue; /* posted: from head to tail, modulo entries */
    uint64_t head, tail;
    uint64_t youngest; /* request that was posted so far */
    unsigned unfinished;

    bool wake;                            /* asked for, not consumed */
    struct weft__virtual_context *parked; /* the owner, in park */
};

union weft__virtual_node { /* what the pool deals out */
    union weft__virtual_node *next;
    struct weft__virtual_request request;
    struct weft__virtual_completion completion;
};

struct weft__virtual {
    struct weft__virtual_config config;
    struct weft__random random;
    int64_t now;
    int64_t next_event; /* when the kernel has something to do; may be too early, never too late */
    uint64_t steps, hash, numbers;
    unsigned opens, starts;
    uint64_t faults[WEFT__VIRTUAL_FAULTS];
    bool dead; /* was stuck */

    struct weft__virtual_context **contexts;
    unsigned count, capacity;
    struct weft__virtual_context *current;

    struct weft__virtual_driver *drivers; /* in the order of their opening */
    struct weft__virtual_file *files[WEFT__VIRTUAL_FILES];
    union weft__virtual_node *free_nodes;
    struct weft__virtual_chunk *chunks;
};

/* ---- virtual.c */

/* The simulation of the calling thread; NULL: none. */
struct weft__virtual *weft__virtual_here(void);
void weft__virtual_trace(struct weft__virtual *sim, const char *what, uint64_t number,
                         int64_t value);
/* Whether [fault] strikes now. Counts it, or leaves that to the caller. */
bool weft__virtual_chance(struct weft__virtual *sim, enum weft__virtual_fault fault);
bool weft__virtual_strikes(struct weft__virtual *sim, enum weft__virtual_fault fault);
/* [0, n) */
int64_t weft__virtual_random(struct weft__virtual *sim, uint32_t n);
/* Not from malloc, so that tests may let malloc fail: submit must not. Zeroed. */
void *weft__virtual_take(struct weft__virtual *sim);
void weft__virtual_give(struct weft__virtual *sim, void *node);
/* Reports. Returns if the configuration has a hook for it; then the simulation is dead. */
void weft__virtual_stuck(struct weft__virtual *sim, const char *why);

/* ---- virtual_thread.c */

/* A step of the current context. It may switch; [quiet]: with WEFT_SIM only. */
void weft__virtual_point(struct weft__virtual *sim, const char *what);
void weft__virtual_quiet_point(struct weft__virtual *sim, const char *what);
/* Blocks the current context until weft__virtual_unblock or [deadline]; false: the deadline passed.
 */
bool weft__virtual_block(struct weft__virtual *sim, const char *what, int64_t deadline);
void weft__virtual_unblock(struct weft__virtual_context *context);
int weft__virtual_context_new(struct weft__virtual *sim, const char *name, void (*fn)(void *),
                              void *arg);
void weft__virtual_context_free(struct weft__virtual_context *context);

/* ---- virtual_kernel.c */

/* Does what is due. */
void weft__virtual_kernel(struct weft__virtual *sim);
/* Has every request on [file] or its peer tried again. */
void weft__virtual_changed(struct weft__virtual *sim, const struct weft__virtual_file *file);
/* The owner is in the kernel for a moment: it sees what was published and posts what it held back.
 */
void weft__virtual_enter(struct weft__virtual_driver *driver);
/* Whether it would do anything there. */
bool weft__virtual_owes(const struct weft__virtual_driver *driver);
/* As struct weft__driver_class says. */
int weft__virtual_cancel(struct weft__virtual_driver *driver, const struct weft__operation *op);
/* Of what the kernel knows. */
void weft__virtual_cancel_all(struct weft__virtual_driver *driver);
void weft__virtual_move(struct weft__virtual_driver *driver);

/* Drops what a dead simulation left in flight, and the driver. */
void weft__virtual_driver_free(struct weft__virtual_driver *driver);

/* ---- virtual_file.c */

/* A file that nobody knows, with one reference; or NULL. */
struct weft__virtual_file *weft__virtual_file_new(struct weft__virtual *sim);
void weft__virtual_file_unref(struct weft__virtual *sim, struct weft__virtual_file *file);
/* The open file behind [fd], or NULL; no reference is taken. */
struct weft__virtual_file *weft__virtual_file(struct weft__virtual *sim, int fd);
/* A descriptor for [file], whose reference it takes over (also if it fails). */
int weft__virtual_install(struct weft__virtual *sim, struct weft__virtual_file *file);
int weft__virtual_close_fd(struct weft__virtual *sim, int fd);
void weft__virtual_connect(struct weft__virtual_file *a, struct weft__virtual_file *b);
/* Nothing more will be sent to it. */
void weft__virtual_file_end(struct weft__virtual *sim, struct weft__virtual_file *receiver);
struct weft__virtual_file *weft__virtual_listener(struct weft__virtual *sim, int port);

/* ---- virtual_socket.c */

/* Tries a request: its result, or WEFT__VIRTUAL_BLOCKS. */
int weft__virtual_perform(struct weft__virtual *sim, struct weft__virtual_request *request);

#endif
