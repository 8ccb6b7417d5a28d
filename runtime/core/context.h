/* SPDX-License-Identifier: MIT */
/*
 * context: a flow of control that waits, kept as one pointer into its own stack.
 *
 * weft__context_switch saves what a called function must preserve (the callee-saved registers and
 * the floating-point control words) on the stack, stores the stack pointer, and continues the other
 * context in the same way backwards. That is all: no signal mask, no thread-locals, no system call.
 *
 * Invariant: a saved pointer is used once. A context may be continued by another thread than the
 * one that saved it, provided the save happens before: the scheduler sees to it by announcing a
 * context only after the switch away from it. The store of the pointer is one aligned word, in
 * effect a relaxed atomic store: others may peek at it, to prefetch, whenever they like.
 *
 * Three implementations of one interface:
 *   context_x86_64.S, context_aarch64.S   some seven nanoseconds
 *   context_ucontext.c                    the portable twin, with two system calls a switch: for
 *                                         other processors, and (with WEFT__CONTEXT_UCONTEXT
 *                                         defined) to test the others against
 *
 * A saved context can be unwound: by weft__context_beneath; for a debugger, at the saved stack
 * pointer, with weft__context_parked as the program counter, the unwind tables describe the frame.
 * The outermost frame says that it is the last one, so backtraces end at the entry.
 *
 * Sanitizers must be told of each switch: sanitizer.h.
 *
 * Cost: let all suspending go through one function that is not inlined and has the only call of the
 * switch. Then the processor predicts all returns (context_x86_64.S).
 *
 * Not chosen: setjmp and longjmp (glibc checks and mangles pointers, and ThreadSanitizer
 * misunderstands them); leaving by a jump (see there); saving vector registers (no ABI asks for
 * it); inline assembly with a clobber list (not faster from one call site, 15 % faster from two,
 * but no unwind tables for a parked stack, and a trap for the red zone).
 */
#ifndef WEFT_CORE_CONTEXT_H
#define WEFT_CORE_CONTEXT_H

#include "runtime/base/base.h"

/*
 * Makes a context that calls entry(value) when it is first continued, value being what that switch
 * passes. [entry] must never return. [top] is the upper end of the stack, aligned to 64 bytes; the
 * context lies right below it. Floating point starts in the ABI's default mode (with the twin, in
 * the mode of whoever makes the context).
 */
void *weft__context_make(void *top, void (*entry)(uintptr_t value));

/*
 * Saves the running context in *save and continues [to], a pointer that weft__context_make returned
 * or that a switch stored. Returns when somebody continues the saved context: with the value that
 * the last switch to it passed.
 */
uintptr_t weft__context_switch(void **save, void *to, uintptr_t value);

/*
 * Calls fn(arg) here, but so that whoever unwinds the stack from there comes, after the frame of
 * this call, to where [parked] stands, which must stay parked meanwhile, and on to its end. (With
 * the twin the unwinding ends at this call.)
 */
void weft__context_beneath(void *parked, void (*fn)(void *arg), void *arg);

#endif
