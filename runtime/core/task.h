/* SPDX-License-Identifier: MIT */
/*
 * task: the one object behind coroutine objects, tasks and futures.
 *
 * A descriptor of two cache lines from a type-stable slab. It exists before the first run and after
 * the last, so nothing of it lives on a stack; a stack is taken at the first run only.
 *
 * Words that several threads touch
 *   word   the waiter word: the newest waiter (waiters.h), with the lock in its low bit; or DONE
 *          (FIRING at first, which is done already: waiters.h). Under this lock no other is taken
 *          but that of messages. It protects the list, the outcome (result, error) until DONE, and
 *          that tokens are put only while the task is not done.
 *   refs   references. "refs == what I hold" by an acquire load means that nobody else can reach
 *          it: then no RMW is needed to free it (but see sched/registry.h for the one who counts
 *          otherwise).
 *   ws     wait state: WAITING as long as the task is suspended in a wait that can be interrupted,
 *          HELD while a canceller looks at it, AGAIN when another one came meanwhile; zero while it
 *          runs or is runnable.
 *   tokens pending cancels (15 bits), one bit that stands for a cancelled scope (sched/level.h),
 *          the count of cancels (16), a sequence number (32) that moves on whenever pending ones
 *          left, delivered or moved inward.
 *   pos    which slot of which deque holds it while it is not started (deque.h); of a task that is
 *          done, its number, which leads an await that comes late to a slot that holds another.
 * All other members belong to whoever runs the task, or creates it before it is submitted.
 *
 * States, and who moves the task on
 *   new        a coroutine object; create_task gives it its second reference and submits it
 *   ready      its entry is in exactly one slot, or its stack's is
 *   running    taken out of the slot: by the scheduler, a thief, or an await that claims it
 *   suspended  its stack's context is saved; commit stored WAITING (sched/suspend.h)
 *   done       word == DONE, for ever; result and error are constant from there on
 *
 * How cancel and resume exclude each other (the proof is tests/models/wait.pml, the code
 * sched/cancel.c). A canceller first sets HELD in ws by CAS, which fails unless WAITING is set;
 * while HELD is set the task cannot be resumed, so its frames, its wait record and what that names
 * are alive, and may be looked at. A waker, who has taken the task's node out of its list, clears
 * WAITING by one fetch_and; if that meets HELD, it does nothing more: the holder will submit the
 * task. So nobody waits for anybody. (In an ordered loop the holder itself may be the waker, as
 * what it cancels wakes all that wait for it. It submits the task at once then, for the order's
 * sake: it cannot be resumed before the holder has let go, as there is no other worker.)
 *
 * Who holds which reference
 *   the handle   whoever called create_task (none when detached)
 *   the run      from the start (a coroutine object has it already, so that create_task needs no
 *                RMW) to the end: held by the slot, then by whoever took it out; dropped when the
 *                task is done
 *   others       weft_ref; a canceller during its walk; a time-out that expires, during its walk;
 *                the list of those to be told (waiters.h), that of gathers whose cancel was put off
 *                (async/gather.c)
 * A waiter holds none: its own caller holds one for as long as it waits.
 */
#ifndef WEFT_CORE_TASK_H
#define WEFT_CORE_TASK_H

#include "weft/task.h"
#include "runtime/base/atomic.h"
#include "runtime/base/base.h"
#include "runtime/core/entry.h"
#include "runtime/core/slab.h"
#include "runtime/core/vars.h"

struct weft_error;
struct weft__block;
struct weft__scope;
struct weft__stack;
struct weft__wait;
struct weft__waiter;
struct weft__walk;

enum weft__kind {
    WEFT__KIND_FREE,  /* not allocated */
    WEFT__KIND_CORO,  /* a coroutine object */
    WEFT__KIND_SPENT, /* a coroutine object that was awaited directly, or closed */
    WEFT__KIND_TASK,
    WEFT__KIND_FUTURE,
    WEFT__KIND_FAILED, /* a static object that stands for an error; never freed */
};

enum { /* flags: written before the object is shared */
       WEFT__TASK_DETACHED = 1,
       WEFT__TASK_PINNED = 2,
       WEFT__TASK_CLASS_SHIFT = 4, /* the upper bits: size class of its stack */
};

/* A future that nobody completes but others, for which it waits. */
struct weft__composite {
    /* instead of completing it as cancelled; outer: of sched/cancel.h */
    bool (*cancel)(struct weft_awaitable *aw, struct weft__walk *outer);
    size_t (*left)(struct weft_awaitable *aw); /* how many of them are not done */
};

/* What few objects have: a name, more to say of an error, another behaviour, a copied argument.
 * Made at need, by any thread; it stays until the object goes. */
struct weft__extra {
    char *name;
    struct weft_error *error; /* the last one (core/error.h): the task's own, constant once done */
    _Atomic(struct weft_error *) message; /* of a cancel that is pending (sched/message.h) */
    struct weft__block *blocks; /* what it has entered and not left, innermost first: its own */
    struct weft__scope *scopes; /* of these, what cancels by level: under the lock of the word */
    uint32_t shields;           /* of these, how many shield: likewise */
    _Atomic(bool) shield_told;  /* its error was reported, as nobody else will see it */
    const struct weft__composite *composite; /* of a future that is one */
    /* Frees what `data` holds; other awaitables by weft__awaitable_unref_after. */
    void (*destroy)(struct weft_awaitable *aw);
    void *data;
    weft__vars vars;                   /* of a task, see `extra` */
    _Alignas(16) unsigned char copy[]; /* of weft_coro_copy */
};

struct weft_awaitable {
    weft__entry next; /* as struct weft__claimable (core/entry.h); when no queue can hold it any
                         more: of those to be told (waiters.h), of those to be freed */
    _Atomic(uint64_t) pos;
    _Atomic(uintptr_t) word;
    _Atomic(uint32_t) refs;
    _Atomic(uint8_t)
        kind; /* release when it becomes a task, for the registry's walk; else relaxed */
    uint8_t flags;
    _Atomic(uint8_t) retrieved; /* 1: somebody looked at the outcome. Relaxed, read at the end only;
                                   before it is done, WEFT__HAS_CALLBACKS (waiters.h) */
    _Atomic(uint8_t) asked;     /* its entry is in a worker's `asks` (sched/operation.c) */
    const weft_corofn_t *fn;
    void *arg;
    void *result;
    int error; /* of a task that is not done: the number of its default name */
    _Atomic(uint32_t) ws;

    _Atomic(uint64_t) tokens;
    union {
        struct weft__wait *wait;     /* of a task: before WAITING is published; read by a holder */
        struct weft__waiter *oldest; /* of a future that is untold (waiters.h) */
    };
    struct weft__stack *stack;     /* that it runs on, from its first run on; NULL before */
    struct weft_awaitable *parent; /* on whose stack it runs inlined, else NULL */
    struct weft_loop
        *loop; /* borrowed: a loop outlives its tasks; futures may outlive it (loop.h) */
    struct weft_strand *strand; /* a reference until it is done, or NULL */
    _Atomic(uintptr_t) extra;   /* its extra part; or, with WEFT__VARS_MARK, its context
                                   variables, if it has no other; or 0 */
    const char *where;          /* "file:line" of its creation */
} __attribute__((aligned(WEFT__CACHE_LINE)));

_Static_assert(sizeof(struct weft_awaitable) == 2 * WEFT__CACHE_LINE, "two lines");

/* word */
#define WEFT__WORD_LOCKED ((uintptr_t)1)
#define WEFT__WORD_DONE ((uintptr_t)2)
#define WEFT__WORD_FIRING (WEFT__WORD_DONE | WEFT__WORD_LOCKED)

/* ws */
enum {
    WEFT__WAITING = 1,
    WEFT__HELD = 2,
    WEFT__AGAIN = 4,
    WEFT__HELD_HERE = 8, /* with HELD: by the one thread on which the task may run */
    WEFT__SUBMITTED = 16 /* with that: it has woken the task too, and submitted it */
};

/* tokens */
#define WEFT__TOKEN_PENDING ((uint64_t)1)
#define WEFT__TOKEN_EDGES ((uint64_t)0x7fff) /* as many as can be pending */
#define WEFT__TOKEN_LEVEL ((uint64_t)0x8000) /* pending for ever: sched/level.h */
#define WEFT__TOKEN_COUNT ((uint64_t)1 << 16)
#define WEFT__TOKEN_SEQUENCE ((uint64_t)1 << 32)

/* Not zero: there is something to raise. */
WEFT__INLINE uint32_t weft__tokens_pending(uint64_t tokens)
{
    return (uint32_t)(tokens & (WEFT__TOKEN_EDGES | WEFT__TOKEN_LEVEL));
}

/* How many of these leave when they are raised. */
WEFT__INLINE uint32_t weft__tokens_edges(uint64_t tokens)
{
    return (uint32_t)(tokens & WEFT__TOKEN_EDGES);
}

WEFT__INLINE uint32_t weft__tokens_count(uint64_t tokens)
{
    return (uint32_t)(tokens >> 16 & 0xffff);
}

WEFT__INLINE uint32_t weft__tokens_sequence(uint64_t tokens)
{
    return (uint32_t)(tokens >> 32);
}

WEFT__INLINE enum weft__kind weft__kind(const struct weft_awaitable *aw)
{
    /* relaxed: who holds a reference got it from whoever set the kind. */
    return (enum weft__kind)weft__load_relaxed(&((struct weft_awaitable *)(uintptr_t)aw)->kind);
}

/* acquire: pairs with the release of the completion; makes result and error readable. */
WEFT__INLINE bool weft__is_done(const struct weft_awaitable *aw)
{
    return weft__load_acquire(&((struct weft_awaitable *)(uintptr_t)aw)->word) & WEFT__WORD_DONE;
}

/* acquire: pairs with the release of whoever made it. */
WEFT__INLINE struct weft__extra *weft__extra(const struct weft_awaitable *aw)
{
    uintptr_t extra = weft__load_acquire(&((struct weft_awaitable *)(uintptr_t)aw)->extra);

    return extra & WEFT__VARS_MARK ? NULL : (struct weft__extra *)extra;
}

/* The context variables of a task, borrowed. By itself; by others under the lock of its word, or
 * once it is done. acquire: as above. */
WEFT__INLINE weft__vars weft__awaitable_vars(const struct weft_awaitable *aw)
{
    uintptr_t extra = weft__load_acquire(&((struct weft_awaitable *)(uintptr_t)aw)->extra);

    return !extra || extra & WEFT__VARS_MARK ? extra : ((struct weft__extra *)extra)->vars;
}

/* Replaces them; takes [vars] over, and gives what was there. By whoever creates the task; then by
 * the task, under the lock of its word. */
weft__vars weft__awaitable_exchange_vars(struct weft_awaitable *aw, weft__vars vars);

/* A new object of [kind] with one reference, and for a coroutine the run's as well; or NULL. */
struct weft_awaitable *weft__awaitable_new(enum weft__kind kind, const weft_corofn_t *fn, void *arg,
                                           const char *where);

/* The object that stands for [error] (negative). */
struct weft_awaitable *weft__awaitable_failed(int error);

/* Drops [n] references at once. */
void weft__awaitable_unref(struct weft_awaitable *aw, uint32_t n);

/* In a destroy, of [holder]: drops a reference that it held, or NULL. If that was the last, [aw]
 * goes after [holder], not within: so a chain of any length needs no stack. */
void weft__awaitable_unref_after(struct weft_awaitable *holder, struct weft_awaitable *aw);

void weft__awaitable_free_with_extra(struct weft_awaitable *aw);

WEFT__INLINE void weft__awaitable_free_plain(struct weft_awaitable *aw)
{
    weft__store_relaxed(&aw->kind, WEFT__KIND_FREE);
    /* relaxed: the walk of the registry only compares it with zero. */
    weft__store_relaxed(&aw->refs, 0);
    weft__slab_put(WEFT__SLAB_AWAITABLE, aw);
}

/* Frees what nobody else can reach. */
WEFT__INLINE void weft__awaitable_free(struct weft_awaitable *aw)
{
    /* acquire: as weft__extra. */
    if (weft__unlikely(weft__load_acquire(&aw->extra) != 0))
        weft__awaitable_free_with_extra(aw);
    else
        weft__awaitable_free_plain(aw);
}

/* Its extra part, made at need; NULL when out of memory. Any thread that holds a reference. */
struct weft__extra *weft__awaitable_extra(struct weft_awaitable *aw);
int weft__awaitable_set_name(struct weft_awaitable *aw, const char *name); /* copied; 0, -ENOMEM */

/* The last one of [count] numbers for default names, taken from all threads. They begin anew after
 * 2^31, as the number of a task is not negative. */
uint32_t weft__task_numbers_take(uint32_t count);

/* Gives back those from [next] on, if nobody took any since. */
bool weft__task_numbers_give_back(uint32_t last, uint32_t next);

/* The outcome is about to be stored: keeps the number. Under the lock of the word. */
WEFT__INLINE void weft__task_keep_number(struct weft_awaitable *task)
{
    weft__store_relaxed(&task->pos, (uint32_t)task->error); /* relaxed: published by DONE */
}

/* Its name, copied, always terminated; returns the whole length. Tasks without one are called
 * "Task-N". Not under the lock of the word. */
size_t weft__awaitable_name(struct weft_awaitable *aw, char *buffer, size_t size);

/* Called by the last unref before the object goes: reports of what nobody looked at. False: who was
 * told has kept a reference, and it stays. Set by the floor above, which knows exception handlers
 * (async/coro.c). */
extern bool (*weft__awaitable_dropped)(struct weft_awaitable *aw);

WEFT__INLINE void weft__awaitable_ref(struct weft_awaitable *aw)
{
    /* relaxed: who adds one holds one, which keeps the object alive. */
    weft__fetch_add_relaxed(&aw->refs, 1);
}

#endif
