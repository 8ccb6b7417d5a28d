/* SPDX-License-Identifier: MIT */
/*
 * base: the few words that every file of weft uses.
 *
 * Asserts have three prices:
 *   WEFT__ASSERT(cond, what)    always on; for cold paths and for what would corrupt memory
 *   weft__debug_assert(cond)    debug builds only (NDEBUG not defined)
 *   weft__deque_check(d), ...   a whole-structure validator, which some types have; only tests call
 *                               it
 * A failed assert is a bug of weft or of its caller: it ends the process with one line that begins
 * with "weft: ". What the kernel or the user may do wrong is returned as a negative errno instead.
 */
#ifndef WEFT_BASE_BASE_H
#define WEFT_BASE_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEFT__CACHE_LINE 64
/* The adjacent-line prefetcher fetches pairs of lines: what two threads write stands two apart. */
#define WEFT__ALIGNED_APART __attribute__((aligned(2 * WEFT__CACHE_LINE)))

#define weft__likely(x) __builtin_expect(!!(x), 1)
#define weft__unlikely(x) __builtin_expect(!!(x), 0)
#define WEFT__INLINE static inline __attribute__((always_inline))
#define WEFT__NOINLINE __attribute__((noinline))
#define WEFT__MUST_USE __attribute__((warn_unused_result))
#define WEFT__PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#define weft__container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Prints "weft: <message>" on standard error and aborts. Uses no heap: callable from anywhere. */
_Noreturn void weft__die(const char *format, ...) WEFT__PRINTF(1, 2);

/* [text]: the condition as it is written; passed on as a macro's argument it would be expanded. */
#define WEFT__ASSERT_TEXT(cond, text, what)                                                        \
    do {                                                                                           \
        if (weft__unlikely(!(cond)))                                                               \
            weft__die("%s: %s (%s)", __func__, what, text);                                        \
    } while (0)
#define WEFT__ASSERT(cond, what) WEFT__ASSERT_TEXT(cond, #cond, what)

#ifdef NDEBUG
#define weft__debug_assert(cond) ((void)sizeof(cond))
#else
#define weft__debug_assert(cond) WEFT__ASSERT_TEXT(cond, #cond, "impossible state")
#endif

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define WEFT__TSAN 1
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define WEFT__ASAN 1
#endif

#endif
