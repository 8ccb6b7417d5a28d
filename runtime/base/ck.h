/* SPDX-License-Identifier: MIT */
/*
 * ck: the only door to Concurrency Kit.
 *
 * Why a door. CK's primitives are inline assembly, which ThreadSanitizer cannot see: each hand-off
 * through them would be reported as a race. The functions below say the same thing to the tool in
 * its own words (__tsan_release before an RMW that publishes, __tsan_acquire after one that reads),
 * so the code under test is the code that ships. A release is announced before the RMW is known to
 * succeed, which may hide a race behind a failed CAS; it never invents one.
 *
 * Orders. On x86-64 each of CK's fences used here costs nothing: a locked instruction orders
 * everything. Elsewhere CK's RMWs are relaxed, and the fences make them what the names promise.
 *
 *   weft__ck_load   acquire, and not before an earlier RMW of the same thread: after a seq_cst RMW
 *                   on another word it is the second half of a store-load pattern (see idle)
 *   weft__ck_cas    acquire and release, and no later load passes it; also acquire when it fails
 */
#ifndef WEFT_BASE_CK_H
#define WEFT_BASE_CK_H

#include <ck_pr.h>

#include "runtime/base/base.h"

#ifdef WEFT__TSAN
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#else
#define __tsan_acquire(address) ((void)(address))
#define __tsan_release(address) ((void)(address))
#endif

WEFT__INLINE void *weft__ck_load(void **word)
{
    ck_pr_fence_atomic_load();
    void *value = ck_pr_load_ptr(word);
    ck_pr_fence_acquire();
    __tsan_acquire(word);
    return value;
}

/* False: *expected is now what the word holds. */
WEFT__INLINE bool weft__ck_cas(void **word, void **expected, void *desired)
{
    __tsan_release(word);
    ck_pr_fence_release();
    bool won = ck_pr_cas_ptr_value(word, *expected, desired, expected);
    ck_pr_fence_atomic_load();
    ck_pr_fence_acquire();
    __tsan_acquire(word);
    return won;
}

WEFT__INLINE void *weft__ck_exchange(void **word, void *desired)
{
    __tsan_release(word);
    ck_pr_fence_release();
    void *old = ck_pr_fas_ptr(word, desired);
    ck_pr_fence_atomic_load();
    ck_pr_fence_acquire();
    __tsan_acquire(word);
    return old;
}

#endif
