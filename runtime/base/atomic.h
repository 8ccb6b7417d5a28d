/* SPDX-License-Identifier: MIT */
/*
 * atomic: C11 atomics by the name of their order, so that grep lists every acquire of the program.
 *
 * Rules of the project:
 *  - The order stands on the operation. There is no atomic_thread_fence: ThreadSanitizer does not
 *    see fences, and a store-load barrier is a seq_cst access or membarrier (sched/idle.h).
 *  - Each use says in a comment its order, what it pairs with and what it protects.
 *  - A CAS takes the expected value by pointer, as C11's does, and is strong. Its order on failure
 *    is acquire whenever success acquires, since what it found is usually read through next.
 */
#ifndef WEFT_BASE_ATOMIC_H
#define WEFT_BASE_ATOMIC_H

#include <stdatomic.h>

#define weft__load_relaxed(p) atomic_load_explicit((p), memory_order_relaxed)
#define weft__load_acquire(p) atomic_load_explicit((p), memory_order_acquire)
#define weft__load_seq_cst(p) atomic_load_explicit((p), memory_order_seq_cst)

#define weft__store_relaxed(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define weft__store_release(p, v) atomic_store_explicit((p), (v), memory_order_release)
#define weft__store_seq_cst(p, v) atomic_store_explicit((p), (v), memory_order_seq_cst)

#define weft__exchange_relaxed(p, v) atomic_exchange_explicit((p), (v), memory_order_relaxed)
#define weft__exchange_acquire(p, v) atomic_exchange_explicit((p), (v), memory_order_acquire)
#define weft__exchange_acq_rel(p, v) atomic_exchange_explicit((p), (v), memory_order_acq_rel)
#define weft__exchange_seq_cst(p, v) atomic_exchange_explicit((p), (v), memory_order_seq_cst)

#define weft__cas_relaxed(p, expected, v)                                                          \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_relaxed,            \
                                            memory_order_relaxed)
#define weft__cas_acquire(p, expected, v)                                                          \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_acquire,            \
                                            memory_order_acquire)
#define weft__cas_release(p, expected, v)                                                          \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_release,            \
                                            memory_order_relaxed)
#define weft__cas_acq_rel(p, expected, v)                                                          \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_acq_rel,            \
                                            memory_order_acquire)
#define weft__cas_seq_cst(p, expected, v)                                                          \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_seq_cst,            \
                                            memory_order_seq_cst)

#define weft__fetch_add_relaxed(p, v) atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define weft__fetch_add_seq_cst(p, v) atomic_fetch_add_explicit((p), (v), memory_order_seq_cst)
#define weft__fetch_add_acq_rel(p, v) atomic_fetch_add_explicit((p), (v), memory_order_acq_rel)
#define weft__fetch_sub_acq_rel(p, v) atomic_fetch_sub_explicit((p), (v), memory_order_acq_rel)
#define weft__fetch_sub_seq_cst(p, v) atomic_fetch_sub_explicit((p), (v), memory_order_seq_cst)
#define weft__fetch_and_acq_rel(p, v) atomic_fetch_and_explicit((p), (v), memory_order_acq_rel)
#define weft__fetch_or_acq_rel(p, v) atomic_fetch_or_explicit((p), (v), memory_order_acq_rel)

/* A counter that one thread writes and others may read: no RMW, no lost update. */
#define weft__count(p, n) weft__store_relaxed((p), weft__load_relaxed(p) + (n))

#endif
