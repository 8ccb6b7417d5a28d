/* SPDX-License-Identifier: MIT */
/*
 * backtrace: where a flow of control stands, as code addresses, the innermost first.
 *
 * By the unwind tables that every compiler writes, with the unwinder that every C program has
 * (libgcc's, or its twin): no frame pointers, no library. That unwinder only ever begins where it
 * is called. So for a parked context a frame is put beneath the call that says, by its own unwind
 * table, that it was called from there (weft__context_beneath).
 *
 * Not chosen: libunwind and libdw, which can begin anywhere, for a dependency each; frame pointers,
 * which the user's code, at -O2, does not have.
 */
#ifndef WEFT_CORE_BACKTRACE_H
#define WEFT_CORE_BACKTRACE_H

#include "runtime/base/base.h"

/* The caller's own, from its caller on. Returns how many of at most [capacity] were written. */
size_t weft__backtrace(void **frames, size_t capacity);

/* That of a context (core/context.h) which is parked, and stays so meanwhile. */
size_t weft__backtrace_parked(void *context, void **frames, size_t capacity);

#endif
