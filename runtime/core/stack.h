/* SPDX-License-Identifier: MIT */
/*
 * stack: the memory that running tasks need.
 *
 *     guard (64 KiB)  |  limit ... grows downwards ... saved context  |  struct weft__stack
 *
 * The descriptor lies at the upper end of its own memory and the saved context right below it, so
 * a parked task of modest depth keeps one page resident in total. A guard costs address space only.
 *
 * Stacks come in five sizes. Each size has arenas of its own: large mappings, never backed by huge
 * pages (one page touched would cost 2 MiB), not inherited by fork (a child that has no use for
 * them would copy their page tables). Guards are MADV_GUARD_INSTALL ranges (Linux 6.13), which
 * split no mapping: a million stacks are some two dozen mappings. Where the kernel refuses,
 * mprotect takes its place for as many stacks as a quarter of vm.max_map_count, and what comes
 * after has no guard: that is counted in [unguarded], and the program goes on.
 *
 * A worker takes and gives back through its cache, a LIFO list for each size: what was used last
 * is warm in the processor's caches. Lists that are full or empty exchange batches with the pool.
 *
 * Memory is given back to the kernel by trimming, not by puts: what has lain in the pool for a
 * whole second and was not needed is surplus, and its pages go, all but one page of each batch,
 * which remembers the others. A burst that comes again and again within the second pays nothing;
 * that matters, since a page given back and touched again costs microseconds.
 *
 * Type-stable: the address of a descriptor stays one until the pool is destroyed, and may be read
 * at any time. After trimming all its members may be found zero.
 *
 * Who   get, put, flush    the cache's worker
 *       trim               any thread
 *       init, destroy      one thread; at destroy no stack may be in use, and caches are dropped
 *       stack_of_fault     any thread, and signal handlers
 * Not chosen: a mapping for each stack (two system calls, and mprotect's limit of 32 753 stacks);
 * staggered tops against cache aliasing (8 % faster with a thousand tasks, 25 % slower with a
 * hundred thousand); MADV_FREE (the memory still counts as ours until the machine runs short).
 */
#ifndef WEFT_CORE_STACK_H
#define WEFT_CORE_STACK_H

#include <pthread.h>

#include "runtime/base/clock.h"
#include "runtime/base/spin.h"
#include "runtime/core/entry.h"
#include "runtime/core/sanitizer.h"

struct weft_awaitable;
struct weft_strand;
struct weft__worker;

struct weft__stack {
    weft__entry next;            /* entry link; in free lists the next one */
    _Atomic(void *) sp;          /* saved context; relaxed: a peek that prefetches may race */
    struct weft_awaitable *task; /* innermost task that runs on it */
    char *limit;                 /* lowest usable address */
    uint32_t size;               /* from limit to the end of this descriptor */
    uint8_t size_class;
    uint8_t batch;  /* first of a batch in the pool: how many it has */
    uint8_t action; /* what to do once it is switched away from (sched/suspend.h) */
    int saved_errno;
    void *argument;              /* first of a batch in the pool: the next batch */
    struct weft__worker *pinned; /* home worker of a pinned task, or NULL */
    struct weft_strand *strand;  /* held while it runs, or NULL */
    struct weft__stack *creator; /* to which an eager task's first suspension returns, or NULL */
    struct weft__san san;
} __attribute__((aligned(WEFT__CACHE_LINE)));

enum {
    WEFT__STACK_CLASSES = 5,
    WEFT__STACK_DEFAULT_CLASS = 1,
    WEFT__STACK_DEFAULT = 64 * 1024,
    WEFT__STACK_LARGEST = 8 * 1024 * 1024,
    WEFT__STACK_GUARD = 64 * 1024,
};

struct weft__arena;

struct weft__stack_depot {    /* the free stacks of one size; the pool's lock */
    struct weft__stack *warm; /* batches, newest first */
    struct weft__stack *cold; /* batches without their pages */
    uint32_t warm_count;
    uint32_t warm_least; /* of warm_count since the last assessment: what nobody needed */
    uint32_t surplus;    /* batches still to be trimmed */
};

struct weft__stack_pool {
    pthread_mutex_t growth;                         /* arena */
    struct weft__arena *arena[WEFT__STACK_CLASSES]; /* where fresh stacks come from */
    struct weft__spin lock;                         /* depot */
    struct weft__stack_depot depot[WEFT__STACK_CLASSES];
    pthread_mutex_t trimming; /* assess_at */
    weft__ns assess_at;
    _Atomic(weft__ns) trim_at;
    /* Counters; relaxed. */
    _Atomic(uint64_t) created;   /* stacks that ever were handed to a cache */
    _Atomic(uint64_t) unguarded; /* of these, how many have no guard */
    _Atomic(uint64_t) trimmed;   /* how often a stack's memory was given back */
};

struct weft__stack_cache { /* one worker's */
    struct weft__stack_pool *pool;
    struct weft__stack_shelf {
        struct weft__stack *head; /* LIFO by next */
        uint32_t count;
        uint32_t fresh_count; /* slots that were never used lie side by side from here on */
        char *fresh;
        size_t fresh_stride;
    } shelf[WEFT__STACK_CLASSES];
};

/* 0 or -ENOMEM. */
int weft__stack_pool_init(struct weft__stack_pool *pool);
void weft__stack_pool_destroy(struct weft__stack_pool *pool);

/*
 * Gives surplus memory back if it is time to. Returns when it should be called again: at the latest
 * then, if somebody is awake; WEFT__NEVER if there is nothing to give. A call that is not due costs
 * one load.
 */
weft__ns weft__stack_pool_trim(struct weft__stack_pool *pool, weft__ns now);

void weft__stack_cache_init(struct weft__stack_cache *cache, struct weft__stack_pool *pool);

/* Leaves the cache empty and its stacks to the other workers. */
void weft__stack_cache_flush(struct weft__stack_cache *cache);

/* The smallest class of at least [bytes], the descriptor's own included; -EINVAL if none is. */
int weft__stack_class(size_t bytes);

/*
 * A stack of that class: 0 or -ENOMEM. Its members limit, size, size_class and san are set; the
 * others are as the last user left them, or zero.
 */
int weft__stack_get(struct weft__stack_cache *cache, unsigned class, struct weft__stack **stack);
void weft__stack_put(struct weft__stack_cache *cache, struct weft__stack *stack);

/* The stack whose guard holds [address], of any pool; or NULL. Async-signal-safe. */
struct weft__stack *weft__stack_of_fault(const void *address);

#endif
